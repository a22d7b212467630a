//! The headers of a column chunk's pages, looked at before polars reads the pages: it asks memory for what they claim.

use super::footer::STATISTICS;
use super::thrift::{Type, Visitor, Walk};
use crate::inflation::{self, Codec};
use iolink_sdk::{fail, Result};
use polars_parquet::parquet::compression::Compression;
use Type::{Bool, Integer, Struct};

static DATA: &[(i16, Type)] = &[(1, Integer), (2, Integer), (3, Integer), (4, Integer), (5, Struct(STATISTICS))];
static INDEX: &[(i16, Type)] = &[];
static WORDS: &[(i16, Type)] = &[(1, Integer), (2, Integer), (3, Bool)];
static DATA_2: &[(i16, Type)] = &[
    (1, Integer),
    (2, Integer),
    (3, Integer),
    (4, Integer),
    (5, Integer),
    (6, Integer),
    (7, Bool),
    (8, Struct(STATISTICS)),
];
static PAGE: &[(i16, Type)] = &[
    (1, Integer),
    (2, Integer),
    (3, Integer),
    (4, Integer),
    (5, Struct(DATA)),
    (6, Struct(INDEX)),
    (7, Struct(WORDS)),
    (8, Struct(DATA_2)),
];
const DICTIONARY: i64 = 2;

/// What a page's header says.
#[derive(Default)]
struct Header {
    kind: i64,
    inflated: i64,
    stored: i64,
    values: i64,
    words: i64,
    levels: [i64; 2],
}

impl Visitor for Header {
    fn integer(&mut self, path: &[i16], value: i64) {
        match path {
            [1] => self.kind = value,
            [2] => self.inflated = value,
            [3] => self.stored = value,
            [5 | 8, 1] => self.values = value,
            [7, 1] => self.words = value,
            [8, 5] => self.levels[0] = value,
            [8, 6] => self.levels[1] = value,
            _ => {}
        }
    }
}

/// Refuses pages that claim other sizes or counts than the bytes of their chunk can hold.
pub fn check(chunk: &[u8], values: i64, compression: Compression) -> Result<()> {
    let (mut at, mut left) = (0, values);
    // A dictionary is read even if there are no values.
    while at < chunk.len() && (left > 0 || at == 0) {
        let (mut header, mut walk) = (Header::default(), Walk::new(&chunk[at..]));
        walk.structure(PAGE, &mut header).map_err(|error| error.context("the header of a page"))?;
        at += walk.at();
        let stored = usize::try_from(header.stored).ok().and_then(|count| chunk.get(at..)?.get(..count));
        let Some(stored) = stored else {
            fail!(Corrupt, "a page claims {} bytes, and its column has {} more", header.stored, chunk.len() - at)
        };
        let Ok(inflated) = u64::try_from(header.inflated) else {
            fail!(Corrupt, "a page claims to hold {} bytes", header.inflated)
        };
        let levels =
            header.levels[0].checked_add(header.levels[1]).filter(|_| header.levels.iter().all(|level| *level >= 0));
        let Some(packed) = levels.and_then(|levels| stored.get(usize::try_from(levels).ok()?..)) else {
            fail!(Corrupt, "a page claims {:?} bytes of levels, and has {}", header.levels, stored.len())
        };
        let levels = (stored.len() - packed.len()) as u64;
        if let Some(codec) = codec(compression) {
            inflation::check(packed, inflated.saturating_sub(levels), codec)?;
        }
        if header.kind == DICTIONARY {
            if header.words < 0 || header.words as u64 > inflated {
                fail!(Corrupt, "a dictionary claims {} values in {inflated} bytes", header.words);
            }
        } else if header.values < 0 || header.values > left {
            fail!(Corrupt, "a page claims {} values, and its column has {left} more", header.values);
        } else {
            left -= header.values;
        }
        at += stored.len();
    }
    Ok(())
}

fn codec(compression: Compression) -> Option<Codec> {
    match compression {
        Compression::Uncompressed => None,
        Compression::Snappy => Some(Codec::Ratio(64)),
        Compression::Gzip => Some(Codec::Ratio(1032)),
        Compression::Lz4 | Compression::Lz4Raw => Some(Codec::Ratio(256)),
        Compression::Zstd => Some(Codec::Zstd),
        // A few bytes can stand for 16 MiB.
        _ => Some(Codec::Ratio(1 << 16)),
    }
}
