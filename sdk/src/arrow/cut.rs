//! A table's stream whose record batches are cut to a number of rows.

use super::{OwnedArray, OwnedStream};
use crate::abi::{ArrowArray, ArrowArrayStream, ArrowSchema};
use crate::{Error, Result};
use std::ffi::CString;
use std::os::raw::{c_char, c_int, c_void};
use std::ptr::null;
use std::sync::Arc;

/// `EIO`, for errors without a number of the system.
const EIO: c_int = 5;

/// A record batch that is handed out in parts, which share its buffers.
struct Whole(OwnedArray);

// SAFETY: the array is only read: by the parts, which share its buffers, and by the last one, which releases it.
unsafe impl Sync for Whole {}

struct Cut {
    inner: OwnedStream,
    most: i64,
    /// The batch that is handed out, and the next row of it.
    batch: Option<(Arc<Whole>, i64)>,
    message: CString,
}

impl Cut {
    fn next(&mut self) -> Result<Option<OwnedArray>> {
        loop {
            if let Some((whole, at)) = &mut self.batch {
                let left = whole.0.as_raw().length - *at;
                if left > 0 {
                    let (from, count) = (*at, left.min(self.most));
                    *at += count;
                    // SAFETY: the rows lie inside the batch.
                    return Ok(Some(unsafe { part(whole, from, count) }));
                }
            }
            self.batch = None;
            match self.inner.next_batch()? {
                Some(batch) if batch.as_raw().length > self.most => self.batch = Some((Arc::new(Whole(batch)), 0)),
                other => return Ok(other),
            }
        }
    }

    /// Keeps an error for `get_last_error`, and returns its number.
    fn keep(&mut self, error: &Error) -> c_int {
        crate::view::keep_payload(null(), error);
        let message = error.message().strip_prefix(super::FAILED).unwrap_or(error.message());
        self.message = CString::new(message.replace('\0', " ")).unwrap_or_default();
        if error.code() > 0 {
            error.code()
        } else {
            EIO
        }
    }
}

/// Children of a part, and the addresses of them.
struct Parts {
    children: Vec<ArrowArray>,
    addresses: Vec<*mut ArrowArray>,
    /// The buffer of a struct without nulls: none.
    buffers: [*const c_void; 1],
}

/// A struct array of some rows of a record batch. Each column is an array of its own, which may be moved out.
///
/// # Safety
/// The batch is a struct array without nulls of its own, as record batches are, and has these rows.
unsafe fn part(whole: &Arc<Whole>, from: i64, count: i64) -> OwnedArray {
    let raw = whole.0.as_raw();
    let column = |index: usize| {
        // SAFETY: a batch has as many children as it says.
        let child = unsafe { &**raw.children.add(index) };
        ArrowArray {
            length: count,
            // Not counted again.
            null_count: if child.null_count == 0 { 0 } else { -1 },
            offset: child.offset + raw.offset + from,
            n_buffers: child.n_buffers,
            n_children: child.n_children,
            buffers: child.buffers,
            children: child.children,
            dictionary: child.dictionary,
            release: Some(release_column),
            private_data: Arc::into_raw(whole.clone()) as *mut c_void,
        }
    };
    let children: Vec<ArrowArray> = (0..raw.n_children.max(0) as usize).map(column).collect();
    let mut parts = Box::new(Parts { children, addresses: Vec::new(), buffers: [null()] });
    parts.addresses = parts.children.iter_mut().map(|child| child as *mut _).collect();
    let parts = Box::into_raw(parts);
    // SAFETY: the box lives until `release_part`.
    let held = unsafe { &mut *parts };
    OwnedArray(ArrowArray {
        length: count,
        null_count: 0,
        offset: 0,
        n_buffers: 1,
        n_children: raw.n_children,
        buffers: held.buffers.as_mut_ptr(),
        children: held.addresses.as_mut_ptr(),
        dictionary: std::ptr::null_mut(),
        release: Some(release_part),
        private_data: parts as *mut c_void,
    })
}

unsafe extern "C" fn release_column(array: *mut ArrowArray) {
    // SAFETY: called once, with an array that `part` made, by whoever owns it.
    unsafe {
        let private = (*array).private_data as *const Whole;
        (*array).release = None;
        drop(Arc::from_raw(private));
    }
}

unsafe extern "C" fn release_part(array: *mut ArrowArray) {
    // SAFETY: called once, with an array that `part` made; children that were moved out are released already.
    unsafe {
        let mut parts = Box::from_raw((*array).private_data as *mut Parts);
        (*array).release = None;
        for child in &mut parts.children {
            if let Some(release) = child.release {
                release(child);
            }
        }
    }
}

/// # Safety
/// `stream` is live, was made by [`OwnedStream::with_batch_rows`], and is used by one thread at a time.
unsafe fn cut<'a>(stream: *mut ArrowArrayStream) -> &'a mut Cut {
    // SAFETY: by the caller's promise.
    unsafe { &mut *((*stream).private_data as *mut Cut) }
}

unsafe extern "C" fn get_schema(stream: *mut ArrowArrayStream, out: *mut ArrowSchema) -> c_int {
    // SAFETY: the consumer calls with a live stream.
    let cut = unsafe { cut(stream) };
    match crate::view::stop_panic(|| cut.inner.schema()) {
        // SAFETY: `out` is the consumer's.
        Some(Ok(schema)) => unsafe {
            schema.move_to(out);
            0
        },
        Some(Err(error)) => cut.keep(&error),
        None => EIO,
    }
}

unsafe extern "C" fn get_next(stream: *mut ArrowArrayStream, out: *mut ArrowArray) -> c_int {
    // SAFETY: the consumer calls with a live stream.
    let cut = unsafe { cut(stream) };
    match crate::view::stop_panic(|| cut.next()) {
        // SAFETY: `out` is the consumer's; a released array is the end.
        Some(Ok(batch)) => unsafe {
            out.write(batch.map_or_else(OwnedArray::released, OwnedArray::into_raw));
            0
        },
        Some(Err(error)) => cut.keep(&error),
        None => EIO,
    }
}

unsafe extern "C" fn get_last_error(stream: *mut ArrowArrayStream) -> *const c_char {
    // SAFETY: the consumer calls with a live stream.
    unsafe { cut(stream) }.message.as_ptr()
}

unsafe extern "C" fn release(stream: *mut ArrowArrayStream) {
    // SAFETY: called once, with a live stream that `with_batch_rows` made.
    unsafe {
        let private = (*stream).private_data as *mut Cut;
        (*stream).release = None;
        drop(Box::from_raw(private));
    }
}

impl OwnedStream {
    /// The same table in record batches of at most `most` rows, which share the buffers of the batches that they are cut from;
    /// 0: as they are.
    pub fn with_batch_rows(self, most: u64) -> OwnedStream {
        if most == 0 {
            return self;
        }
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let cut = Box::new(Cut { inner: self, most, batch: None, message: CString::default() });
        OwnedStream(ArrowArrayStream {
            get_schema: Some(get_schema),
            get_next: Some(get_next),
            get_last_error: Some(get_last_error),
            release: Some(release),
            private_data: Box::into_raw(cut) as *mut c_void,
        })
    }
}
