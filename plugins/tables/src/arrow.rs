//! Arrow IPC: a file's record batches are read when they are asked for, a stream's at once. Every message is checked before
//! polars reads it.

mod batch;
mod message;
mod schema;

use crate::depth;
use crate::failure::from_polars;
use crate::interface::Facts;
use crate::pieces::{Batches, Pieces};
use crate::place::Place;
use crate::words::dictionary;
use iolink_sdk::{fail, out_of_memory, Error, ErrorKind, RandomAccess, Result};
use message::Message;
use polars_arrow::array::{new_empty_array, Array, PrimitiveArray};
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field};
use polars_arrow::io::ipc::format::ipc::planus::{self, ReadAsRoot};
use polars_arrow::io::ipc::format::ipc::{
    Block, DictionaryBatchRef, FooterRef, MessageHeaderRef, MetadataVersion, RecordBatchRef,
};
use polars_arrow::io::ipc::read::common::{read_dictionary, read_record_batch};
use polars_arrow::io::ipc::read::{deserialize_footer, read_stream_metadata, Dictionaries, FileMetadata};
use polars_arrow::io::ipc::{IpcField, IpcSchema};
use polars_arrow::match_integer_type;
pub use schema::check_message as check_schema_message;
use std::ops::Range;
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
        let footer = footer(&*bytes)?;
        let root = FooterRef::read_as_root(&footer).map_err(damaged)?;
        let Some(schema) = root.schema().map_err(damaged)? else { fail!(Corrupt, "the footer has no schema") };
        schema::check(schema, footer.len())?;
        let mut metadata = deserialize_footer(&footer, bytes.length()?).map_err(|error| from_polars(&error))?;
        each_name_once(metadata.schema.len(), metadata.ipc_schema.fields.len())?;
        let fields: Vec<Field> = metadata.schema.iter_values().cloned().collect();
        depth::check(&fields)?;
        let mut places = Vec::new();
        let mut rows = Vec::with_capacity(metadata.blocks.len());
        for block in &metadata.blocks {
            rows.push(batch::rows_of(&message(&*bytes, block, &mut places)?)?);
        }
        for block in metadata.dictionaries.iter().flatten() {
            message(&*bytes, block, &mut places)?;
        }
        places.sort_unstable_by_key(|place: &Range<u64>| place.start);
        if places.windows(2).any(|pair| pair[0].end > pair[1].start) {
            fail!(Corrupt, "two messages that the footer tells lie over each other");
        }
        let mut dictionaries = Dictionaries::default();
        for block in metadata.dictionaries.iter().flatten() {
            let message = message(&*bytes, block, &mut Vec::new())?;
            match Message::header(&message.root()?)? {
                MessageHeaderRef::DictionaryBatch(batch) => {
                    let known = (&*metadata.schema, &metadata.ipc_schema);
                    add_dictionary(&*bytes, batch, known, &message.body, &mut dictionaries)?;
                }
                _ => fail!(Corrupt, "a message holds another thing than the dictionary that the footer tells"),
            }
        }
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

