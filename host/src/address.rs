//! Addresses that programs hand over as plain numbers: what is there, told without touching it.
//!
//! An address is judged before it is believed: is it readable, does a live view begin there, is it of the kind asked
//! for? What cannot be told is whether a freed address has become another live view since.

use iolink_sdk::abi::{iolink_view, iolink_view_base, IOLINK_VIEW_MAGIC};
use iolink_sdk::{fail, Kind, Result, View};
use std::ffi::c_void;

/// The view at an address, or at the address that a shared pointer's first word holds, with a reference of its own.
///
/// # Errors
/// `InvalidArgument` where no live view of this kind is there, with the reason.
///
/// # Safety
/// Where a live view is there, somebody holds a reference to it until this returns.
pub unsafe fn view_at(address: u64, kind: Kind) -> Result<View> {
    let at = match judge(address, kind) {
        Ok(at) => at,
        Err(why) => fail!(
            InvalidArgument,
            "{address} is not the address of a live {}, nor of a shared pointer to one: {why}",
            kind.word()
        ),
    };
    // SAFETY: the address is readable, begins with the magic of a live view and leads to a table of this kind; the caller
    // vouches for a reference.
    unsafe { View::from_borrowed(at as *mut iolink_view) }
}

fn judge(address: u64, kind: Kind) -> Result<usize, String> {
    let address = usize::try_from(address).map_err(|_| "no address is that large".to_owned())?;
    let first = probe::<u64>(address).ok_or("the memory there cannot be read")?;
    let at = if first == IOLINK_VIEW_MAGIC { address } else { first as usize };
    let [magic, table, _] = probe::<[usize; 3]>(at).unwrap_or_default();
    if magic as u64 != IOLINK_VIEW_MAGIC {
        return Err("no live view begins there".into());
    }
    match probe::<[u32; 2]>(table) {
        Some([size, number]) if size as usize >= std::mem::size_of::<iolink_view_base>() => {
            match Kind::from_number(number) {
                Some(found) if found == kind => Ok(at),
                Some(found) => Err(format!("the view there is of kind {}", found.word())),
                None => Err("the view there is of an unknown kind".into()),
            }
        }
        _ => Err("the view there has no table".into()),
    }
}

/// Reads a value of plain numbers at an address that may not be readable.
fn probe<T: Copy>(address: usize) -> Option<T> {
    if address == 0 || !address.is_multiple_of(std::mem::align_of::<usize>()) {
        return None;
    }
    let mut out = std::mem::MaybeUninit::<T>::uninit();
    let size = std::mem::size_of::<T>();
    read_other(address, out.as_mut_ptr() as *mut u8, size).then(|| {
        // SAFETY: every byte was written, and callers ask for plain numbers.
        unsafe { out.assume_init() }
    })
}

/// Copies bytes that may not be there; false if they are not.
pub(crate) fn copy(address: usize, out: &mut [u8]) -> bool {
    address != 0 && read_other(address, out.as_mut_ptr(), out.len())
}

/// Copies bytes that may not be there: the kernel looks, so a bad address is an error and not a signal.
#[cfg(target_os = "linux")]
fn read_other(address: usize, out: *mut u8, size: usize) -> bool {
    let local = libc::iovec { iov_base: out as *mut c_void, iov_len: size };
    let remote = libc::iovec { iov_base: address as *mut c_void, iov_len: size };
    // SAFETY: the kernel checks the remote range; the local one is ours.
    let read = unsafe { libc::process_vm_readv(libc::getpid(), &local, 1, &remote, 1, 0) };
    if read >= 0 {
        return read == size as isize;
    }
    // EFAULT is an answer; anything else means that a sandbox forbids the question.
    std::io::Error::last_os_error().raw_os_error() != Some(libc::EFAULT) && through_pipe(address, out, size)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn read_other(address: usize, out: *mut u8, size: usize) -> bool {
    through_pipe(address, out, size)
}

/// Where there is no way to ask, nothing is believed.
#[cfg(not(unix))]
fn read_other(_address: usize, _out: *mut u8, _size: usize) -> bool {
    false
}

/// `write` to a pipe fails with EFAULT for memory that is not there.
#[cfg(unix)]
fn through_pipe(address: usize, out: *mut u8, size: usize) -> bool {
    let mut ends = [0; 2];
    // SAFETY: `ends` takes two descriptors, closed below; the kernel checks the address.
    unsafe {
        if libc::pipe(ends.as_mut_ptr()) != 0 {
            return false;
        }
        let written = libc::write(ends[1], address as *const c_void, size);
        let copied = written == size as isize && libc::read(ends[0], out as *mut c_void, size) == size as isize;
        libc::close(ends[0]);
        libc::close(ends[1]);
        copied
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_answers_where_a_sandbox_forbids_the_direct_way() {
        let (word, mut out) = (0x1122_3344_5566_7788_u64, 0_u64);
        assert!(through_pipe(&word as *const u64 as usize, &mut out as *mut u64 as *mut u8, 8));
        assert_eq!(out, word);
        assert!(!through_pipe(4096, &mut out as *mut u64 as *mut u8, 8));
    }
}
