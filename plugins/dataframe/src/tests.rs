use super::*;
use crate::build::{table, Item, Lent, Part, Texts};
use iolink_sdk::abi::{ArrowArray, ArrowArrayStream};
use iolink_sdk::{DataFrameView, DataType, OwnedArray, OwnedSchema, OwnedStream, Owner};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

fn people(rows: u64) -> Frame {
    let mut table = TableType::default();
    table.push("name", DataType::UTF8_STRING).unwrap();
    table.push("age", DataType::INT64).unwrap();
    table.push("here", DataType::BOOL).unwrap();
    Frame::zeroed(&table.to_schema().unwrap(), rows).unwrap()
}

fn lent(values: &[i64]) -> Lent {
    let kept = Arc::new(values.to_vec());
    Lent { data: kept.as_ptr() as *const u8, bytes: values.len() * 8, owner: Owner::arc(kept) }
}

fn texts<T: ?Sized + Item>(values: &[Option<&T>]) -> Part {
    let mut made = Texts::with_capacity(values.len());
    values.iter().for_each(|value| made.push(*value));
    made.part("t")
}

fn cells(frame: &Frame, column: u64) -> Vec<Cell<'static>> {
    let values = Values::read(frame, column, 0..frame.shape().unwrap().1).unwrap();
    (0..values.len()).map(|row| values.cell(row).unwrap().into_owned()).collect()
}

fn put(frame: &Frame, column: u64, first: u64, cells: &[Cell<'_>]) -> Result<()> {
    let part = Part::cells(&TableType::read(&frame.schema()?)?, column as usize, cells)?;
    let (schema, values) = part.to_c()?;
    frame.write(column, first, schema, values)
}

fn int(value: i128) -> Cell<'static> {
    Cell::Int(value)
}

fn address(frame: &Frame, column: u64) -> usize {
    frame.storage(column).unwrap().unwrap().data as usize
}

fn one(part: Part) -> Frame {
    table(vec![part], HashMap::new(), None).unwrap().into_frame()
}

#[test]
fn a_new_frame_is_zero_and_empty_text_not_missing() {
    let frame = people(5);
    assert_eq!(frame.shape().unwrap(), (3, 5));
    assert_eq!(cells(&frame, 0), vec![Cell::Text("".into()); 5]);
    assert_eq!(cells(&frame, 1), vec![int(0); 5]);
    assert_eq!(cells(&frame, 2), vec![Cell::Bool(false); 5]);
}

#[test]
fn what_is_written_is_read_and_only_that_changes() {
    let frame = people(4);
    put(&frame, 0, 1, &[Cell::Text("Ada".into()), Cell::Missing]).unwrap();
    put(&frame, 1, 2, &[int(7), Cell::Missing]).unwrap();
    put(&frame, 2, 0, &[Cell::Bool(true)]).unwrap();
    assert_eq!(cells(&frame, 0)[1..3], [Cell::Text("Ada".into()), Cell::Missing]);
    assert_eq!(cells(&frame, 1), [int(0), int(0), int(7), Cell::Missing]);
    put(&frame, 1, 3, &[int(-1)]).unwrap();
    assert_eq!(Values::read(&frame, 1, 0..4).unwrap().missing(), 0);
    assert_eq!(cells(&frame, 2), [Cell::Bool(true), Cell::Bool(false), Cell::Bool(false), Cell::Bool(false)]);
}

#[test]
fn bad_writes_are_refused() {
    let frame = people(2);
    assert_eq!(put(&frame, 1, 1, &[int(1), int(2)]).unwrap_err().kind(), ErrorKind::OutOfRange);
    assert_eq!(put(&frame, 1, 0, &[Cell::Text("x".into())]).unwrap_err().kind(), ErrorKind::Type);
    let failed = put(&frame, 1, 0, &[int(1), int(1 << 70)]).unwrap_err();
    assert!(failed.message().contains("row 1") && failed.message().contains("\"age\""), "{failed}");
    let (schema, values) = Part::missing("age", 1).to_c().unwrap();
    assert_eq!(frame.write(1, 0, schema, values).unwrap_err().kind(), ErrorKind::Type);
    assert_eq!(frame.export(Some(&[9]), 0..1).err().unwrap().kind(), ErrorKind::OutOfRange);
    assert_eq!(frame.export(None, 1..3).err().unwrap().kind(), ErrorKind::OutOfRange);
}

