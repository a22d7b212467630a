//! CSV and TSV: a missing value is nothing, an empty text is `""`.

use super::cells::{text, Cells};
use super::{io, Out, Table};
use crate::scan::Dialect;
use iolink_sdk::{fail, Result};
use std::io::Write;

/// Writes all rows.
pub fn write(table: &mut Table<'_>, dialect: Dialect, header: bool, out: &mut Out) -> Result<()> {
    let names: Vec<String> = table.incoming.fields.iter().map(|field| field.name.to_string()).collect();
    if names.is_empty() {
        fail!(Unsupported, "a table without columns cannot be written as CSV or TSV");
    }
    let mut line = Vec::new();
    if header {
        for (at, name) in names.iter().enumerate() {
            if at > 0 {
                line.push(dialect.separator);
            }
            field(&mut line, name.as_bytes(), dialect, name.is_empty())?;
        }
        line.push(b'\n');
        out.write_all(&line).map_err(|error| io(&error))?;
    }
    let (mut value, mut first) = (Vec::new(), 0u64);
    while let Some(columns) = table.next()? {
        let cells = Cells::of(&names, &columns, text::supports)?;
        for row in 0..cells.rows {
            line.clear();
            for (at, column) in cells.columns.iter().enumerate() {
                if at > 0 {
                    line.push(dialect.separator);
                }
                value.clear();
                if column.is_valid(row) {
                    text::write(&mut value, *column, row)
                        .and_then(|quoted| field(&mut line, &value, dialect, quoted && value.is_empty()))
                        .map_err(|error| {
                            error.context(&format!("column {:?}, row {}", names[at], first + row as u64))
                        })?;
                }
            }
            line.push(b'\n');
            out.write_all(&line).map_err(|error| io(&error))?;
        }
        first += cells.rows as u64;
    }
    Ok(())
}

/// One field, quoted where it must be.
fn field(line: &mut Vec<u8>, value: &[u8], dialect: Dialect, always: bool) -> Result<()> {
    let special =
        |byte: &u8| matches!(byte, b'\n' | b'\r') || *byte == dialect.separator || Some(*byte) == dialect.quote;
    if !always && !value.iter().any(special) {
        line.extend_from_slice(value);
        return Ok(());
    }
    let Some(quote) = dialect.quote else {
        let shown = String::from_utf8_lossy(value);
        fail!(Unsupported, "{shown:?} must be quoted, and the option quote says that nothing is");
    };
    line.push(quote);
    for byte in value {
        if *byte == quote {
            line.push(quote);
        }
        line.push(*byte);
    }
    line.push(quote);
    Ok(())
}
