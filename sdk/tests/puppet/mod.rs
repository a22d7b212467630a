//! Views made by hand, in whose tables anything can be put.
#![allow(dead_code)] // Each file of tests uses what it needs.

use iolink_sdk::abi::*;
use iolink_sdk::{ErrorKind, Result, View};
use std::mem::size_of;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicI64, Ordering};

/// A view in whose table anything can be put. It counts its references and never frees itself.
#[repr(C)]
pub struct Puppet<T> {
    pub view: iolink_view,
    pub references: AtomicI64,
    /// How many calls run at once, and the most that ever did.
    pub running: AtomicI64,
    pub most: AtomicI64,
    pub table: T,
}

/// Adds a reference.
///
/// # Safety
/// The view is a puppet.
pub unsafe extern "C" fn retain(view: *mut iolink_view) {
    // SAFETY: every puppet starts with these two fields, whatever its table.
    unsafe { &*(view as *const Puppet<()>) }.references.fetch_add(1, Ordering::SeqCst);
}

/// Drops a reference.
///
/// # Safety
/// The view is a puppet.
pub unsafe extern "C" fn release(view: *mut iolink_view) {
    // SAFETY: every puppet starts with these two fields, whatever its table.
    unsafe { &*(view as *const Puppet<()>) }.references.fetch_sub(1, Ordering::SeqCst);
}

/// Claims everything.
///
/// # Safety
/// Nothing is looked at.
pub unsafe extern "C" fn every_capability(_: *const iolink_view) -> u64 {
    u64::MAX
}

/// Claims READ.
///
/// # Safety
/// Nothing is looked at.
pub unsafe extern "C" fn one_capability(_: *const iolink_view) -> u64 {
    1
}

/// A head that is in order.
pub fn head<T>(kind: u32) -> iolink_view_head {
    iolink_view_head {
        size: size_of::<T>() as u32,
        kind,
        flags: IOLINK_FLAG_THREAD_SAFE,
        maker: null(),
        retain: Some(retain),
        release: Some(release),
        capabilities: Some(one_capability),
        extension: None,
        origin: None,
    }
}

/// A live view with this table.
pub fn puppet<T>(table: T) -> Box<Puppet<T>> {
    let mut made = Box::new(Puppet {
        view: iolink_view { magic: IOLINK_VIEW_MAGIC, vtable: null(), self_: null_mut() },
        references: AtomicI64::new(1),
        running: AtomicI64::new(0),
        most: AtomicI64::new(0),
        table,
    });
    made.view.vtable = std::ptr::addr_of!(made.table) as *const iolink_view_head;
    made
}

impl<T> Puppet<T> {
    /// Hands one reference over.
    pub fn give(&mut self) -> Result<View> {
        // SAFETY: the puppet is a live view, or one whose magic says that it is none.
        unsafe { View::from_raw(self as *mut Puppet<T> as *mut iolink_view) }
    }

    /// References that are held.
    pub fn references(&self) -> i64 {
        self.references.load(Ordering::SeqCst)
    }

    /// The view is refused for this reason, and its reference given back.
    pub fn refused(&mut self, kind: ErrorKind, words: &str) {
        let error = self.give().map(drop).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(words), "{error}");
        assert_eq!(self.references(), 0, "{error}");
    }
}