/// Returns the bytes of a file's footer.
fn footer(bytes: &(dyn RandomAccess + 'static)) -> Result<Vec<u8>> {
    let (mut tail, length) = ([0; 10], bytes.length()?);
    let end = length.checked_sub(tail.len() as u64);
    if let Some(end) = end {
        bytes.read_exact_at(end, &mut tail)?;
    }
    let Some(end) = end.filter(|_| &tail[4..] == MAGIC) else {
        fail!(Corrupt, "the file does not end with ARROW1, as Arrow IPC does: its end is missing")
    };
    let claimed = i32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
    let count = match u64::try_from(claimed) {
        Ok(count) if count <= end => count,
        _ => fail!(Corrupt, "the file's last bytes claim a footer of {claimed} bytes, and the file has {length}"),
    };
    let mut footer = Vec::new();
    footer.try_reserve_exact(count as usize).map_err(|_| out_of_memory(count as usize))?;
    footer.resize(count as usize, 0);
    bytes.read_exact_at(end - count, &mut footer)?;
    Ok(footer)
}

/// Reads the message of a block, and notes where it lies.
fn message(file: &(dyn RandomAccess + 'static), block: &Block, places: &mut Vec<Range<u64>>) -> Result<Message> {
    let (Ok(at), Ok(metadata)) = (u64::try_from(block.offset), u64::try_from(block.meta_data_length)) else {
        fail!(Corrupt, "the footer tells a message of {} bytes at {}", block.meta_data_length, block.offset)
    };
    match Message::read(file, at, Some(metadata))? {
        Some(message) => {
            places.push(at..message.body.end);
            Ok(message)
        }
        None => fail!(Corrupt, "the footer tells a message at {at}, which is empty"),
    }
}

/// Reads a dictionary, once it is checked.
fn add_dictionary(
    file: &(dyn RandomAccess + 'static),
    batch: DictionaryBatchRef<'_>,
    (schema, ipc): (&ArrowSchema, &IpcSchema),
    body: &Range<u64>,
    dictionaries: &mut Dictionaries,
) -> Result<()> {
    let (id, data) = (batch.id().map_err(damaged)?, batch.data().map_err(damaged)?);
    let fields = schema.iter_values().zip(&ipc.fields);
    let Some(words) = fields.into_iter().find_map(|(field, ipc)| words_of(id, &field.dtype, ipc)) else {
        fail!(Corrupt, "a dictionary has the number {id}, which no column has")
    };
    if let Some(data) = data {
        batch::check(file, data, MetadataVersion::V5, body, std::iter::once((words, true)))?;
    }
    let (scratch, checked) = (&mut Vec::new(), Default::default());
    let place = &mut Place::new(file);
    let read = read_dictionary(batch, schema, ipc, dictionaries, place, body.start, scratch, checked);
    place.check()?;
    read.map_err(|error| from_polars(&error))
}

/// The type of the words of a dictionary with this number.
fn words_of<'a>(id: i64, dtype: &'a ArrowDataType, ipc: &IpcField) -> Option<&'a ArrowDataType> {
    match dtype.to_storage() {
        ArrowDataType::Dictionary(_, words, _) if ipc.dictionary_id == Some(id) => Some(words),
        _ => words_below(id, dtype, ipc),
    }
}

fn words_below<'a>(id: i64, dtype: &'a ArrowDataType, ipc: &IpcField) -> Option<&'a ArrowDataType> {
    match dtype.to_storage() {
        ArrowDataType::Dictionary(_, words, _) => words_below(id, words, ipc),
        ArrowDataType::List(item)
        | ArrowDataType::LargeList(item)
        | ArrowDataType::FixedSizeList(item, _)
        | ArrowDataType::Map(item, _) => words_of(id, &item.dtype, ipc.fields.first()?),
        ArrowDataType::Struct(fields) => words_among(id, fields, ipc),
        ArrowDataType::Union(union) => words_among(id, &union.fields, ipc),
        _ => None,
    }
}

fn words_among<'a>(id: i64, fields: &'a [Field], ipc: &IpcField) -> Option<&'a ArrowDataType> {
    fields.iter().zip(&ipc.fields).find_map(|(field, ipc)| words_of(id, &field.dtype, ipc))
}

