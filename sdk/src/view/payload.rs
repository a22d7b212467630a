//! What an error carries beside its text. It cannot cross the border, but it waits beside it, on the thread that it left on: an
//! error that comes back with the text of one that went out carries the same again, whatever words others put around it.

use crate::abi::iolink_error;
use crate::Error;
use std::any::Any;
use std::cell::RefCell;
use std::sync::Arc;

type Payload = Arc<dyn Any + Send + Sync>;

/// Errors that wait at most; the oldest is forgotten first.
const MOST: usize = 2;
/// Other errors that come back before one that waits is forgotten: it was dealt with on the other side.
const CHANCES: u8 = 16;
/// Letters by which a text is known again: a long message is cut at the border.
const KNOWN: usize = 200;

struct Waiting {
    place: usize,
    message: String,
    payload: Payload,
    chances: u8,
}

impl Waiting {
    /// Returns whether an error with this message is the one that waits, perhaps with words around it.
    fn is_in(&self, message: &str) -> bool {
        // A NUL does not cross.
        let line = self.message.split(['\n', '\0']).next().unwrap_or_default().trim();
        let known = line.char_indices().nth(KNOWN).map_or(line, |(end, _)| &line[..end]);
        !known.is_empty() && message.contains(known)
    }
}

thread_local! {
    static WAITING: RefCell<Vec<Waiting>> = const { RefCell::new(Vec::new()) };
}

/// Exchanges what waits; nothing is dropped while the place is borrowed, for that may run code of anybody.
fn exchange(next: Vec<Waiting>) -> Vec<Waiting> {
    WAITING.try_with(|waiting| waiting.replace(next)).unwrap_or_default()
}

/// Keeps what an error carries that was written into a struct.
pub(crate) fn put(place: *const iolink_error, failed: &Error) {
    let Some(payload) = failed.payload() else { return };
    let mut waiting = exchange(Vec::new());
    let forgotten = (waiting.len() >= MOST).then(|| waiting.remove(0));
    let (message, payload) = (failed.message().to_owned(), payload.clone());
    waiting.push(Waiting { place: place as usize, message, payload, chances: CHANCES });
    exchange(waiting);
    drop(forgotten);
}

/// Returns what an error carried that was read from a struct.
pub(super) fn take(place: *const iolink_error, message: &str) -> Option<Payload> {
    find(|waiting| {
        let same = waiting.place == place as usize && !message.is_empty() && waiting.message.starts_with(message);
        same || waiting.is_in(message)
    })
}

/// Returns what an error carried that came back as a text alone.
pub(crate) fn recall(message: &str) -> Option<Payload> {
    find(|waiting| waiting.is_in(message))
}

fn find(is_it: impl Fn(&Waiting) -> bool) -> Option<Payload> {
    let mut waiting = exchange(Vec::new());
    let Some(found) = waiting.iter().rposition(is_it) else {
        waiting.iter_mut().for_each(|waiting| waiting.chances -= 1);
        let (kept, forgotten): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|waiting| waiting.chances > 0);
        exchange(kept);
        drop(forgotten);
        return None;
    };
    let known = waiting.remove(found);
    // What went out before it was dealt with.
    exchange(waiting.split_off(found));
    Some(known.payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn sent(message: &str) -> Payload {
        let payload: Payload = Arc::new(message.to_owned());
        put(std::ptr::null(), &Error::new(ErrorKind::Internal, message).with_payload(payload.clone()));
        payload
    }

    #[test]
    fn an_error_that_comes_back_in_other_words_carries_the_same() {
        let payload = sent("ZeroDivisionError: division by zero");
        let back = recall("file:///t.csv: column \"a\": ZeroDivisionError: division by zero [x.tables]");
        assert!(Arc::ptr_eq(&back.unwrap(), &payload));
        assert!(recall("ZeroDivisionError: division by zero").is_none());
    }

    #[test]
    fn other_errors_carry_nothing_and_in_the_end_it_is_forgotten() {
        let payload = sent("OSError: a pipe broke");
        for _ in 0..CHANCES {
            assert!(recall("the file has no footer").is_none());
        }
        assert_eq!(Arc::strong_count(&payload), 1);
    }

    #[test]
    fn no_more_than_two_wait() {
        let all: Vec<_> = ["one", "two", "three"].iter().map(|message| sent(message)).collect();
        assert!(recall("one").is_none() && recall("two").is_some() && recall("three").is_some());
        assert!(all.iter().all(|payload| Arc::strong_count(payload) == 1));
    }
}
