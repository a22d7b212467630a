//! The functions by which a host calls a provider written in Python. `provider`, their first argument, is the start of an
//! [`Entry`], which leads to the object.

use super::object::Provider;
use iolink_sdk::abi::{
    iolink_call, iolink_convert_request, iolink_error, iolink_host, iolink_provider, iolink_source, iolink_target,
    iolink_view, IOLINK_ERROR_NOT_IMPLEMENTED,
};
use iolink_sdk::{host_api, View};

/// A provider's table with the object behind it. It stays for the life of the process, like that of a library.
#[repr(C)]
pub struct Entry {
    table: iolink_provider,
    provider: Provider,
}

// SAFETY: the table is immutable, and its pointers lead to immutable data that is never freed.
unsafe impl Sync for Entry {}
// SAFETY: as above.
unsafe impl Send for Entry {}

impl Entry {
    /// An entry for the life of the process; `table` gets the functions.
    pub fn leak(table: iolink_provider, provider: Provider) -> &'static iolink_provider {
        let (identify, open, convert, save) =
            (Some(identify as _), Some(open as _), Some(convert as _), Some(save as _));
        let table = iolink_provider { identify, open, convert, save, ..table };
        let entry: &'static Entry = Box::leak(Box::new(Entry { table, provider }));
        &entry.table
    }
}

/// # Safety
/// `provider` is the table of an [`Entry`].
unsafe fn object(provider: *const iolink_provider) -> &'static Provider {
    // SAFETY: by the caller's promise, and an entry is never freed.
    unsafe { &(*(provider as *const Entry)).provider }
}

unsafe extern "C" fn identify(
    provider: *const iolink_provider,
    host: *const iolink_host,
    source: *const iolink_source,
    call: *const iolink_call,
    score: *mut u32,
    error: *mut iolink_error,
) -> i32 {
    let mut goes_by_offers = false;
    // SAFETY: only tables of entries hold this function; host, source, call and score are the caller's and live until this
    // returns, and references of their own are taken.
    let status = host_api::catch_into(error, || unsafe {
        let (host, source) = (host_api::host(host), host_api::source(source)?);
        match host_api::with_call(call, |call| object(provider).identify(host, source, call))? {
            Some(sure) => *score = sure,
            None => goes_by_offers = true,
        }
        Ok(())
    });
    if goes_by_offers {
        return IOLINK_ERROR_NOT_IMPLEMENTED;
    }
    status
}

unsafe extern "C" fn open(
    provider: *const iolink_provider,
    host: *const iolink_host,
    source: *const iolink_source,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: as in `identify`; `out` is the caller's.
    host_api::catch_into(error, || unsafe {
        let (host, source) = (host_api::host(host), host_api::source(source)?);
        let provider = object(provider);
        *out = host_api::with_call(call, |call| provider.open(host, source, call))?.into_raw(provider.id);
        Ok(())
    })
}

unsafe extern "C" fn convert(
    provider: *const iolink_provider,
    _host: *const iolink_host,
    view: *mut iolink_view,
    request: *const iolink_convert_request,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: as in `identify`; view, request and out are the caller's, and a reference of its own is taken to the view.
    host_api::catch_into(error, || unsafe {
        let (view, request) = (View::from_borrowed(view)?, host_api::convert(request)?);
        let provider = object(provider);
        *out = host_api::with_call(call, |call| provider.convert(view, request, call))?.into_raw(provider.id);
        Ok(())
    })
}

unsafe extern "C" fn save(
    provider: *const iolink_provider,
    _host: *const iolink_host,
    view: *mut iolink_view,
    target: *const iolink_target,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: as in `convert`, with a target for the request.
    host_api::catch_into(error, || unsafe {
        let (view, target) = (View::from_borrowed(view)?, host_api::target(target)?);
        host_api::with_call(call, |call| object(provider).save(view, target, call))
    })
}
