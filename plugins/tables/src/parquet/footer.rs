//! The footer of a Parquet file, looked at before polars reads it.

use super::thrift::{Type, Visitor, Walk};
use crate::depth::DEEPEST;
use iolink_sdk::{fail, Result};
use Type::{Bool, Byte, Bytes, Integer, List, Struct};

/// Groups inside each other: a list is a group in a group.
const GROUPS: usize = 2 * DEEPEST + 1;

static EMPTY: &[(i16, Type)] = &[];
static DECIMAL: &[(i16, Type)] = &[(1, Integer), (2, Integer)];
static UNIT: &[(i16, Type)] = &[(1, Struct(EMPTY)), (2, Struct(EMPTY)), (3, Struct(EMPTY))];
static TIME: &[(i16, Type)] = &[(1, Bool), (2, Struct(UNIT))];
static INTEGERS: &[(i16, Type)] = &[(1, Byte), (2, Bool)];
static LOGICAL: &[(i16, Type)] = &[
    (1, Struct(EMPTY)),
    (2, Struct(EMPTY)),
    (3, Struct(EMPTY)),
    (4, Struct(EMPTY)),
    (5, Struct(DECIMAL)),
    (6, Struct(EMPTY)),
    (7, Struct(TIME)),
    (8, Struct(TIME)),
    (10, Struct(INTEGERS)),
    (11, Struct(EMPTY)),
    (12, Struct(EMPTY)),
    (13, Struct(EMPTY)),
    (14, Struct(EMPTY)),
    (15, Struct(EMPTY)),
];
static ELEMENT: &[(i16, Type)] = &[
    (1, Integer),
    (2, Integer),
    (3, Integer),
    (4, Bytes),
    (5, Integer),
    (6, Integer),
    (7, Integer),
    (8, Integer),
    (9, Integer),
    (10, Struct(LOGICAL)),
];
/// Of a column chunk or a page.
pub static STATISTICS: &[(i16, Type)] =
    &[(1, Bytes), (2, Bytes), (3, Integer), (4, Integer), (5, Bytes), (6, Bytes), (7, Bool), (8, Bool)];
static KEY_VALUE: &[(i16, Type)] = &[(1, Bytes), (2, Bytes)];
static COLUMN: &[(i16, Type)] = &[
    (1, Integer),
    (2, List(&Integer)),
    (3, List(&Bytes)),
    (4, Integer),
    (5, Integer),
    (6, Integer),
    (7, Integer),
    (8, List(&Struct(KEY_VALUE))),
    (9, Integer),
    (10, Integer),
    (11, Integer),
    (12, Struct(STATISTICS)),
    (14, Integer),
    (15, Integer),
];
static CHUNK: &[(i16, Type)] =
    &[(1, Bytes), (2, Integer), (3, Struct(COLUMN)), (4, Integer), (5, Integer), (6, Integer), (7, Integer)];
static SORTING: &[(i16, Type)] = &[(1, Integer), (2, Bool), (3, Bool)];
static GROUP: &[(i16, Type)] = &[
    (1, List(&Struct(CHUNK))),
    (2, Integer),
    (3, Integer),
    (4, List(&Struct(SORTING))),
    (5, Integer),
    (6, Integer),
    (7, Integer),
];
static ORDER: &[(i16, Type)] = &[(1, Struct(EMPTY)), (2, Struct(EMPTY))];
static FILE: &[(i16, Type)] = &[
    (1, Integer),
    (2, List(&Struct(ELEMENT))),
    (3, Integer),
    (4, List(&Struct(GROUP))),
    (5, List(&Struct(KEY_VALUE))),
    (6, Bytes),
    (7, List(&Struct(ORDER))),
];

/// Refuses a footer whose lists or values claim more than it holds, and a schema of too many levels.
pub fn check(footer: &[u8]) -> Result<()> {
    let mut schema = Schema::default();
    Walk::new(footer).structure(FILE, &mut schema).map_err(|error| error.context("the footer"))?;
    schema.check()
}

/// How many children each element of a schema has, in the order of a tree.
#[derive(Default)]
struct Schema(Vec<i64>);

impl Visitor for Schema {
    fn begin(&mut self, path: &[i16]) {
        if path == [2] {
            self.0.push(0);
        }
    }

    fn integer(&mut self, path: &[i16], value: i64) {
        if let ([2, 5], Some(children)) = (path, self.0.last_mut()) {
            *children = i64::from(value as i32);
        }
    }
}

impl Schema {
    fn check(&self) -> Result<()> {
        // Of each group that is open, the children that are still to come.
        let mut open: Vec<i64> = Vec::new();
        for children in &self.0 {
            while open.last() == Some(&0) {
                open.pop();
            }
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
            if *children > 0 {
                open.push(*children);
            }
            if open.len() > 1 + GROUPS {
                fail!(
                    Limit,
                    "the schema nests groups more than {GROUPS} levels deep, which {DEEPEST} lists in each other take"
                );
            }
        }
        Ok(())
    }
}