#[test]
fn impossible_sizes_are_refused_before_anything_is_allocated() {
    let schema = people(0).schema().unwrap();
    for rows in [1u64 << 44, u64::MAX, isize::MAX as u64] {
        assert_eq!(Frame::zeroed(&schema, rows).err().unwrap().kind(), ErrorKind::Limit, "{rows}");
    }
    let frame = people(1);
    assert_eq!(frame.reshape(frame.schema().unwrap(), 1 << 44).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(frame.shape().unwrap(), (3, 1));
}

#[test]
fn adopted_buffers_are_shared_and_never_written() {
    let given = lent(&[1, 2, 3]);
    let at = given.data as usize;
    let frame = one(Part::fixed("n", "l", Form::Plain, 3, given, None).unwrap());
    assert_eq!(address(&frame, 0), at);
    let sibling = frame.select(None, Some(1..3)).unwrap();
    assert_eq!(address(&sibling, 0), at + 8);
    put(&frame, 0, 1, &[int(20)]).unwrap();
    assert_ne!(address(&frame, 0), at);
    assert_eq!(cells(&frame, 0), [int(1), int(20), int(3)]);
    assert_eq!(cells(&sibling, 0), [int(2), int(3)]);
}

#[test]
fn own_buffers_are_written_in_place_unless_somebody_holds_them() {
    let frame = people(3);
    let at = address(&frame, 1);
    put(&frame, 1, 0, &[int(1)]).unwrap();
    assert_eq!(address(&frame, 1), at);
    let held = Values::read(&frame, 1, 0..3).unwrap();
    put(&frame, 1, 0, &[int(2)]).unwrap();
    assert_ne!(address(&frame, 1), at);
    assert_eq!(held.cell(0), Some(int(1)));
    assert_eq!(cells(&frame, 1)[0], int(2));
}

#[test]
fn booleans_and_nat_lie_as_numpy_has_them_and_go_out_as_arrow_has_them() {
    let kept = Arc::new(vec![1u8, 0, 1, 1, 0, 0, 0, 1, 1]);
    let given = Lent { data: kept.as_ptr(), bytes: 9, owner: Owner::arc(kept.clone()) };
    let frame = one(Part::fixed("b", "b", Form::Bool8, 9, given, None).unwrap());
    assert_eq!(address(&frame, 0), kept.as_ptr() as usize);
    let expected: Vec<Cell<'_>> = kept.iter().map(|byte| Cell::Bool(*byte == 1)).collect();
    assert_eq!(cells(&frame, 0), expected);
    assert_eq!(TableType::read(&frame.schema().unwrap()).unwrap().column(0).unwrap().data_type, DataType::BOOL);
    assert!(TableType::read(&frame.schema().unwrap()).unwrap().column(0).unwrap().metadata.is_empty());

    let times = one(Part::fixed("t", "tsn:", Form::Nat, 3, lent(&[5, i64::MIN, 7]), None).unwrap());
    assert_eq!(cells(&times, 0), [Cell::Stamp(5, "ns", None), Cell::Missing, Cell::Stamp(7, "ns", None)]);
    put(&times, 0, 0, &[Cell::Missing]).unwrap();
    assert_eq!(times.form(0).unwrap(), Form::Nat);
    assert_eq!(cells(&times, 0)[0], Cell::Missing);
}

#[test]
fn one_missing_time_among_very_many_is_found_wherever_it_is() {
    let rows = 1 << 21;
    for at in [None, Some(0), Some(rows / 2 - 1), Some(rows / 2), Some(rows - 1)] {
        let mut values = [0, -1, i64::MAX, i64::MIN + 1].repeat(rows / 4);
        if let Some(at) = at {
            values[at] = i64::MIN;
        }
        let times = one(Part::fixed("t", "tsn:", Form::Nat, rows, lent(&values), None).unwrap());
        let read = Values::read(&times, 0, 0..rows as u64).unwrap();
        assert_eq!(read.missing(), usize::from(at.is_some()), "{at:?}");
        assert!(at.is_none_or(|at| read.cell(at) == Some(Cell::Missing)), "{at:?}");
    }
}

#[test]
fn one_missing_time_among_few_or_an_odd_number_is_found_wherever_it_is() {
    let many = (1 << 20) + 1;
    let few = (1..20).flat_map(|rows| (0..rows).map(move |at| (rows, at)));
    for (rows, at) in few.chain([(many, 0), (many, many / 2), (many, many - 1)]) {
        let mut values = vec![i64::MIN + 1; rows];
        values[at] = i64::MIN;
        let times = one(Part::fixed("t", "tsn:", Form::Nat, rows, lent(&values), None).unwrap());
        let read = Values::read(&times, 0, 0..rows as u64).unwrap();
        assert_eq!((read.missing(), read.cell(at)), (1, Some(Cell::Missing)), "{at} of {rows}");
    }
}

#[test]
fn every_byte_pattern_is_packed() {
    for length in 0..40usize {
        let bytes: Vec<u8> = (0..length).map(|at| if at % 3 == 0 { (at as u8).wrapping_mul(37) } else { 0 }).collect();
        let bits = crate::storage::pack_bits(&bytes);
        for (at, byte) in bytes.iter().enumerate() {
            assert_eq!(bits.as_slice()[at / 8] >> (at % 8) & 1 == 1, *byte != 0, "{length} {at}");
        }
    }
}

#[test]
fn a_reshape_keeps_columns_by_name_and_type() {
    let frame = people(2);
    put(&frame, 1, 0, &[int(30), int(40)]).unwrap();
    let mut table = TableType::read(&frame.schema().unwrap()).unwrap();
    table.remove(0).unwrap();
    table.push("height", DataType::DOUBLE).unwrap();
    table.set_unit(2, "m").unwrap();
    frame.reshape(table.to_schema().unwrap(), 3).unwrap();
    assert_eq!(frame.shape().unwrap(), (3, 3));
    assert_eq!(cells(&frame, 0), [int(30), int(40), int(0)]);
    assert_eq!(cells(&frame, 2), vec![Cell::Float(0.0); 3]);
    assert_eq!(TableType::read(&frame.schema().unwrap()).unwrap().column(2).unwrap().unit(), "m");
    frame.reshape(frame.schema().unwrap(), 1).unwrap();
    assert_eq!(cells(&frame, 0), [int(30)]);
}

#[test]
fn chunks_stay_chunks_until_they_must_be_one() {
    let frame = people(2);
    for rows in 3..=40 {
        frame.reshape(frame.schema().unwrap(), rows).unwrap();
        put(&frame, 0, rows - 1, &[Cell::Text(rows.to_string().into())]).unwrap();
        put(&frame, 1, rows - 1, &[int(i128::from(rows))]).unwrap();
    }
    let mut stream = frame.export(None, 1..40).unwrap();
    let mut rows = 0;
    while let Some(batch) = stream.next_batch().unwrap() {
        rows += batch.as_raw().length;
    }
    assert_eq!(rows, 39);
    assert_eq!(cells(&frame, 0)[39], Cell::Text("40".into()));
    assert_eq!(cells(&frame, 1)[2..], (3..=40).map(int).collect::<Vec<_>>()[..]);
    let again = Frame::adopt(frame.export(None, 0..40).unwrap()).unwrap();
    assert_eq!(cells(&again, 0), cells(&frame, 0));
    assert!(again.storage(1).unwrap().is_some(), "joined when somebody needs one run");
}

#[test]
fn dictionaries_keep_their_order_and_missing_values() {
    let words = texts(&[Some("low"), Some("high")]);
    let keys = Arc::new(vec![1i8, -1, 0]);
    let given = Lent { data: keys.as_ptr() as *const u8, bytes: 3, owner: Owner::arc(keys) };
    let frame = one(Part::dictionary("c", "c", 3, given, &words, true).unwrap());
    assert_eq!(cells(&frame, 0), [Cell::Text("high".into()), Cell::Missing, Cell::Text("low".into())]);
    let info = TableType::read(&frame.schema().unwrap()).unwrap().column(0).unwrap();
    assert!(info.dictionary && info.ordered);
    let failed = put(&frame, 0, 1, &[Cell::Text("mid".into())]).unwrap_err();
    assert!(failed.message().contains("whose order the column keeps"), "nothing says where the new value stands");
    put(&frame, 0, 1, &[Cell::Text("low".into())]).unwrap();
    assert_eq!(cells(&frame, 0)[1], Cell::Text("low".into()));
    let values = Values::read(&frame, 0, 0..3).unwrap().dictionary().unwrap().1;
    assert_eq!((values.cell(0), values.cell(1)), (Some(Cell::Text("low".into())), Some(Cell::Text("high".into()))));
    let keys = Arc::new(vec![2i8]);
    let given = Lent { data: keys.as_ptr() as *const u8, bytes: 1, owner: Owner::arc(keys) };
    assert!(Part::dictionary("c", "c", 1, given, &words, true).is_err());
}

#[test]
fn columns_of_one_name_are_kept_and_those_of_different_lengths_refused_by_name() {
    let part = |name: &str, rows: usize| Part::fixed(name, "l", Form::Plain, rows, lent(&vec![0; rows]), None).unwrap();
    let twice = table(vec![part("a", 2), part("b", 2), part("a", 2)], HashMap::new(), None).unwrap().into_frame();
    assert_eq!(twice.column_indices("a"), [0, 2]);
    let failed = table(vec![part("a", 2), part("b", 3)], HashMap::new(), None).err().unwrap();
    assert!(failed.message().contains("\"b\" has 3 rows"));
}

#[test]
fn text_that_is_not_utf8_is_refused_when_it_is_read() {
    let bytes = one(texts(&[Some(&[0xC3, 0x28][..])]));
    let (_, values) = Values::read(&bytes, 0, 0..1).unwrap().to_c().unwrap();
    let (schema, _) = texts::<str>(&[]).to_c().unwrap();
    let lying = one(Part::foreign("t", &schema, values).unwrap());
    let failed = Values::read(&lying, 0, 0..1).err().unwrap();
    assert_eq!(failed.kind(), ErrorKind::Corrupt);
    assert!(failed.message().contains("\"t\""), "{failed}");
}

#[test]
fn a_frame_comes_home_over_the_border_as_itself() {
    let frame = people(2);
    put(&frame, 1, 0, &[int(5)]).unwrap();
    let raw = View::data_frame(frame.clone()).into_raw("org.iolink.dataframe");
    // SAFETY: the one reference is handed over.
    let back = unsafe { View::from_raw(raw) }.unwrap().into_data_frame().unwrap();
    let home = Frame::of(&*back).expect("a frame of this crate");
    put(&home, 1, 1, &[int(6)]).unwrap();
    assert_eq!(cells(&frame, 1), [int(5), int(6)]);
}

#[test]
fn guards_live_as_long_as_anybody_sees_the_buffers() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Ordering::SeqCst);
        }
    }
    let frame = people(2);
    let Storage { keeper, own, owner: _bytes, .. } = frame.storage(1).unwrap().unwrap();
    keeper.keep(Owner::arc(Arc::new(Guard)));
    drop(keeper);
    let exported = frame.export(Some(&[1]), 0..2).unwrap();
    let cut = frame.select(Some(&[1]), Some(0..1)).unwrap();
    drop(frame);
    assert_eq!(DROPPED.load(Ordering::SeqCst), 0);
    drop(cut);
    assert_eq!(DROPPED.load(Ordering::SeqCst), 0, "the export still sees the buffer");
    drop(exported);
    assert_eq!(DROPPED.load(Ordering::SeqCst), 1, "the lent bytes themselves do not count");
    assert!(own);
}

