//! The conformance suite for providers that only Python has; `iolink.testing` is its face.

use crate::errors::OrRaise;
use crate::registry;
use iolink_conformance::{Outcome, Suite};
use pyo3::prelude::*;
use std::path::PathBuf;

/// Promise, outcome and words of each test.
type Row = (String, &'static str, String);

#[pyfunction]
fn _check_provider(py: Python<'_>, provider: &str, samples: Vec<PathBuf>) -> PyResult<Vec<Row>> {
    let findings = py.detach(|| samples.into_iter().fold(Suite::new(registry()), Suite::sample).run(provider));
    let row = |finding: iolink_conformance::Finding| match finding.outcome {
        Outcome::Held => (finding.promise, "held", String::new()),
        Outcome::Broken(seen) => (finding.promise, "broken", seen),
        Outcome::Untested(why) => (finding.promise, "untested", why),
    };
    Ok(findings.or_raise()?.into_iter().map(row).collect())
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_check_provider, module)?)
}
