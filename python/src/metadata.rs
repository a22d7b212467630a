//! `MetadataNode`: a tree of typed values under paths.

use crate::dtype::DataType;
use crate::errors::OrRaise;
use iolink_sdk::{MetadataNode as Tree, Value};
use pyo3::exceptions::{PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString};
use std::sync::Arc;

/// A node of a metadata tree. What a view gives is a picture of its tree.
#[pyclass(frozen, module = "iolink", name = "MetadataNode")]
pub struct MetadataNode {
    tree: std::sync::Mutex<Arc<Tree>>,
}

impl MetadataNode {
    pub fn of_view(tree: Arc<Tree>) -> Self {
        MetadataNode { tree: std::sync::Mutex::new(tree) }
    }

    pub fn tree(&self) -> Arc<Tree> {
        self.tree.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

/// A value as Python has it: a text, a number, or a list of numbers.
fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    if let Some(text) = value.as_str() {
        return Ok(PyString::new(py, text).into_any());
    }
    let code = crate::dtype::numpy_code(value.data_type())
        .ok_or_else(|| PyTypeError::new_err(format!("values of type {} have no form in Python", value.data_type())))?;
    let bytes = PyBytes::new(py, value.raw());
    let numbers = py.import("numpy")?.getattr("frombuffer")?.call1((bytes, code))?;
    if value.count() == 1 && value.data_type().is_scalar() {
        numbers.get_item(0)?.call_method0("item")
    } else {
        numbers.call_method0("tolist")
    }
}

/// A Python value as a typed one: numbers become 64 bits wide.
fn from_python(given: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Ok(text) = given.cast::<PyString>() {
        return Ok(Value::from(&*text.to_cow()?));
    }
    if given.is_instance_of::<PyBool>() {
        return Ok(Value::from(given.extract::<bool>()?));
    }
    if given.is_instance_of::<PyInt>() {
        return Ok(Value::from(given.extract::<i64>()?));
    }
    if given.is_instance_of::<PyFloat>() {
        return Ok(Value::from(given.extract::<f64>()?));
    }
    if let Ok(whole) = given.extract::<Vec<i64>>() {
        return Ok(Value::from(whole.as_slice()));
    }
    match given.extract::<Vec<f64>>() {
        Ok(numbers) => Ok(Value::from(numbers.as_slice())),
        Err(_) => Err(PyTypeError::new_err(format!(
            "value: expected a text, a number or a list of numbers, not {}",
            given.get_type().name()?
        ))),
    }
}

#[pymethods]
impl MetadataNode {
    #[new]
    #[pyo3(signature = (key = "", value = None))]
    fn new(key: &str, value: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let mut tree = Tree::new(key).or_raise()?;
        tree.set_value(value.map(from_python).transpose()?);
        Ok(MetadataNode::of_view(Arc::new(tree)))
    }

    /// The node's key; "" for a root.
    #[getter]
    fn key(&self) -> String {
        self.tree().key().to_owned()
    }

    /// The node's value: a text, a number, a list of numbers, or `None`.
    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.tree().value().map(|value| to_python(py, value)).transpose()
    }

    /// The type of the value, or `None`.
    #[getter]
    fn dtype(&self) -> Option<DataType> {
        self.tree().value().map(|value| DataType(value.data_type()))
    }

    /// The nodes below, in order.
    fn children(&self) -> Vec<MetadataNode> {
        self.tree().children().iter().map(|child| MetadataNode::of_view(Arc::new(child.clone()))).collect()
    }

    /// The node at a path like "/NIfTI/qform", or `default`.
    #[pyo3(signature = (path, default = None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        path: &str,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.tree().get(path) {
            Some(node) => Ok(Some(Bound::new(py, MetadataNode::of_view(Arc::new(node.clone())))?.into_any())),
            None => Ok(default),
        }
    }

    fn __getitem__<'py>(&self, py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyAny>> {
        self.get(py, path, None)?.ok_or_else(|| {
            let tree = self.tree();
            let keys: Vec<&str> = tree.children().iter().map(|child| child.key()).collect();
            PyKeyError::new_err(format!("no metadata at {path:?}; below this node are: {}", keys.join(", ")))
        })
    }

    fn __contains__(&self, path: &str) -> bool {
        self.tree().get(path).is_some()
    }

    /// Puts a value at a path, making the nodes above it.
    fn set(&self, path: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let value = from_python(value)?;
        let mut held = self.tree.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::make_mut(&mut held).make(path).or_raise()?.set_value(Some(value));
        Ok(())
    }

    fn __len__(&self) -> usize {
        self.tree().children().len()
    }

    fn __bool__(&self) -> bool {
        true
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let children = pyo3::types::PyList::new(py, self.children())?;
        Ok(children.try_iter()?.into_any())
    }

    /// Every path below this node with its value.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyDict>> {
        let out = pyo3::types::PyDict::new(py);
        let mut failed = Ok(());
        let walked = self.tree().walk(&mut |path, node| {
            if let Some(value) = node.value() {
                failed = to_python(py, value).and_then(|value| out.set_item(path, value));
            }
            match failed {
                Ok(()) => Ok(()),
                Err(_) => iolink_sdk::fail!(Type, "stopped"),
            }
        });
        failed?;
        walked.or_raise()?;
        Ok(out)
    }

    /// The tree as JSON.
    fn to_json(&self) -> String {
        self.tree().to_json()
    }

    #[pyo3(name = "to_string")]

    fn as_text(&self) -> String {
        self.tree().to_json()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<MetadataNode>().is_ok_and(|other| *other.get().tree() == *self.tree())
    }

    fn __repr__(&self) -> String {
        let tree = self.tree();
        format!("MetadataNode({:?}, {} below)", tree.key(), tree.node_count() - 1)
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<MetadataNode>()
}
