//! Stores: values under keys.

use crate::through::{check, check_call, check_list, given, hand_out, path, through};
use ::iolink_host::source;
use iolink_sdk::abi::*;
use iolink_sdk::files::FolderStore;
use iolink_sdk::Kind::Store;
use iolink_sdk::{fail, host_api, View};
use std::ffi::c_char;

type Table = iolink_store_vtable;

/// Flag of `iolink_store_from_folder`: values can be written and removed.
pub const IOLINK_STORE_FOLDER_WRITABLE: u32 = 1;

/// Returns the store of a local folder: its files, and those of the folders below it, are the values. No key leads out
/// of the folder, through links neither. `flags` is `IOLINK_STORE_FOLDER_WRITABLE` or 0. The caller owns `*out`. From
/// any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_store_from_folder(
    folder: *const c_char,
    flags: u32,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: path and place are the caller's and live until this returns.
    host_api::catch_into(error, || unsafe {
        check(given!(folder, out))?;
        let unknown = flags & !IOLINK_STORE_FOLDER_WRITABLE;
        if unknown != 0 {
            fail!(NotImplemented, "the flags {unknown:#x} are not known to this version");
        }
        let source = source::from_path(&path(folder, "folder")?)?;
        let Some(folder) = source.path() else { fail!(Internal, "the folder has no path") };
        let store = match flags {
            IOLINK_STORE_FOLDER_WRITABLE => FolderStore::writable(folder),
            _ => FolderStore::new(folder),
        };
        hand_out(out, View::store(store.with_origin(source.uri())));
        Ok(())
    })
}

/// Reads several values, or parts of them, together; needs READ. `IOLINK_OK` means that each item has its `status`.
/// `call` may be NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_store_get_many(
    view: *const iolink_view,
    batch: *mut iolink_store_batch,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.get_many;
        through(view, Store, call, error, given!(batch), pick, |f| f(view, batch, call, error))
    }
}

/// Says that these values are read soon, so that they can be fetched together; it may do nothing. `gets` may be NULL if
/// `count` is 0. `call` may be NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_store_prefetch(
    view: *const iolink_view,
    gets: *const *const iolink_store_get,
    count: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    host_api::catch_into(error, || unsafe {
        check_list(gets, count, "gets")?;
        check_call(call)?;
        if let Some(prefetch) = host_api::table::<Table>(view, Some(Store))?.prefetch {
            prefetch(view, gets, count, call);
        }
        Ok(())
    })
}

/// Writes the entry of one key into `sink`; `IOLINK_ERROR_NOT_FOUND` for a key without a value. `call` may be NULL.
/// From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_store_stat(
    view: *const iolink_view,
    key: *const c_char,
    sink: *const iolink_store_sink,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.stat;
        through(view, Store, call, error, given!(key, sink), pick, |f| f(view, key, sink, call, error))
    }
}

/// Writes the entries below a prefix that sort behind `after` into `sink`, in byte order of their keys; needs LIST.
/// `prefix` may be NULL or "": all, else it ends with `/`. `after` may be NULL: from the first. `flags` is
/// `IOLINK_STORE_LIST_RECURSIVE` or 0: the next level, deeper keys stand together as one prefix. `call` may be NULL.
/// From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_store_list(
    view: *const iolink_view,
    prefix: *const c_char,
    after: *const c_char,
    flags: u32,
    sink: *const iolink_store_sink,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.list;
        through(view, Store, call, error, given!(sink), pick, |f| f(view, prefix, after, flags, sink, call, error))
    }
}

/// Opens one value: random access for `IOLINK_STORE_OPEN_READ` and `_UPDATE`, a stream that writes for `_CREATE` and
/// `_REPLACE`, whose `iolink_stream_close` commits the value. `call` may be NULL. The caller owns `*out`. From any
/// thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_store_open(
    view: *const iolink_view,
    key: *const c_char,
    mode: u32,
    call: *const iolink_call,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.open;
        through(view, Store, call, error, given!(key, out), pick, |f| f(view, key, mode, call, out, error))
    }
}

/// Writes `count` values; needs WRITE. `IOLINK_OK` means that each item has its `status`. A value is there whole, or as
/// before. `puts` may be NULL if `count` is 0. `call` may be NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_store_put_many(
    view: *mut iolink_view,
    puts: *const *mut iolink_store_put,
    count: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.put_many;
        let given = [("puts", count > 0 && puts.is_null())];
        through(view, Store, call, error, &given, pick, |f| f(view, puts, count, call, error))
    }
}

/// Removes the values of `count` keys; needs WRITE. `statuses` has room for one result for each, and `IOLINK_OK` means
/// that all are set. `keys` may be NULL if `count` is 0, and `statuses` may be NULL then. `call` may be NULL. From any
/// thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_store_remove(
    view: *mut iolink_view,
    keys: *const *const c_char,
    count: u64,
    call: *const iolink_call,
    statuses: *mut i32,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.remove;
        let given = [("keys", count > 0 && keys.is_null()), ("statuses", count > 0 && statuses.is_null())];
        through(view, Store, call, error, &given, pick, |f| f(view, keys, count, statuses, call, error))
    }
}
