//! A line that says how far long work is, on a terminal only.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// The line. It shows after a moment, so that short work stays quiet, and goes when it is dropped.
pub struct Progress {
    shown: bool,
    began: Instant,
    last: Cell<Option<Instant>>,
}

const QUIET: Duration = Duration::from_millis(300);
const PAUSE: Duration = Duration::from_millis(100);
const WIDTH: u64 = 30;

impl Progress {
    /// A line on standard error, where that is a terminal and nobody asked for quiet.
    pub fn new(quiet: bool) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal();
        Progress { shown, began: Instant::now(), last: Cell::new(None) }
    }

    /// Shows how many bytes of how many are done.
    pub fn show(&self, done: u64, total: u64) {
        let now = Instant::now();
        let due = self.last.get().map_or(self.began + QUIET, |last| last + PAUSE);
        if self.shown && now >= due {
            self.last.set(Some(now));
            eprint!("\r{}\x1b[K", line(done, total, now - self.began));
            // A terminal that is gone needs no line.
            let _ = std::io::stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.last.get().is_some() {
            eprint!("\r\x1b[K");
        }
    }
}

fn line(done: u64, total: u64, passed: Duration) -> String {
    let part = |of: u64| (u128::from(done.min(total)) * u128::from(of) / u128::from(total.max(1))) as u64;
    let filled = part(WIDTH) as usize;
    let speed = done as f64 / passed.as_secs_f64().max(1e-3) / (1 << 20) as f64;
    format!("[{}{}] {:>3}% {speed:.0} MiB/s", "#".repeat(filled), " ".repeat(WIDTH as usize - filled), part(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_fills_up() {
        let second = Duration::from_secs(1);
        assert_eq!(line(0, 64 << 20, second), format!("[{}]   0% 0 MiB/s", " ".repeat(30)));
        assert_eq!(line(32 << 20, 64 << 20, second), format!("[{}{}]  50% 32 MiB/s", "#".repeat(15), " ".repeat(15)));
        assert_eq!(line(u64::MAX, u64::MAX, second).matches('#').count(), 30);
        assert!(line(0, 0, second).contains("0%"));
    }
}
