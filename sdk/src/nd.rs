//! `ndarray` arrays as image memory, and image memory as `ndarray` views. Axes keep their order.

use crate::{fail, ByteOrder, DataType, Memory, Owner, Result, Shape, Strides};
use ndarray::{ArrayBase, ArrayD, ArrayViewD, Dimension, IxDyn, OwnedRepr, ShapeBuilder};
use std::sync::Arc;

/// A number that a sample can be.
pub trait Sample: Copy + Send + Sync + 'static {
    /// Its type.
    const DATA_TYPE: DataType;
}

macro_rules! samples {
    ($($number:ty => $data_type:ident),*) => {
        $(impl Sample for $number {
            const DATA_TYPE: DataType = DataType::$data_type;
        })*
    };
}

samples! {
    u8 => UINT8, u16 => UINT16, u32 => UINT32, u64 => UINT64, i8 => INT8, i16 => INT16, i32 => INT32, i64 => INT64,
    f32 => FLOAT, f64 => DOUBLE
}

/// The samples of `memory` as an array, without a copy.
///
/// # Errors
/// `Type` for another sample type, byte order or alignment; `InvalidArgument` for negative strides.
///
/// # Safety
/// Nobody writes the memory while the array lives.
pub unsafe fn array_view<T: Sample>(memory: &Memory) -> Result<ArrayViewD<'_, T>> {
    let size = std::mem::size_of::<T>() as i64;
    if memory.data_type != T::DATA_TYPE || (size > 1 && memory.byte_order != ByteOrder::NATIVE) {
        fail!(Type, "samples of type {} cannot be read as native {}", memory.data_type, T::DATA_TYPE);
    }
    if memory.data as usize % std::mem::align_of::<T>() != 0 || memory.strides.iter().any(|stride| stride % size != 0) {
        fail!(Type, "the samples are not aligned; copy the image into memory first");
    }
    if memory.strides.iter().any(|stride| *stride < 0) {
        fail!(InvalidArgument, "the samples have negative strides; copy the image into memory first");
    }
    let shape: Vec<usize> = memory.shape.iter().map(|size| *size as usize).collect();
    let strides: Vec<usize> = memory.strides.iter().map(|stride| (stride / size) as usize).collect();
    // SAFETY: type, alignment and strides were checked, the memory holds the samples, and the caller vouches that nobody
    // writes.
    Ok(unsafe { ArrayViewD::from_shape_ptr(IxDyn(&shape).strides(IxDyn(&strides)), memory.data as *const T) })
}

/// An array that becomes image memory.
pub trait ArrayMemory {
    /// The array's samples as memory that keeps the array.
    ///
    /// # Errors
    /// `InvalidArgument` for too many axes.
    fn into_memory(self) -> Result<Memory>;
}

impl<T: Sample, D: Dimension> ArrayMemory for ArrayBase<OwnedRepr<T>, D> {
    fn into_memory(self) -> Result<Memory> {
        let mut array: ArrayD<T> = self.into_dyn();
        let size = std::mem::size_of::<T>() as i64;
        let shape: Vec<u64> = array.shape().iter().map(|size| *size as u64).collect();
        let strides: Vec<i64> = array.strides().iter().map(|stride| *stride as i64 * size).collect();
        let memory = Memory {
            data: array.as_mut_ptr() as *mut u8,
            data_type: T::DATA_TYPE,
            shape: Shape::new(&shape)?,
            strides: Strides::new(&strides)?,
            byte_order: ByteOrder::NATIVE,
            writable: true,
            owner: Owner::none(),
        };
        Ok(Memory { owner: Owner::arc(Arc::new(array)), ..memory })
    }
}
