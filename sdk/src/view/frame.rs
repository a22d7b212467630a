//! Data frames: the trait, its table, and the wrapper of those made elsewhere.

use super::{border, guard, read_table, ForeignView, View};
use crate::abi::*;
use crate::{fail, CapabilitySet, DataFrameCapability, Error, OwnedArray, OwnedSchema, OwnedStream, Result};
use std::ops::Range;

/// A table: columns of one type each, in the form of the Arrow C data interface.
pub trait DataFrameView: Send + Sync {
    /// What the frame can do; the same for its whole life.
    fn capabilities(&self) -> DataFrameCapability;

    /// Columns and rows.
    ///
    /// # Errors
    /// Where they have to be read first and cannot be.
    fn shape(&self) -> Result<(u64, u64)>;

    /// A struct type with one child for each column; a column's unit is its field metadata `iolink.unit`.
    ///
    /// # Errors
    /// Where it has to be read first and cannot be.
    fn schema(&self) -> Result<OwnedSchema>;

    /// READ: a run of rows of the columns named by number (`None`: all).
    ///
    /// # Errors
    /// `OutOfRange` for a column or row that is not there.
    fn export(&self, columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream>;

    /// WRITE: replaces the values of one column from `first_row` on.
    ///
    /// # Errors
    /// `NotImplemented` without the capability, `Type` for values of another type, `OutOfRange` past the last row.
    fn write(&self, _column: u64, _first_row: u64, _schema: OwnedSchema, _values: OwnedArray) -> Result<()> {
        Err(Error::capability("the frame", "WRITE", "copy it into memory to change it"))
    }

    /// RESHAPE: these columns and this many rows; columns kept by name and type keep their values.
    ///
    /// # Errors
    /// `NotImplemented` without the capability.
    fn reshape(&self, _schema: OwnedSchema, _rows: u64) -> Result<()> {
        Err(Error::capability("the frame", "RESHAPE", "copy it into memory to change its columns and rows"))
    }

    /// A service by its id.
    fn extension(&self, _id: u64) -> Option<View> {
        None
    }

    /// URI that the frame was opened by.
    fn origin(&self) -> Option<String> {
        None
    }

    /// The view made elsewhere that this is, where it is one.
    fn foreign(&self) -> Option<&ForeignView> {
        None
    }
}

border!(
    DataFrameView, DataFrame, iolink_frame_vtable, |this| this.capabilities().value(), |this, id| this.extension(id),
    { shape, schema, export, write, reshape }
);

unsafe extern "C" fn shape(
    view: *const iolink_view,
    columns: *mut u64,
    rows: *mut u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    guard(this.provider, error, || {
        let (column_count, row_count) = this.value.shape()?;
        // SAFETY: both places are the caller's.
        unsafe {
            *columns = column_count;
            *rows = row_count;
        }
        Ok(())
    })
}

unsafe extern "C" fn schema(view: *const iolink_view, out: *mut ArrowSchema, error: *mut iolink_error) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: `out` is the caller's.
    guard(this.provider, error, || unsafe {
        this.value.schema()?.move_to(out);
        Ok(())
    })
}

unsafe extern "C" fn export(
    view: *const iolink_view,
    columns: *const u64,
    column_count: u64,
    first_row: u64,
    row_count: u64,
    out: *mut ArrowArrayStream,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    guard(this.provider, error, || {
        let end = first_row.checked_add(row_count);
        let end = end.ok_or_else(|| Error::new(crate::ErrorKind::OutOfRange, "the rows end beyond 64 bits"))?;
        // SAFETY: the caller's list has that many numbers, and `out` is the caller's.
        unsafe {
            let columns = (!columns.is_null()).then(|| std::slice::from_raw_parts(columns, column_count as usize));
            this.value.export(columns, first_row..end)?.move_to(out);
        }
        Ok(())
    })
}

