//! Columns out of plain memory: what NumPy and Python have, laid out as Arrow without copying where that can be.

use crate::column::{Chunk, Column};
use crate::export::stream_to;
use crate::frame::Frame;
use crate::import::{array_from, field_from, values_from, STORAGE};
use crate::lend::{lent, lent_as_it_lies};
use crate::storage::{into_form, pack_bits, rebuilt, validated, Form};
use crate::types::words;
use crate::{arrow_error, contained, LENT};
use arrow_array::builder::{ArrayBuilder, GenericByteBuilder};
use arrow_array::ffi::FFI_ArrowSchema;
use arrow_array::types::{ByteArrayType, LargeBinaryType, LargeUtf8Type};
use arrow_array::{make_array, new_empty_array, Array, ArrayRef, RecordBatch, StructArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Field};
use iolink_sdk::{
    fail, DataFrameCapability, DataFrameView, Error, ErrorKind, OwnedArray, OwnedSchema, OwnedStream, Owner, Result,
    View,
};
use std::collections::HashMap;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;

/// A column in the making.
#[derive(Clone)]
pub struct Part {
    field: Field,
    /// Its clones are the same values, so that those who see one of them are known to all.
    values: Chunk,
}

/// Memory of somebody else, kept by its owner.
pub struct Lent {
    /// The first byte.
    pub data: *const u8,
    /// How many.
    pub bytes: usize,
    /// Keeps them.
    pub owner: Owner,
}

impl Lent {
    fn buffer(self) -> Buffer {
        match NonNull::new(self.data as *mut u8) {
            // SAFETY: whoever made this promises that the owner keeps that many bytes, which nobody writes.
            Some(data) if self.bytes > 0 => unsafe {
                Buffer::from_custom_allocation(data, self.bytes, Arc::new(self.owner))
            },
            _ => Buffer::from_vec(Vec::<u128>::new()),
        }
    }
}

/// The type that a format of the C data interface names.
pub(crate) fn type_of(format: &str) -> Result<DataType> {
    let nested = format.starts_with('+') || format.is_empty() || format.contains('\0');
    if nested {
        fail!(Unsupported, "{format:?} is not the format of a plain Arrow type");
    }
    let raw = FFI_ArrowSchema::try_new(format, Vec::new(), None).map_err(arrow_error)?;
    DataType::try_from(&raw).map_err(arrow_error)
}

/// Validity of values that are missing where the mask is not 0.
fn validity(mask: Option<&[u8]>) -> Option<NullBuffer> {
    let mask = mask?;
    let bits = BooleanBuffer::new(pack_bits(mask), 0, mask.len());
    Some(NullBuffer::new(!&bits)).filter(|nulls| nulls.null_count() > 0)
}

/// A column of values of one width in shared memory, before there are any.
pub struct Plain {
    form: Form,
    stored: DataType,
    width: usize,
    field: Field,
}

impl Plain {
    /// Values of the type that a format names, in a [`Form`].
    ///
    /// # Errors
    /// `Type` where the format has no fixed width or cannot lie in the form.
    pub fn new(format: &str, form: Form) -> Result<Plain> {
        let data_type = type_of(format)?;
        let fits = match form {
            Form::Plain => data_type != DataType::Boolean,
            Form::Bool8 => data_type == DataType::Boolean,
            Form::Nat => matches!(data_type, DataType::Timestamp(..) | DataType::Duration(_)),
        };
        let stored = form.stored_type(&data_type);
        let Some(width) = stored.primitive_width().filter(|_| fits) else {
            fail!(Type, "values of type {} cannot lie in plain memory this way", words(&data_type));
        };
        let plain = Plain { form, field: Field::new("", stored.clone(), true), stored, width };
        Ok(match form.word() {
            Some(word) => plain.with(STORAGE, word),
            None => plain,
        })
    }

    /// The same with one more word about the column.
    pub fn with(mut self, key: &str, value: &str) -> Plain {
        self.field = with_word(self.field, key, value);
        self
    }

