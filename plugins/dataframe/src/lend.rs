//! Lending a column's bytes to somebody who may write to them, and knowing who else would see it.
//!
//! pandas writes in place where it believes itself alone with a block of memory. A frame that lends such a block keeps a
//! guard (a shallow copy of the pandas object), by which pandas knows that it is not alone. Everybody who gets the same
//! buffer keeps the guards too; the lent bytes themselves do not, or nothing would ever be freed.

use crate::column::Chunk;
use crate::storage::Form;
use arrow_array::{make_array, Array, ArrayRef};
use arrow_buffer::Buffer;
use iolink_sdk::Owner;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};

/// What is kept while anybody sees the buffers of a run of stored values.
#[derive(Default)]
pub(crate) struct Guards(Mutex<Vec<Owner>>);

impl std::fmt::Debug for Guards {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Guards")
    }
}

impl std::panic::RefUnwindSafe for Guards {}

impl Guards {
    pub(crate) fn keep(&self, owner: Owner) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(owner);
    }
}

/// Keeps a buffer and its guards.
struct Guarded {
    _buffer: Buffer,
    _guards: Arc<Guards>,
}

/// The values as Arrow has them, for whoever asks: with the guards where the buffer is one that could be lent.
pub(crate) fn lent(chunk: &Chunk) -> ArrayRef {
    match chunk.stored.form {
        // What Arrow has of them is another buffer.
        Form::Bool8 => chunk.exported(),
        Form::Plain | Form::Nat => guarded_values(chunk, chunk.exported()),
    }
}

/// The values as they lie, with the guards where the buffer is one that could be lent.
pub(crate) fn lent_as_it_lies(chunk: &Chunk) -> ArrayRef {
    guarded_values(chunk, chunk.raw())
}

fn guarded_values(chunk: &Chunk, array: ArrayRef) -> ArrayRef {
    if !chunk.stored.own || array.data_type().primitive_width().is_none() {
        return array;
    }
    let (data_type, len, nulls, offset, buffers, _) = array.to_data().into_parts();
    let builder = arrow_data::ArrayData::builder(data_type).len(len).offset(offset).nulls(nulls);
    let guarded = buffers.into_iter().map(|buffer| guarded(buffer, &chunk.stored.guards)).collect();
    // SAFETY: the same parts, the buffers held by another owner.
    make_array(unsafe { builder.buffers(guarded).build_unchecked() })
}

fn guarded(buffer: Buffer, guards: &Arc<Guards>) -> Buffer {
    let (data, len) = (buffer.as_ptr() as *mut u8, buffer.len());
    let Some(data) = NonNull::new(data) else { return buffer };
    let owner = Arc::new(Guarded { _buffer: buffer, _guards: guards.clone() });
    // SAFETY: the owner keeps the buffer, which has that many bytes.
    unsafe { Buffer::from_custom_allocation(data, len, owner) }
}

/// Keeps guards as long as anybody sees the buffers of a column. It must not itself be kept by the lent bytes.
#[derive(Clone)]
pub struct Keeper(Arc<Guards>);

impl Keeper {
    /// Keeps one more.
    pub fn keep(&self, guard: Owner) {
        self.0.keep(guard);
    }
}

/// The bytes of a column of numbers as they lie: what NumPy needs.
pub struct Storage {
    /// The first value.
    pub data: *const u8,
    /// How many values.
    pub rows: usize,
    /// Bytes of one value.
    pub width: usize,
    /// How they lie.
    pub form: Form,
    /// Validity bits, least significant first, where values are missing and the form does not say so itself.
    pub validity: Option<Vec<u8>>,
    /// May the bytes be lent to somebody who writes? Only with a guard in the keeper.
    pub own: bool,
    /// Keeps guards.
    pub keeper: Keeper,
    /// See `Frame::identities`.
    pub identity: (u64, usize, usize),
    /// Keeps the bytes.
    pub owner: Owner,
}

// SAFETY: the pointer leads to bytes that the owner keeps, on whatever thread.
unsafe impl Send for Storage {}

/// The storage of one piece; `None` where values have no fixed width.
pub(crate) fn storage(chunk: &Chunk) -> Option<Storage> {
    let array = chunk.raw();
    let width = array.data_type().primitive_width()?;
    let data = array.to_data();
    let buffer = data.buffers().first()?.clone();
    let validity = data.nulls().map(|nulls| nulls.inner().sliced().as_slice()[..data.len().div_ceil(8)].to_vec());
    Some(Storage {
        data: buffer.as_ptr().wrapping_add(data.offset() * width),
        rows: data.len(),
        width,
        form: chunk.stored.form,
        validity,
        own: chunk.stored.own,
        keeper: Keeper(chunk.stored.guards.clone()),
        identity: (chunk.stored.id, chunk.offset, chunk.len),
        owner: Owner::arc(Arc::new(buffer)),
    })
}
