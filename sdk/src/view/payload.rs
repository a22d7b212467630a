//! What an error carries beside its text: it cannot cross the border, but it can wait beside it. Where an error comes back
//! on the thread and in the struct that it went out by, it gets what it carried back.

use crate::abi::iolink_error;
use crate::Error;
use std::any::Any;
use std::cell::RefCell;
use std::sync::Arc;

type Payload = Arc<dyn Any + Send + Sync>;

struct Waiting {
    place: usize,
    message: String,
    payload: Payload,
}

thread_local! {
    static WAITING: RefCell<Option<Waiting>> = const { RefCell::new(None) };
}

/// Exchanges what waits; nothing is dropped while the place is borrowed, for that may run code of anybody.
fn exchange(next: Option<Waiting>) -> Option<Waiting> {
    WAITING.try_with(|waiting| waiting.replace(next)).unwrap_or(None)
}

/// An error was written into a struct: what it carries waits, and what waited before is forgotten.
pub(super) fn put(place: *const iolink_error, failed: &Error) {
    let next = failed.payload().map(|payload| Waiting {
        place: place as usize,
        message: failed.message().to_owned(),
        payload: payload.clone(),
    });
    drop(exchange(next));
}

/// An error was read from a struct: what it carried, if it is the one that was written there last.
pub(super) fn take(place: *const iolink_error, message: &str) -> Option<Payload> {
    let found = exchange(None)?;
    // A long message was cut where it went out.
    let same = found.place == place as usize && !message.is_empty() && found.message.starts_with(message);
    same.then_some(found.payload)
}
