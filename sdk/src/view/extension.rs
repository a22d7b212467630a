//! Services attached to a view: an id and a table of the service's own.

use super::{border, guard, read_table, ForeignView, View};
use crate::abi::*;
use crate::{fail, Result};
use std::os::raw::c_void;
use std::sync::Arc;

/// A service attached to a view. Who knows the id knows what the table is, and calls it by [`with_table`].
///
/// A table whose functions take the extension's view belongs to that view: a wrapper cannot hand on the table of another.
/// The services of this project are made and found by [`services`](super::services).
pub trait Extension: Send + Sync {
    /// Which service: 0x0-0xFFFF are this project's; take a number of 64 random bits for your own.
    fn id(&self) -> u64;

    /// The service's own table; good while the extension lives.
    fn table(&self) -> *const c_void;

    /// A service of the service.
    fn extension(&self, _id: u64) -> Option<View> {
        None
    }

    /// URI that the view was opened by.
    fn origin(&self) -> Option<String> {
        None
    }

    /// The view made elsewhere that this is, where it is one.
    fn foreign(&self) -> Option<&ForeignView> {
        None
    }
}

/// Runs `body` with an extension's table and the object that its functions take: one call at a time where the maker asks
/// for that.
///
/// # Safety
/// `T` is what those who know the extension's id agreed its table to be. Its functions may be called with the object until
/// `body` returns.
pub unsafe fn with_table<T, R>(
    extension: &Arc<dyn Extension>,
    body: impl FnOnce(*const T, *const iolink_view) -> R,
) -> R {
    match extension.foreign() {
        Some(foreign) => {
            let table = extension.table();
            foreign.with(|raw| body(table as *const T, raw))
        }
        None => crate::host_api::with_raw_view(View::Extension(extension.clone()), |raw| {
            body(extension.table() as *const T, raw)
        }),
    }
}

border!(
    Extension, Extension, iolink_extension_vtable, |_| 0, |this, id| this.extension(id),
    { id, table }
);

unsafe extern "C" fn id(view: *const iolink_view) -> u64 {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    let mut id = u64::MAX;
    guard(this.provider, std::ptr::null_mut(), || {
        id = this.value.id();
        Ok(())
    });
    id
}

unsafe extern "C" fn table(view: *const iolink_view) -> *const c_void {
    // SAFETY: only this kind's table holds this function.
    let this = unsafe { Here::of(view) };
    let mut table = std::ptr::null();
    guard(this.provider, std::ptr::null_mut(), || {
        table = this.value.table();
        Ok(())
    });
    table
}

/// An extension made elsewhere.
pub struct ForeignExtension {
    foreign: ForeignView,
    functions: iolink_extension_vtable,
}

impl ForeignExtension {
    pub(crate) fn adopt(foreign: ForeignView) -> Result<Self> {
        // SAFETY: the kind was checked, so the head starts an extension's table.
        let functions: iolink_extension_vtable = unsafe { read_table(foreign.base()) };
        if functions.id.is_none() || functions.table.is_none() {
            fail!(Internal, "the extension has no function id or table");
        }
        Ok(ForeignExtension { foreign, functions })
    }
}

impl Extension for ForeignExtension {
    fn id(&self) -> u64 {
        // SAFETY: the view lives until this returns.
        self.foreign.with(|raw| self.functions.id.map_or(u64::MAX, |id| unsafe { id(raw) }))
    }

    fn table(&self) -> *const c_void {
        // SAFETY: the view lives until this returns.
        self.foreign.with(|raw| self.functions.table.map_or(std::ptr::null(), |table| unsafe { table(raw) }))
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
