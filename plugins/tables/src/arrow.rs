//! Arrow IPC: a file's record batches are read when they are asked for, a stream's at once.

use crate::failure::from_polars;
use crate::interface::Facts;
use crate::pieces::{Batches, Pieces};
use crate::place::Place;
use crate::words::dictionary;
use iolink_sdk::{fail, Error, ErrorKind, RandomAccess, Result};
use polars_arrow::array::{new_empty_array, Array, PrimitiveArray};
use polars_arrow::datatypes::{ArrowDataType, Field};
use polars_arrow::io::ipc::read::{
    get_row_count_from_blocks, read_batch, read_file_dictionaries, read_file_metadata, read_stream_metadata,
    Dictionaries, FileMetadata, StreamReader, StreamState,
};
use polars_arrow::match_integer_type;
use std::sync::Arc;

/// What a file of the first version of Feather begins with.
const FEATHER_1: &[u8; 4] = b"FEA1";
const MAGIC: &[u8; 6] = b"ARROW1";

/// Begins the file as one with a footer does? Else it may be a stream.
pub fn has_footer(bytes: &(dyn RandomAccess + 'static)) -> Result<bool> {
    let mut head = [0; 6];
    let count = bytes.read_at(0, &mut head)?;
    if head[..count].starts_with(FEATHER_1) {
        fail!(Unsupported, "the file is of version 1 of Feather; save it as version 2, which is Arrow IPC");
    }
    Ok(&head[..count] == MAGIC)
}

/// A file of Arrow IPC.
pub struct File {
    bytes: Arc<dyn RandomAccess>,
    metadata: FileMetadata,
    dictionaries: Dictionaries,
    /// Of each column that is a dictionary, its number.
    words: Vec<Option<i64>>,
    fields: Vec<Field>,
    rows: Vec<usize>,
    /// Can no column be left out? polars panics where it passes over a sparse union.
    whole: bool,
    calls_back: bool,
}

impl File {
    /// Reads the footer, the dictionaries, and of each batch how many rows it has.
    pub fn open(bytes: Arc<dyn RandomAccess>) -> Result<Self> {
        let mut tail = [0; 6];
        let length = bytes.length();
        if length >= 6 {
            bytes.read_exact_at(length - 6, &mut tail)?;
        }
        if &tail != MAGIC {
            fail!(Corrupt, "the file does not end with ARROW1, as Arrow IPC does: its end is missing");
        }
        let mut place = Place::new(&*bytes);
        let mut metadata = read_file_metadata(&mut place).map_err(|error| from_polars(&error))?;
        let mut rows = Vec::with_capacity(metadata.blocks.len());
        for block in &metadata.blocks {
            let count = get_row_count_from_blocks(&mut place, std::slice::from_ref(block));
            let count = count.map_err(|error| from_polars(&error))?;
            rows.push(usize::try_from(count).map_err(|_| claimed(count))?);
        }
        let dictionaries = read_file_dictionaries(&mut place, &metadata, &mut Vec::new(), Default::default());
        let dictionaries = dictionaries.map_err(|error| from_polars(&error))?;
        each_name_once(metadata.schema.len(), metadata.ipc_schema.fields.len())?;
        let fields: Vec<Field> = metadata.schema.iter_values().cloned().collect();
        let words = keys_as_numbers(&mut metadata);
        let whole = fields.iter().any(|field| has_sparse_union(&field.dtype));
        Ok(File { bytes, metadata, dictionaries, words, fields, rows, whole, calls_back: false })
    }

    /// Says whether reading calls back, see [`Pieces::calls_back`].
    pub fn calling_back(self, calls_back: bool) -> Self {
        File { calls_back, ..self }
    }

    /// A column as its field says.
    fn finished(&self, column: usize, array: Box<dyn Array>) -> Result<Box<dyn Array>> {
        let (dtype, Some(id)) = (&self.fields[column].dtype, self.words[column]) else { return Ok(array) };
        let ArrowDataType::Dictionary(key, ..) = dtype else { return Ok(array) };
        let values = match self.dictionaries.get(&id) {
            Some(values) => values.clone(),
            None if array.null_count() == array.len() => new_empty_array(value_type(dtype)),
            None => fail!(Corrupt, "the file lacks the dictionary {id}"),
        };
        match_integer_type!(key, |$T| match array.as_any().downcast_ref::<PrimitiveArray<$T>>() {
            Some(keys) => dictionary(dtype.clone(), keys, values),
            None => fail!(Internal, "the keys of a dictionary are no numbers"),
        })
    }
}

fn has_sparse_union(dtype: &ArrowDataType) -> bool {
    match dtype {
        ArrowDataType::Union(union) => {
            union.mode.is_sparse() || union.fields.iter().any(|field| has_sparse_union(&field.dtype))
        }
        ArrowDataType::List(item)
        | ArrowDataType::LargeList(item)
        | ArrowDataType::FixedSizeList(item, _)
        | ArrowDataType::Map(item, _) => has_sparse_union(&item.dtype),
        ArrowDataType::Struct(fields) => fields.iter().any(|field| has_sparse_union(&field.dtype)),
        _ => false,
    }
}

fn value_type(dtype: &ArrowDataType) -> ArrowDataType {
    match dtype {
        ArrowDataType::Dictionary(_, value, _) => (**value).clone(),
        other => other.clone(),
    }
}

/// Lets batches be read with the keys of dictionaries as plain numbers, which is how they lie: polars refuses those that
/// pandas gives to missing values.
fn keys_as_numbers(metadata: &mut FileMetadata) -> Vec<Option<i64>> {
    let mut words = Vec::new();
    let mut schema = metadata.schema.as_ref().clone();
    for (field, known) in schema.iter_values_mut().zip(&mut metadata.ipc_schema.fields) {
        let id = match &field.dtype {
            ArrowDataType::Dictionary(key, ..) => {
                field.dtype = (*key).into();
                known.dictionary_id.take()
            }
            _ => None,
        };
        words.push(id);
    }
    metadata.schema = Arc::new(schema);
    words
}

fn claimed(rows: i64) -> Error {
    Error::new(ErrorKind::Corrupt, format!("a batch claims to have {rows} rows"))
}

impl Pieces for File {
    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn facts(&self) -> Facts {
        self.metadata.custom_schema_metadata.clone()
    }

    fn rows(&self) -> &[usize] {
        &self.rows
    }

    fn calls_back(&self) -> bool {
        self.calls_back
    }

    fn read(&self, piece: usize, columns: &[usize]) -> Result<Vec<Box<dyn Array>>> {
        let mut sorted = if self.whole { (0..self.fields.len()).collect() } else { columns.to_vec() };
        sorted.sort_unstable();
        sorted.dedup();
        let mut place = Place::new(&*self.bytes);
        let batch = read_batch(
            &mut place,
            &self.dictionaries,
            &self.metadata,
            Some(&sorted),
            None,
            piece,
            false,
            &mut Vec::new(),
            &mut Vec::new(),
            Default::default(),
        );
        place.check()?;
        let batch = batch.map_err(|error| from_polars(&error))?.into_arrays();
        let place = |column: usize| sorted.binary_search(&column).ok().and_then(|place| batch.get(place).cloned());
        let finished = columns.iter().map(|column| match place(*column) {
            Some(array) => self.finished(*column, array),
            None => fail!(Corrupt, "a batch has {} columns instead of {}", batch.len(), sorted.len()),
        });
        finished.collect()
    }
}

/// polars keeps one column of each name, and would read the others in its place.
fn each_name_once(names: usize, columns: usize) -> Result<()> {
    if names != columns {
        iolink_sdk::fail!(
            Unsupported,
            "the {columns} columns have {names} different names: rename those that are there twice"
        );
    }
    Ok(())
}

/// A stream of Arrow IPC, read to its end.
pub fn stream(bytes: &(dyn RandomAccess + 'static)) -> Result<Batches> {
    let mut place = Place::new(bytes);
    let metadata = read_stream_metadata(&mut place).map_err(|error| from_polars(&error))?;
    each_name_once(metadata.schema.len(), metadata.ipc_schema.fields.len())?;
    let fields: Vec<Field> = metadata.schema.iter_values().cloned().collect();
    let facts = metadata.custom_schema_metadata.clone().map(Arc::new);
    let mut batches = Batches { fields, facts, rows: Vec::new(), columns: Vec::new() };
    for state in StreamReader::new(place, metadata, None) {
        match state.map_err(|error| from_polars(&error))? {
            StreamState::Some(batch) => {
                batches.rows.push(batch.len());
                batches.columns.push(batch.into_arrays());
            }
            StreamState::Waiting => fail!(Corrupt, "the stream ends in the middle of a batch"),
        }
    }
    Ok(batches)
}