#[test]
fn whoever_gets_a_clone_of_a_part_that_may_be_lent_keeps_the_guards() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Ordering::SeqCst);
        }
    }
    for (format, values) in [("l", [int(1), int(2)]), ("b", [Cell::Bool(true), Cell::Bool(false)])] {
        DROPPED.store(0, Ordering::SeqCst);
        let part = Part::typed("x", format, &values).unwrap();
        let (one, other) = (one(part.clone()), one(part.clone()));
        let exported = part.to_c().unwrap();
        drop(part);
        let Storage { keeper, own, form, data, .. } = one.storage(0).unwrap().unwrap();
        assert!(own);
        assert_eq!(form, if format == "b" { Form::Bool8 } else { Form::Plain });
        assert_eq!(data as usize, address(&other, 0));
        keeper.keep(Owner::arc(Arc::new(Guard)));
        drop((keeper, one));
        assert_eq!(DROPPED.load(Ordering::SeqCst), 0, "the other frame shows the same buffer");
        put(&other, 0, 0, &values[1..]).unwrap();
        assert_eq!(DROPPED.load(Ordering::SeqCst), 0, "the export still sees the buffer");
        drop(exported);
        assert_eq!(DROPPED.load(Ordering::SeqCst), 1);
        assert_eq!(cells(&other, 0), [values[1].clone(), values[1].clone()]);
    }
}