    /// The column of these values; missing where the mask is not 0.
    ///
    /// # Errors
    /// `InvalidArgument` for a mask or memory of the wrong size, `Type` for a mask beside the values' own mark.
    pub fn part(&self, name: &str, rows: usize, data: Lent, mask: Option<&[u8]>) -> Result<Part> {
        if self.form == Form::Nat && mask.is_some() {
            fail!(Type, "column {name:?}: times say themselves which are missing; a mask has no place beside them");
        }
        let width = self.width;
        if rows.checked_mul(width) != Some(data.bytes) || mask.is_some_and(|mask| mask.len() != rows) {
            fail!(InvalidArgument, "column {name:?}: {} bytes are not {rows} values of {width} bytes", data.bytes);
        }
        let builder = ArrayData::builder(self.stored.clone()).len(rows).add_buffer(data.buffer()).nulls(validity(mask));
        // SAFETY: the sizes were checked; memory that is not aligned is copied.
        let data = unsafe { builder.align_buffers(true).skip_validation(true) }.build().map_err(arrow_error)?;
        Ok(Part::of(self.field.clone().with_name(name), make_array(data)))
    }
}

/// A field with one more word about it.
fn with_word(field: Field, key: &str, value: &str) -> Field {
    let mut metadata = field.metadata().clone();
    metadata.insert(key.to_owned(), value.to_owned());
    field.with_metadata(metadata)
}

impl Part {
    /// Values in memory that somebody else may have, in the form that the field tells.
    pub(crate) fn of(field: Field, array: ArrayRef) -> Part {
        let form = Form::split(field.clone()).1;
        Part { field, values: Chunk::new(array, form, false) }
    }

    /// Values that this crate has just made and nobody else has, in the form of new ones.
    pub(crate) fn own(name: &str, array: &ArrayRef) -> Part {
        let form = Form::of_new(array.data_type());
        let field = Field::new(name, form.stored_type(array.data_type()), true);
        let field = form.word().map_or(field.clone(), |word| with_word(field, STORAGE, word));
        Part { field, values: Chunk::new(into_form(array, form), form, true) }
    }

    fn new(name: &str, array: ArrayRef) -> Part {
        Part::of(Field::new(name, array.data_type().clone(), true), array)
    }

    /// Values of one width in shared memory, in a [`Form`]; missing where the mask is not 0.
    ///
    /// # Errors
    /// `Type` where the format has no fixed width or cannot lie in the form; `InvalidArgument` for a mask or memory of
    /// the wrong size.
    pub fn fixed(name: &str, format: &str, form: Form, rows: usize, data: Lent, mask: Option<&[u8]>) -> Result<Part> {
        let plain = Plain::new(format, form)
            .map_err(|error| Error::new(error.kind(), format!("column {name:?}: {}", error.message())))?;
        plain.part(name, rows, data, mask)
    }

    /// Numbers in a dictionary; negative ones are missing.
    ///
    /// # Errors
    /// `Type` where the keys are not signed integers, `InvalidArgument` for a key past the last value.
    pub fn dictionary(name: &str, format: &str, rows: usize, keys: Lent, values: &Part, ordered: bool) -> Result<Part> {
        let keys = Part::fixed(name, format, Form::Plain, rows, keys, None)?.values.raw().to_data();
        let width = keys.data_type().primitive_width().unwrap_or(8);
        if !keys.data_type().is_signed_integer() {
            fail!(Type, "column {name:?}: the keys of a dictionary are signed integers");
        }
        let count = values.rows();
        let (missing, largest) = match width {
            1 => judge_keys(keys.buffer::<i8>(0)),
            2 => judge_keys(keys.buffer::<i16>(0)),
            4 => judge_keys(keys.buffer::<i32>(0)),
            _ => judge_keys(keys.buffer::<i64>(0)),
        };
        if largest >= count as i64 {
            fail!(InvalidArgument, "column {name:?}: key {largest} is past the last of {count} values");
        }
        let values = values.as_arrow().1;
        let data_type = DataType::Dictionary(Box::new(keys.data_type().clone()), Box::new(values.data_type().clone()));
        let builder = ArrayData::builder(data_type).len(rows).nulls(missing).buffers(keys.buffers().to_vec());
        // SAFETY: keys are signed, below the number of values, and negative only where they are missing.
        let data = unsafe { builder.add_child_data(values.to_data()).build_unchecked() };
        let mut part = Part::new(name, make_array(data));
        part.field = part.field.with_dict_is_ordered(ordered);
        Ok(part)
    }

