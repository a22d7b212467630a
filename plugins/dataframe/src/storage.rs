//! Forms in which a column may lie that are not Arrow's: what NumPy has, so that it can be shared with NumPy.

use crate::contained;
use crate::import::STORAGE;
use crate::lend::Guards;
use arrow_array::{make_array, Array, ArrayRef, BooleanArray};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::{ArrowError, DataType, Field};
use iolink_sdk::Call;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// How the values of a column lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As Arrow has them.
    Plain,
    /// Booleans of one byte each, as NumPy has them; Arrow packs eight into one.
    Bool8,
    /// Times and durations whose smallest value says that there is none (NaT), as NumPy has them; Arrow has a bitmap.
    Nat,
}

impl Form {
    /// The word in a field's metadata.
    pub(crate) fn word(self) -> Option<&'static str> {
        match self {
            Form::Plain => None,
            Form::Bool8 => Some("bool8"),
            Form::Nat => Some("nat"),
        }
    }

    /// The field that the world sees, and the form of what an import's field describes.
    pub(crate) fn split(field: Field) -> (Field, Form) {
        let form = match (field.metadata().get(STORAGE).map(String::as_str), field.data_type()) {
            (Some("bool8"), DataType::UInt8) => Form::Bool8,
            (Some("nat"), DataType::Timestamp(..) | DataType::Duration(_)) => Form::Nat,
            _ => return (field, Form::Plain),
        };
        let mut metadata = field.metadata().clone();
        metadata.remove(STORAGE);
        let field = field.with_metadata(metadata);
        match form {
            Form::Bool8 => (field.with_data_type(DataType::Boolean), form),
            _ => (field.with_nullable(true), form),
        }
    }

    /// The form in which new columns of a type lie.
    pub(crate) fn of_new(data_type: &DataType) -> Form {
        match data_type {
            DataType::Boolean => Form::Bool8,
            _ => Form::Plain,
        }
    }

    /// The Arrow type of the stored array.
    pub(crate) fn stored_type(self, data_type: &DataType) -> DataType {
        match self {
            Form::Bool8 => DataType::UInt8,
            _ => data_type.clone(),
        }
    }
}

/// Values as they lie, and, once asked for, as Arrow has them.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) array: ArrayRef,
    pub(crate) form: Form,
    /// Did this crate allocate the buffers, so that nobody else can write to them?
    pub(crate) own: bool,
    /// No other stored values have this number, nor will.
    pub(crate) id: u64,
    /// What is kept while anybody sees the buffers.
    pub(crate) guards: Arc<Guards>,
    exported: OnceLock<ArrayRef>,
    sound: OnceLock<bool>,
}

impl Stored {
    pub(crate) fn new(array: ArrayRef, form: Form, own: bool) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Stored { array, form, own, id, guards: Arc::default(), exported: OnceLock::new(), sound: OnceLock::new() }
    }

    /// The values as Arrow has them; made once.
    pub(crate) fn exported(&self) -> &ArrayRef {
        match self.form {
            Form::Plain => &self.array,
            Form::Bool8 => self.exported.get_or_init(|| packed(&self.array)),
            Form::Nat => self.exported.get_or_init(|| with_bitmap(&self.array)),
        }
    }

    /// Are offsets, text and keys what Arrow demands? A producer's word is not enough to read them or to hand them on: polars and
    /// pyarrow take it. They are looked at once.
    pub(crate) fn sound(&self) -> bool {
        let plain = self.own || self.array.data_type().primitive_width().is_some();
        plain || *self.sound.get_or_init(|| is_sound(&self.array.to_data()))
    }
}

pub(crate) fn is_sound(data: &ArrayData) -> bool {
    let ascii = match data.data_type() {
        DataType::Utf8 => are_ascii::<i32>(data),
        DataType::LargeUtf8 => are_ascii::<i64>(data),
        _ => false,
    };
    ascii || validated(data).is_ok()
}

/// Checks the values of an array, as far as arrow-rs can.
///
/// # Errors
/// What is damaged; a panic of arrow-rs is damage, too.
pub(crate) fn validated(data: &ArrayData) -> Result<(), ArrowError> {
    let checked = contained(|| Ok(data.validate_full()));
    checked.unwrap_or_else(|panicked| Err(ArrowError::InvalidArgumentError(panicked.message().to_owned())))
}

/// Are these sound texts, all of ASCII, which may be cut anywhere? That is seen in a fraction of the time.
fn are_ascii<T: ArrowNativeType + Into<i64>>(data: &ArrayData) -> bool {
    if data.validate().is_err() || data.validate_nulls().is_err() {
        return false;
    }
    let offsets = &data.buffer::<T>(0)[..if data.is_empty() { 0 } else { data.len() + 1 }];
    let Some(last) = offsets.last() else { return true };
    let text = data.buffers()[1].as_slice();
    let mut before: i64 = offsets[0].into();
    // The sign of all offsets, and of all steps from one to the next: one look without a branch.
    let signs = offsets.iter().fold(before, |signs, at| {
        let at: i64 = (*at).into();
        let step = at.wrapping_sub(before);
        before = at;
        signs | at | step
    });
    signs >= 0 && last.to_usize().is_some_and(|end| end <= text.len()) && text.is_ascii()
}

/// Arrow values in a column's form.
pub(crate) fn into_form(array: &ArrayRef, form: Form) -> ArrayRef {
    match form {
        Form::Plain => array.clone(),
        Form::Bool8 => unpacked(array),
        Form::Nat => without_bitmap(array),
    }
}