#[test]
fn a_list_is_written_in_place_by_a_frame_that_has_it_alone_and_memory_of_others_never() {
    let frame = one(Part::typed("x", "l", &[int(1), int(2)]).unwrap());
    let before = address(&frame, 0);
    put(&frame, 0, 0, &[int(5)]).unwrap();
    assert_eq!(address(&frame, 0), before);
    let kept = Arc::new(vec![1i64, 2]);
    let given = Lent { data: kept.as_ptr() as *const u8, bytes: 16, owner: Owner::arc(kept.clone()) };
    let frame = one(Part::fixed("x", "l", Form::Plain, 2, given, None).unwrap());
    assert!(!frame.storage(0).unwrap().unwrap().own);
    put(&frame, 0, 0, &[int(5)]).unwrap();
    assert_eq!(*kept, [1, 2]);
}

unsafe extern "C" fn fails(_: *mut ArrowArrayStream, _: *mut ArrowArray) -> i32 {
    5
}

#[test]
fn producers_that_fail_are_errors() {
    let mut raw = people(1).export(None, 0..1).unwrap().into_raw();
    raw.get_next = Some(fails);
    // SAFETY: the struct is live, with a function replaced.
    let stream = unsafe { OwnedStream::take(&mut raw) }.unwrap();
    assert_eq!(Frame::adopt(stream).err().unwrap().kind(), ErrorKind::Corrupt);

    let mut raw = OwnedStream::released();
    // SAFETY: the struct is a released one.
    assert!(unsafe { OwnedStream::take(&mut raw) }.is_err());

    let mut raw = people(1).export(None, 0..1).unwrap().into_raw();
    raw.get_next = Some(negative);
    // SAFETY: as above.
    let stream = unsafe { OwnedStream::take(&mut raw) }.unwrap();
    let failed = Frame::adopt(stream).err().unwrap();
    assert_eq!(failed.kind(), ErrorKind::Corrupt, "{failed}");
}

