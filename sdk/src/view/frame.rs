//! Data frames: the trait, its table, and the wrapper of those made elsewhere.

use super::{border, check_flags, guard, read_grown, read_table, Call, ForeignView, View};
use crate::abi::*;
use crate::{fail, CapabilitySet, DataFrameCapability, Error, OwnedArray, OwnedSchema, OwnedStream, Result};
use std::ops::Range;
use std::ptr::null;

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

    /// READ: rows of the columns named by number (`None`: all).
    ///
    /// # Errors
    /// `OutOfRange` for a column or row that is not there.
    fn export(&self, columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream>;

    /// [`export`](DataFrameView::export) in batches of at most `batch_rows` rows (0: as they are stored), with a context. By
    /// default the batches of `export` are cut, and the context is not used.
    ///
    /// # Errors
    /// As [`export`](DataFrameView::export); `Cancelled`, `Timeout`.
    fn export_with(
        &self,
        columns: Option<&[u64]>,
        rows: Range<u64>,
        batch_rows: u64,
        _call: &Call<'_>,
    ) -> Result<OwnedStream> {
        let stream = self.export(columns, rows)?;
        match batch_rows {
            0 => Ok(stream),
            most => Ok(stream.with_batch_rows(most)),
        }
    }

    /// READ: the rows divided as they are stored (row groups, files, batches): the row behind each partition. By default all
    /// rows are one partition.
    ///
    /// # Errors
    /// As [`shape`](DataFrameView::shape).
    fn partitions(&self) -> Result<Vec<u64>> {
        Ok(vec![self.shape()?.1])
    }

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

    /// [`shape`](DataFrameView::shape) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`shape`](DataFrameView::shape); `Cancelled`, `Timeout`.
    fn shape_with(&self, _call: &Call<'_>) -> Result<(u64, u64)> {
        self.shape()
    }

    /// [`schema`](DataFrameView::schema) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`schema`](DataFrameView::schema); `Cancelled`, `Timeout`.
    fn schema_with(&self, _call: &Call<'_>) -> Result<OwnedSchema> {
        self.schema()
    }

    /// [`partitions`](DataFrameView::partitions) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`partitions`](DataFrameView::partitions); `Cancelled`, `Timeout`.
    fn partitions_with(&self, _call: &Call<'_>) -> Result<Vec<u64>> {
        self.partitions()
    }

    /// [`write`](DataFrameView::write) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`write`](DataFrameView::write); `Cancelled`, `Timeout`.
    fn write_with(
        &self,
        column: u64,
        first_row: u64,
        schema: OwnedSchema,
        values: OwnedArray,
        _call: &Call<'_>,
    ) -> Result<()> {
        self.write(column, first_row, schema, values)
    }

    /// [`reshape`](DataFrameView::reshape) with a context: deadline, progress, thread limit. By default the context is not used.
    ///
    /// # Errors
    /// As [`reshape`](DataFrameView::reshape); `Cancelled`, `Timeout`.
    fn reshape_with(&self, schema: OwnedSchema, rows: u64, _call: &Call<'_>) -> Result<()> {
        self.reshape(schema, rows)
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
    { shape, schema, export_stream, write, reshape, partitions }
);

unsafe extern "C" fn shape(
    view: *const iolink_view,
    columns: *mut u64,
    rows: *mut u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    guard(this.provider, error, || {
        // SAFETY: the call is the caller's.
        let (column_count, row_count) = unsafe { Call::from_border(call, |call| this.value.shape_with(call)) }?;
        // SAFETY: both places are the caller's.
        unsafe {
            *columns = column_count;
            *rows = row_count;
        }
        Ok(())
    })
}

unsafe extern "C" fn schema(
    view: *const iolink_view,
    call: *const iolink_call,
    out: *mut ArrowSchema,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: `out` and `call` are the caller's.
    guard(this.provider, error, || unsafe {
        Call::from_border(call, |call| this.value.schema_with(call))?.move_to(out);
        Ok(())
    })
}

unsafe extern "C" fn export_stream(
    view: *const iolink_view,
    request: *const iolink_frame_request,
    call: *const iolink_call,
    out: *mut ArrowArrayStream,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    guard(this.provider, error, || {
        // SAFETY: the request is the caller's.
        let request = unsafe { read_grown(request)? };
        check_flags("frame request", request.flags, 0)?;
        let end = request.first_row.checked_add(request.row_count);
        let end = end.ok_or_else(|| Error::new(crate::ErrorKind::OutOfRange, "the rows end beyond 64 bits"))?;
        // SAFETY: the caller's list has that many numbers; `out` and `call` are the caller's.
        unsafe {
            let columns = (!request.columns.is_null())
                .then(|| std::slice::from_raw_parts(request.columns, request.column_count as usize));
            let rows = request.first_row..end;
            let export = |call: &Call<'_>| this.value.export_with(columns, rows, request.batch_rows, call);
            Call::from_border(call, export)?.move_to(out);
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
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function; both structs are handed over.
    let this = unsafe { Here::of(view) };
    guard(this.provider, error, || {
        // SAFETY: both structs are handed over, also on failure: both are taken before either is judged.
        let (schema, values) = unsafe { (OwnedSchema::take(schema), OwnedArray::take(values)) };
        // SAFETY: the call is the caller's.
        unsafe { Call::from_border(call, |call| this.value.write_with(column, first_row, schema?, values?, call)) }
    })
}

unsafe extern "C" fn reshape(
    view: *const iolink_view,
    schema: *mut ArrowSchema,
    rows: u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    // SAFETY: the schema is handed over; the call is the caller's.
    guard(this.provider, error, || unsafe {
        let schema = OwnedSchema::take(schema);
        Call::from_border(call, |call| this.value.reshape_with(schema?, rows, call))
    })
}

unsafe extern "C" fn partitions(
    view: *const iolink_view,
    first: u64,
    count: u64,
    ends: *mut u64,
    total: *mut u64,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    guard(this.provider, error, || {
        // SAFETY: the call is the caller's.
        let all = unsafe { Call::from_border(call, |call| this.value.partitions_with(call)) }?;
        let wanted =
            usize::try_from(first).ok().zip(first.checked_add(count).and_then(|end| usize::try_from(end).ok()));
        let wanted = match wanted.and_then(|(first, end)| all.get(first..end)) {
            Some(wanted) => wanted,
            None => fail!(OutOfRange, "the frame has {} partitions, not {count} from {first} on", all.len()),
        };
        if total.is_null() || (ends.is_null() && count > 0) {
            fail!(InvalidArgument, "the places for the partitions have no address");
        }
        // SAFETY: the caller brings room for `count` numbers and one for the total.
        unsafe {
            *total = all.len() as u64;
            if count > 0 {
                std::ptr::copy_nonoverlapping(wanted.as_ptr(), ends, wanted.len());
            }
        }
        Ok(())
    })
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
        let table: iolink_frame_vtable = unsafe { read_table(foreign.base()) };
        let capabilities = DataFrameCapability::from_bits(foreign.bits());
        let readable = table.export_stream.is_some() || !capabilities.has(DataFrameCapability::READ);
        if table.shape.is_none() || table.schema.is_none() || !readable {
            fail!(Internal, "the frame has no function shape, schema or export_stream");
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
        self.shape_with(&Call::silent())
    }

    fn shape_with(&self, call: &Call<'_>) -> Result<(u64, u64)> {
        let shape = self.table.shape.ok_or_else(|| absent("shape"))?;
        let (mut columns, mut rows) = (0, 0);
        // SAFETY: the view lives and both places are ours.
        self.foreign.call_with(call, |raw, call, error| unsafe { shape(raw, &mut columns, &mut rows, call, error) })?;
        Ok((columns, rows))
    }

    fn schema(&self) -> Result<OwnedSchema> {
        self.schema_with(&Call::silent())
    }

    fn schema_with(&self, call: &Call<'_>) -> Result<OwnedSchema> {
        let schema = self.table.schema.ok_or_else(|| absent("schema"))?;
        OwnedSchema::filled(|out| {
            // SAFETY: the view lives and `out` is ours.
            self.foreign.call_with(call, |raw, call, error| unsafe { schema(raw, call, out, error) })
        })
    }

    fn export(&self, columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream> {
        self.export_with(columns, rows, 0, &Call::silent())
    }

    fn export_with(
        &self,
        columns: Option<&[u64]>,
        rows: Range<u64>,
        batch_rows: u64,
        call: &Call<'_>,
    ) -> Result<OwnedStream> {
        let export = self.table.export_stream.ok_or_else(|| absent("export_stream"))?;
        let request = iolink_frame_request {
            size: std::mem::size_of::<iolink_frame_request>() as u32,
            flags: 0,
            columns: columns.map_or(null(), |list| list.as_ptr()),
            column_count: columns.map_or(0, |list| list.len() as u64),
            first_row: rows.start,
            row_count: rows.end.saturating_sub(rows.start),
            batch_rows,
        };
        OwnedStream::filled(|out| {
            // SAFETY: the view, the request and the list live until this returns and `out` is ours.
            self.foreign.call_with(call, |raw, call, error| unsafe { export(raw, &request, call, out, error) })
        })
    }

    fn partitions(&self) -> Result<Vec<u64>> {
        self.partitions_with(&Call::silent())
    }

    fn partitions_with(&self, call: &Call<'_>) -> Result<Vec<u64>> {
        let rows = self.shape()?.1;
        let partitions = match self.table.partitions {
            Some(partitions) => partitions,
            None => return Ok(vec![rows]),
        };
        let mut total = 0;
        // SAFETY: the view lives and `total` is ours; no room is needed for no ends.
        self.foreign.call_with(call, |raw, call, error| unsafe {
            partitions(raw, 0, 0, std::ptr::null_mut(), &mut total, call, error)
        })?;
        if total > rows.max(1) {
            fail!(Internal, "the frame claims {total} partitions of {rows} rows");
        }
        let mut ends = crate::limits::zeroed_numbers(total)?;
        // SAFETY: the view lives, and there is room for `total` ends.
        self.foreign.call_with(call, |raw, call, error| unsafe {
            partitions(raw, 0, total, ends.as_mut_ptr(), &mut total, call, error)
        })?;
        let rising = ends.windows(2).all(|pair| pair[0] <= pair[1]);
        if !rising || ends.last().copied().unwrap_or(0) != rows {
            fail!(Internal, "the frame's partitions do not divide its {rows} rows");
        }
        Ok(ends)
    }

    fn write(&self, column: u64, first_row: u64, schema: OwnedSchema, values: OwnedArray) -> Result<()> {
        self.write_with(column, first_row, schema, values, &Call::silent())
    }

    fn write_with(
        &self,
        column: u64,
        first_row: u64,
        schema: OwnedSchema,
        values: OwnedArray,
        call: &Call<'_>,
    ) -> Result<()> {
        let write = self.table.write.ok_or_else(|| absent("write"))?;
        let (mut schema, mut values) = (schema.into_raw(), values.into_raw());
        // SAFETY: the view lives; both structs are handed over.
        self.foreign.call_with(call, |raw, call, error| unsafe {
            write(raw, column, first_row, &mut schema, &mut values, call, error)
        })
    }

    fn reshape(&self, schema: OwnedSchema, rows: u64) -> Result<()> {
        self.reshape_with(schema, rows, &Call::silent())
    }

    fn reshape_with(&self, schema: OwnedSchema, rows: u64, call: &Call<'_>) -> Result<()> {
        let reshape = self.table.reshape.ok_or_else(|| absent("reshape"))?;
        let mut schema = schema.into_raw();
        // SAFETY: the view lives; the schema is handed over.
        self.foreign.call_with(call, |raw, call, error| unsafe { reshape(raw, &mut schema, rows, call, error) })
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
