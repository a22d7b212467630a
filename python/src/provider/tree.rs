//! Metadata as libraries have it, dicts in dicts, as a tree.

use crate::metadata::{fill, MetadataNode};
use crate::value::from_python;
use iolink_sdk::{MetadataNode as Tree, Value};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// The tree of a MetadataNode, or of a dict: dicts become nodes, texts and numbers values, anything else its text.
pub fn tree_of(given: &Bound<'_, PyAny>) -> PyResult<Tree> {
    if let Ok(node) = given.cast::<MetadataNode>() {
        return Ok((*node.get().tree()).clone());
    }
    let mut tree = Tree::default();
    fill(&mut tree, given.cast::<PyDict>()?, step_of, plain)?;
    Ok(tree)
}

/// A key of a dictionary as one step of a path.
fn step_of(key: &Bound<'_, PyAny>) -> PyResult<String> {
    // A slash would start a path of its own.
    Ok(key.str()?.to_string().replace(['/', '\0'], "_"))
}

/// A value; what is neither text nor numbers becomes its text.
fn plain(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if value.is_instance_of::<PyString>() {
        return Ok(Value::from(&*value.str()?.to_string_lossy()));
    }
    // A number of NumPy, or an array of some.
    let plain = if value.hasattr("tolist")? { value.call_method0("tolist")? } else { value.clone() };
    match from_python(&plain, None) {
        Ok(value) => Ok(value),
        Err(_) => Ok(Value::from(&*plain.str()?.to_string_lossy())),
    }
}
