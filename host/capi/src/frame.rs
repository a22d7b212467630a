//! Tables, through the Arrow C data interface.

use crate::through::{check, given, text, through};
use iolink_sdk::abi::*;
use iolink_sdk::Kind::DataFrame;
use iolink_sdk::{fail, hosting, OwnedArray, OwnedSchema};
use std::ffi::c_char;

type Table = iolink_frame_vtable;

/// Columns and rows. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_get_shape(
    view: *const iolink_view,
    columns: *mut u64,
    rows: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    let given = given!(columns, rows);
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, DataFrame, error, given, |table: Table| table.shape, |f| f(view, columns, rows, error)) }
}

/// A struct type with one child for each column; the caller calls `out->release(out)`. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_get_schema(
    view: *const iolink_view,
    out: *mut ArrowSchema,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe { through(view, DataFrame, error, given!(out), |table: Table| table.schema, |f| f(view, out, error)) }
}

/// Number of the column of this name. `IOLINK_ERROR_NOT_FOUND` where there is none. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_find_column(
    view: *const iolink_view,
    name: *const c_char,
    out: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    hosting::answer(error, || unsafe {
        check(given!(out))?;
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

/// Rows `first_row` to `first_row + row_count` of `column_count` columns by their numbers, as a stream of record
/// batches; the caller calls `out->release(out)`. Needs READ. `columns` may be NULL: all of them. From any thread.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_export(
    view: *const iolink_view,
    columns: *const u64,
    column_count: u64,
    first_row: u64,
    row_count: u64,
    out: *mut ArrowArrayStream,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: everything is the caller's and lives until this returns.
    unsafe {
        let pick = |table: Table| table.export;
        through(view, DataFrame, error, given!(out), pick, |f| {
            f(view, columns, column_count, first_row, row_count, out, error)
        })
    }
}

/// Replaces the values of one column from `first_row` on; needs WRITE. Takes over both structs, also when it fails.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_write(
    view: *mut iolink_view,
    column: u64,
    first_row: u64,
    schema: *mut ArrowSchema,
    values: *mut ArrowArray,
    error: *mut iolink_error,
) -> i32 {
    let mut passed = false;
    // SAFETY: everything is the caller's and lives until this returns; what nobody took is released here.
    unsafe {
        let given = given!(schema, values);
        let status = through(
            view,
            DataFrame,
            error,
            given,
            |table: Table| table.write,
            |f| {
                passed = true;
                f(view, column, first_row, schema, values, error)
            },
        );
        if !passed {
            drop((OwnedSchema::take(schema), OwnedArray::take(values)));
        }
        status
    }
}

/// Makes the frame these columns and this many rows; columns kept by name and type keep their values, new ones start at
/// 0 and "". Needs RESHAPE. Takes over `schema`, also when it fails.
#[no_mangle]
pub unsafe extern "C" fn iolink_frame_reshape(
    view: *mut iolink_view,
    schema: *mut ArrowSchema,
    rows: u64,
    error: *mut iolink_error,
) -> i32 {
    let mut passed = false;
    // SAFETY: everything is the caller's and lives until this returns; what nobody took is released here.
    unsafe {
        let status = through(
            view,
            DataFrame,
            error,
            given!(schema),
            |table: Table| table.reshape,
            |f| {
                passed = true;
                f(view, schema, rows, error)
            },
        );
        if !passed {
            drop(OwnedSchema::take(schema));
        }
        status
    }
}
