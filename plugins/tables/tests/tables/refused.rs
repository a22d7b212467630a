use super::*;
use iolink_sdk::ErrorKind::{self, *};

fn refusal(text: impl AsRef<[u8]>, options: &[(&str, &str)], kind: ErrorKind, words: &[&str]) {
    let shown = String::from_utf8_lossy(&text.as_ref()[..text.as_ref().len().min(60)]).into_owned();
    match open("a.csv", text, options) {
        Ok(frame) => panic!("{shown:?} was read: {:?}", all(&*frame)),
        Err(error) => {
            let message = error.message();
            assert!(message.starts_with("file:///a.csv: ") || kind == InvalidArgument, "{message}");
            assert!(words.iter().all(|words| message.contains(words)), "{shown:?}: {message}");
            assert_eq!(error.kind(), kind, "{message}");
        }
    }
}

#[test]
fn texts_that_are_no_table() {
    let cases: &[(&[u8], &[&str])] = &[
        (b"a,b\n1,2\n3,4,5\n6,7\n", &["line 3: 3 fields", "has 2"]),
        (b"a,b\n1,2\n3,4,5", &["line 3: 3 fields"]),
        (b"a,b\n1,2\n3,4,\n", &["line 3: 3 fields"]),
        (b"a,b,c\n1,2,3\n4,5\n6,7,8\n", &["line 3: 2 fields"]),
        (b"a,b\n\"1\n1\",2\n3\n", &["line 4: 1 field,"]),
        (b"a,b\n1,2\n\n3,4\n", &["line 3: the line is empty"]),
        (b"a,b\n1,\"x\n2,y\n3,z\n", &["line 2: a quoted field begins here and never ends"]),
        (b"a,\"b\n1,2\n3,4\n", &["line 1: a quoted field"]),
        (b"a,b\n1,x\n2,\"y", &["line 3: a quoted field"]),
        (b"a,b\n1,x\n2,\"", &["line 3: a quoted field"]),
        (b"a,b\n1,5\" nail\n2,x\n", &["line 2: a quote in the middle", "option quote"]),
        (b"a,b\n1,\"x\"y\n2,z\n", &["line 2: a quote in the middle"]),
        (b"a,b\n1, \"x,y\"\n2,z\n", &["line 2: a quote in the middle"]),
        (b"{\"a\":1,\"b\":2}\n{\"a\":3,\"b\":4}\n", &["line 1: a quote"]),
        (b"", &["the file is empty"]),
        (b"\xef\xbb\xbf", &["the file is empty"]),
        (b"\n", &["line 1: the line is empty"]),
        (b"\na\n1\n", &["line 1: the line is empty"]),
        (b"\n\n\n", &["line 1: the line is empty"]),
        (b"a,a,b\n1,2,3\n", &["line 1: two columns are named \"a\""]),
        (b",,b\n1,2,3\n", &["line 1: two columns are named \"\""]),
        (b"a_duplicated_q,a_duplicated_q\n1,2\n", &["line 1: two columns"]),
        (b"a\0,b\n1,2\n", &["line 1: the column name \"a\\0\" has a NUL"]),
        (b"a,b\n1,x\n2,y\xff\n", &["line 3: byte 11", "not UTF-8"]),
        (b"a,\xffb\n1,2\n", &["line 1: byte 2", "not UTF-8"]),
        (b"a,b\n1,2\n\xff,3\n", &["line 3: byte 8"]),
    ];
    for (text, words) in cases {
        refusal(text, &[], Corrupt, words);
        if text.starts_with(b"a,b\n") {
            refusal(text, &[("columns", "a")], Corrupt, words);
        }
    }
    let unsupported: &[(&[u8], &str)] = &[
        (b"a,b\r1,x\r2,y\r", "carriage return"),
        (b"\xff\xfea\0,\0b\0\n\0", "UTF-16"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03KJ\xe2\x02\0\0\0", "gzip"),
        (b"\x28\xb5\x2f\xfd\0\0", "zstd"),
    ];
    for (text, words) in unsupported {
        refusal(text, &[], Unsupported, &[words]);
    }
    let junk: Vec<u8> = (0..=255).cycle().take(5000).collect();
    refusal(junk, &[], Corrupt, &["line 2"]);
}

#[test]
fn faults_far_from_the_start_have_their_line() {
    let usual = |row: usize| format!("{row},x{row}");
    for (line, words) in [
        ("1,2,3", "line 15002: 3 fields"),
        ("1", "line 15002: 1 field,"),
        ("", "line 15002: the line is empty"),
        ("7,\"open", "line 15002: a quoted field begins here"),
        ("7,o\"pen", "line 15002: a quote in the middle"),
    ] {
        refusal(long(20_000, usual, &[(15_000, line)]), &[], Corrupt, &[words]);
        refusal(long(20_000, usual, &[(15_000, line)]), &[("row_count", "3")], Corrupt, &[words]);
    }
}

#[test]
fn whole_numbers_that_no_type_holds_exactly() {
    let words = |line: u32, value: &str| [format!("line {line}: the column \"a\""), value.to_owned()];
    let cases: &[(&str, u32, &str)] = &[
        ("a\n9007199254740993\n1.5\n", 2, "9007199254740993"),
        ("a\n1.5\n-9007199254740993\n", 3, "-9007199254740993"),
        ("a\n1.5\n\"00123456789012345678901234567890\"\n", 3, "00123456789012345678901234567890"),
        ("a\n1\n9223372036854775808\n", 3, "9223372036854775808"),
        ("a\n12345678901234567890\n", 2, "12345678901234567890"),
    ];
    for (text, line, value) in cases {
        let words = words(*line, value);
        refusal(text, &[], Unsupported, &[&words[0], &words[1], "text_columns"]);
    }
    let text = long(5000, |row| format!("{row},"), &[(3000, "9007199254740993,"), (4000, "0.5,")]);
    refusal(text, &[], Unsupported, &["line 3002", "9007199254740993"]);
    let frame = open("a.csv", "a,b\n9007199254740993,1\n1.5,2\n", &[("null_values", "9007199254740993")]).unwrap();
    assert_eq!(all(&*frame)[0], column("a", "g", &["-", "1.5"]));
}

#[test]
fn options_that_cannot_be() {
    let text = "a,b\n1,2\n3,4\n";
    refusal(text, &[("separator", ";;")], InvalidArgument, &["separator", ";;"]);
    refusal(text, &[("separator", "\n")], InvalidArgument, &["separator"]);
    refusal(text, &[("separator", "\"")], InvalidArgument, &["same character"]);
    refusal(text, &[("has_header", "maybe")], InvalidArgument, &["has_header"]);
    refusal(text, &[("first_row", "-1")], InvalidArgument, &["first_row", "-1"]);
    refusal(text, &[("row_count", "1.5")], InvalidArgument, &["row_count"]);
    refusal(text, &[("columns", "a,\"b")], InvalidArgument, &["columns"]);
    refusal(text, &[("columns", "")], InvalidArgument, &["names no column"]);
    refusal(text, &[("columns", "a,a")], InvalidArgument, &["\"a\" twice"]);
    refusal(text, &[("columns", "zz")], NotFound, &["\"zz\"", "there are a, b"]);
    refusal(text, &[("text_columns", "zz")], NotFound, &["text_columns"]);
    refusal(text, &[("first_row", "3")], OutOfRange, &["first_row is 3", "2 rows"]);
    refusal(text, &[("first_row", "18446744073709551615")], OutOfRange, &["2 rows"]);
}

#[test]
fn sources_without_bytes_or_with_fewer_than_they_say() {
    let error = Tables.open(&Host::none(), &Source::new("http://host/a.csv"), &Call::silent()).unwrap_err();
    assert_eq!(error.kind(), Unsupported);

    struct Liar(u64);
    impl RandomAccess for Liar {
        fn capabilities(&self) -> StreamCapability {
            StreamCapability::READ
        }
        fn length(&self) -> Result<u64> {
            Ok(self.0)
        }
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
            let rest = b"a,b\n".get(offset as usize..).unwrap_or_default();
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        }
    }
    for (length, kind) in [(100, Corrupt), (u64::MAX, Limit), (i64::MAX as u64 - 3, Limit)] {
        let source = Source::new("file:///a.csv").with_bytes(Arc::new(Liar(length)));
        assert_eq!(Tables.open(&Host::none(), &source, &Call::silent()).unwrap_err().kind(), kind, "{length}");
    }
}

#[test]
fn exports_of_what_is_not_there() {
    let frame = open("a.csv", "a,b\n1,2\n3,4\n", &[]).unwrap();
    let kind = |columns: Option<&[u64]>, first: u64, end: u64| frame.export(columns, first..end).err().unwrap().kind();
    assert_eq!(kind(None, 0, 3), OutOfRange);
    assert_eq!(kind(None, 2, 1), OutOfRange);
    assert_eq!(kind(None, 0, u64::MAX), OutOfRange);
    assert_eq!(kind(Some(&[2]), 0, 1), OutOfRange);
    assert_eq!(kind(Some(&[u64::MAX]), 0, 1), OutOfRange);
    assert_eq!(frame.reshape(frame.schema().unwrap(), 1).unwrap_err().kind(), NotImplemented);
}
