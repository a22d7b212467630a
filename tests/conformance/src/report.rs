//! What was tested, and what came of it.

use std::fmt;

/// One promise that was held, broken, or not tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Id of the provider.
    pub provider: String,
    /// What was promised, as `kind: promise`.
    pub promise: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The promise was held.
    Held,
    /// It was broken: what was seen instead.
    Broken(String),
    /// It could not be tested: why not.
    Untested(String),
}

impl Finding {
    /// What was seen instead, where the promise was broken.
    pub fn broken(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Broken(seen) => Some(seen),
            _ => None,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, why) = match &self.outcome {
            Outcome::Held => ("ok      ", ""),
            Outcome::Broken(seen) => ("BROKEN  ", seen.as_str()),
            Outcome::Untested(why) => ("untested", why.as_str()),
        };
        write!(f, "{word} {} {}", self.provider, self.promise)?;
        if !why.is_empty() {
            write!(f, "\n         {}", why.replace('\n', "\n         "))?;
        }
        Ok(())
    }
}

/// Where a suite is.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// The test of this promise begins.
    Begins(&'a str),
    /// A test ended so.
    Ended(&'a Finding),
}

/// Result of one test: `Err` says what was seen instead.
pub type Held = Result<(), String>;

/// The list of findings about one provider.
pub(crate) struct Report<'a> {
    provider: &'a str,
    findings: Vec<Finding>,
    skip: &'a [String],
    watch: &'a mut dyn FnMut(Step<'_>),
}

impl<'a> Report<'a> {
    pub(crate) fn new(provider: &'a str, skip: &'a [String], watch: &'a mut dyn FnMut(Step<'_>)) -> Self {
        Report { provider, findings: Vec::new(), skip, watch }
    }

    pub(crate) fn findings(self) -> Vec<Finding> {
        self.findings
    }

    /// Runs one test; a panic in it is a broken promise too.
    pub(crate) fn test(&mut self, promise: &str, test: impl FnOnce() -> Held) {
        if self.skip.iter().any(|known| known == promise) {
            return;
        }
        (self.watch)(Step::Begins(promise));
        let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(test));
        self.keep(
            promise,
            match seen {
                Ok(Ok(())) => Outcome::Held,
                Ok(Err(seen)) => Outcome::Broken(seen),
                Err(payload) => Outcome::Broken(panic_words(&*payload)),
            },
        );
    }

    /// Says what could not be tested, and why.
    pub(crate) fn untested(&mut self, promise: &str, why: &str) {
        self.keep(promise, Outcome::Untested(why.to_owned()));
    }

    fn keep(&mut self, promise: &str, outcome: Outcome) {
        let finding = Finding { provider: self.provider.to_owned(), promise: promise.to_owned(), outcome };
        (self.watch)(Step::Ended(&finding));
        self.findings.push(finding);
    }
}

fn panic_words(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| payload.downcast_ref::<&str>().map(|words| (*words).to_owned()));
    format!("a panic: {}", text.unwrap_or_else(|| "without words".to_owned()))
}
