//! The frame: columns behind a lock, shared with every frame that was cut from it until one of them is changed.

use crate::column::Column;
use crate::edit::Wanted;
use crate::export::{batches, schema_to, stream_to};
use crate::import::{schema_from, table_from, values_from};
use crate::lend::{storage, Storage};
use crate::storage::Form;
use crate::types::ColumnInfo;
use crate::write::splice;
use crate::WHOLE;
use arrow_schema::{FieldRef, Schema, SchemaRef};
use iolink_sdk::{
    fail, Call, DataFrameCapability, DataFrameView, Extension, OwnedArray, OwnedSchema, OwnedStream, Result, View,
};
use std::collections::HashMap;
use std::ops::Range;
use std::os::raw::c_void;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The service by which this crate knows its own frames behind a trait object.
const NEAR: u64 = 0x91c4_5d1e_77a3_20b6;

/// See [`Frame::identities`].
pub type Identities = (u64, Vec<Option<(u64, usize, usize)>>);

/// A data frame in memory. Cloning it gives another handle of the same frame.
///
/// Its buffers are shared with whoever made them and with whoever asks for them, and are never written while anybody
/// else holds them: a write copies the column first where it must.
#[derive(Clone)]
pub struct Frame(Arc<Inner>);

struct Inner {
    state: RwLock<State>,
}

pub(crate) struct State {
    pub(crate) metadata: HashMap<String, String>,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: usize,
    /// No other frame, and not this one with other columns, has this number.
    pub(crate) number: u64,
}

impl State {
    fn new(metadata: HashMap<String, String>, columns: Vec<Column>, rows: usize) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        State { metadata, columns, rows, number: NEXT.fetch_add(1, Ordering::Relaxed) }
    }

    /// The same, to be changed.
    pub(crate) fn again(&self) -> Self {
        State::new(self.metadata.clone(), self.columns.clone(), self.rows)
    }

    pub(crate) fn change_words(&mut self, key: &str, change: impl Fn(&str) -> Option<String>) {
        for column in &mut self.columns {
            if let Some(words) = column.field.metadata().get(key).and_then(|words| change(words)) {
                let mut metadata = column.field.metadata().clone();
                metadata.insert(key.to_owned(), words);
                column.field = Arc::new(column.field.as_ref().clone().with_metadata(metadata));
            }
        }
    }

    fn fields(&self) -> Vec<FieldRef> {
        self.columns.iter().map(|column| column.field.clone()).collect()
    }

    fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new_with_metadata(self.fields(), self.metadata.clone()))
    }

    pub(crate) fn column(&self, column: u64) -> Result<usize> {
        match usize::try_from(column) {
            Ok(index) if index < self.columns.len() => Ok(index),
            _ => fail!(OutOfRange, "there is no column {column}; the frame has {}, counted from 0", self.columns.len()),
        }
    }

    pub(crate) fn range(&self, rows: &Range<u64>) -> Result<Range<usize>> {
        if rows.start > rows.end || rows.end > self.rows as u64 {
            fail!(OutOfRange, "rows {} to {} are not all there; the frame has {}", rows.start, rows.end, self.rows);
        }
        Ok(rows.start as usize..rows.end as usize)
    }

    fn export(&self, chosen: Vec<usize>, rows: &Range<u64>) -> Result<OwnedStream> {
        let rows = self.range(rows)?;
        let fields: Vec<FieldRef> = chosen.iter().map(|index| self.columns[*index].field.clone()).collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, self.metadata.clone()));
        let chosen: Vec<&Column> = chosen.into_iter().map(|index| &self.columns[index]).collect();
        for column in &chosen {
            column.check(&rows)?;
        }
        let made = batches(&schema, &chosen, &rows)?;
        stream_to(schema, made)
    }

    fn chosen(&self, columns: Option<&[u64]>) -> Result<Vec<usize>> {
        match columns {
            Some(list) => list.iter().map(|column| self.column(*column)).collect(),
            None => Ok((0..self.columns.len()).collect()),
        }
    }
}

pub(crate) fn row_count(rows: u64) -> Result<usize> {
    match usize::try_from(rows) {
        Ok(rows) if rows <= isize::MAX as usize / 32 => Ok(rows),
        _ => fail!(Limit, "{rows} rows are more than can be addressed"),
    }
}

impl Frame {
    pub(crate) fn new(metadata: HashMap<String, String>, columns: Vec<Column>, rows: usize) -> Self {
        Frame(Arc::new(Inner { state: RwLock::new(State::new(metadata, columns, rows)) }))
    }