#[test]
fn a_producer_that_releases_its_stream_early_is_not_called_again() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    unsafe extern "C" fn once(stream: *mut ArrowArrayStream, out: *mut ArrowArray) -> i32 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        let part = Part::fixed("x", "l", Form::Plain, 1, lent(&[1]), None).unwrap();
        // SAFETY: both are the caller's; the stream is released as whoever holds it would.
        unsafe {
            out.write(part.to_c().unwrap().1.into_raw());
            if let Some(release) = (*stream).release {
                release(stream);
            }
            (*stream).release = None;
        }
        0
    }
    let mut raw = people(1).export(None, 0..1).unwrap().into_raw();
    raw.get_next = Some(once);
    // SAFETY: the struct is live, with a function replaced.
    let mut stream = unsafe { OwnedStream::take(&mut raw) }.unwrap();
    assert!(stream.next_batch().unwrap().is_some());
    let refused = stream.next_batch().err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::Corrupt);
    assert!(refused.message().contains("before the end"), "{refused}");
    assert!(stream.schema().is_err());
    assert_eq!(CALLS.load(Ordering::Relaxed), 1);

    let mut raw = people(1).export(None, 0..1).unwrap().into_raw();
    raw.get_next = Some(once);
    // SAFETY: as above.
    let stream = unsafe { OwnedStream::take(&mut raw) }.unwrap();
    assert!(Frame::adopt(stream).is_err(), "half a table is no table");
}

unsafe extern "C" fn negative(_: *mut ArrowArrayStream, out: *mut ArrowArray) -> i32 {
    let part = Part::fixed("x", "l", Form::Plain, 1, lent(&[1]), None).unwrap();
    let mut raw = part.to_c().unwrap().1.into_raw();
    raw.length = -4;
    // SAFETY: `out` is the caller's.
    unsafe { out.write(raw) };
    0
}

#[test]
fn threads_may_read_and_write_at_once() {
    let frame = people(1000);
    std::thread::scope(|scope| {
        for thread in 0..4i128 {
            let frame = &frame;
            scope.spawn(move || {
                for row in 0..250u64 {
                    let at = thread as u64 * 250 + row;
                    put(frame, 1, at, &[int(thread)]).unwrap();
                    assert_eq!(cells(frame, 1)[at as usize], int(thread));
                }
            });
        }
    });
    assert_eq!(cells(&frame, 1)[750], int(3));
}

