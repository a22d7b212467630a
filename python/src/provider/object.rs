//! A provider's class or object, and what is asked of it.

use super::made::view_of;
use super::options;
use super::raised::kept;
use super::request::ConvertRequest;
use super::source::{CallSlot, Source};
use super::target::Target;
use crate::open::to_python;
use crate::signals::apart;
use iolink_host::{OfferRecord, OptionRecord};
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{fail, Call, Convert, Error, ErrorKind, Host, Result, View};
use pyo3::exceptions::{PyAttributeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyTuple, PyType};

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
    offers: Vec<OfferRecord>,
    place: Place,
    object: PyOnceLock<Py<PyAny>>,
}

impl Provider {
    pub fn new(id: &str, offers: &[OfferRecord], place: Place) -> Self {
        // A provider is never unloaded: its descriptor points to its id.
        let id = Box::leak(id.to_owned().into_boxed_str());
        Provider { id, offers: offers.to_vec(), place, object: PyOnceLock::new() }
    }

    /// The object that is asked: an instance if a class was named. It is made once.
    ///
    /// # Errors
    /// What the import or the class raises; `TypeError` for an object that lacks a method of its offers.
    pub fn object<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let object = self.object.get_or_try_init(py, || {
            let named = match &self.place {
                Place::Given(object) => object.bind(py).clone(),
                Place::Declared(target) => imported(py, target)?,
            };
            let object = if named.is_instance_of::<PyType>() { named.call0()? } else { named };
            self.offers.iter().try_for_each(|offer| has_method(&object, offer.offer))?;
            Ok::<_, PyErr>(object.unbind())
        })?;
        Ok(object.bind(py).clone())
    }

    /// The options that it declares for one kind of offer, in a format if one is named.
    ///
    /// # Errors
    /// `InvalidArgument` for a given option that is not one of them, or has a value of another type.
    fn options(&self, kind: OfferKind, format: Option<&str>, given: &[(String, String)]) -> Result<Vec<OptionRecord>> {
        let of_kind = || self.offers.iter().filter(|offer| offer.offer == kind);
        let called = |offer: &&OfferRecord| format.is_none_or(|format| offer.is_called(format));
        let named: Vec<&OfferRecord> = of_kind().filter(called).collect();
        let offers = if named.is_empty() { of_kind().collect() } else { named };
        let mut declared: Vec<OptionRecord> = Vec::new();
        for option in offers.into_iter().flat_map(|offer| &offer.options) {
            if !declared.iter().any(|known| known.name == option.name) {
                declared.push(option.clone());
            }
        }
        options::check(self.id, &declared, given)?;
        Ok(declared)
    }

    pub fn open(&self, host: Host, source: iolink_sdk::Source, call: &Call<'_>) -> Result<View> {
        let declared = self.options(OfferKind::Open, source.format(), source.options())?;
        let open = |py: Python<'_>, slot| {
            let name = source.uri().to_owned();
            let given = Bound::new(py, Source::new(host, source, declared, slot))?;
            let made = self.call(py, "open", (given,))?;
            view_of(&made, &format!("open() of {}, asked for {name},", self.id))
        };
        CallSlot::with(call, |slot| attached(|py| open(py, slot)))
    }

    pub fn convert(&self, view: View, request: Convert, call: &Call<'_>) -> Result<View> {
        let declared = self.options(OfferKind::Convert, None, request.options())?;
        let convert = |py: Python<'_>, slot| {
            let view = to_python(py, view, None)?;
            let given = Bound::new(py, ConvertRequest::new(request, declared, slot))?;
            let made = self.call(py, "convert", (view, given))?;
            view_of(&made, &format!("convert() of {}", self.id))
        };
        CallSlot::with(call, |slot| attached(|py| convert(py, slot)))
    }

    pub fn save(&self, view: View, target: iolink_sdk::Target, call: &Call<'_>) -> Result<()> {
        if let Some(format) = target.format() {
            let saved = || self.offers.iter().filter(|offer| offer.offer == OfferKind::Save);
            if !saved().any(|offer| offer.is_called(format)) {
                let known: Vec<&str> = saved().map(|offer| offer.format.as_str()).collect();
                fail!(Unsupported, "it does not write the format {format:?} but {}", known.join(", "));
            }
        }
        let declared = self.options(OfferKind::Save, target.format(), target.options())?;
        let save = |py: Python<'_>, slot| {
            let view = to_python(py, view, None)?;
            let given = Bound::new(py, Target::new(target, declared, slot))?;
            self.call(py, "save", (view, given)).map(drop)
        };
        CallSlot::with(call, |slot| attached(|py| save(py, slot)))
    }

    /// Calls a method of the object. It may hand a view of ours to a library that reads it without the GIL.
    fn call<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        arguments: impl IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>, Error = PyErr>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (method, arguments) = (self.object(py)?.getattr(method)?, arguments.into_pyobject(py)?);
        apart(py, || method.call1(&arguments))
    }

    pub fn identify(&self, host: Host, source: iolink_sdk::Source, call: &Call<'_>) -> Result<Option<u32>> {
        let declared = self.options(OfferKind::Open, source.format(), &[])?;
        let identify = |py: Python<'_>, slot| {
            if !self.object(py)?.hasattr("identify")? {
                return Ok(None);
            }
            let given = Bound::new(py, Source::new(host, source, declared, slot))?;
            let answer = self.call(py, "identify", (given,))?;
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
                    "identify() of {} returned {}; expected None, True, False or an integer from 0 to 100",
                    self.id,
                    answer.repr()?
                ))),
            }
        };
        CallSlot::with(call, |slot| attached(|py| identify(py, slot)))
    }
}

/// Rejects an object that lacks the method of an offer.
fn has_method(object: &Bound<'_, PyAny>, offer: OfferKind) -> PyResult<()> {
    let (method, form, role) = match offer {
        OfferKind::Save => ("save", "save(view, target)", "by which it saves"),
        OfferKind::Convert => ("convert", "convert(view, request)", "by which it converts"),
        _ => ("open", "open(source)", "by which it opens"),
    };
    match object.getattr(method) {
        Ok(known) if known.is_callable() => Ok(()),
        _ => Err(PyTypeError::new_err(format!("{} has no method {form}, {role}", object.get_type().name()?))),
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
