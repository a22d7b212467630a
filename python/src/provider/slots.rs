//! The border calls a provider by plain functions, which know nothing but their arguments. So each provider written in
//! Python gets functions of its own, out of a fixed number that the compiler made.

use super::object::Provider;
use iolink_sdk::abi::{iolink_error, iolink_host, iolink_source, iolink_view, IOLINK_ERROR_NOT_IMPLEMENTED};
use iolink_sdk::{fail, hosting, Result};
use std::sync::{Arc, PoisonError, RwLock};

static TAKEN: RwLock<Vec<Arc<Provider>>> = RwLock::new(Vec::new());

pub type Identify = unsafe extern "C" fn(*const iolink_host, *const iolink_source, *mut u32, *mut iolink_error) -> i32;
pub type Open =
    unsafe extern "C" fn(*const iolink_host, *const iolink_source, *mut *mut iolink_view, *mut iolink_error) -> i32;

/// The functions that lead to one provider.
#[derive(Clone, Copy)]
pub struct Slot {
    pub identify: Identify,
    pub open: Open,
}

const fn slot<const INDEX: usize>() -> Slot {
    Slot { identify: identify::<INDEX>, open: open::<INDEX> }
}

macro_rules! sixteen {
    ($($base:literal)*) => {
        [$(
            slot::<$base>(), slot::<{ $base + 1 }>(), slot::<{ $base + 2 }>(), slot::<{ $base + 3 }>(),
            slot::<{ $base + 4 }>(), slot::<{ $base + 5 }>(), slot::<{ $base + 6 }>(), slot::<{ $base + 7 }>(),
            slot::<{ $base + 8 }>(), slot::<{ $base + 9 }>(), slot::<{ $base + 10 }>(), slot::<{ $base + 11 }>(),
            slot::<{ $base + 12 }>(), slot::<{ $base + 13 }>(), slot::<{ $base + 14 }>(), slot::<{ $base + 15 }>(),
        )*]
    };
}

const SLOTS: [Slot; 256] = sixteen!(0 16 32 48 64 80 96 112 128 144 160 176 192 208 224 240);

/// The functions for a provider; one that comes again under its id takes over those it had.
///
/// # Errors
/// `Limit` where all are taken.
pub fn take(provider: Provider) -> Result<Slot> {
    let mut taken = TAKEN.write().unwrap_or_else(PoisonError::into_inner);
    let index = taken.iter().position(|known| known.id == provider.id).unwrap_or(taken.len());
    let Some(slot) = SLOTS.get(index) else {
        fail!(Limit, "{} providers written in Python are in use; a process takes no more", SLOTS.len());
    };
    let provider = Arc::new(provider);
    match taken.get_mut(index) {
        // The old one may need the interpreter to go, and another thread of Python this list: it goes after the lock.
        Some(place) => {
            let old = std::mem::replace(place, provider);
            drop(taken);
            drop(old);
        }
        None => taken.push(provider),
    }
    Ok(*slot)
}

fn provider(index: usize) -> Result<Arc<Provider>> {
    match TAKEN.read().unwrap_or_else(PoisonError::into_inner).get(index) {
        Some(provider) => Ok(provider.clone()),
        None => fail!(Internal, "no provider written in Python has the place {index}"),
    }
}

unsafe extern "C" fn identify<const INDEX: usize>(
    host: *const iolink_host,
    source: *const iolink_source,
    score: *mut u32,
    error: *mut iolink_error,
) -> i32 {
    let mut goes_by_offers = false;
    let status = hosting::answer(error, || {
        // SAFETY: host and source are the caller's and live until this returns; references of their own are taken.
        let (host, source) = unsafe { (hosting::host(host), hosting::source(source)?) };
        match provider(INDEX)?.identify(host, source)? {
            // SAFETY: `score` is the caller's.
            Some(sure) => unsafe { *score = sure },
            None => goes_by_offers = true,
        }
        Ok(())
    });
    if goes_by_offers {
        return IOLINK_ERROR_NOT_IMPLEMENTED;
    }
    status
}

unsafe extern "C" fn open<const INDEX: usize>(
    host: *const iolink_host,
    source: *const iolink_source,
    out: *mut *mut iolink_view,
    error: *mut iolink_error,
) -> i32 {
    hosting::answer(error, || {
        // SAFETY: host and source are the caller's and live until this returns; references of their own are taken.
        let (host, source) = unsafe { (hosting::host(host), hosting::source(source)?) };
        let provider = provider(INDEX)?;
        let view = provider.open(host, source)?.into_raw(provider.id);
        // SAFETY: `out` is the caller's.
        unsafe { *out = view };
        Ok(())
    })
}
