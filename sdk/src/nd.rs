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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use ndarray::{array, Array, Array3, Axis};

    fn memory(bytes: &[u8], data_type: DataType, shape: &[u64], strides: &[i64]) -> Memory {
        Memory {
            data: bytes.as_ptr() as *mut u8,
            data_type,
            shape: Shape::new(shape).unwrap(),
            strides: Strides::new(strides).unwrap(),
            byte_order: ByteOrder::NATIVE,
            writable: false,
            owner: Owner::none(),
        }
    }

    #[test]
    fn an_array_becomes_memory_and_comes_back_in_place_whatever_its_layout() {
        let mut turned = Array3::from_shape_fn((2, 3, 4), |(z, y, x)| (z * 100 + y * 10 + x) as u16);
        turned.swap_axes(0, 2);
        let (expected, first) = (turned.clone(), turned.as_ptr());
        let memory = turned.into_memory().unwrap();
        assert_eq!(memory.data as *const u16, first);
        assert_eq!((&*memory.shape, &*memory.strides), (&[4, 3, 2][..], &[2, 8, 24][..]));
        assert!(memory.writable && memory.data_type == DataType::UINT16);
        // SAFETY: nobody writes.
        let seen = unsafe { array_view::<u16>(&memory).unwrap() };
        assert_eq!(seen.as_ptr(), first);
        assert_eq!(seen, expected.into_dyn());
    }

    #[test]
    fn a_reversed_array_begins_at_its_own_first_sample() {
        let mut reversed = array![1.5f64, 2.5, 3.5];
        reversed.invert_axis(Axis(0));
        let memory = reversed.into_memory().unwrap();
        // SAFETY: the first sample of three.
        assert_eq!((unsafe { *(memory.data as *const f64) }, &*memory.strides), (3.5, &[-8][..]));
        // SAFETY: refused before anything is read.
        let refused = unsafe { array_view::<f64>(&memory) }.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
        assert!(refused.message().contains("negative strides"), "{refused}");
    }

    #[test]
    fn arrays_without_axes_or_samples_are_memory_too() {
        let one = Array::from_elem((), 7u8).into_memory().unwrap();
        // SAFETY: nobody writes.
        assert_eq!(unsafe { array_view::<u8>(&one) }.unwrap().first(), Some(&7));
        let none = Array::<i32, _>::zeros((3, 0)).into_memory().unwrap();
        // SAFETY: nobody writes.
        assert_eq!(unsafe { array_view::<i32>(&none) }.unwrap().shape(), [3, 0]);
        let many = Array::<u8, _>::zeros(vec![1; 9]).into_memory();
        assert_eq!(many.err().unwrap().kind(), ErrorKind::InvalidArgument);
    }

    #[test]
    fn memory_is_kept_by_its_array_and_no_longer() {
        let keeper = Arc::new(());
        let kept = Memory { owner: Owner::arc(keeper.clone()), ..memory(&[1, 2], DataType::UINT8, &[2], &[1]) };
        assert_eq!(Arc::strong_count(&keeper), 2);
        drop(kept);
        assert_eq!(Arc::strong_count(&keeper), 1);
        let owner = array![1u8, 2, 3].into_memory().unwrap();
        // SAFETY: nobody writes.
        assert_eq!(unsafe { array_view::<u8>(&owner) }.unwrap().sum(), 6);
    }

    #[test]
    fn what_ndarray_cannot_read_in_place_is_refused() {
        let bytes = [0u64; 4];
        // SAFETY: plain bytes.
        let bytes = unsafe { std::slice::from_raw_parts(bytes.as_ptr() as *const u8, 32) };
        let refused = |memory: &Memory| {
            // SAFETY: refused before anything is read.
            unsafe { array_view::<u16>(memory) }.map(|_| ()).unwrap_err().kind()
        };
        assert_eq!(refused(&memory(bytes, DataType::INT16, &[2], &[2])), ErrorKind::Type);
        let swapped = match ByteOrder::NATIVE {
            ByteOrder::Little => ByteOrder::Big,
            ByteOrder::Big => ByteOrder::Little,
        };
        let foreign = Memory { byte_order: swapped, ..memory(bytes, DataType::UINT16, &[2], &[2]) };
        assert_eq!(refused(&foreign), ErrorKind::Type);
        assert_eq!(refused(&memory(&bytes[1..], DataType::UINT16, &[2], &[2])), ErrorKind::Type);
        assert_eq!(refused(&memory(bytes, DataType::UINT16, &[2], &[3])), ErrorKind::Type);
        let single = Memory { byte_order: swapped, ..memory(bytes, DataType::UINT8, &[2], &[1]) };
        // SAFETY: nobody writes.
        assert!(unsafe { array_view::<u8>(&single) }.is_ok(), "one byte has no order");
    }
}