/// Bits, eight to a byte, of bytes of which any but 0 is true.
pub(crate) fn pack_bits(bytes: &[u8]) -> Buffer {
    let (runs, rest) = bytes.as_chunks::<16>();
    let mut bits = Vec::with_capacity(runs.len() + 1);
    bits.extend(runs.iter().map(|run| set_bits(run).to_le()));
    if !rest.is_empty() {
        let mut last = [0; 16];
        last[..rest.len()].copy_from_slice(rest);
        bits.push(set_bits(&last).to_le());
    }
    let bits = Buffer::from_vec(bits);
    bits.slice_with_length(0, bytes.len().div_ceil(8))
}

/// A bit for each byte that is not 0, the first one lowest.
#[cfg(target_arch = "x86_64")]
fn set_bits(run: &[u8; 16]) -> u16 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_setzero_si128};
    // SAFETY: SSE2, which every x86-64 CPU has; sixteen bytes are there.
    unsafe { !_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(run.as_ptr().cast()), _mm_setzero_si128())) as u16 }
}

/// A bit for each byte that is not 0, the first one lowest.
#[cfg(not(target_arch = "x86_64"))]
fn set_bits(run: &[u8; 16]) -> u16 {
    run.iter().enumerate().fold(0, |bits, (at, value)| bits | u16::from(*value != 0) << at)
}

fn packed(array: &ArrayRef) -> ArrayRef {
    let data = array.to_data();
    let bits = BooleanBuffer::new(pack_bits(&data.buffers()[0].as_slice()[..data.len()]), 0, data.len());
    Arc::new(BooleanArray::new(bits, data.nulls().cloned()))
}

fn unpacked(array: &ArrayRef) -> ArrayRef {
    let data = array.to_data();
    let bits = BooleanBuffer::new(data.buffers()[0].clone(), data.offset(), data.len());
    let bytes: Vec<u8> = bits.iter().map(u8::from).collect();
    rebuilt(DataType::UInt8, data.len(), Buffer::from_vec(bytes), data.nulls().cloned())
}

fn with_bitmap(array: &ArrayRef) -> ArrayRef {
    let data = array.to_data();
    let values = &data.buffers()[0].typed_data::<i64>()[..data.len()];
    if data.nulls().is_some() || !any_nat(values) {
        return array.clone();
    }
    let bits = BooleanBuffer::collect_bool(values.len(), |index| values[index] != i64::MIN);
    let nulls = NullBuffer::new(bits);
    rebuilt(data.data_type().clone(), data.len(), data.buffers()[0].clone(), Some(nulls))
}

/// Numbers from which on it pays to look at them on two threads: one does not read memory as fast as it can be read.
const TWO_THREADS: usize = 1 << 20;

/// Is there a NaT?
fn any_nat(values: &[i64]) -> bool {
    if values.len() < TWO_THREADS {
        return any_nat_here(values);
    }
    let halves = values.split_at(values.len() / 2);
    let found = AtomicBool::new(false);
    let look = |index| {
        if any_nat_here(if index == 0 { halves.0 } else { halves.1 }) {
            found.store(true, Ordering::Relaxed);
        }
    };
    match iolink_sdk::pool::run(2, &look, &Call::silent()) {
        Ok(()) => found.into_inner(),
        Err(_) => any_nat_here(values),
    }
}

fn any_nat_here(values: &[i64]) -> bool {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has it.
        return unsafe { any_nat_wide(values) };
    }
    any_nat_anywhere(values)
}

/// # Safety
/// The CPU has AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn any_nat_wide(values: &[i64]) -> bool {
    any_nat_anywhere(values)
}

/// NaT is the one number whose lowest bit that is set is the sign. A run at a time, without a comparison, so that every
/// processor does several at once; from two places, because memory gives more to who reads at two.
#[inline(always)]
fn any_nat_anywhere(values: &[i64]) -> bool {
    const RUN: usize = 4096;
    let lowest = |found: i64, value: &i64| found | (value & value.wrapping_neg());
    let (one, other) = values.split_at(values.len() / 2);
    // The second half may have a value more.
    other.last().is_some_and(|last| *last == i64::MIN)
        || one.chunks(RUN).zip(other.chunks(RUN)).any(|(one, other)| {
            one.iter().zip(other).fold(0, |found, (one, other)| lowest(lowest(found, one), other)) < 0
        })
}

fn without_bitmap(array: &ArrayRef) -> ArrayRef {
    let data = array.to_data();
    let Some(nulls) = data.nulls() else { return array.clone() };
    let values = &data.buffers()[0].typed_data::<i64>()[..data.len()];
    let filled: Vec<i64> =
        values.iter().zip(nulls.iter()).map(|(v, valid)| if valid { *v } else { i64::MIN }).collect();
    rebuilt(data.data_type().clone(), data.len(), Buffer::from_vec(filled), None)
}

/// An array of one fixed-width buffer.
pub(crate) fn rebuilt(data_type: DataType, len: usize, buffer: Buffer, nulls: Option<NullBuffer>) -> ArrayRef {
    let data = ArrayData::builder(data_type).len(len).add_buffer(buffer).nulls(nulls);
    // SAFETY: every caller gives a buffer of at least `len` values of the type and as many validity bits.
    make_array(unsafe { data.build_unchecked() })
}
