//! The consumer's side: a view made elsewhere, counted and, where its maker does not claim thread safety, serialised.

use super::{stop_panic, Call};
use crate::abi::{
    iolink_call, iolink_error, iolink_text_sink, iolink_view, iolink_view_base, IOLINK_EXTENSION_VIEW_ORIGIN,
    IOLINK_OK, IOLINK_VIEW_FLAG_THREAD_SAFE,
};
use crate::{Error, ErrorKind, Locked, Result};
use std::mem::MaybeUninit;
use std::os::raw::{c_char, c_void};
use std::sync::{Arc, PoisonError, RwLock};

/// What calls to a view are serialised by; views that one view hands out share its lock.
pub(crate) type Lock = Arc<crate::Lock<()>>;

/// What a view and those that it hands out have in common.
#[derive(Clone, Default)]
pub(crate) struct Maker {
    /// The lock that serialises the calls, unless the maker claims thread safety.
    lock: Option<Lock>,
    /// Id of the provider, "" if it is not known.
    provider: &'static str,
}

impl Maker {
    /// A provider of this id.
    pub(crate) fn of(provider: &'static str) -> Self {
        Maker { lock: None, provider }
    }

    /// Id of the provider, "" if it is not known.
    pub(crate) fn provider(&self) -> &'static str {
        self.provider
    }
}

/// One reference to a view made elsewhere.
pub struct ForeignView {
    raw: *mut iolink_view,
    maker: Maker,
    /// The object of ours that stands for a serialised view.
    proxy: crate::Lock<Proxy>,
}

/// The address of an object of ours, or NULL. It holds no reference.
pub(crate) struct Proxy(pub(crate) *mut iolink_view);

// SAFETY: retain and release may be called from any thread; the other functions either may too (THREAD_SAFE) or are
// serialised by the lock.
unsafe impl Send for ForeignView {}
// SAFETY: as above.
unsafe impl Sync for ForeignView {}

impl ForeignView {
    /// Takes over one reference.
    ///
    /// # Safety
    /// `raw` is a live view whose head has `retain` and `release`.
    pub(crate) unsafe fn new(raw: *mut iolink_view) -> Self {
        // SAFETY: by the caller's promise.
        unsafe { ForeignView::under(raw, Maker::default()) }
    }

    /// [`ForeignView::new`] for what a view handed out: calls are serialised with that view's if it has a lock.
    ///
    /// # Safety
    /// As [`ForeignView::new`].
    pub(crate) unsafe fn under(raw: *mut iolink_view, mut maker: Maker) -> Self {
        // SAFETY: by the caller's promise.
        let flags = unsafe { (*(*raw).vtable).flags };
        if maker.lock.is_none() && flags & IOLINK_VIEW_FLAG_THREAD_SAFE == 0 {
            maker.lock = Some(Lock::default());
        }
        ForeignView { raw, maker, proxy: crate::Lock::new(Proxy(std::ptr::null_mut())) }
    }

    /// The place of the object that stands for this view, locked.
    pub(crate) fn proxy(&self) -> Result<Locked<'_, Proxy>> {
        self.proxy.lock()
    }

    /// What the views that this view hands out share with it.
    pub(crate) fn maker(&self) -> Maker {
        self.maker.clone()
    }

    /// Are calls made one at a time, because the maker does not claim thread safety?
    pub fn is_serialised(&self) -> bool {
        self.maker.lock.is_some()
    }

    /// The view's table.
    pub(crate) fn base(&self) -> *const iolink_view_base {
        // SAFETY: the view lives as long as this reference.
        unsafe { (*self.raw).vtable }
    }

    /// The object itself, with another reference for the caller.
    pub(crate) fn retained(&self) -> *mut iolink_view {
        // SAFETY: the view lives as long as this reference; `retain` was checked before `new`.
        unsafe {
            if let Some(retain) = (*self.base()).retain {
                retain(self.raw);
            }
        }
        self.raw
    }

    /// Runs `body` on the object, one at a time if that is needed. In a forked child `body` runs all the same if a thread of the
    /// parent was in the middle of a call: nobody else has the object there.
    #[inline]
    pub(crate) fn with<R>(&self, body: impl FnOnce(*mut iolink_view) -> R) -> R {
        let _one_at_a_time = self.maker.lock.as_ref().map(|lock| locked(lock));
        body(self.raw)
    }

    /// [`call`](ForeignView::call) with the ABI's form of the context.
    pub(crate) fn call_with(
        &self,
        call: &Call<'_>,
        body: impl FnOnce(*const iolink_view, *const iolink_call, *mut iolink_error) -> i32,
    ) -> Result<()> {
        call.with_border(|call| self.call(|raw, error| body(raw, call, error)))
    }

    /// Runs a function of the table that may fail.
    #[inline]
    pub(crate) fn call(&self, body: impl FnOnce(*mut iolink_view, *mut iolink_error) -> i32) -> Result<()> {
        let mut error = new_error();
        let _one_at_a_time = self.maker.lock.as_ref().map(|lock| locked(lock)).transpose()?;
        let status = body(self.raw, error.as_mut_ptr());
        check_status(status, &error)
    }

    /// The head's capability bits.
    pub(crate) fn bits(&self) -> u64 {
        // SAFETY: the view lives as long as this reference.
        self.with(|raw| unsafe { (*self.base()).capabilities.map_or(0, |capabilities| capabilities(raw)) })
    }

    /// The URI that the view was opened by, from its VIEW_ORIGIN service.
    pub(crate) fn origin(&self) -> Option<String> {
        let service = self.extension(IOLINK_EXTENSION_VIEW_ORIGIN)?;
        super::services::view_origin_from(&service).ok()?.uri
    }

    /// A service by its id.
    pub(crate) fn extension(&self, id: u64) -> Option<crate::View> {
        // SAFETY: the view lives as long as this reference.
        let extension = unsafe { (*self.base()).extension }?;
        let mut out = std::ptr::null_mut();
        // SAFETY: the view lives and `out` is ours.
        self.call(|raw, error| unsafe { extension(raw, id, std::ptr::null(), &mut out, error) }).ok()?;
        // SAFETY: on success the callee gave us one reference.
        unsafe { crate::View::handed_out(out, self.maker()) }.ok()
    }
}

