//! Telling the caller how far a long copy is, seldom enough to cost nothing.

/// Bytes between two calls of the caller's function.
pub(super) const STEP: u64 = 4 << 20;

/// The caller of a long copy, as the drivers see it.
pub(super) struct Ticker<'a> {
    tick: Option<&'a mut dyn FnMut(u64, u64) -> bool>,
    done: u64,
    next: u64,
    total: u64,
    /// Maximum number of threads; 0: as many as are useful.
    max_threads: u32,
}

impl<'a> Ticker<'a> {
    /// Nobody listens.
    pub(super) fn silent() -> Self {
        Ticker { tick: None, done: 0, next: u64::MAX, total: 0, max_threads: 0 }
    }

    /// `tick` hears about every [`STEP`] bytes of `total`.
    pub(super) fn new(tick: &'a mut dyn FnMut(u64, u64) -> bool, total: u64) -> Self {
        Ticker { tick: Some(tick), done: 0, next: STEP, total, max_threads: 0 }
    }

    /// The same, for a copy by at most so many threads; 0: as many as are useful.
    pub(super) fn with_max_threads(mut self, count: u32) -> Self {
        self.max_threads = count;
        self
    }

    /// Maximum number of threads; 0: as many as are useful.
    pub(super) fn max_threads(&self) -> u32 {
        self.max_threads
    }

    /// At most this many bytes should be copied between two calls of [`Ticker::advance`].
    #[inline]
    pub(super) fn step(&self) -> usize {
        if self.tick.is_some() {
            STEP as usize
        } else {
            usize::MAX
        }
    }

    /// Another `bytes` have been copied; `false` means stop.
    #[inline]
    pub(super) fn advance(&mut self, bytes: usize) -> bool {
        self.done = self.done.wrapping_add(bytes as u64);
        self.done < self.next || self.report()
    }

    #[cold]
    fn report(&mut self) -> bool {
        self.next = self.done.saturating_add(STEP);
        match &mut self.tick {
            // The last call is made by `finish`.
            Some(tick) if self.done < self.total => tick(self.done, self.total),
            _ => true,
        }
    }

    /// Everything has been copied.
    pub(super) fn finish(&mut self) {
        if let Some(tick) = &mut self.tick {
            tick(self.total, self.total);
        }
    }
}
