//! Border structs that a later version may have grown, or an earlier one not yet: read as far as both sides know them.

use crate::abi::*;
use crate::{fail, Error, ErrorKind, Result};
use std::mem::{align_of, size_of, MaybeUninit};

/// A border struct that starts with its own size.
///
/// # Safety
/// The first field is a `u32` with the struct's size, and zero is a valid value of every field.
pub(crate) unsafe trait Grows: Sized {
    /// Size in version 1.0, below which it is nobody's. Whoever appends a field writes the old size here.
    const FIRST: usize = size_of::<Self>();
    /// Cannot be had of a struct that has grown since.
    const WHOLE: () = assert!(Self::FIRST == size_of::<Self>());
}

macro_rules! grows {
    ($($name:ident)*) => {
        // SAFETY: each starts with `size: u32`; the rest is numbers, pointers and optional functions.
        $(unsafe impl Grows for $name {})*
    };
}

grows! {
    iolink_adopt_request iolink_block iolink_bytes iolink_call iolink_channel iolink_channel_sink iolink_convert_request
    iolink_create_request iolink_error iolink_frame_request iolink_host iolink_image_description iolink_image_properties
    iolink_memory iolink_metadata_sink iolink_metadata_source iolink_metadata_value iolink_parallel_access iolink_region
    iolink_source iolink_store_batch iolink_store_entry iolink_store_get iolink_store_put iolink_store_sink iolink_target
    iolink_text_sink iolink_tiling iolink_tiling_description iolink_view_origin
}

/// Copies as much of a struct as its maker has; what the maker does not know is zero.
///
/// # Errors
/// `InvalidArgument` for NULL and for a size that no version of the struct has.
///
/// # Safety
/// `at` is NULL, or points to a struct of the size it says.
pub(crate) unsafe fn read_grown<T: Grows>(at: *const T) -> Result<T> {
    // SAFETY: every such struct starts with its size.
    if at.is_null() || (unsafe { *(at as *const u32) } as usize) < T::FIRST {
        return Err(no_struct());
    }
    // SAFETY: by the caller's promise, and zero is valid by the trait's.
    Ok(unsafe { read_up_to(at, *(at as *const u32) as usize) })
}

/// A struct that is still as in version 1.0, where it lies: whoever says its size has all of it.
///
/// # Errors
/// As [`read_grown`].
///
/// # Safety
/// `at` is NULL, or points to a struct of the size it says, which nobody changes during `'a`.
#[inline]
pub(crate) unsafe fn borrow_whole<'a, T: Grows>(at: *const T) -> Result<&'a T> {
    let _: () = T::WHOLE;
    // SAFETY: every such struct starts with its size, and one of the first size is complete.
    match unsafe { at.as_ref() } {
        // SAFETY: as above.
        Some(whole) if unsafe { *(at as *const u32) } as usize >= T::FIRST => Ok(whole),
        _ => Err(no_struct()),
    }
}

#[cold]
fn no_struct() -> Error {
    Error::new(ErrorKind::InvalidArgument, "an argument is NULL, or does not say its size")
}

/// Rejects a request that sets a required flag which this version does not know.
///
/// # Errors
/// `NotImplemented` with the bits.
pub(crate) fn check_flags(what: &str, flags: u32, known: u32) -> Result<()> {
    let unknown = flags & IOLINK_REQUIRED_FLAGS & !known;
    if unknown != 0 {
        fail!(NotImplemented, "the {what} sets the flags {unknown:#x}, which this version does not know");
    }
    Ok(())
}

/// Copies as much of a table as its maker has; functions that the maker does not know yet are absent.
///
/// # Safety
/// `base` starts a table of kind `T` of the size it says.
pub(crate) unsafe fn read_table<T>(base: *const iolink_view_base) -> T {
    // SAFETY: by the caller's promise; zero is a valid table: numbers and absent functions.
    unsafe { read_up_to(base as *const T, (*base).size as usize) }
}

