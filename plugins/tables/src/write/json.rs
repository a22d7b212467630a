//! JSON lines: an object on each line, missing values as null.

use super::cells::{json, Cells};
use super::{io, Out, Table};
use iolink_sdk::Result;
use std::io::Write;

/// Writes all rows.
pub fn write(table: &mut Table<'_>, out: &mut Out) -> Result<()> {
    let names: Vec<String> = table.incoming.fields.iter().map(|field| field.name.to_string()).collect();
    let keys: Vec<Vec<u8>> = names.iter().map(|name| json::key(name)).collect();
    let (mut line, mut first) = (Vec::new(), 0u64);
    while let Some(columns) = table.next()? {
        let cells = Cells::of(&names, &columns, json::supports)?;
        for row in 0..cells.rows {
            line.clear();
            line.push(b'{');
            for (at, column) in cells.columns.iter().enumerate() {
                if at > 0 {
                    line.push(b',');
                }
                line.extend_from_slice(&keys[at]);
                json::write(&mut line, *column, row)
                    .map_err(|error| error.context(&format!("column {:?}, row {}", names[at], first + row as u64)))?;
            }
            line.extend_from_slice(b"}\n");
            out.write_all(&line).map_err(|error| io(&error))?;
        }
        first += cells.rows as u64;
    }
    Ok(())
}
