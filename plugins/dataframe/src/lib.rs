//! Data frames in memory: allocates them, adopts Arrow tables without copying them, and changes them without touching a
//! buffer that anybody else can see.
//!
//! Read in this order: [`Frame`] (the view), [`Storage`] (the bytes of a column as they lie, which need not be Arrow's),
//! [`Values`] (cells one by one), [`Edit`] (other columns and rows), [`build`] (columns out of plain memory), [`request`] (types that a consumer asks for).

pub mod build;
mod cells;
mod column;
mod dictionary;
mod edit;
mod export;
pub mod far;
mod fill;
mod frame;
mod import;
mod lend;
pub mod request;
mod storage;
mod types;
mod values;
pub mod widen;
mod write;
mod zeros;

pub use cells::Cell;
pub use edit::{Edit, NewColumn, Wanted};
pub use frame::{Frame, Identities};
pub use lend::{Keeper, Storage};
pub use storage::Form;
pub use types::{ColumnInfo, TableType, TYPE, UNIT};
pub use values::Values;

use arrow_schema::ArrowError;
use iolink_sdk::{
    fail, Adopt, Call, Convert, Cost, Create, CreateView, DataFrameCapability, Error, ErrorKind, Host, Kind, Offer,
    Provider, ProviderInfo, Result, View,
};
use std::panic::{catch_unwind, AssertUnwindSafe};

pub(crate) const WHOLE: DataFrameCapability = DataFrameCapability::READ
    .and(DataFrameCapability::WRITE)
    .and(DataFrameCapability::RESHAPE)
    .and(DataFrameCapability::ARROW);

/// What a frame has whose buffers can be shared.
pub(crate) const LENT: DataFrameCapability = DataFrameCapability::READ.and(DataFrameCapability::ARROW);

/// The provider of data frames in memory.
pub struct Frames;

impl Provider for Frames {
    const INFO: ProviderInfo = ProviderInfo::new("org.iolink.dataframe", "Data frames in memory").offers(&[
        Offer::create(Kind::DataFrame).frame_capabilities(WHOLE),
        Offer::adopt(Kind::DataFrame).frame_capabilities(WHOLE),
        Offer::convert(Kind::DataFrame, Kind::DataFrame, Cost::Shared).needs(LENT.value()).frame_capabilities(WHOLE),
        Offer::convert(Kind::DataFrame, Kind::DataFrame, Cost::Copy)
            .needs(DataFrameCapability::READ.value())
            .frame_capabilities(WHOLE),
    ]);

    fn create(&self, _host: &Host, request: Create, _call: &Call<'_>) -> Result<View> {
        match request.view {
            CreateView::DataFrame { schema, rows } => Ok(View::data_frame(Frame::zeroed(&schema, rows)?)),
            other => fail!(NotImplemented, "org.iolink.dataframe makes no views of kind {}", other.kind().word()),
        }
    }

    fn adopt(&self, _host: &Host, request: Adopt, call: &Call<'_>) -> Result<View> {
        match request {
            Adopt::DataFrame(stream) => Ok(View::data_frame(Frame::adopt_with(stream, call)?)),
            other => fail!(NotImplemented, "org.iolink.dataframe makes no views of kind {}", other.kind().word()),
        }
    }

    fn convert(&self, _host: &Host, view: View, _request: &Convert, call: &Call<'_>) -> Result<View> {
        let frame = view.into_data_frame()?;
        if let Some(own) = Frame::of(&*frame) {
            return Ok(View::data_frame(own.select(None, None)?));
        }
        let stream = frame.export_with(None, 0..frame.shape()?.1, 0, call)?;
        Ok(View::data_frame(Frame::adopt_with(stream, call)?))
    }
}

iolink_sdk::builtin!(Frames);

/// An error of arrow-rs in the words of this library.
pub(crate) fn arrow_error(error: ArrowError) -> Error {
    let kind = match &error {
        ArrowError::NotYetImplemented(_) => ErrorKind::Unsupported,
        ArrowError::OffsetOverflowError(_) | ArrowError::MemoryError(_) => ErrorKind::Limit,
        ArrowError::SchemaError(_) => ErrorKind::Type,
        ArrowError::CDataInterface(_) => ErrorKind::Unsupported,
        _ => ErrorKind::Corrupt,
    };
    Error::new(kind, error.to_string())
}

/// Runs `body`, which reads structs of a foreign producer by arrow-rs: a panic becomes an error.
pub(crate) fn contained<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        let message = match (payload.downcast_ref::<String>(), payload.downcast_ref::<&str>()) {
            (Some(message), _) => message.clone(),
            (_, Some(message)) => (*message).to_owned(),
            _ => "no message".to_owned(),
        };
        // Dropping a payload can panic in its turn.
        std::mem::forget(payload);
        Err(Error::new(ErrorKind::Corrupt, format!("arrow-rs cannot read the Arrow array: {message}")))
    })
}

#[cfg(test)]
mod tests;
