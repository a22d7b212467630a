//! 64 bytes at a time: says of a well-formed text that it is, and of any other nothing.

use super::Dialect;
use std::arch::x86_64::*;

/// How many records a text has that is certainly well formed; `None`: look again, exactly.
pub fn well_formed(bytes: &[u8], dialect: Dialect, width: usize) -> Option<u64> {
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt") && is_x86_feature_detected!("bmi1") {
        // SAFETY: the processor has what the function needs.
        unsafe { pass(bytes, dialect, width.checked_sub(1)? as u64) }
    } else {
        None
    }
}

/// One bit for each of 64 bytes.
struct Masks {
    low: __m256i,
    high: __m256i,
}

impl Masks {
    /// # Safety
    /// The processor has AVX2, and `at` is readable for 64 bytes.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn load(at: *const u8) -> Self {
        // SAFETY: by the caller's promise.
        unsafe { Masks { low: _mm256_loadu_si256(at.cast()), high: _mm256_loadu_si256(at.add(32).cast()) } }
    }

    /// # Safety
    /// The processor has AVX2.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn equal(&self, byte: u8) -> u64 {
        let byte = _mm256_set1_epi8(byte as i8);
        let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(self.low, byte)) as u32;
        let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(self.high, byte)) as u32;
        u64::from(low) | u64::from(high) << 32
    }
}

/// What the bytes before say about the ones to come; each is one bit or all.
struct Before {
    /// Inside a quoted field.
    inside: u64,
    /// The last byte was a separator, newline or quote, or there was none.
    edge: u64,
    /// The last byte closed a quote.
    close: u64,
    /// The last byte was a carriage return behind a closing quote: only a newline may follow.
    carriage: u64,
    /// Anything that is not as it should be.
    bad: u64,
}

impl Before {
    /// Takes the separators and newlines inside quotes out of `separators` and `newlines`, and judges the quotes.
    fn quotes(&mut self, quotes: u64, returns: u64, live: u64, separators: &mut u64, newlines: &mut u64) {
        if quotes | self.inside | self.close | self.carriage == 0 {
            self.edge = (*separators | *newlines) >> 63;
            return;
        }
        let mut parity = quotes;
        for shift in [1, 2, 4, 8, 16, 32] {
            parity ^= parity << shift;
        }
        let inside = parity ^ self.inside;
        let edge = *separators | *newlines | quotes;
        let (open, close) = (quotes & inside, quotes & !inside);
        let behind = close << 1 | self.close;
        self.bad |= open & !(edge << 1 | self.edge);
        self.bad |= behind & !(edge | returns) & live;
        let carriage = behind & returns;
        self.bad |= (carriage << 1 | self.carriage) & !*newlines & live;
        self.carriage = carriage >> 63;
        self.close = close >> 63;
        self.inside = ((inside as i64) >> 63) as u64;
        self.edge = edge >> 63;
        *separators &= !inside;
        *newlines &= !inside;
    }
}

/// # Safety
/// The processor has AVX2, POPCNT and BMI1.
#[target_feature(enable = "avx2,popcnt,bmi1")]
unsafe fn pass(bytes: &[u8], dialect: Dialect, wanted: u64) -> Option<u64> {
    let mut before = Before { inside: 0, edge: 1, close: 0, carriage: 0, bad: 0 };
    let (mut count, mut records) = (0, 0);
    let mut last = [0; 64];
    for chunk in bytes.chunks(64) {
        let (at, live) = if chunk.len() == 64 {
            (chunk.as_ptr(), u64::MAX)
        } else {
            last[..chunk.len()].copy_from_slice(chunk);
            (last.as_ptr(), (1 << chunk.len()) - 1)
        };
        // SAFETY: 64 bytes are readable at `at`, and the processor has AVX2.
        let (mut separators, mut newlines, quotes, returns) = unsafe {
            let masks = Masks::load(at);
            let quotes = dialect.quote.map_or(0, |quote| masks.equal(quote));
            (masks.equal(dialect.separator) & live, masks.equal(b'\n') & live, quotes & live, masks.equal(b'\r') & live)
        };
        before.quotes(quotes, returns, live, &mut separators, &mut newlines);
        records += u64::from(newlines.count_ones());
        while newlines != 0 {
            let up_to = newlines ^ (newlines - 1);
            before.bad |= (count + u64::from((separators & up_to).count_ones())) ^ wanted;
            count = 0;
            separators &= !up_to;
            newlines &= newlines - 1;
        }
        count += u64::from(separators.count_ones());
        if before.bad != 0 {
            return None;
        }
    }
    match (before.inside, bytes.last()) {
        (0, None | Some(b'\n')) => Some(records),
        (0, _) if count == wanted => Some(records + 1),
        _ => None,
    }
}
