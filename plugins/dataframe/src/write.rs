//! Replacing a run of values: in place where nobody else holds the buffer, else in a copy of it.

use crate::column::{Chunk, Column};
use crate::dictionary::unified;
use crate::storage::{into_form, rebuilt, Form, Stored};
use crate::zeros::zero_buffer;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{BooleanBufferBuilder, MutableBuffer, NullBuffer};
use arrow_schema::{DataType, Field};
use iolink_sdk::{fail, Result};
use std::ops::Range;
use std::sync::Arc;

/// Replaces the values of `rows`, which lie within the column; gives back what is not needed any more.
pub(crate) fn splice(column: &mut Column, rows: Range<usize>, field: &Field, values: &Chunk) -> Result<Vec<Chunk>> {
    if field.data_type() != column.field.data_type() {
        fail!(
            Type,
            "column {:?} has values of type {}, not {}; convert them first",
            column.field.name(),
            column.field.data_type(),
            field.data_type()
        );
    }
    values.check(column.field.name(), 0)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let array = into_form(&values.exported(), column.form);
    if array.null_count() > 0 && !column.field.is_nullable() {
        column.field = Arc::new(column.field.as_ref().clone().with_nullable(true));
    }
    match array.data_type().primitive_width() {
        Some(width) => fixed(column, rows, &array, width),
        None => pieces(column, rows, array),
    }
}

/// Values of no fixed width: the new ones become a piece of their own.
fn pieces(column: &mut Column, rows: Range<usize>, array: ArrayRef) -> Result<Vec<Chunk>> {
    let end = column.rows();
    let mut chunks = column.pieces(&(0..rows.start));
    chunks.push(Chunk::new(array, column.form, false));
    chunks.extend(column.pieces(&(rows.end..end)));
    chunks.retain(|chunk| chunk.len > 0);
    if let DataType::Dictionary(..) = column.field.data_type() {
        column.check(&(0..end))?;
        // Before all others, so that its values keep their numbers.
        let known = column.chunks.iter().take(1).map(Chunk::raw);
        let arrays: Vec<ArrayRef> = known.chain(chunks.iter().map(Chunk::raw)).collect();
        let ordered = column.field.dict_is_ordered() == Some(true);
        let arrays = unified(column.field.name(), &arrays, ordered)?;
        chunks = arrays.into_iter().skip(1).map(|array| Chunk::new(array, column.form, false)).collect();
    }
    let replaced = std::mem::replace(&mut column.chunks, chunks);
    column.settle()?;
    Ok(replaced)
}

fn fixed(column: &mut Column, rows: Range<usize>, array: &ArrayRef, width: usize) -> Result<Vec<Chunk>> {
    let (mut first, form) = (0, column.form);
    let mut replaced = Vec::new();
    for chunk in &mut column.chunks {
        let (start, end) = (rows.start.max(first), rows.end.min(first + chunk.len));
        let chunk_first = first;
        first += chunk.len;
        if start < end {
            let part = array.slice(start - rows.start, end - start);
            overwrite(chunk, start - chunk_first, &part, width, form, &mut replaced)?;
        }
    }
    Ok(replaced)
}

/// Overwrites the values of one piece from `at` on.
fn overwrite(
    chunk: &mut Chunk,
    at: usize,
    values: &ArrayRef,
    width: usize,
    form: Form,
    replaced: &mut Vec<Chunk>,
) -> Result<()> {
    let new = values.to_data();
    let source = &new.buffers()[0].as_slice()[new.offset() * width..][..new.len() * width];
    let data_type = values.data_type().clone();
    let old_nulls = chunk.raw().nulls().cloned();
    let nulls = spliced_nulls(old_nulls.as_ref(), chunk.len, at, values.nulls(), values.len());
    let len = chunk.len;
    let bytes = len * width;
    let mut target = match only_owner(chunk) {
        Some(stored) => {
            let stand_in = arrow_array::new_empty_array(&data_type);
            let data = std::mem::replace(&mut stored.array, stand_in).to_data();
            // The array is gone, so the buffer counts whoever it is lent to, and nobody else.
            let (.., mut buffers, _) = data.into_parts();
            match buffers.swap_remove(0).into_mutable() {
                Ok(buffer) => buffer,
                Err(lent) => match copy_of(lent.as_slice(), bytes) {
                    Ok(copy) => copy,
                    Err(failed) => {
                        stored.array = rebuilt(data_type, len, lent, old_nulls);
                        return Err(failed);
                    }
                },
            }
        }
        None => {
            let data = chunk.raw().to_data();
            let copy = copy_of(&data.buffers()[0].as_slice()[data.offset() * width..], bytes)?;
            replaced.push(chunk.clone());
            copy
        }
    };
    target.as_slice_mut()[at * width..][..source.len()].copy_from_slice(source);
    *chunk = Chunk::new(rebuilt(data_type, len, target.into(), nulls), form, true);
    Ok(())
}

/// The stored values, where they are this crate's, whole, and no other frame's.
fn only_owner(chunk: &mut Chunk) -> Option<&mut Stored> {
    let whole = chunk.stored.own && chunk.offset == 0 && chunk.stored.array.len() == chunk.len;
    if !whole || chunk.stored.array.offset() != 0 {
        return None;
    }
    Arc::get_mut(&mut chunk.stored)
}

fn copy_of(source: &[u8], bytes: usize) -> Result<MutableBuffer> {
    let mut copy = match zero_buffer(bytes as u64)?.into_mutable() {
        Ok(copy) => copy,
        Err(_) => fail!(Internal, "a new buffer is held by somebody else"),
    };
    copy.as_slice_mut().copy_from_slice(&source[..bytes]);
    Ok(copy)
}

fn spliced_nulls(
    old: Option<&NullBuffer>,
    len: usize,
    at: usize,
    new: Option<&NullBuffer>,
    count: usize,
) -> Option<NullBuffer> {
    if old.is_none() && new.is_none() {
        return None;
    }
    let mut bits = BooleanBufferBuilder::new(len);
    let mut append = |nulls: Option<&NullBuffer>, rows: Range<usize>| match nulls {
        Some(nulls) => bits.append_buffer(&nulls.inner().slice(rows.start, rows.len())),
        None => bits.append_n(rows.len(), true),
    };
    append(old, 0..at);
    append(new, 0..count);
    append(old, at + count..len);
    Some(NullBuffer::new(bits.finish())).filter(|nulls| nulls.null_count() > 0)
}
