//! Events for a program's own log function.

use std::ffi::{c_char, c_void, CString};
use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use iolink_sdk::abi::*;

/// A program's log function: `IOLINK_LOG_*`, where the event comes from, and what happened.
pub type Log = unsafe extern "C" fn(context: *mut c_void, level: u32, target: *const c_char, message: *const c_char);

/// Hands events on.
pub struct Listener {
    pub log: Log,
    pub context: *mut c_void,
    pub least: LevelFilter,
    pub spans: AtomicU64,
}

// SAFETY: the header asks for a log function that may be called from any thread; the context is only handed to it.
unsafe impl Send for Listener {}
// SAFETY: as above.
unsafe impl Sync for Listener {}

/// The filter of an `IOLINK_LOG_*` number; 0 is INFO.
pub fn filter(level: u32) -> LevelFilter {
    match level {
        IOLINK_LOG_ERROR => LevelFilter::ERROR,
        IOLINK_LOG_WARN => LevelFilter::WARN,
        0 | IOLINK_LOG_INFO => LevelFilter::INFO,
        IOLINK_LOG_DEBUG => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

/// The number of a level.
fn number(level: &Level) -> u32 {
    match *level {
        Level::ERROR => IOLINK_LOG_ERROR,
        Level::WARN => IOLINK_LOG_WARN,
        Level::INFO => IOLINK_LOG_INFO,
        Level::DEBUG => IOLINK_LOG_DEBUG,
        Level::TRACE => IOLINK_LOG_TRACE,
    }
}

/// An event in one line: its message, then `name=value`.
#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, "{}{name}={value:?}", if self.0.is_empty() { "" } else { " " }),
        };
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.least
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.least)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let text = |words: &str| CString::new(words.replace('\0', " ")).unwrap_or_default();
        let (target, message) = (text(event.metadata().target()), text(&line.0));
        // SAFETY: the program vouches for function and context; both texts outlive the call.
        unsafe { (self.log)(self.context, number(event.metadata().level()), target.as_ptr(), message.as_ptr()) }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