#[test]
fn cells_print_and_decimals_keep_every_digit() {
    let written = [Cell::Decimal("-12.340".into()), Cell::Missing, Cell::Decimal("7".into())];
    let frame = one(Part::typed("d", "d:20,3", &written).unwrap());
    assert_eq!(cells(&frame, 0), [Cell::Decimal("-12.340".into()), Cell::Missing, Cell::Decimal("7.000".into())]);
    assert!(Part::typed("d", "d:20,1", &[Cell::Decimal("0.25".into())]).is_err());
    assert!(Part::typed("f", "g", &[int((1 << 53) + 1)]).is_err(), "no float of that value");
    assert!(Part::typed("f", "f", &[Cell::Float(1e300)]).is_err());
    assert!(Part::typed("t", "tsm:", &[Cell::Stamp(1, "ns", None)]).is_err(), "no whole millisecond");
}

#[test]
fn texts_of_ascii_whose_offsets_are_wrong_are_seen() {
    let sound = |offsets: &[i32], text: &str| {
        let data = arrow_data::ArrayData::builder(arrow_schema::DataType::Utf8)
            .len(offsets.len() - 1)
            .add_buffer(arrow_buffer::Buffer::from_slice_ref(offsets))
            .add_buffer(arrow_buffer::Buffer::from_slice_ref(text));
        // SAFETY: nobody reads a text before the offsets were judged.
        crate::storage::is_sound(&unsafe { data.build_unchecked() })
    };
    assert!(
        sound(&[0, 1, 1, 3], "abc") && sound(&[1, 2], "abc") && sound(&[0], "") && sound(&[0, 2, 4], "\u{e9}\u{e9}")
    );
    for wrong in [[0, 2, 1, 3], [-1, 0, 1, 2], [0, 1, 2, 4], [3, 2, 1, 0], [0, -1, 1, 2], [i32::MAX, i32::MAX, 0, 1]] {
        assert!(!sound(&wrong, "abc"), "{wrong:?}");
    }
    assert!(!sound(&[0, 1, 2], "\u{e9}"), "a cut within a character");
}

/// A frame of another maker, as this crate sees it.
struct Far(Frame);

impl DataFrameView for Far {
    fn capabilities(&self) -> DataFrameCapability {
        self.0.capabilities()
    }

    fn shape(&self) -> Result<(u64, u64)> {
        self.0.shape()
    }

    fn schema(&self) -> Result<OwnedSchema> {
        self.0.schema()
    }

    fn export(&self, columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream> {
        self.0.export(columns, rows)
    }

    fn write(&self, column: u64, first_row: u64, schema: OwnedSchema, values: OwnedArray) -> Result<()> {
        self.0.write(column, first_row, schema, values)
    }

    fn reshape(&self, schema: OwnedSchema, rows: u64) -> Result<()> {
        self.0.reshape(schema, rows)
    }
}

fn ages(name: &str, ages: &[i128]) -> (TableType, Part) {
    let mut table = TableType::default();
    table.push(name, DataType::INT64).unwrap();
    let cells: Vec<_> = ages.iter().map(|age| int(*age)).collect();
    let part = Part::cells(&table, 0, &cells).unwrap();
    (table, part)
}

/// A column by its name, which is no more where it was.
fn named(name: &str) -> Wanted<'_> {
    Wanted { index: 7, name: Some(name) }
}

