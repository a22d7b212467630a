//! A provider's class or object, and what is asked of it.

use super::made::view_of;
use super::options;
use super::raised::kept;
use super::source::Source;
use iolink_host::OptionRecord;
use iolink_sdk::{Error, ErrorKind, Host, Result, View};
use pyo3::exceptions::{PyAttributeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyType};
use std::sync::Arc;

/// Where the class is to be had.
pub enum Place {
    /// By importing `module:attribute`.
    Declared(String),
    /// It was given.
    Given(Py<PyAny>),
}

/// A provider written in Python.
pub struct Provider {
    /// Its id, which stands in its errors.
    pub id: &'static str,
    /// The options that it declares; `None` if it says nothing of them.
    options: Option<Arc<[OptionRecord]>>,
    place: Place,
    object: PyOnceLock<Py<PyAny>>,
}

impl Provider {
    pub fn new(id: &str, options: Option<&[OptionRecord]>, place: Place) -> Self {
        // A provider is never unloaded: its descriptor points to its id.
        let id = Box::leak(id.to_owned().into_boxed_str());
        Provider { id, options: options.map(Into::into), place, object: PyOnceLock::new() }
    }

    /// The object that is asked: an instance where a class was named. It is made once.
    ///
    /// # Errors
    /// What the import or the class raises; `TypeError` for an object without `open`.
    pub fn object<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let object = self.object.get_or_try_init(py, || {
            let named = match &self.place {
                Place::Given(object) => object.bind(py).clone(),
                Place::Declared(target) => imported(py, target)?,
            };
            let object = if named.is_instance_of::<PyType>() { named.call0()? } else { named };
            match object.getattr("open") {
                Ok(open) if open.is_callable() => Ok(object.unbind()),
                _ => Err(PyTypeError::new_err(format!(
                    "{} has no method open(source), which makes it a provider",
                    object.get_type().name()?
                ))),
            }
        })?;
        Ok(object.bind(py).clone())
    }

    fn known_options(&self) -> Arc<[OptionRecord]> {
        self.options.clone().unwrap_or_default()
    }

    pub fn open(&self, host: Host, source: iolink_sdk::Source) -> Result<View> {
        options::check(self.id, self.options.as_deref(), &source)?;
        attached(|py| {
            let name = source.uri().to_owned();
            let given = Bound::new(py, Source::new(host, source, self.known_options()))?;
            let made = self.object(py)?.call_method1("open", (given,))?;
            view_of(&made, &format!("open() of {}, asked for {name},", self.id))
        })
    }

    pub fn identify(&self, host: Host, source: iolink_sdk::Source) -> Result<Option<u32>> {
        attached(|py| {
            let Ok(identify) = self.object(py)?.getattr("identify") else { return Ok(None) };
            let answer = identify.call1((Bound::new(py, Source::new(host, source, self.known_options()))?,))?;
            if answer.is_none() {
                return Ok(None);
            }
            if answer.is_instance_of::<PyBool>() {
                // Yes is as good as what its formats say; no is no.
                return Ok(if answer.is_truthy()? { None } else { Some(0) });
            }
            match answer.extract::<u32>() {
                Ok(score @ 0..=100) => Ok(Some(score)),
                _ => Err(PyValueError::new_err(format!(
                    "identify() of {} gave {}; None, True, False or a whole number from 0 to 100 was expected",
                    self.id,
                    answer.repr()?
                ))),
            }
        })
    }
}

/// Runs `body` in Python; what it raises becomes an error.
fn attached<R>(body: impl FnOnce(Python<'_>) -> PyResult<R>) -> Result<R> {
    let done = Python::try_attach(|py| body(py).map_err(|raised| kept(py, raised)));
    done.unwrap_or_else(|| Err(Error::new(ErrorKind::Closed, "the interpreter has ended")))
}

/// `module:attribute`, the attribute perhaps of an attribute.
fn imported<'py>(py: Python<'py>, target: &str) -> PyResult<Bound<'py, PyAny>> {
    let Some((module, attributes)) = target.split_once(':') else {
        return Err(PyValueError::new_err(format!("{target:?} is not of the form package.module:Class")));
    };
    let module = py.import(module)?.into_any();
    attributes.split('.').try_fold(module, |object, name| {
        object.getattr(name).map_err(|raised| {
            if !raised.is_instance_of::<PyAttributeError>(py) {
                return raised;
            }
            let missing = PyAttributeError::new_err(format!("there is no {name} in {target}, which names a provider"));
            missing.set_cause(py, Some(raised));
            missing
        })
    })
}