    /// A frame whose values are 0, false and "".
    ///
    /// # Errors
    /// `Limit` where it is too large, `Unsupported` for a type that cannot be made.
    pub fn zeroed(schema: &OwnedSchema, rows: u64) -> Result<Self> {
        let (schema, rows) = (schema_from(schema)?, row_count(rows)?);
        let mut columns = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            columns.push(Column::zeroed(Arc::new(Form::split(field.as_ref().clone()).0), rows)?);
        }
        Ok(Frame::new(schema.metadata().clone().into(), columns, rows))
    }

    /// A frame that shares the buffers of an Arrow table. Its chunks are kept.
    ///
    /// # Errors
    /// What the table's producer says, and `Corrupt` or `Unsupported` for what cannot be read.
    pub fn adopt(stream: OwnedStream) -> Result<Self> {
        Frame::adopt_with(stream, &Call::silent())
    }

    /// [`adopt`](Frame::adopt) with a context.
    ///
    /// # Errors
    /// As [`adopt`](Frame::adopt); `Cancelled`, `Timeout`.
    pub fn adopt_with(stream: OwnedStream, call: &Call<'_>) -> Result<Self> {
        let (schema, columns, rows) = table_from(stream, call)?;
        Ok(Frame::new(schema.metadata().clone().into(), columns, rows))
    }

    /// The frame behind a view, where this copy of the crate made it.
    pub fn of(view: &dyn DataFrameView) -> Option<Frame> {
        if view.foreign().is_some() {
            return None;
        }
        let service = view.extension(NEAR)?.into_extension().ok()?;
        if service.foreign().is_some() {
            return None;
        }
        // SAFETY: no view of this copy of the SDK but a frame knows this id, whose table is its handle: the service
        // keeps it.
        Some(unsafe { &*(service.table() as *const Frame) }.clone())
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.0.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Some columns and rows as a frame of their own, which shares the buffers until one of the two is changed.
    ///
    /// # Errors
    /// `OutOfRange` for a column or row that is not there.
    pub fn select(&self, columns: Option<&[u64]>, rows: Option<Range<u64>>) -> Result<Frame> {
        let state = self.state();
        let rows = state.range(&rows.unwrap_or(0..state.rows as u64))?;
        let chosen = state.chosen(columns)?;
        let columns = chosen.into_iter().map(|index| state.columns[index].sliced(&rows)).collect();
        Ok(Frame::new(state.metadata.clone(), columns, rows.len()))
    }

    /// The bytes of a column of numbers, booleans or times as they lie; `None` for any other type. Several pieces are
    /// made one first.
    ///
    /// # Errors
    /// `OutOfRange` for a column that is not there, `Limit` where the pieces cannot be joined.
    pub fn storage(&self, column: u64) -> Result<Option<Storage>> {
        {
            let state = self.state();
            let column = &state.columns[state.column(column)?];
            match column.chunks.as_slice() {
                [chunk] => return Ok(storage(chunk)),
                _ if !column.has_width() => return Ok(None),
                _ => {}
            }
        }
        // The pieces may have owners that call back: they are dropped unlocked.
        let _replaced;
        let mut state = self.state_mut();
        let index = state.column(column)?;
        let column = &mut state.columns[index];
        _replaced = column.chunks.clone();
        column.join()?;
        Ok(column.chunks.first().and_then(storage))
    }

    /// How a column lies.
    ///
    /// # Errors
    /// `OutOfRange` for a column that is not there.
    pub fn form(&self, column: u64) -> Result<Form> {
        let state = self.state();
        Ok(state.columns[state.column(column)?].form)
    }

    /// A number of the frame, which another one gets and this one when it is reshaped; and the identity of each column.
    pub fn identities(&self) -> Identities {
        let state = self.state();
        (state.number, state.columns.iter().map(Column::identity).collect())
    }

    /// What the frame is now, as a frame of its own, and the identities of this one. Numbers and times in several pieces are made
    /// one before, for both.
    ///
    /// # Errors
    /// `Limit` where the pieces cannot be joined.
    pub fn as_it_is(&self) -> Result<(Frame, Identities)> {
        // The pieces may have owners that call back: they are dropped unlocked.
        let mut replaced = Vec::new();
        let mut state = self.state_mut();
        for column in &mut state.columns {
            if column.chunks.len() > 1 && column.has_width() {
                replaced.push(column.chunks.clone());
                column.join()?;
            }
        }
        let identities = (state.number, state.columns.iter().map(Column::identity).collect());
        let now = State::again(&state);
        drop(state);
        Ok((Frame(Arc::new(Inner { state: RwLock::new(now) })), identities))
    }

    /// One column, without a look at the others.
    ///
    /// # Errors
    /// `OutOfRange` for a column that is not there.
    pub fn column_info(&self, wanted: Wanted<'_>) -> Result<ColumnInfo> {
        let field = {
            let state = self.state();
            state.columns[wanted.find(&state)?].field.clone()
        };
        ColumnInfo::new(&field)
    }

    /// Numbers of the columns of this name.
    pub fn column_indices(&self, name: &str) -> Vec<u64> {
        let state = self.state();
        (0..).zip(&state.columns).filter(|(_, column)| column.field.name() == name).map(|(index, _)| index).collect()
    }

    /// Sets one word of the table's own metadata.
    pub fn set_word(&self, key: &str, value: String) {
        self.state_mut().metadata.insert(key.to_owned(), value);
    }

    /// Changes one word about each column that has it, where `change` answers with another one.
    pub fn change_words(&self, key: &str, change: impl Fn(&str) -> Option<String>) {
        self.state_mut().change_words(key, change);
    }

    /// Some rows of a column, without a count all that follow the first one.
    ///
    /// # Errors
    /// `OutOfRange` for a column or row that is not there, `Corrupt` for values that are not what Arrow demands.
    pub fn export_wanted(&self, wanted: Wanted<'_>, first: u64, count: Option<u64>) -> Result<OwnedStream> {
        let state = self.state();
        let end = count.map_or((state.rows as u64).max(first), |count| first.saturating_add(count));
        state.export(vec![wanted.find(&state)?], &(first..end))
    }

    /// All of it.
    ///
    /// # Errors
    /// `Corrupt` for values that are not what Arrow demands.
    pub fn export_all(&self) -> Result<OwnedStream> {
        let state = self.state();
        state.export(state.chosen(None)?, &(0..state.rows as u64))
    }

    /// Does any column hold decimals of 32 or 64 bits?
    pub fn has_short_decimals(&self) -> bool {
        self.state().columns.iter().any(Column::has_short_decimals)
    }

    /// A number that the frame has until its columns or rows are others, and how many rows it has.
    pub fn number_and_rows(&self) -> (u64, u64) {
        let state = self.state();
        (state.number, state.rows as u64)
    }

    /// Overwrites a run of a column's values.
    ///
    /// # Errors
    /// `OutOfRange` for a column or row that is not there, `Type` for values of another type.
    pub fn write_wanted(
        &self,
        wanted: Wanted<'_>,
        first_row: u64,
        schema: OwnedSchema,
        values: OwnedArray,
    ) -> Result<()> {
        let (field, chunk) = values_from(&schema, values)?;
        // What is replaced may be the last reference to much, with owners that call back: it is dropped unlocked.
        let _replaced;
        {
            let mut state = self.state_mut();
            let index = wanted.find(&state)?;
            let end = first_row.saturating_add(chunk.len as u64);
            let rows = state.range(&(first_row..end))?;
            _replaced = splice(&mut state.columns[index], rows, &field, &chunk)?;
        }
        Ok(())
    }

    /// The table's own metadata.
    pub fn metadata(&self) -> HashMap<String, String> {
        self.state().metadata.clone()
    }
}

