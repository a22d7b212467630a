//! Changing which columns and rows a frame of another maker has, by the steps that the border knows. Others may see what is
//! between two of them.

use crate::build::Part;
use crate::edit::Wanted;
use crate::types::TableType;
use crate::values::Values;
use iolink_sdk::{fail, DataFrameCapability, DataFrameView, OwnedStream, Result};

fn table_of(view: &dyn DataFrameView) -> Result<TableType> {
    TableType::read(&view.schema()?)
}

fn find(view: &dyn DataFrameView, wanted: Wanted<'_>) -> Result<u64> {
    // Where there is no RESHAPE, a column stays where it was.
    Ok(match wanted.name.filter(|_| view.capabilities().has(DataFrameCapability::RESHAPE)) {
        Some(_) => table_of(view)?.find(wanted)? as u64,
        None => wanted.index,
    })
}

/// Some rows of a column, without a count all that follow the first one.
pub(crate) fn export(
    view: &dyn DataFrameView,
    wanted: Wanted<'_>,
    first: u64,
    count: Option<u64>,
) -> Result<OwnedStream> {
    let end = match count {
        Some(count) => first.saturating_add(count),
        None => view.shape()?.1.max(first),
    };
    view.export(Some(&[find(view, wanted)?]), first..end)
}

/// Overwrites a run of values.
///
/// # Errors
/// What the frame says.
pub fn write(view: &dyn DataFrameView, wanted: Wanted<'_>, first: u64, values: &Part) -> Result<()> {
    let (schema, array) = values.to_c()?;
    view.write(find(view, wanted)?, first, schema, array)
}

/// Sets a column's unit.
///
/// # Errors
/// `OutOfRange` where there is no such column; what the frame says.
pub fn set_unit(view: &dyn DataFrameView, wanted: Wanted<'_>, unit: &str) -> Result<()> {
    let mut table = table_of(view)?;
    table.set_unit(table.find(wanted)?, unit)?;
    view.reshape(table.to_schema()?, view.shape()?.1)
}

/// Adds the only column of a table at the end; it goes again where its values do not fit.
///
/// # Errors
/// `InvalidArgument` for a name that is there already, and for another number of values than there are rows; what the frame
/// says.
pub fn add_column(view: &dyn DataFrameView, added: &TableType, values: Option<&Part>) -> Result<()> {
    let (mut table, (columns, rows)) = (table_of(view)?, view.shape()?);
    let name = added.names().next().unwrap_or_default().to_owned();
    if let Some(given) = values.map(|values| values.rows() as u64).filter(|given| *given != rows) {
        fail!(
            InvalidArgument,
            "column {name:?} has {given} values where the frame has {rows} rows; give one value for each row"
        );
    }
    table.push_all(added)?;
    view.reshape(table.to_schema()?, rows)?;
    let Some(values) = values else { return Ok(()) };
    let wanted = Wanted { index: columns, name: None };
    write(view, wanted, 0, values).or_else(|failed| {
        remove_column(view, wanted)?;
        Err(failed)
    })
}

/// Takes a column away.
///
/// # Errors
/// `OutOfRange` where there is no such column; what the frame says.
pub fn remove_column(view: &dyn DataFrameView, wanted: Wanted<'_>) -> Result<()> {
    let mut table = table_of(view)?;
    table.remove(table.find(wanted)?)?;
    view.reshape(table.to_schema()?, view.shape()?.1)
}

/// Puts rows of 0, false and "" in.
///
/// # Errors
/// `OutOfRange` for a place behind the last row; what the frame says.
pub fn add_rows(view: &dyn DataFrameView, offset: u64, count: u64) -> Result<()> {
    let (columns, rows) = view.shape()?;
    let Some(grown) = rows.checked_add(count).filter(|_| offset <= rows) else {
        fail!(OutOfRange, "rows cannot be put in at {offset}; the frame has {rows}");
    };
    view.reshape(view.schema()?, grown)?;
    if offset == rows || count == 0 {
        return Ok(());
    }
    for column in 0..columns {
        let zeros = Values::read(view, column, rows..grown)?.to_c()?;
        let behind = Values::read(view, column, offset..rows)?.to_c()?;
        view.write(column, offset + count, behind.0, behind.1)?;
        view.write(column, offset, zeros.0, zeros.1)?;
    }
    Ok(())
}

/// Takes rows out.
///
/// # Errors
/// `OutOfRange` for rows that are not there; what the frame says.
pub fn remove_rows(view: &dyn DataFrameView, offset: u64, count: u64) -> Result<()> {
    let (columns, rows) = view.shape()?;
    let Some(end) = offset.checked_add(count).filter(|end| *end <= rows) else {
        fail!(OutOfRange, "rows {offset} to {} are not all there; the frame has {rows}", offset.saturating_add(count));
    };
    for column in 0..if end < rows { columns } else { 0 } {
        let behind = Values::read(view, column, end..rows)?.to_c()?;
        view.write(column, offset, behind.0, behind.1)?;
    }
    view.reshape(view.schema()?, rows - count)
}