    /// Rows of several parts, by their names; missing where the mask is not 0.
    ///
    /// # Errors
    /// `InvalidArgument` for parts or a mask of different lengths.
    pub fn structure(name: &str, parts: &[Part], mask: Option<&[u8]>) -> Result<Part> {
        let (fields, arrays): (Vec<_>, Vec<_>) = parts.iter().map(Part::as_arrow).unzip();
        let made = StructArray::try_new(fields.into(), arrays, validity(mask));
        let made = made.map_err(|error| Error::new(ErrorKind::InvalidArgument, format!("column {name:?}: {error}")))?;
        Ok(Part::new(name, Arc::new(made)))
    }

    /// The values as Arrow has them, whatever form they lie in.
    fn as_arrow(&self) -> (Field, ArrayRef) {
        (Form::split(self.field.clone()).0, lent(&self.values))
    }

    /// The values of a C array, with its field's metadata.
    ///
    /// # Errors
    /// What is wrong with the structs.
    pub fn foreign(name: &str, schema: &OwnedSchema, array: OwnedArray) -> Result<Part> {
        let given = field_from(schema).map_err(|failed| failed.context(&format!("column {name:?}")))?;
        let (_, chunk) = values_from(schema, array)?;
        Ok(Part { field: given.with_name(name).with_nullable(true), values: chunk })
    }

    /// The one column of a C stream, all chunks made one.
    ///
    /// # Errors
    /// What its producer says; `Type` where its values are the columns of a table.
    pub fn of_stream(name: &str, mut stream: OwnedStream) -> Result<Part> {
        let schema = stream.schema()?;
        let field = field_from(&schema).map_err(|failed| failed.context(&format!("column {name:?}")))?;
        let (checked, mut arrays) = (schema.check()?, Vec::new());
        while let Some(array) = stream.next_batch()? {
            arrays.push(array_from(array, checked, field.data_type())?);
        }
        if arrays.len() > 1 {
            for array in &arrays {
                validated(&array.to_data()).map_err(arrow_error)?;
            }
        }
        let parts: Vec<&dyn Array> = arrays.iter().map(|array| array.as_ref()).collect();
        let array = match arrays.len() {
            0 => new_empty_array(field.data_type()),
            1 => arrays[0].clone(),
            _ => contained(|| arrow_select::concat::concat(&parts).map_err(arrow_error))?,
        };
        Ok(Part::of(field.with_name(name).with_nullable(true), array))
    }

    /// A column without a single value.
    pub fn missing(name: &str, rows: usize) -> Part {
        Part::new(name, arrow_array::new_null_array(&DataType::Null, rows))
    }

    /// The same column with one more word about it.
    pub fn with(mut self, key: &str, value: &str) -> Part {
        self.field = with_word(self.field, key, value);
        self
    }

    /// How many values.
    pub fn rows(&self) -> usize {
        self.values.len
    }

    /// As C structs, for a write.
    ///
    /// # Errors
    /// Where a name has a NUL in it.
    pub fn to_c(&self) -> Result<(OwnedSchema, OwnedArray)> {
        crate::export::array_to(&self.field, &lent_as_it_lies(&self.values))
    }
}