/// # Safety
/// `at` has `size` bytes, and zero is valid in every field of `T`.
unsafe fn read_up_to<T>(at: *const T, size: usize) -> T {
    if size >= size_of::<T>() {
        // SAFETY: there are that many bytes, and every field of `T` was written by whoever says so.
        return unsafe { at.read() };
    }
    let mut out = MaybeUninit::<T>::zeroed();
    // A size that ends inside a pointer is no struct's: that pointer is absent rather than read in part.
    let size = size.min(size_of::<T>()) & !(align_of::<T>() - 1);
    // SAFETY: both sides have that many bytes, and what is not copied is zero.
    unsafe {
        std::ptr::copy_nonoverlapping(at as *const u8, out.as_mut_ptr() as *mut u8, size);
        out.assume_init()
    }
}

/// Fills the caller's struct as far as the caller knows it. Nothing is made where there is no place for it.
///
/// # Errors
/// `InvalidArgument` for NULL and for a size that no version of the struct has; what `make` fails with.
///
/// # Safety
/// `out` is NULL, or points to a struct of the size it says.
pub(crate) unsafe fn hand_out<T: Grows>(out: *mut T, make: impl FnOnce() -> Result<T>) -> Result<()> {
    // SAFETY: every such struct starts with its size.
    if out.is_null() || (unsafe { *(out as *const u32) } as usize) < T::FIRST {
        fail!(InvalidArgument, "the place for the answer is NULL, or does not say its size");
    }
    let made = std::mem::ManuallyDrop::new(make()?);
    // SAFETY: both sides have that many bytes; the size in front then tells how many were filled in.
    unsafe {
        let size = (*(out as *const u32) as usize).min(size_of::<T>());
        std::ptr::copy_nonoverlapping(&*made as *const T as *const u8, out as *mut u8, size);
        *(out as *mut u32) = size as u32;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    /// A struct of a later version: one more field.
    #[repr(C)]
    struct Later {
        request: iolink_frame_request,
        more: u64,
    }

    fn request(size: usize) -> iolink_frame_request {
        iolink_frame_request {
            size: size as u32,
            flags: 7,
            columns: std::ptr::null(),
            column_count: 0,
            first_row: 9,
            row_count: 0,
            batch_rows: 0,
        }
    }

    #[test]
    fn a_longer_struct_is_read_as_far_as_it_is_known() {
        let later = Later { request: request(size_of::<Later>()), more: 3 };
        // SAFETY: the struct has the size it says.
        let known = unsafe { read_grown(&later as *const Later as *const iolink_frame_request) }.unwrap();
        assert_eq!((known.flags, known.first_row, later.more), (7, 9, 3));
    }

    #[test]
    fn a_struct_without_its_size_is_refused() {
        for size in [0, 8, size_of::<iolink_frame_request>() - 1] {
            // SAFETY: the struct has at least the size it says.
            let read = unsafe { read_grown(&request(size)) };
            assert_eq!(read.err().map(|error| error.kind()), Some(ErrorKind::InvalidArgument));
        }
        // SAFETY: NULL is allowed.
        assert!(unsafe { read_grown::<iolink_frame_request>(std::ptr::null()) }.is_err());
        assert!(
            // SAFETY: NULL is allowed; nothing is made then.
            unsafe { hand_out::<iolink_frame_request>(std::ptr::null_mut(), || panic!("made for nobody")) }.is_err()
        );
    }

    #[test]
    fn a_longer_place_keeps_what_lies_behind() {
        let mut place = Later { request: request(size_of::<Later>()), more: 5 };
        // SAFETY: the struct has the size it says.
        unsafe {
            hand_out(&mut place as *mut Later as *mut iolink_frame_request, || {
                Ok(request(size_of::<iolink_frame_request>()))
            })
        }
        .unwrap();
        assert_eq!(
            (place.request.size, place.request.flags, place.more),
            (size_of::<iolink_frame_request>() as u32, 7, 5)
        );
    }

    #[test]
    fn a_table_that_ends_inside_a_function_lacks_it() {
        unsafe extern "C" fn retain(_: *mut iolink_view) {}
        let base = iolink_view_base {
            size: std::mem::size_of::<usize>() as u32 * 4 + 3,
            kind: 1,
            flags: 0,
            maker: std::ptr::null(),
            retain: Some(retain),
            release: Some(retain),
            capabilities: None,
            extension: None,
            reserved: [None; 3],
        };
        // SAFETY: the table has at least the size it says.
        let read: iolink_view_base = unsafe { read_table(&base) };
        assert!(read.retain.is_some() && read.release.is_none());
    }
}