#[test]
fn frames_of_any_maker_are_changed_alike() {
    let changed = |far_one: bool| {
        let frame = people(3);
        put(&frame, 1, 0, &[int(1), int(2), int(3)]).unwrap();
        let view = Far(frame.clone());
        let (table, part) = ages("older", &[11, 12, 13]);
        let (few, too_few) = ages("few", &[1]);
        if far_one {
            assert_eq!(far::add_column(&view, &few, Some(&too_few)).unwrap_err().kind(), ErrorKind::InvalidArgument);
            far::add_column(&view, &table, Some(&part)).unwrap();
            assert!(far::add_column(&view, &table, None).is_err(), "the name is taken");
            far::set_unit(&view, named("older"), "years").unwrap();
            far::remove_column(&view, named("name")).unwrap();
            far::add_rows(&view, 1, 2).unwrap();
            far::remove_rows(&view, 3, 1).unwrap();
            far::write(&view, named("age"), 3, &ages("age", &[9]).1).unwrap();
            assert_eq!(far::add_rows(&view, 9, 1).unwrap_err().kind(), ErrorKind::OutOfRange);
            assert_eq!(far::remove_rows(&view, 3, 2).unwrap_err().kind(), ErrorKind::OutOfRange);
            assert_eq!(far::remove_column(&view, named("name")).unwrap_err().kind(), ErrorKind::OutOfRange);
        } else {
            let edit = |change: &dyn Fn(&mut Edit) -> Result<()>| frame.edit(None, |edit| change(edit)).map(drop);
            let new = NewColumn::new(&table, Some(&part)).unwrap();
            let short = NewColumn::new(&few, Some(&too_few)).unwrap();
            assert_eq!(edit(&|edit| edit.add_column(&short)).unwrap_err().kind(), ErrorKind::InvalidArgument);
            edit(&|edit| edit.add_column(&new)).unwrap();
            assert!(edit(&|edit| edit.add_column(&new)).is_err(), "the name is taken");
            edit(&|edit| edit.set_unit(named("older"), "years")).unwrap();
            edit(&|edit| edit.remove_column(named("name"))).unwrap();
            edit(&|edit| edit.replace_rows(1..1, 2)).unwrap();
            edit(&|edit| edit.replace_rows(3..4, 0)).unwrap();
            let (schema, values) = ages("age", &[9]).1.to_c().unwrap();
            frame.write_wanted(named("age"), 3, schema, values).unwrap();
            assert_eq!(edit(&|edit| edit.replace_rows(9..9, 1)).unwrap_err().kind(), ErrorKind::OutOfRange);
            assert_eq!(edit(&|edit| edit.replace_rows(3..5, 0)).unwrap_err().kind(), ErrorKind::OutOfRange);
            assert_eq!(edit(&|edit| edit.remove_column(named("name"))).unwrap_err().kind(), ErrorKind::OutOfRange);
        }
        let table = TableType::read(&frame.schema().unwrap()).unwrap();
        let names: Vec<_> = table.names().map(str::to_owned).collect();
        let all: Vec<_> = (0..table.len() as u64).map(|column| cells(&frame, column)).collect();
        (names, table.column(2).unwrap().unit().to_owned(), all)
    };
    let near = changed(false);
    assert_eq!(near, changed(true));
    assert_eq!((near.0, near.1), (vec!["age".to_owned(), "here".to_owned(), "older".to_owned()], "years".to_owned()));
    assert_eq!(near.2[0], [int(1), int(0), int(0), int(9)]);
    assert_eq!(near.2[2], [int(11), int(0), int(0), int(13)]);
}

#[test]
fn an_edit_of_a_frame_that_was_changed_since_or_that_fails_changes_nothing() {
    let frame = people(3);
    let seen = frame.number_and_rows().0;
    assert!(frame.edit(Some(seen), |edit| edit.replace_rows(0..1, 0)).unwrap());
    assert!(!frame.edit(Some(seen), |edit| edit.replace_rows(0..1, 0)).unwrap());
    let failed = frame.edit(None, |edit| {
        edit.remove_column(Wanted { index: 0, name: None })?;
        edit.replace_rows(0..9, 0)
    });
    assert!(failed.is_err());
    assert_eq!(frame.shape().unwrap(), (3, 2));
}

#[test]
fn decimals_of_any_scale_are_written_digit_by_digit() {
    let written = |format: &str, text: &str| {
        let part = Part::typed("d", format, &[Cell::Decimal(text.into())]).ok()?;
        cells(&one(part), 0).pop()
    };
    for format in ["d:9,2,32", "d:18,2,64", "d:38,2", "d:76,2,256"] {
        assert_eq!(written(format, "-1234.50"), Some(Cell::Decimal("-1234.50".into())), "{format}");
        assert_eq!(written(format, "0"), Some(Cell::Decimal("0.00".into())), "{format}");
        assert_eq!(written(format, "1.2300"), Some(Cell::Decimal("1.23".into())), "{format}");
        for lost in ["1.234", "NaN", "1e3", ""] {
            assert_eq!(written(format, lost), None, "{format} {lost}");
        }
    }
    assert_eq!(written("d:9,-2", "1200"), Some(Cell::Decimal("1200".into())));
    assert_eq!(written("d:9,-2", "1250"), None);
    assert_eq!(written("d:4,2", "100"), None);
    assert_eq!(written("d:4,2", "99.99"), Some(Cell::Decimal("99.99".into())));
}

