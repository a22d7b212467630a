//! Views made by hand, in whose tables anything can be put.
#![allow(dead_code)] // Each file of tests uses what it needs.

use iolink_sdk::abi::*;
use iolink_sdk::{DataType, ErrorKind, Result, View};
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

/// A base that is in order.
pub fn base<T>(kind: u32) -> iolink_view_base {
    iolink_view_base {
        size: size_of::<T>() as u32,
        kind,
        flags: IOLINK_VIEW_FLAG_THREAD_SAFE,
        maker: null(),
        retain: Some(retain),
        release: Some(release),
        capabilities: Some(one_capability),
        extension: None,
        reserved: [None; 3],
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
    made.view.vtable = std::ptr::addr_of!(made.table) as *const iolink_view_base;
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

/// An image of four bytes without samples: its table describes it, and reads nothing.
pub fn image() -> iolink_image_vtable {
    unsafe extern "C" fn describe(
        _: *const iolink_view,
        out: *mut iolink_image_description,
        _: *mut iolink_error,
    ) -> i32 {
        // SAFETY: the caller brings the struct.
        let out = unsafe { &mut *out };
        (out.dimension_count, out.data_type, out.shape[0]) = (1, DataType::UINT8.id(), 4);
        IOLINK_OK
    }
    unsafe extern "C" fn read(
        view: *const iolink_view,
        _: *const iolink_region,
        _: *const iolink_block,
        _: *const iolink_call,
        _: *mut iolink_error,
    ) -> i32 {
        // SAFETY: every puppet starts with these fields, whatever its table.
        let this = unsafe { &*(view as *const Puppet<()>) };
        this.most.fetch_max(this.running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::yield_now();
        this.running.fetch_sub(1, Ordering::SeqCst);
        IOLINK_OK
    }
    iolink_image_vtable {
        base: base::<iolink_image_vtable>(IOLINK_KIND_IMAGE),
        describe: Some(describe),
        memory: None,
        read_region: Some(read),
        write_region: None,
        reshape: None,
        properties: None,
        set_properties: None,
        metadata: None,
        set_metadata: None,
        prefetch: None,
        flush: None,
        finish: None,
        channels: None,
        set_channels: None,
        coordinates: None,
        set_coordinates: None,
    }
}

/// An error struct as a caller brings it.
pub fn error() -> iolink_error {
    iolink_error {
        size: size_of::<iolink_error>() as u32,
        kind: 0,
        code: 0,
        reserved: 0,
        provider: [0; 64],
        message: [0; 1008],
    }
}

/// The message of an error struct.
pub fn message(error: &iolink_error) -> String {
    // SAFETY: `error` starts with NULs, and a callee ends its message with one.
    unsafe { std::ffi::CStr::from_ptr(error.message.as_ptr()) }.to_string_lossy().into_owned()
}

/// A call without anything, as a caller brings it.
pub fn call() -> iolink_call {
    iolink_call {
        size: size_of::<iolink_call>() as u32,
        flags: 0,
        context: null_mut(),
        progress: None,
        deadline_ns: 0,
        max_threads: 0,
        reserved: 0,
    }
}
