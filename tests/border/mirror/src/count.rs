//! What this plugin's own allocator has given and taken back, told through an extension.

use iolink_sdk::{Extension, RandomAccess, Result, StreamCapability, View};
use std::alloc::{GlobalAlloc, Layout, System};
use std::os::raw::c_void;
use std::sync::atomic::{AtomicI64, Ordering};

struct Counting;

static LIVE: AtomicI64 = AtomicI64::new(0);

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

extern "C" fn live() -> i64 {
    LIVE.load(Ordering::Relaxed)
}

/// The extension's table: allocations that live in this plugin.
#[repr(C)]
struct CounterTable {
    live: extern "C" fn() -> i64,
}

static TABLE: CounterTable = CounterTable { live };

struct Service;

impl Extension for Service {
    fn id(&self) -> u64 {
        0x10001
    }

    fn table(&self) -> *const c_void {
        &TABLE as *const CounterTable as *const c_void
    }
}

/// Random access over nothing, for the sake of its extension.
pub struct Counter;

impl RandomAccess for Counter {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ
    }

    fn length(&self) -> Result<u64> {
        Ok(0)
    }

    fn read_at(&self, _offset: u64, _buffer: &mut [u8]) -> Result<usize> {
        Ok(0)
    }

    fn extension(&self, id: u64) -> Option<View> {
        (id == 0x10001).then(|| View::extension(Service))
    }
}
