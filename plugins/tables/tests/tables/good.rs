use super::*;
use iolink_sdk::DataFrameCapability;

const PENGUINS: &str = "species,island,bill_length_mm,body_mass_g,sex,year,ok\n\
    Adelie,Torgersen,39.1,3750,male,2007,true\n\
    Adelie,Torgersen,NA,NA,NA,2007,false\n\
    \"Gentoo, big\",Biscoe,46.1,4500,\"fe\"\"male\",2008,true\n\
    Chinstrap,\"Dream\nisland\",,3500,\"\",2009,true\n";

#[test]
fn penguins() {
    let frame = open("penguins.csv", PENGUINS, &[("null_values", "NA")]).unwrap();
    assert_eq!(frame.capabilities(), DataFrameCapability::READ | DataFrameCapability::ARROW);
    assert_eq!(frame.shape().unwrap(), (7, 4));
    assert_eq!(frame.origin().unwrap(), "file:///penguins.csv");
    assert_eq!(
        all(&*frame),
        [
            column("species", "U", &["Adelie", "Adelie", "Gentoo, big", "Chinstrap"]),
            column("island", "U", &["Torgersen", "Torgersen", "Biscoe", "Dream\nisland"]),
            column("bill_length_mm", "g", &["39.1", "-", "46.1", "-"]),
            column("body_mass_g", "l", &["3750", "-", "4500", "3500"]),
            column("sex", "U", &["male", "-", "fe\"male", ""]),
            column("year", "l", &["2007", "2007", "2008", "2009"]),
            column("ok", "b", &["true", "false", "true", "true"]),
        ]
    );
}

#[test]
fn columns_and_rows_are_chosen_at_export() {
    let frame = open("penguins.csv", PENGUINS, &[("null_values", "NA")]).unwrap();
    assert_eq!(
        read(&*frame, Some(&[6, 2, 4]), 1..4),
        [
            column("ok", "b", &["false", "true", "true"]),
            column("bill_length_mm", "g", &["-", "46.1", "-"]),
            column("sex", "U", &["-", "fe\"male", ""]),
        ]
    );
    assert_eq!(read(&*frame, Some(&[5]), 2..2), [column("year", "l", &[])]);
    assert_eq!(read(&*frame, Some(&[]), 0..4), []);
}

#[test]
fn values_are_lent_not_copied() {
    let frame = open("a.csv", "a,b\n1,x\n2,y\n", &[]).unwrap();
    let address = |first: u64| {
        let mut stream = frame.export(None, first..2).unwrap();
        let batch = stream.next_batch().unwrap().unwrap();
        // SAFETY: the batch is live; each column has its values in its last buffer.
        unsafe {
            let children = std::slice::from_raw_parts(batch.as_raw().children, 2);
            let last = |child: usize| *(*children[child]).buffers.add((*children[child]).n_buffers as usize - 1);
            (last(0) as usize + 8 * (*children[0]).offset as usize, last(1) as usize)
        }
    };
    let (numbers, text) = address(0);
    assert_eq!(address(1), (numbers + 8, text));
}

#[test]
fn an_export_outlives_its_frame() {
    let frame = open("a.csv", "a,b\n1,x\n2,y\n", &[]).unwrap();
    let mut stream = frame.export(None, 0..2).unwrap();
    drop(frame);
    assert_eq!(iolink_sdk::columns(&stream.schema().unwrap()).unwrap().len(), 2);
    assert_eq!(stream.next_batch().unwrap().unwrap().as_raw().length, 2);
}

#[test]
fn options() {
    let text = "1;x;2\n3;\"y;z\";4\n5;w;6\n";
    let options = [("separator", ";"), ("has_header", "false"), ("columns", "column_3,column_2"), ("first_row", "1")];
    let frame = open("a.csv", text, &options).unwrap();
    assert_eq!(all(&*frame), [column("column_3", "l", &["4", "6"]), column("column_2", "U", &["y;z", "w"])]);

    let text = "\"a,b\"\tc\n5' 3\"\t007\n";
    let frame = open("a.tsv", text, &[("quote", ""), ("text_columns", "c")]).unwrap();
    assert_eq!(all(&*frame), [column("\"a,b\"", "U", &["5' 3\""]), column("c", "U", &["007"])]);

    let frame = open("a.csv", "\"a,b\",c\n1,2\n3,4\n", &[("columns", "\"a,b\""), ("row_count", "1")]).unwrap();
    assert_eq!(all(&*frame), [column("a,b", "l", &["1"])]);
    let frame = open("a.csv", "a\n1\n2\n", &[("first_row", "2"), ("row_count", "9")]).unwrap();
    assert_eq!(all(&*frame), [column("a", "l", &[])]);
}

