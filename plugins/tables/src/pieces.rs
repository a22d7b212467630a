//! A frame of a file that comes in pieces, each read when it is asked for.

use crate::failure;
use crate::interface::{run, schema, stream, table_field, Facts};
use crate::options::Selection;
use iolink_sdk::{fail, DataFrameCapability, DataFrameView, OwnedSchema, OwnedStream, Result};
use polars_arrow::array::{Array, StructArray, Utf8ViewArray, View};
use polars_arrow::compute::aggregate::estimated_bytes_size;
use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_core::error::PolarsError;
use polars_core::runtime::RAYON;
use rayon::prelude::*;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// A file whose rows lie in pieces, of which each column can be read alone.
pub trait Pieces: Send + Sync + 'static {
    /// The columns.
    fn fields(&self) -> &[Field];

    /// What the table says of itself.
    fn facts(&self) -> Facts;

    /// Rows of each piece.
    fn rows(&self) -> &[usize];

    /// Some columns of a piece, in the order asked for.
    fn read(&self, piece: usize, columns: &[usize]) -> Result<Vec<Box<dyn Array>>>;

    /// Returns whether reading may call back, as a file object does: then the caller's thread alone reads.
    fn calls_back(&self) -> bool {
        false
    }

    /// Does reading cost so much that it pays to keep what was read?
    fn costs(&self) -> bool {
        true
    }
}

/// Bytes of columns that are kept for the next who asks.
const KEPT: usize = 256 << 20;

/// What was read lately.
#[derive(Default)]
struct Kept {
    columns: HashMap<(usize, usize), Box<dyn Array>>,
    order: VecDeque<(usize, usize)>,
    bytes: usize,
}

/// Bytes of an array, without a look at its values.
fn size(array: &dyn Array) -> usize {
    match array.as_any().downcast_ref::<Utf8ViewArray>() {
        Some(texts) => texts.views().len() * size_of::<View>() + texts.total_buffer_len(),
        None => estimated_bytes_size(array),
    }
}

impl Kept {
    fn keep(&mut self, place: (usize, usize), column: &dyn Array) {
        let bytes = size(column);
        if bytes > KEPT || self.columns.contains_key(&place) {
            return;
        }
        self.columns.insert(place, column.to_boxed());
        self.order.push_back(place);
        self.bytes += bytes;
        while self.bytes > KEPT {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(gone) = self.columns.remove(&oldest) {
                self.bytes -= size(&*gone);
            }
        }
    }
}

struct Inner<P> {
    pieces: P,
    kept: Mutex<Kept>,
}

impl<P: Pieces> Inner<P> {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, piece: usize, columns: &[usize]) -> Result<Vec<Box<dyn Array>>> {
        if !self.pieces.costs() {
            return self.pieces.read(piece, columns);
        }
        let mut found: Vec<Option<Box<dyn Array>>> = {
            let kept = self.kept();
            columns.iter().map(|column| kept.columns.get(&(piece, *column)).cloned()).collect()
        };
        let missing: Vec<usize> =
            columns.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(column, _)| *column).collect();
        if !missing.is_empty() {
            let mut read = self.pieces.read(piece, &missing)?.into_iter();
            let rows = self.pieces.rows()[piece];
            let mut kept = self.kept();
            for (place, column) in found.iter_mut().zip(columns).filter(|(place, _)| place.is_none()) {
                let array = read.next().filter(|array| array.len() == rows);
                let Some(array) = array else {
                    fail!(Corrupt, "the column {:?} has not the {rows} rows of its part", self.name(*column))
                };
                kept.keep((piece, *column), &*array);
                *place = Some(array);
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    fn name(&self, column: usize) -> &str {
        self.pieces.fields()[column].name.as_str()
    }
}

/// What polars can tell of a file's schema, and not read.
fn unknown(dtype: &ArrowDataType) -> Option<&'static str> {
    match dtype {
        ArrowDataType::Interval(_) => Some("intervals"),
        ArrowDataType::Decimal256(..) => Some("decimals of 256 bits"),
        ArrowDataType::FixedSizeBinary(0) | ArrowDataType::FixedSizeList(_, 0) => Some("values of a fixed size of 0"),
        ArrowDataType::Dictionary(_, words, _) => unknown(words),
        ArrowDataType::List(item)
        | ArrowDataType::LargeList(item)
        | ArrowDataType::FixedSizeList(item, _)
        | ArrowDataType::Map(item, _) => unknown(&item.dtype),
        ArrowDataType::Struct(fields) => fields.iter().find_map(|field| unknown(&field.dtype)),
        _ => None,
    }
}

/// A frame over a file in pieces. Its file is read by position whenever rows are exported, and must not change.
pub struct Lazy<P> {
    inner: Arc<Inner<P>>,
    columns: Vec<usize>,
    first: u64,
    rows: u64,
    origin: String,
}

impl<P: Pieces> Lazy<P> {
    /// The columns and rows that are wanted of a file.
    pub fn new(pieces: P, selection: &Selection, origin: &str) -> Result<Self> {
        let names: Vec<String> = pieces.fields().iter().map(|field| field.name.to_string()).collect();
        for name in &names {
            if name.contains('\0') {
                fail!(Corrupt, "the column name {name:?} has a NUL, which no Arrow column can have");
            }
        }
        let columns = selection.columns(&names)?.unwrap_or_else(|| (0..names.len()).collect());
        let all = pieces.rows().iter().fold(0u64, |all, rows| all.saturating_add(*rows as u64));
        let rows = selection.rows(all)?;
        let inner = Inner { pieces, kept: Mutex::default() };
        let (first, rows) = (rows.start, rows.end - rows.start);
        Ok(Lazy { inner: Arc::new(inner), columns, first, rows, origin: origin.to_owned() })
    }