impl DataFrameView for Frame {
    fn capabilities(&self) -> DataFrameCapability {
        WHOLE
    }

    fn shape(&self) -> Result<(u64, u64)> {
        let state = self.state();
        Ok((state.columns.len() as u64, state.rows as u64))
    }

    fn schema(&self) -> Result<OwnedSchema> {
        let schema = self.state().schema();
        schema_to(&schema)
    }

    fn export(&self, columns: Option<&[u64]>, rows: Range<u64>) -> Result<OwnedStream> {
        let state = self.state();
        state.export(state.chosen(columns)?, &rows)
    }

    fn write(&self, column: u64, first_row: u64, schema: OwnedSchema, values: OwnedArray) -> Result<()> {
        self.write_wanted(Wanted { index: column, name: None }, first_row, schema, values)
    }

    fn reshape(&self, schema: OwnedSchema, rows: u64) -> Result<()> {
        let (schema, rows) = (schema_from(&schema)?, row_count(rows)?);
        let _replaced;
        {
            let mut state = self.state_mut();
            let mut taken = vec![false; state.columns.len()];
            let mut columns = Vec::with_capacity(schema.fields().len());
            for field in schema.fields() {
                let field = Arc::new(Form::split(field.as_ref().clone()).0);
                let kept = state.columns.iter().zip(&taken).position(|(column, taken)| {
                    !taken && column.field.name() == field.name() && column.field.data_type() == field.data_type()
                });
                columns.push(match kept {
                    Some(index) => {
                        taken[index] = true;
                        let old = &state.columns[index];
                        let mut column = old.sliced(&(0..rows.min(state.rows)));
                        let nullable = field.is_nullable() || old.field.is_nullable();
                        column.field = Arc::new(field.as_ref().clone().with_nullable(nullable));
                        column.extend(rows.saturating_sub(state.rows))?;
                        column
                    }
                    None => Column::zeroed(field, rows)?,
                });
            }
            let metadata: HashMap<_, _> = schema.metadata().clone().into();
            _replaced = std::mem::replace(&mut *state, State::new(metadata, columns, rows));
        }
        Ok(())
    }

    fn extension(&self, id: u64) -> Option<View> {
        (id == NEAR).then(|| View::extension(Near(self.clone())))
    }
}

/// The handle of a frame as a service.
struct Near(Frame);

impl Extension for Near {
    fn id(&self) -> u64 {
        NEAR
    }

    fn table(&self) -> *const c_void {
        &self.0 as *const Frame as *const c_void
    }
}