/// Which keys are missing, and the largest one.
fn judge_keys<T: Copy + Into<i64>>(keys: &[T]) -> (Option<NullBuffer>, i64) {
    let (smallest, largest) = keys.iter().fold((0i64, -1i64), |(low, high), key| {
        let key: i64 = (*key).into();
        (low.min(key), high.max(key))
    });
    let missing =
        (smallest < 0).then(|| NullBuffer::new(BooleanBuffer::collect_bool(keys.len(), |at| keys[at].into() >= 0)));
    (missing, largest)
}

/// A column of texts (`str`) or of bytes (`[u8]`), in the making.
pub struct Texts<T: ?Sized + Item>(GenericByteBuilder<T::Type>);

/// What a column of [`Texts`] holds.
pub trait Item: AsRef<Self> {
    /// Arrow's type for it.
    type Type: ByteArrayType<Native = Self>;
}

impl Item for str {
    type Type = LargeUtf8Type;
}

impl Item for [u8] {
    type Type = LargeBinaryType;
}

impl<T: ?Sized + Item> Texts<T> {
    /// None yet, and room for so many.
    pub fn with_capacity(rows: usize) -> Self {
        Texts(GenericByteBuilder::with_capacity(rows, 0))
    }

    /// One more, or one that is missing.
    pub fn push(&mut self, value: Option<&T>) {
        self.0.append_option(value);
    }

    /// How many there are.
    pub fn rows(&self) -> usize {
        self.0.len()
    }

    /// All of them as a column.
    pub fn part(mut self, name: &str) -> Part {
        let array: ArrayRef = Arc::new(self.0.finish());
        Part::own(name, &array)
    }
}

/// A table over the memory of others: for the router, which asks whoever converts it into a frame.
pub struct Lending(Frame);

impl Lending {
    /// The frame that this crate makes of it.
    pub fn into_frame(self) -> Frame {
        self.0
    }
}

impl DataFrameView for Lending {
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
        self.0.export(columns, rows)
    }

    fn extension(&self, id: u64) -> Option<View> {
        self.0.extension(id)
    }
}

/// The parts as a table.
///
/// # Errors
/// `InvalidArgument` for columns of different lengths.
pub fn table(parts: Vec<Part>, metadata: HashMap<String, String>, rows: Option<usize>) -> Result<Lending> {
    let rows = rows.or_else(|| parts.first().map(Part::rows)).unwrap_or(0);
    for part in &parts {
        if part.rows() != rows {
            fail!(InvalidArgument, "column {:?} has {} rows, the others {rows}", part.field.name(), part.rows());
        }
        if part.field.name().contains('\0') {
            fail!(InvalidArgument, "the column name {:?} holds a NUL", part.field.name());
        }
    }
    let columns = parts.into_iter().map(|part| Column::of_part(part.field, part.values)).collect();
    Ok(Lending(Frame::new(metadata, columns, rows)))
}

/// One record batch as a stream.
///
/// # Errors
/// `Type` where the array is no struct; what is wrong with the structs.
pub fn batch(schema: &OwnedSchema, mut array: OwnedArray) -> Result<OwnedStream> {
    let table = crate::import::schema_from(schema)?;
    let columns = DataType::Struct(table.fields().clone());
    let data = crate::import::data_from(&mut array, schema.check()?, &columns)?;
    if data.null_count() > 0 {
        fail!(Unsupported, "whole rows of the table are missing: only the values of columns can be");
    }
    let batch = contained(|| {
        let batch = RecordBatch::from(StructArray::from(data));
        batch.with_schema(Arc::new(table)).map_err(arrow_error)
    })?;
    stream_to(batch.schema(), vec![batch])
}

/// Numbers that this crate allocates: an array of `values` of a plain type.
pub(crate) fn numbers<T: arrow_buffer::ArrowNativeType>(
    data_type: &DataType,
    values: Vec<T>,
    nulls: Option<NullBuffer>,
) -> ArrayRef {
    rebuilt(data_type.clone(), values.len(), Buffer::from_vec(values), nulls)
}