#[test]
fn the_format_goes_before_the_name() {
    let source = source("table", "a\tb\n1\t2\n", &[]);
    for (format, columns) in [("TSV", 2), ("csv", 1)] {
        let frame = Tables.open(&Host::none(), &source.clone().with_format(format), &Call::silent()).unwrap();
        assert_eq!(frame.into_data_frame().unwrap().shape().unwrap(), (columns, 1));
    }
    let unknown = Tables.open(&Host::none(), &source.clone().with_format("XLSX"), &Call::silent());
    assert!(unknown.unwrap_err().message().contains("CSV, TSV, JSON lines, Parquet, Arrow IPC"));
}

#[test]
fn line_ends_and_marks() {
    let wanted = [column("a", "l", &["1", "2"]), column("b", "U", &["x", "y"])];
    for text in [
        "a,b\r\n1,x\r\n2,y\r\n",
        "a,b\r\n1,\"x\"\r\n2,\"y\"\r\n\r\n\r\n",
        "\u{feff}a,b\n1,x\n2,y",
        "\u{feff}\"a\",\"b\"\r\n1,x\n2,y\n\n",
    ] {
        assert_eq!(all(&*open("a.csv", text, &[]).unwrap()), wanted, "{text:?}");
    }
    // The first bytes of a zlib stream.
    let frame = open("a.csv", "x^2,y\n1,2\n", &[]).unwrap();
    assert_eq!(all(&*frame), [column("x^2", "l", &["1"]), column("y", "l", &["2"])]);
}

#[test]
fn names_are_unquoted() {
    let frame = open("a.csv", "\"say \"\"a\"\"\",\"two\nlines\",\n1,2,3\n", &[]).unwrap();
    assert_eq!(
        all(&*frame),
        [column("say \"a\"", "l", &["1"]), column("two\nlines", "l", &["2"]), column("", "l", &["3"])]
    );
}

#[test]
fn an_empty_line_is_missing_in_a_table_of_one_column() {
    assert_eq!(all(&*open("a.csv", "a\n\n1\n\n3\n", &[]).unwrap()), [column("a", "l", &["-", "1", "-", "3"])]);
}

#[test]
fn no_rows() {
    for text in ["a,b\n", "a,b", "a,b\r\n"] {
        let frame = open("a.csv", text, &[]).unwrap();
        assert_eq!(frame.shape().unwrap(), (2, 0), "{text:?}");
        assert_eq!(all(&*frame), [column("a", "U", &[]), column("b", "U", &[])]);
    }
}

#[test]
fn a_type_is_that_of_all_values() {
    let usual = |row: usize| format!("{row},");
    for (line, formats) in [("1.5,", ["g", "U"]), ("word,7", ["U", "l"]), ("1,true", ["l", "b"])] {
        for place in [0, 4999] {
            let text = long(5000, usual, &[(place, line)]);
            for options in [&[][..], &[("row_count", "10")]] {
                let frame = open("a.csv", &text, options).unwrap();
                let schema = iolink_sdk::columns(&frame.schema().unwrap()).unwrap();
                let found: Vec<&str> = schema.iter().map(|(_, format)| format.as_str()).collect();
                assert_eq!(found, formats, "{line} in row {place}, {options:?}");
            }
        }
    }
}

#[test]
fn many_rows_in_their_order() {
    let rows = 200_000;
    let text = long(rows, |row| format!("{row},\"line\n{row}\""), &[]);
    let frame = open("a.csv", &text, &[]).unwrap();
    assert_eq!(frame.shape().unwrap(), (2, rows as u64));
    let columns = all(&*frame);
    assert!((0..rows).all(|row| columns[0].2[row] == row.to_string()));
    assert!((0..rows).all(|row| columns[1].2[row] == format!("line\n{row}")));
    let part = read(&*frame, None, 150_001..150_003);
    assert_eq!(part[1].2, ["line\n150001", "line\n150002"]);
    // A column alone is made one piece, and the other stays in several.
    assert_eq!(read(&*frame, Some(&[1]), 0..rows as u64)[0].2, columns[1].2);
    assert_eq!(all(&*frame), columns);
    assert_eq!(read(&*frame, None, 150_001..150_003), part);
}

#[test]
fn large_whole_numbers_that_are_held_exactly() {
    let text = "a,b,c\n9007199254740993,9007199254740992,1e300\n-1,0.5,2\n";
    let frame = open("a.csv", text, &[]).unwrap();
    assert_eq!(
        all(&*frame),
        [
            column("a", "l", &["9007199254740993", "-1"]),
            column("b", "g", &["9007199254740992.0", "0.5"]),
            column("c", "g", &["1e300", "2.0"]),
        ]
    );
    let text = "a\n12345678901234567890\n";
    let frame = open("a.csv", text, &[("text_columns", "a")]).unwrap();
    assert_eq!(all(&*frame), [column("a", "U", &["12345678901234567890"])]);
}