unsafe extern "C" fn write(
    view: *const iolink_view,
    column: u64,
    first_row: u64,
    schema: *mut ArrowSchema,
    values: *mut ArrowArray,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function; both structs are handed over.
    let this = unsafe { Here::of(view) };
    guard(this.provider, error, || {
        // SAFETY: both structs are handed over, also on failure: both are taken before either is judged.
        let (schema, values) = unsafe { (OwnedSchema::take(schema), OwnedArray::take(values)) };
        this.value.write(column, first_row, schema?, values?)
    })
}

unsafe extern "C" fn reshape(
    view: *const iolink_view,
    schema: *mut ArrowSchema,
    rows: u64,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: the schema is handed over.
    guard(this.provider, error, || this.value.reshape(unsafe { OwnedSchema::take(schema) }?, rows))
}

/// A frame made elsewhere.
pub struct ForeignFrame {
    foreign: ForeignView,
    table: iolink_frame_vtable,
    capabilities: DataFrameCapability,
}

impl ForeignFrame {
    pub(crate) fn adopt(foreign: ForeignView) -> Result<Self> {
        // SAFETY: the kind was checked, so the head starts a frame's table.
        let table: iolink_frame_vtable = unsafe { read_table(foreign.head()) };
        let capabilities = DataFrameCapability::from_bits(foreign.bits());
        let readable = table.export.is_some() || !capabilities.has(DataFrameCapability::READ);
        if table.shape.is_none() || table.schema.is_none() || !readable {
            fail!(Internal, "the frame has no function shape, schema or export");
        }
        Ok(ForeignFrame { foreign, table, capabilities })
    }
}

fn absent(function: &str) -> Error {
    Error::new(crate::ErrorKind::NotImplemented, format!("the frame's provider has no function {function}"))
}

impl DataFrameView for ForeignFrame {
    fn capabilities(&self) -> DataFrameCapability {
        self.capabilities
    }

    fn shape(&self) -> Result<(u64, u64)> {
        let shape = self.table.shape.ok_or_else(|| absent("shape"))?;
        let (mut columns, mut rows) = (0, 0);
        // SAFETY: the view lives and both places are ours.
        self.foreign.call(|raw, error| unsafe { shape(raw, &mut columns, &mut rows, error) })?;
        Ok((columns, rows))
    }

    fn schema(&self) -> Result<OwnedSchema> {
        let schema = self.table.schema.ok_or_else(|| absent("schema"))?;
        // SAFETY: the view lives and `out` is ours.
        OwnedSchema::filled(|out| self.foreign.call(|raw, error| unsafe { schema(raw, out, error) }))
    }

    fn export(&self, columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream> {
        let export = self.table.export.ok_or_else(|| absent("export"))?;
        let (list, count) = columns.map_or((std::ptr::null(), 0), |list| (list.as_ptr(), list.len() as u64));
        let row_count = rows.end.saturating_sub(rows.start);
        OwnedStream::filled(|out| {
            // SAFETY: the view and the list live until this returns and `out` is ours.
            self.foreign.call(|raw, error| unsafe { export(raw, list, count, rows.start, row_count, out, error) })
        })
    }

    fn write(&self, column: u64, first_row: u64, schema: OwnedSchema, values: OwnedArray) -> Result<()> {
        let write = self.table.write.ok_or_else(|| absent("write"))?;
        let (mut schema, mut values) = (schema.into_raw(), values.into_raw());
        // SAFETY: the view lives; both structs are handed over.
        self.foreign.call(|raw, error| unsafe { write(raw, column, first_row, &mut schema, &mut values, error) })
    }

    fn reshape(&self, schema: OwnedSchema, rows: u64) -> Result<()> {
        let reshape = self.table.reshape.ok_or_else(|| absent("reshape"))?;
        let mut schema = schema.into_raw();
        // SAFETY: the view lives; the schema is handed over.
        self.foreign.call(|raw, error| unsafe { reshape(raw, &mut schema, rows, error) })
    }

    fn extension(&self, id: u64) -> Option<View> {
        self.foreign.extension(id)
    }

    fn origin(&self) -> Option<String> {
        self.foreign.origin()
    }

    fn foreign(&self) -> Option<&ForeignView> {
        Some(&self.foreign)
    }
}
