//! Decimals of 32 and 64 bits as those of 128 bits, for consumers that did not ask for a type: polars takes the short ones for long
//! ones and reads other numbers, without an error.

use crate::column::Column;
use crate::export::schema_to;
use crate::frame::Frame;
use crate::import::schema_from;
use crate::request::stream_as;
use crate::values::Values;
use arrow_array::{make_array, Array, ArrayRef};
use arrow_buffer::{ArrowNativeType, Buffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Field, FieldRef, Schema, UnionFields};
use iolink_sdk::{DataFrameView, OwnedSchema, OwnedStream, Result};
use std::sync::Arc;

/// Returns the table of a view's stream with wide decimals.
///
/// # Errors
/// What the stream's producer fails with.
pub fn stream(view: &dyn DataFrameView, mut stream: OwnedStream) -> Result<OwnedStream> {
    if Frame::of(view).is_some_and(|own| !own.has_short_decimals()) {
        return Ok(stream);
    }
    match schema_from(&stream.schema()?)?.fields().iter().any(|field| wide(field.data_type()).is_some()) {
        true => stream_as(stream, |fields| Ok(fields.iter().map(|field| wide_or_same(field.data_type())).collect())),
        false => Ok(stream),
    }
}

/// Returns a table's schema with wide decimals.
///
/// # Errors
/// Those of a schema that cannot be read.
pub fn schema(schema: OwnedSchema) -> Result<OwnedSchema> {
    let known = schema_from(&schema)?;
    if known.fields().iter().all(|field| wide(field.data_type()).is_none()) {
        return Ok(schema);
    }
    let field = |field: &FieldRef| Arc::new(field.as_ref().clone().with_data_type(wide_or_same(field.data_type())));
    let fields: Vec<FieldRef> = known.fields().iter().map(field).collect();
    schema_to(&Schema::new_with_metadata(fields, known.metadata().clone()))
}

impl Values {
    /// Returns the values with wide decimals.
    pub fn widened(self) -> Values {
        let Some(to) = wide(self.array.data_type()) else { return self };
        let field = self.field.as_ref().clone().with_data_type(to.clone());
        Values { field: Arc::new(field), array: widened(&self.array, &to) }
    }
}

impl Column {
    pub(crate) fn has_short_decimals(&self) -> bool {
        wide(self.field.data_type()).is_some()
    }
}

fn wide_or_same(data_type: &DataType) -> DataType {
    wide(data_type).unwrap_or_else(|| data_type.clone())
}

/// Returns the type with wide decimals; `None` for a type without short ones.
pub(crate) fn wide(data_type: &DataType) -> Option<DataType> {
    let in_field = |field: &FieldRef| Some(Arc::new(field.as_ref().clone().with_data_type(wide(field.data_type())?)));
    let each = |fields: Vec<FieldRef>| -> Option<Vec<FieldRef>> {
        let widened: Vec<Option<FieldRef>> = fields.iter().map(in_field).collect();
        let any = widened.iter().any(Option::is_some);
        any.then(|| widened.into_iter().zip(fields).map(|(wide, field)| wide.unwrap_or(field)).collect())
    };
    Some(match data_type {
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::Dictionary(keys, values) => DataType::Dictionary(keys.clone(), Box::new(wide(values)?)),
        DataType::List(item) => DataType::List(in_field(item)?),
        DataType::LargeList(item) => DataType::LargeList(in_field(item)?),
        DataType::ListView(item) => DataType::ListView(in_field(item)?),
        DataType::LargeListView(item) => DataType::LargeListView(in_field(item)?),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(in_field(item)?, *size),
        DataType::Map(entries, sorted) => DataType::Map(in_field(entries)?, *sorted),
        DataType::RunEndEncoded(ends, values) => DataType::RunEndEncoded(ends.clone(), in_field(values)?),
        DataType::Struct(fields) => DataType::Struct(each(fields.to_vec())?.into()),
        DataType::Union(fields, mode) => {
            let (ids, known): (Vec<i8>, Vec<FieldRef>) = fields.iter().map(|(id, field)| (id, field.clone())).unzip();
            let known: Vec<Field> = each(known)?.iter().map(|field| field.as_ref().clone()).collect();
            DataType::Union(UnionFields::try_new(ids, known).ok()?, *mode)
        }
        _ => return None,
    })
}

/// Returns sound values in a type that [`wide`] returned for theirs.
pub(crate) fn widened(array: &ArrayRef, to: &DataType) -> ArrayRef {
    make_array(widened_data(&array.to_data(), to))
}

fn widened_data(data: &ArrayData, to: &DataType) -> ArrayData {
    match data.data_type() {
        same if same == to => data.clone(),
        DataType::Decimal32(..) => numbers::<i32>(data, to),
        DataType::Decimal64(..) => numbers::<i64>(data, to),
        _ => {
            let children = data.child_data().iter().zip(child_types(to));
            let children = children.map(|(child, to)| widened_data(child, to)).collect();
            let made = data.clone().into_builder().data_type(to.clone()).child_data(children);
            // SAFETY: the same array, some of whose children have wider numbers.
            unsafe { made.build_unchecked() }
        }
    }
}

fn numbers<T: ArrowNativeType + Into<i128>>(data: &ArrayData, to: &DataType) -> ArrayData {
    let known = &data.buffers()[0].typed_data::<T>()[data.offset()..][..data.len()];
    let wide: Vec<i128> = known.iter().map(|number| (*number).into()).collect();
    let made = ArrayData::builder(to.clone()).len(data.len()).nulls(data.nulls().cloned());
    // SAFETY: a number for each row, each of as many digits as before.
    unsafe { made.add_buffer(Buffer::from_vec(wide)).build_unchecked() }
}

/// Returns the types of the children of an array of a type, in order.
fn child_types(data_type: &DataType) -> Vec<&DataType> {
    match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type()).collect(),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => vec![item.data_type()],
        DataType::Union(fields, _) => fields.iter().map(|(_, field)| field.data_type()).collect(),
        DataType::RunEndEncoded(ends, values) => vec![ends.data_type(), values.data_type()],
        DataType::Dictionary(_, values) => vec![values],
        _ => Vec::new(),
    }
}