/// A frame of another maker whose arrays are changed on their way out.
struct Lying(Frame, fn(&mut ArrowArray));

unsafe extern "C" fn lying_next(stream: *mut ArrowArrayStream, out: *mut ArrowArray) -> i32 {
    // SAFETY: the private data are those of `Lying::export`, and `out` is the caller's.
    unsafe {
        let (stream, lie) = &mut *((*stream).private_data as *mut (OwnedStream, fn(&mut ArrowArray)));
        if let Some(batch) = stream.next_batch().unwrap() {
            out.write(batch.into_raw());
            lie(&mut **(*out).children);
        } else {
            out.write(OwnedArray::released());
        }
    }
    0
}

unsafe extern "C" fn lying_schema(stream: *mut ArrowArrayStream, out: *mut iolink_sdk::abi::ArrowSchema) -> i32 {
    // SAFETY: as in `lying_next`.
    unsafe {
        let (stream, _) = &mut *((*stream).private_data as *mut (OwnedStream, fn(&mut ArrowArray)));
        out.write(stream.schema().unwrap().into_raw());
    }
    0
}

unsafe extern "C" fn lying_release(stream: *mut ArrowArrayStream) {
    // SAFETY: as in `lying_next`; this is called once.
    unsafe {
        drop(Box::from_raw((*stream).private_data as *mut (OwnedStream, fn(&mut ArrowArray))));
        (*stream).release = None;
    }
}

impl DataFrameView for Lying {
    fn capabilities(&self) -> DataFrameCapability {
        LENT
    }

    fn shape(&self) -> Result<(u64, u64)> {
        self.0.shape()
    }

    fn schema(&self) -> Result<OwnedSchema> {
        self.0.schema()
    }

    fn export(&self, columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream> {
        let inner = Box::new((self.0.export(columns, rows)?, self.1));
        let mut raw = OwnedStream::released();
        raw.get_next = Some(lying_next);
        raw.get_schema = Some(lying_schema);
        raw.release = Some(lying_release);
        raw.private_data = Box::into_raw(inner) as *mut std::os::raw::c_void;
        // SAFETY: the stream is live, and its functions are those of its private data.
        unsafe { OwnedStream::take(&mut raw) }
    }
}

#[test]
fn a_frame_of_another_maker_that_lies_is_an_error() {
    let lies: [fn(&mut ArrowArray); 6] = [
        |array| array.n_buffers = 1,
        |array| array.length = 1,
        |array| array.offset = -1,
        |array| array.n_children = 2,
        |array| array.null_count = 2,
        |array| array.buffers = std::ptr::null_mut(),
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        let view = Lying(people(3), lie);
        let failed = Values::read(&view, 1, 0..3).err().unwrap();
        assert_eq!(failed.kind(), ErrorKind::Corrupt, "lie {number}: {failed}");
        let failed = Frame::adopt(view.export(Some(&[1]), 0..3).unwrap()).err().unwrap();
        assert_eq!(failed.kind(), ErrorKind::Corrupt, "lie {number}: {failed}");
    }
    let honest = Lying(people(3), |_| ());
    assert_eq!(Values::read(&honest, 1, 0..3).unwrap().len(), 3);
}

/// A frame that hands out fewer rows than it is asked for.
struct Short(Frame);

impl DataFrameView for Short {
    fn capabilities(&self) -> DataFrameCapability {
        LENT
    }

    fn shape(&self) -> Result<(u64, u64)> {
        self.0.shape()
    }

    fn schema(&self) -> Result<OwnedSchema> {
        self.0.schema()
    }

    fn export(&self, columns: Option<&[u64]>, _rows: Range<u64>) -> Result<OwnedStream> {
        self.0.export(columns, 0..1)
    }
}

#[test]
fn a_frame_that_hands_out_too_few_rows_is_an_error() {
    let failed = Values::read(&Short(people(3)), 1, 0..3).err().unwrap();
    assert_eq!(failed.kind(), ErrorKind::Corrupt);
    assert!(failed.message().contains("1 rows instead of 3"), "{failed}");
}