/// The error for a flatbuffer that cannot be followed.
fn damaged(error: planus::Error) -> Error {
    Error::new(ErrorKind::Corrupt, format!("a message of Arrow IPC is damaged: {error}"))
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
        if self.rows[piece] == 0 {
            let stored: Vec<&Field> = self.metadata.schema.iter_values().collect();
            let none = |column: &usize| self.finished(*column, new_empty_array(stored[*column].dtype.clone()));
            return columns.iter().map(none).collect();
        }
        let message = message(&*self.bytes, &self.metadata.blocks[piece], &mut Vec::new())?;
        let root = message.root()?;
        let MessageHeaderRef::RecordBatch(batch) = Message::header(&root)? else {
            fail!(Corrupt, "a message that held a record batch holds none any more")
        };
        let version = root.version().map_err(damaged)?;
        let wanted = |column: &usize| sorted.binary_search(column).is_ok();
        let types = self.metadata.schema.iter_values().enumerate().map(|(at, field)| (&field.dtype, wanted(&at)));
        batch::check(&*self.bytes, batch, version, &message.body, types)?;
        let known = (&*self.metadata.schema, &self.metadata.ipc_schema);
        let batch = read_batch(&*self.bytes, batch, version, known, Some(&sorted), &self.dictionaries, &message.body)?;
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

/// Reads a record batch that was checked.
fn read_batch(
    file: &(dyn RandomAccess + 'static),
    batch: RecordBatchRef<'_>,
    version: MetadataVersion,
    (schema, ipc): (&ArrowSchema, &IpcSchema),
    columns: Option<&[usize]>,
    dictionaries: &Dictionaries,
    body: &Range<u64>,
) -> Result<Vec<Box<dyn Array>>> {
    if columns.is_some_and(<[usize]>::is_empty) {
        return Ok(Vec::new());
    }
    let (scratch, checked) = (&mut Vec::new(), Default::default());
    let place = &mut Place::new(file);
    let read = read_record_batch(
        batch,
        schema,
        ipc,
        columns,
        None,
        dictionaries,
        version,
        place,
        body.start,
        scratch,
        checked,
    );
    place.check()?;
    Ok(read.map_err(|error| from_polars(&error))?.into_arrays())
}

/// A stream of Arrow IPC, read to its end.
pub fn stream(bytes: &(dyn RandomAccess + 'static)) -> Result<Batches> {
    let Some(first) = Message::read(bytes, 0, None)? else { fail!(Corrupt, "the stream ends before its schema") };
    check_schema_message(first.bytes())?;
    let place = &mut Place::new(bytes);
    let metadata = read_stream_metadata(place);
    place.check()?;
    let metadata = metadata.map_err(|error| from_polars(&error))?;
    each_name_once(metadata.schema.len(), metadata.ipc_schema.fields.len())?;
    let fields: Vec<Field> = metadata.schema.iter_values().cloned().collect();
    depth::check(&fields)?;
    let known = (&metadata.schema, &metadata.ipc_schema);
    let facts = metadata.custom_schema_metadata.clone().map(Arc::new);
    let mut batches = Batches { fields, facts, rows: Vec::new(), columns: Vec::new() };
    let (mut dictionaries, mut at) = (Dictionaries::default(), first.body.end);
    let length = bytes.length()?;
    while at < length {
        // A stream may be followed by other bytes.
        let Some(message) = Message::read(bytes, at, None)? else { return Ok(batches) };
        let (root, body) = (message.root()?, &message.body);
        match Message::header(&root)? {
            MessageHeaderRef::RecordBatch(batch) => {
                let (version, rows) = (root.version().map_err(damaged)?, batch::rows(batch)?);
                let types = batches.fields.iter().map(|field| (&field.dtype, true));
                batch::check(bytes, batch, version, body, types)?;
                let columns = read_batch(bytes, batch, version, known, None, &dictionaries, body)?;
                if columns.iter().any(|column| column.len() != rows) {
                    fail!(Corrupt, "a batch of {rows} rows has a column of other rows");
                }
                batches.rows.push(rows);
                batches.columns.push(columns);
            }
            MessageHeaderRef::DictionaryBatch(batch) => {
                add_dictionary(bytes, batch, known, body, &mut dictionaries)?;
            }
            _ => fail!(Corrupt, "a message holds neither a record batch nor a dictionary"),
        }
        at = body.end;
    }
    fail!(Corrupt, "the stream ends in the middle of a batch")
}
