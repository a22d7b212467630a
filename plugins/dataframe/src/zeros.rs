//! Arrays of 0, false and "", whose memory is refused rather than fatal where it cannot be had.

use arrow_buffer::{ArrowNativeType, Buffer};
use arrow_data::ArrayData;
use arrow_schema::DataType;
use iolink_sdk::{fail, out_of_memory, Error, ErrorKind, Limits, Result};
use std::alloc::{alloc_zeroed, Layout};

/// Zeroed memory. Pages come untouched from the system.
pub(crate) fn zero_buffer(bytes: u64) -> Result<Buffer> {
    let limit = Limits::default().max_bytes.min(isize::MAX as u64);
    let too_large =
        || Error::new(ErrorKind::Limit, format!("{bytes} bytes are more than {limit}, the limit; ask for fewer rows"));
    if bytes > limit {
        return Err(too_large());
    }
    let words = (bytes as usize).div_ceil(std::mem::size_of::<u128>());
    if words == 0 {
        return Ok(Buffer::from_vec(Vec::<u128>::new()));
    }
    let layout = Layout::array::<u128>(words).map_err(|_| too_large())?;
    // SAFETY: the layout has at least one word.
    let data = unsafe { alloc_zeroed(layout) } as *mut u128;
    if data.is_null() {
        return Err(out_of_memory(bytes as usize));
    }
    // SAFETY: the memory was allocated with exactly the layout of `words` of these, all of them zero.
    let buffer = Buffer::from_vec(unsafe { Vec::from_raw_parts(data, words, words) });
    Ok(buffer.slice_with_length(0, bytes as usize))
}

fn times(count: usize, size: usize) -> Result<Buffer> {
    match (count as u64).checked_mul(size as u64) {
        Some(bytes) => zero_buffer(bytes),
        None => fail!(Limit, "{count} values of {size} bytes are more than can be addressed; ask for fewer rows"),
    }
}

fn offsets<T: ArrowNativeType>(len: usize) -> Result<Buffer> {
    match len.checked_add(1) {
        Some(count) => times(count, std::mem::size_of::<T>()),
        None => fail!(Limit, "{len} rows are more than can be addressed"),
    }
}

/// `len` values that are zero, empty or false; none of them is missing.
pub(crate) fn zeros(data_type: &DataType, len: usize) -> Result<ArrayData> {
    let builder = ArrayData::builder(data_type.clone()).len(len);
    let empty = || Buffer::from_vec(Vec::<u8>::new());
    let builder = match data_type {
        DataType::Null => builder,
        DataType::Boolean => builder.add_buffer(zero_buffer(len.div_ceil(8) as u64)?),
        DataType::FixedSizeBinary(size) => builder.add_buffer(times(len, *size as usize)?),
        DataType::Utf8 | DataType::Binary => builder.add_buffer(offsets::<i32>(len)?).add_buffer(empty()),
        DataType::LargeUtf8 | DataType::LargeBinary => builder.add_buffer(offsets::<i64>(len)?).add_buffer(empty()),
        DataType::Utf8View | DataType::BinaryView => builder.add_buffer(times(len, 16)?),
        DataType::List(item) | DataType::Map(item, _) => {
            builder.add_buffer(offsets::<i32>(len)?).add_child_data(zeros(item.data_type(), 0)?)
        }
        DataType::LargeList(item) => {
            builder.add_buffer(offsets::<i64>(len)?).add_child_data(zeros(item.data_type(), 0)?)
        }
        DataType::ListView(item) => {
            let child = zeros(item.data_type(), 0)?;
            builder.add_buffer(times(len, 4)?).add_buffer(times(len, 4)?).add_child_data(child)
        }
        DataType::LargeListView(item) => {
            let child = zeros(item.data_type(), 0)?;
            builder.add_buffer(times(len, 8)?).add_buffer(times(len, 8)?).add_child_data(child)
        }
        DataType::FixedSizeList(item, size) => match len.checked_mul(*size as usize) {
            Some(count) => builder.add_child_data(zeros(item.data_type(), count)?),
            None => fail!(Limit, "{len} lists of {size} values are more than can be addressed"),
        },
        DataType::Struct(fields) => {
            let mut builder = builder;
            for field in fields {
                builder = builder.add_child_data(zeros(field.data_type(), len)?);
            }
            builder
        }
        DataType::Dictionary(key, value) => {
            let width = key.primitive_width().unwrap_or(8);
            builder.add_buffer(times(len, width)?).add_child_data(zeros(value, 1)?)
        }
        other => match other.primitive_width() {
            Some(width) => builder.add_buffer(times(len, width)?),
            None => fail!(Unsupported, "no column of type {other} can be made in memory"),
        },
    };
    // SAFETY: each branch gives the buffers and children of its type: offsets 0, lengths 0, keys of the one value.
    Ok(unsafe { builder.build_unchecked() })
}