impl Drop for ForeignView {
    fn drop(&mut self) {
        // SAFETY: the view lives until this reference goes; `release` was checked before `new`.
        unsafe {
            if let Some(release) = (*self.base()).release {
                release(self.raw);
            }
        }
    }
}

/// Runs a wait for another thread.
pub(crate) type Around = fn(&mut dyn FnMut());

/// What is done around a wait for another thread, see [`crate::host_api::set_wait_hook`].
pub(crate) static WAIT: RwLock<Option<Around>> = RwLock::new(None);

fn locked(lock: &crate::Lock<()>) -> Result<Locked<'_, ()>> {
    match lock.try_lock() {
        Some(locked) => Ok(locked),
        None => waited(lock),
    }
}

#[cold]
fn waited(lock: &crate::Lock<()>) -> Result<Locked<'_, ()>> {
    let around = *WAIT.read().unwrap_or_else(PoisonError::into_inner);
    let mut locked = None;
    if let Some(around) = around {
        around(&mut || locked = Some(lock.lock()));
    }
    locked.unwrap_or_else(|| lock.lock())
}

/// Runs `body` with a sink that hands each piece of text to `take`.
pub(crate) fn with_text_sink<R>(mut take: &mut dyn FnMut(&[u8]), body: impl FnOnce(*const iolink_text_sink) -> R) -> R {
    unsafe extern "C" fn write(context: *mut c_void, text: *const c_char, length: usize) {
        if text.is_null() || length > isize::MAX as usize {
            return;
        }
        stop_panic(|| {
            // SAFETY: `context` is the `take` of the frame below; the callee vouches for the text.
            unsafe {
                let take = &mut *(context as *mut &mut dyn FnMut(&[u8]));
                take(std::slice::from_raw_parts(text as *const u8, length));
            }
        });
    }
    let sink = iolink_text_sink {
        size: std::mem::size_of::<iolink_text_sink>() as u32,
        reserved: 0,
        context: &mut take as *mut &mut dyn FnMut(&[u8]) as *mut c_void,
        write: Some(write),
    };
    body(&sink)
}

/// The text that `give` puts into a sink; `None` for none.
pub(crate) fn text_from(give: impl FnOnce(*const iolink_text_sink)) -> Option<String> {
    let mut bytes: Vec<u8> = Vec::new();
    with_text_sink(&mut |text| bytes.extend_from_slice(text), give);
    (!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// An error struct for a callee to fill: only what is read before that is set.
#[inline]
pub(crate) fn new_error() -> MaybeUninit<iolink_error> {
    let mut error = MaybeUninit::<iolink_error>::uninit();
    let at = error.as_mut_ptr();
    // SAFETY: the fields lie inside `error`.
    unsafe {
        std::ptr::addr_of_mut!((*at).size).write(std::mem::size_of::<iolink_error>() as u32);
        std::ptr::addr_of_mut!((*at).kind).write(0);
        std::ptr::addr_of_mut!((*at).code).write(0);
        std::ptr::addr_of_mut!((*at).reserved).write(0);
        std::ptr::addr_of_mut!((*at).provider[0]).write(0);
        std::ptr::addr_of_mut!((*at).message[0]).write(0);
    }
    error
}

/// The result of a border function.
#[inline]
pub(crate) fn check_status(status: i32, error: &MaybeUninit<iolink_error>) -> Result<()> {
    if status == IOLINK_OK {
        Ok(())
    } else {
        Err(read_error(status, error))
    }
}

#[cold]
fn read_error(status: i32, error: &MaybeUninit<iolink_error>) -> Error {
    let at = error.as_ptr();
    // SAFETY: both texts end with a NUL: `new_error` put one, and a callee that writes a text ends it with one.
    let (message, provider, code) = unsafe {
        (
            text_at(std::ptr::addr_of!((*at).message) as *const c_char, 1008),
            text_at(std::ptr::addr_of!((*at).provider) as *const c_char, 64),
            std::ptr::addr_of!((*at).code).read(),
        )
    };
    let payload = super::payload::take(at, &message);
    let message = if message.is_empty() { format!("the provider failed with number {status}") } else { message };
    let read = Error::new(ErrorKind::from_number(status), message).with_code(code).with_provider(&provider);
    match payload {
        Some(payload) => read.with_payload(payload),
        None => read,
    }
}

/// # Safety
/// There is a NUL within `limit` bytes, or all of them are initialised.
unsafe fn text_at(at: *const c_char, limit: usize) -> String {
    let mut bytes = Vec::new();
    for index in 0..limit {
        // SAFETY: within the struct, and before the first NUL.
        match unsafe { at.add(index).read() } {
            0 => break,
            byte => bytes.push(byte as u8),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
