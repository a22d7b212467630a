//! The columns of a frame: asked for each time, or once where they never change.

use iolink_plugin_dataframe::{ColumnInfo, Frame as Near, TableType, Wanted};
use iolink_sdk::{DataFrameCapability, DataFrameView as Frame, Result};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// A table's columns, and where each name is.
pub struct Columns {
    pub table: TableType,
    places: HashMap<String, Vec<u64>>,
}

impl Columns {
    fn read(view: &dyn Frame) -> Result<Self> {
        let table = TableType::read(&view.schema()?)?;
        let mut places: HashMap<String, Vec<u64>> = HashMap::with_capacity(table.len());
        for (index, name) in (0..).zip(table.names()) {
            places.entry(name.to_owned()).or_default().push(index);
        }
        Ok(Columns { table, places })
    }
}

/// What is known of one frame's columns. A frame that cannot be reshaped has the same ones for its whole life.
#[derive(Default)]
pub struct Lasting(OnceLock<Arc<Columns>>);

impl Lasting {
    /// The frame's columns.
    pub fn columns(&self, view: &dyn Frame) -> Result<Arc<Columns>> {
        if let Some(columns) = self.0.get() {
            return Ok(columns.clone());
        }
        let columns = Arc::new(Columns::read(view)?);
        match view.capabilities().has(DataFrameCapability::RESHAPE) {
            true => Ok(columns),
            false => Ok(self.0.get_or_init(|| columns).clone()),
        }
    }

    /// Numbers of the columns of this name.
    pub fn places(&self, view: &dyn Frame, name: &str) -> Result<Vec<u64>> {
        match Near::of(view) {
            Some(near) => Ok(near.column_indices(name)),
            None => Ok(self.columns(view)?.places.get(name).cloned().unwrap_or_default()),
        }
    }

    /// What is known of one column.
    pub fn info(&self, view: &dyn Frame, wanted: Wanted<'_>) -> Result<ColumnInfo> {
        match Near::of(view) {
            Some(near) => near.column_info(wanted),
            None => {
                let known = self.columns(view)?;
                known.table.column(known.table.find(wanted)?)
            }
        }
    }
}
