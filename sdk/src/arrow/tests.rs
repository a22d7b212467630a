//! What the checks accept and reject, without a library of Arrow's.

use super::*;
use std::ffi::CString;
use std::os::raw::{c_char, c_void};
use std::ptr::{null, null_mut};

/// A schema and all that it points to.
struct MadeSchema {
    format: CString,
    children: Vec<*mut ArrowSchema>,
    dictionary: *mut ArrowSchema,
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    // SAFETY: made by `schema`, and released once.
    unsafe {
        let made = Box::from_raw((*schema).private_data as *mut MadeSchema);
        for child in made.children.iter().chain([&made.dictionary]).filter(|child| !child.is_null()) {
            drop(OwnedSchema(*Box::from_raw(*child)));
        }
        (*schema).release = None;
    }
}

fn on_heap(schema: OwnedSchema) -> *mut ArrowSchema {
    Box::into_raw(Box::new(schema.into_raw()))
}

fn raw_schema(format: &str, children: Vec<OwnedSchema>, dictionary: Option<OwnedSchema>) -> ArrowSchema {
    let format = CString::new(format).unwrap();
    let dictionary = dictionary.map_or(null_mut(), on_heap);
    let mut made = Box::new(MadeSchema { format, children: children.into_iter().map(on_heap).collect(), dictionary });
    ArrowSchema {
        format: made.format.as_ptr(),
        name: c"x".as_ptr(),
        metadata: null(),
        flags: 2,
        n_children: made.children.len() as i64,
        children: made.children.as_mut_ptr(),
        dictionary,
        release: Some(release_schema),
        private_data: Box::into_raw(made) as *mut c_void,
    }
}

fn schema(format: &str, children: Vec<OwnedSchema>) -> OwnedSchema {
    OwnedSchema(raw_schema(format, children, None))
}

fn plain(format: &str) -> OwnedSchema {
    schema(format, Vec::new())
}

/// An array and all that it points to.
struct MadeArray {
    _contents: Vec<Option<Vec<u8>>>,
    buffers: Vec<*const c_void>,
    children: Vec<*mut ArrowArray>,
}

unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    // SAFETY: made by `array`, and released once.
    unsafe {
        let made = Box::from_raw((*array).private_data as *mut MadeArray);
        for child in &made.children {
            drop(OwnedArray(*Box::from_raw(*child)));
        }
        (*array).release = None;
    }
}

fn array(length: i64, contents: Vec<Option<Vec<u8>>>, children: Vec<OwnedArray>) -> OwnedArray {
    let buffers = contents.iter().map(|one| one.as_ref().map_or(null(), |one| one.as_ptr().cast())).collect();
    let children = children.into_iter().map(|child| Box::into_raw(Box::new(child.into_raw()))).collect();
    let mut made = Box::new(MadeArray { _contents: contents, buffers, children });
    OwnedArray(ArrowArray {
        length,
        null_count: 0,
        offset: 0,
        n_buffers: made.buffers.len() as i64,
        n_children: made.children.len() as i64,
        buffers: made.buffers.as_mut_ptr(),
        children: made.children.as_mut_ptr(),
        dictionary: null_mut(),
        release: Some(release_array),
        private_data: Box::into_raw(made) as *mut c_void,
    })
}

fn ints(numbers: &[i32]) -> Option<Vec<u8>> {
    Some(numbers.iter().flat_map(|number| number.to_ne_bytes()).collect())
}

fn three_ints() -> OwnedArray {
    array(3, vec![None, ints(&[1, 2, 3])], Vec::new())
}

#[track_caller]
fn rejected(result: Result<()>, kind: ErrorKind, words: &str) {
    let failed = result.unwrap_err();
    assert_eq!(failed.kind(), kind, "{failed}");
    assert!(failed.message().contains(words), "{failed}");
}

fn checked(schema: &OwnedSchema, mut array: OwnedArray) -> Result<()> {
    schema.check()?.check_array(&mut array)
}

#[test]
fn every_format_of_the_standard_is_accepted() {
    let plain_ones =
        "n b c C s S i I l L e f g z u Z U vz vu tdD tdm tts ttm ttu ttn tss: tsn:Europe/Berlin tDs tDn tiM tiD \
                      tin w:0 w:16 d:9,2 d:38,-3 d:9,2,32 d:18,18,64 d:38,0,128 d:76,3,256";
    for format in plain_ones.split_whitespace() {
        plain(format).check().unwrap_or_else(|failed| panic!("{format}: {failed}"));
    }
    for format in ["+l", "+L", "+vl", "+vL", "+w:3", "+w:0", "+s", "+ud:5", "+us:0"] {
        schema(format, vec![plain("i")]).check().unwrap_or_else(|failed| panic!("{format}: {failed}"));
    }
    schema("+m", vec![schema("+s", vec![plain("u"), plain("i")])]).check().unwrap();
    schema("+r", vec![plain("i"), plain("u")]).check().unwrap();
    OwnedSchema(raw_schema("c", Vec::new(), Some(plain("u")))).check().unwrap();
    // A format of a later standard is for the reader to judge.
    plain("later").check().unwrap();
}

