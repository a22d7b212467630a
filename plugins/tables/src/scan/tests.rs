use super::*;

const COMMAS: Dialect = Dialect { separator: b',', quote: Some(b'"') };

#[test]
fn faults_have_their_line() {
    let cases: &[(&str, Fault)] = &[
        ("a,b\n1,2\n3,4,5\n", Fault::Ragged { line: 3, found: 3, expected: 2 }),
        ("a,b\n\"x\ny\",2\n3\n", Fault::Ragged { line: 4, found: 1, expected: 2 }),
        ("a,b\n\n1,2\n", Fault::Ragged { line: 2, found: 0, expected: 2 }),
        ("a,b\n1,\"x\n2,y\n", Fault::Unclosed { line: 2 }),
        ("a,b\n1,\"x\"y\n", Fault::StrayQuote { line: 2 }),
        ("a,b\n1,5\" nail\n", Fault::StrayQuote { line: 2 }),
    ];
    for (text, fault) in cases {
        assert_eq!(check(text.as_bytes(), COMMAS, 2), Err(*fault), "{text:?}");
    }
    assert_eq!(check(b"a,b\r\n1,\"x\"\r\n", COMMAS, 2), Ok(2));
    assert_eq!(check(b"a,b\n1,5\" nail\n", Dialect { separator: b',', quote: None }, 2), Ok(2));
}

#[test]
fn values_are_unquoted() {
    for (written, wanted) in
        [("x", "x"), ("x\r", "x"), ("\"x\"", "x"), ("\"a\"\"b\"\r", "a\"b"), ("\"\"", ""), ("\"\"\"\"", "\"")]
    {
        assert_eq!(value(written.as_bytes(), Some(b'"')), wanted.as_bytes(), "{written:?}");
    }
    assert_eq!(value(b"\"x\"", None), b"\"x\"");
}

#[test]
fn a_head_ends_at_a_record() {
    let text = b"a\n\"1\n1\"\n2\n3\n";
    assert_eq!(head(text, COMMAS, 1), 8);
    assert_eq!(head(text, COMMAS, 99), text.len());
}

#[test]
#[cfg(target_arch = "x86_64")]
fn the_fast_pass_agrees_with_the_exact_one() {
    let mut seed = 12345_u64;
    let mut random = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let pool = ["1", "", "\"q\"", "\"a,b\"", "\"l\nm\"", "\"e\"\"f\"", "\"\"", "long text here"];
    let (mut good, mut bad, mut undecided) = (0, 0, 0);
    for _ in 0..100_000 {
        let mut text = b"a,b\n".to_vec();
        if random(2) == 0 {
            let length = random(150);
            text.extend((0..length).map(|_| b"x,\"\n\ry,x\n"[random(9) as usize]));
        } else {
            for _ in 0..random(12) {
                let width = if random(60) == 0 { 3 } else { 2 };
                let row: Vec<&str> = (0..width).map(|_| pool[random(8) as usize]).collect();
                text.extend(row.join(",").bytes());
                text.extend(if random(3) == 0 { &b"\r\n"[..] } else { &b"\n"[..] });
            }
        }
        let exact = check_exactly(&text, COMMAS, 2);
        match simd::well_formed(&text, COMMAS, 2) {
            Some(records) => assert_eq!(exact, Ok(records), "{:?}", String::from_utf8_lossy(&text)),
            None if exact.is_ok() => undecided += 1,
            None => {}
        }
        *(if exact.is_ok() { &mut good } else { &mut bad }) += 1;
    }
    assert!(good > 1000 && bad > 1000, "{good} good, {bad} bad");
    let fast = is_x86_feature_detected!("avx2");
    assert!(!fast || undecided * 20 < good, "{undecided} of {good} good texts took the slow way");
}