    fn table(&self, columns: &[usize]) -> Field {
        let fields = columns.iter().map(|column| self.inner.pieces.fields()[*column].clone()).collect();
        table_field(fields, self.inner.pieces.facts())
    }

    /// Which rows of which pieces are these?
    fn parts(&self, rows: &Range<u64>) -> VecDeque<(usize, Range<usize>)> {
        let (start, end) = (self.first + rows.start, self.first + rows.end);
        let (mut first, mut parts) = (0u64, VecDeque::new());
        for (piece, count) in self.inner.pieces.rows().iter().enumerate() {
            let last = first + *count as u64;
            let (from, to) = (start.max(first), end.min(last));
            if from < to {
                parts.push_back((piece, (from - first) as usize..(to - first) as usize));
            }
            first = last;
        }
        parts
    }
}

impl<P: Pieces> DataFrameView for Lazy<P> {
    fn capabilities(&self) -> DataFrameCapability {
        DataFrameCapability::READ
    }

    fn shape(&self) -> Result<(u64, u64)> {
        Ok((self.columns.len() as u64, self.rows))
    }

    fn schema(&self) -> Result<OwnedSchema> {
        failure::read(|| schema(&self.table(&self.columns)))
    }

    fn export(&self, columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream> {
        failure::read(|| {
            if rows.start > rows.end || rows.end > self.rows {
                fail!(OutOfRange, "there are no rows {} to {}: the frame has {}", rows.start, rows.end, self.rows);
            }
            let mut chosen = Vec::new();
            for column in columns.map_or_else(|| (0..self.columns.len() as u64).collect(), <[u64]>::to_vec) {
                match self.columns.get(usize::try_from(column).unwrap_or(usize::MAX)) {
                    Some(number) => chosen.push(*number),
                    None => fail!(OutOfRange, "there is no column {column}: the frame has {}", self.columns.len()),
                }
            }
            for column in &chosen {
                let field = &self.inner.pieces.fields()[*column];
                if let Some(what) = unknown(&field.dtype) {
                    fail!(
                        Unsupported,
                        "column {:?}: {what} cannot be read; choose the others with the option columns, or cast it in another \
                         library",
                        field.name.as_str()
                    );
                }
            }
            let table = self.table(&chosen);
            let parts = self.parts(&rows);
            let mut reading = Reading {
                inner: self.inner.clone(),
                table: table.dtype.clone(),
                columns: chosen,
                parts,
                ready: VecDeque::new(),
            };
            // What fails at once fails with its own kind of error.
            reading.fill()?;
            stream(table, reading)
        })
    }

    fn origin(&self) -> Option<String> {
        Some(self.origin.clone())
    }
}

/// An export under way: a few pieces ahead of whoever takes them, as many as keep all threads at work
/// although one column takes longer than another.
struct Reading<P> {
    inner: Arc<Inner<P>>,
    table: ArrowDataType,
    columns: Vec<usize>,
    parts: VecDeque<(usize, Range<usize>)>,
    ready: VecDeque<Box<dyn Array>>,
}

impl<P: Pieces> Reading<P> {
    fn fill(&mut self) -> Result<()> {
        let threads = RAYON.current_num_threads();
        let some = (8 * threads).div_ceil(self.columns.len().max(1)).min(self.parts.len());
        let parts: Vec<(usize, Range<usize>)> = self.parts.drain(..some).collect();
        let batch = |(piece, rows): (usize, Range<usize>)| self.batch(piece, &rows);
        let read = match self.inner.pieces.calls_back() {
            true => parts.into_iter().map(batch).collect::<Result<Vec<_>>>()?,
            false => RAYON.install(|| parts.into_par_iter().map(batch).collect::<Result<Vec<_>>>())?,
        };
        self.ready.extend(read);
        Ok(())
    }

    fn batch(&self, piece: usize, rows: &Range<usize>) -> Result<Box<dyn Array>> {
        let mut columns = self.inner.read(piece, &self.columns)?;
        for column in &mut columns {
            *column = run(&**column, rows.start, rows.len());
        }
        // Not validated again: the columns are those of the fields, and as long as each other.
        Ok(StructArray::new(self.table.clone(), rows.len(), columns, None).boxed())
    }
}

impl<P: Pieces> Iterator for Reading<P> {
    type Item = Result<Box<dyn Array>, PolarsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.is_empty() && !self.parts.is_empty() {
            // The stream's own functions catch no panic, and a NUL would end its message.
            if let Err(error) = failure::read(|| self.fill()) {
                self.parts.clear();
                return Some(Err(PolarsError::ComputeError(error.message().replace('\0', " ").into())));
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

/// A table that was read as a whole, in batches.
pub struct Batches {
    pub fields: Vec<Field>,
    pub facts: Facts,
    pub rows: Vec<usize>,
    pub columns: Vec<Vec<Box<dyn Array>>>,
}

impl Pieces for Batches {
    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn facts(&self) -> Facts {
        self.facts.clone()
    }

    fn rows(&self) -> &[usize] {
        &self.rows
    }

    fn read(&self, piece: usize, columns: &[usize]) -> Result<Vec<Box<dyn Array>>> {
        Ok(columns.iter().map(|column| self.columns[piece][*column].clone()).collect())
    }

    fn costs(&self) -> bool {
        false
    }
}
