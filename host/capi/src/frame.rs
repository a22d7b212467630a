//! Tables, through the Arrow C data interface.

use crate::through::{check, check_call, given, text, through};
use iolink_sdk::abi::*;
use iolink_sdk::Kind::DataFrame;
use iolink_sdk::{fail, host_api, OwnedArray, OwnedSchema};
use std::ffi::c_char;
use std::mem::size_of;
use std::ptr::null;

type Table = iolink_frame_vtable;

/// Returns the number of columns and rows. `call` may be NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_get_shape(
    view: *const iolink_view,
    call: *const iolink_call,
    columns: *mut u64,
    rows: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(columns, rows);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.shape;
        through(view, DataFrame, call, error, given, pick, |f| f(view, columns, rows, call, error))
    }
}

/// Returns a struct type with one child for each column; the caller calls `out->release(out)`. A column's unit is its
/// field metadata `iolink.unit`. `call` may be NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_get_schema(
    view: *const iolink_view,
    call: *const iolink_call,
    out: *mut ArrowSchema,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.schema;
        through(view, DataFrame, call, error, given!(out), pick, |f| f(view, call, out, error))
    }
}

/// Returns the number of the column of this name. `IOLINK_ERROR_NOT_FOUND` if there is none. `call` may be NULL. From
/// any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_find_column(
    view: *const iolink_view,
    name: *const c_char,
    call: *const iolink_call,
    out: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    host_api::catch_into(error, || unsafe {
        check(given!(out))?;
        check_call(call)?;
        let name = text(name, "name")?;
        let frame = iolink_sdk::View::from_borrowed(view.cast_mut())?.into_data_frame()?;
        let columns = iolink_sdk::columns(&frame.schema()?)?;
        match columns.iter().position(|(known, _)| known == name) {
            Some(index) => *out = index as u64,
            None => fail!(NotFound, "the frame has no column {name:?}"),
        }
        Ok(())
    })
}

/// Returns rows of columns as a stream of record batches; the caller calls `out->release(out)`. Needs READ. `request`
/// may be NULL: all columns and rows. `call` may be NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_export(
    view: *const iolink_view,
    request: *const iolink_frame_request,
    call: *const iolink_call,
    out: *mut ArrowArrayStream,
    error: *mut iolink_error,
) -> i32 {
    let (mut columns, mut rows) = (0, 0);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        if request.is_null() && !out.is_null() {
            let status = iolink_frame_get_shape(view, call, &mut columns, &mut rows, error);
            if status != IOLINK_OK {
                return status;
            }
        }
        let whole = iolink_frame_request {
            size: size_of::<iolink_frame_request>() as u32,
            flags: 0,
            columns: null(),
            column_count: 0,
            first_row: 0,
            row_count: rows,
            batch_rows: 0,
        };
        let request = if request.is_null() { &whole } else { request };
        let pick = |table: Table| table.export_stream;
        through(view, DataFrame, call, error, given!(out), pick, |f| f(view, request, call, out, error))
    }
}

/// Returns how the rows are divided as they are stored (row groups, files, batches): `total` becomes the number of
/// partitions, and `ends` the row behind each of `count` partitions from number `first` on. With a `count` of 0, `ends`
/// may be NULL. `call` may be NULL. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_get_partitions(
    view: *const iolink_view,
    first: u64,
    count: u64,
    call: *const iolink_call,
    ends: *mut u64,
    total: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    host_api::catch_into(error, || unsafe {
        check(&[("ends", count > 0 && ends.is_null()), ("total", total.is_null())])?;
        check_call(call)?;
        let table = host_api::table::<Table>(view, Some(DataFrame))?;
        if let Some(partitions) = table.partitions {
            return host_api::call(|error| partitions(view, first, count, ends, total, call, error));
        }
        // One partition.
        if first.checked_add(count).is_none_or(|behind| behind > 1) {
            fail!(OutOfRange, "partition {first} and {count} from there are not there: the frame has 1");
        }
        let (mut columns, mut rows) = (0, 0);
        if count == 1 {
            let Some(shape) = table.shape else { fail!(Internal, "the frame does not tell its shape") };
            host_api::call(|error| shape(view, &mut columns, &mut rows, call, error))?;
            *ends = rows;
        }
        *total = 1;
        Ok(())
    })
}

/// Replaces the values of one column from `first_row` on; needs WRITE. Takes over both structs, also when it fails.
/// `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_write(
    view: *mut iolink_view,
    column: u64,
    first_row: u64,
    schema: *mut ArrowSchema,
    values: *mut ArrowArray,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    let mut passed = false;
    // SAFETY: everything is the caller's and lives until this returns; what was not taken over is released here.
    unsafe {
        let given = given!(schema, values);
        let status = through(
            view,
            DataFrame,
            call,
            error,
            given,
            |table: Table| table.write,
            |f| {
                passed = true;
                f(view, column, first_row, schema, values, call, error)
            },
        );
        if !passed {
            drop((OwnedSchema::take(schema), OwnedArray::take(values)));
        }
        status
    }
}

/// Gives the frame these columns and this many rows; columns kept by name and type keep their values, new ones start at
/// 0 and "". Needs RESHAPE. Takes over `schema`, also when it fails. `call` may be NULL.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_reshape(
    view: *mut iolink_view,
    schema: *mut ArrowSchema,
    rows: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    let mut passed = false;
    // SAFETY: everything is the caller's and lives until this returns; what was not taken over is released here.
    unsafe {
        let status = through(
            view,
            DataFrame,
            call,
            error,
            given!(schema),
            |table: Table| table.reshape,
            |f| {
                passed = true;
                f(view, schema, rows, call, error)
            },
        );
        if !passed {
            drop(OwnedSchema::take(schema));
        }
        status
    }
}