#[test]
fn parameters_and_children_that_do_not_fit_are_rejected() {
    for format in ["w:", "w:-5", "w:x", "w:2147483648", "d:", "d:0,0", "d:10,2,32", "d:9,2,32,1", "d:9,128", "+l", "+r"]
    {
        rejected(plain(format).check().map(drop), ErrorKind::Corrupt, format);
    }
    for format in ["+w:", "+w:-1", "+ud:", "+ud:-1", "+us:200", "+ud:0,1", "+r", "i"] {
        rejected(schema(format, vec![plain("i")]).check().map(drop), ErrorKind::Corrupt, format);
    }
    rejected(schema("+m", vec![plain("i")]).check().map(drop), ErrorKind::Corrupt, "map");
    rejected(schema("+r", vec![plain("f"), plain("u")]).check().map(drop), ErrorKind::Corrupt, "runs");
    let keys = OwnedSchema(raw_schema("f", Vec::new(), Some(plain("u"))));
    rejected(keys.check().map(drop), ErrorKind::Corrupt, "integers");
    let mut count = raw_schema("+s", vec![plain("i")], None);
    count.n_children = -1;
    rejected(OwnedSchema(count).check().map(drop), ErrorKind::Corrupt, "children");
}

#[test]
fn types_within_each_other_have_a_limit() {
    let lists = |depth| (0..depth).fold(plain("i"), |inner, _| schema("+l", vec![inner]));
    lists(MAX_TYPE_DEPTH).check().unwrap();
    rejected(lists(MAX_TYPE_DEPTH + 1).check().map(drop), ErrorKind::Limit, "within each other");
    let keys = (0..1000).fold(plain("u"), |values, _| OwnedSchema(raw_schema("i", Vec::new(), Some(values))));
    rejected(keys.check().map(drop), ErrorKind::Limit, "within each other");
}

#[test]
fn metadata_that_lie_are_rejected() {
    let with = |numbers: &[i32]| {
        let (blob, mut raw) = (ints(numbers).unwrap(), raw_schema("i", Vec::new(), None));
        raw.metadata = blob.as_ptr() as *const c_char;
        OwnedSchema(raw).check().map(drop)
    };
    with(&[0]).unwrap();
    with(&[1, 0, 0]).unwrap();
    rejected(with(&[-1]), ErrorKind::Corrupt, "count of -1");
    rejected(with(&[1, -7]), ErrorKind::Corrupt, "count of -7");
    rejected(with(&[1, i32::MAX]), ErrorKind::Limit, "longer");
}

#[test]
fn an_array_has_the_buffers_of_its_type() {
    checked(&plain("i"), three_ints()).unwrap();
    checked(&plain("n"), array(3, vec![None, None], Vec::new())).unwrap();
    checked(&plain("u"), array(0, vec![None, None, None], Vec::new())).unwrap();
    for (format, contents, words) in [
        ("i", vec![None], "1 buffers"),
        ("i", vec![None, None], "NULL"),
        ("u", vec![None, ints(&[0, 1, 2, -1]), None], "last offset"),
        ("u", vec![None, ints(&[0, 1, 2, 3]), None], "NULL"),
        ("vu", vec![None, None], "at least 3"),
        ("vu", vec![None, Some(vec![0; 48]), None, None], "NULL"),
        ("w:2147483647", vec![None, None], "NULL"),
    ] {
        rejected(checked(&plain(format), array(3, contents, Vec::new())), ErrorKind::Corrupt, words);
    }
    let mut long = three_ints();
    long.0.length = MAX_LENGTH;
    rejected(checked(&plain("i"), long), ErrorKind::Corrupt, "rows");
    rejected(checked(&plain("later"), three_ints()), ErrorKind::Unsupported, "later");
}

const MAX_LENGTH: i64 = i64::MAX / 2;

#[test]
fn children_are_as_long_as_their_parent_needs() {
    let list = |offsets: &[i32]| array(3, vec![None, ints(offsets)], vec![three_ints()]);
    checked(&schema("+l", vec![plain("i")]), list(&[0, 1, 2, 3])).unwrap();
    rejected(checked(&schema("+l", vec![plain("i")]), list(&[0, 1, 2, 4])), ErrorKind::Corrupt, "instead of 4");
    let fixed = |length| array(length, vec![None], vec![three_ints()]);
    checked(&schema("+w:3", vec![plain("i")]), fixed(1)).unwrap();
    rejected(checked(&schema("+w:3", vec![plain("i")]), fixed(2)), ErrorKind::Corrupt, "instead of 6");
    rejected(checked(&schema("+s", vec![plain("i")]), fixed(4)), ErrorKind::Corrupt, "instead of 4");
    let runs = |length| array(length, Vec::new(), vec![three_ints(), three_ints()]);
    let type_of_runs = schema("+r", vec![plain("i"), plain("i")]);
    checked(&type_of_runs, runs(3)).unwrap();
    rejected(checked(&type_of_runs, runs(4)), ErrorKind::Corrupt, "before row 4");
}

#[test]
fn null_counts_are_believed_only_where_there_is_no_null() {
    let count = |null_count, bitmap: Option<Vec<u8>>| {
        let mut made = array(3, vec![bitmap, ints(&[1, 2, 3])], Vec::new());
        made.0.null_count = null_count;
        plain("i").check()?.check_array(&mut made).map(|()| made.0.null_count)
    };
    assert_eq!(count(0, Some(vec![7])).unwrap(), 0);
    assert_eq!(count(1000, Some(vec![5])).unwrap(), -1);
    assert_eq!(count(-77, Some(vec![5])).unwrap(), -1);
    assert_eq!(count(-1, None).unwrap(), 0);
    rejected(count(1, None).map(drop), ErrorKind::Corrupt, "no bitmap");
}

#[test]
fn columns_of_a_schema_that_lies_are_an_error() {
    let mut raw = raw_schema("+s", vec![plain("i")], None);
    raw.children = null_mut();
    let failed = columns(&OwnedSchema(raw)).unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Corrupt);
    assert_eq!(columns(&schema("+s", vec![plain("i")])).unwrap(), [("x".to_owned(), "i".to_owned())]);
}
