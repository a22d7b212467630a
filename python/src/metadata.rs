//! `MetadataNode`: a tree of typed values under paths.

use crate::dtype::{data_type_from, DataType};
use crate::errors::{missing_key, OrRaise};
use crate::value::{from_python, to_python, VariantDataValue};
use iolink_sdk::{MetadataNode as Tree, Value};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::sync::{Arc, Mutex, PoisonError};

/// A node of a metadata tree: a key, perhaps a typed value, and nodes below it, each key once.
///
/// What a view gives, and what a tree gives of a node in it, is a picture: changing it raises TypeError. Change a `copy()`
/// and give it back with `set_metadata`; change a node inside a tree through its root, by path.
///
/// >>> root = MetadataNode()
/// >>> root.set("/Scan/voltage", 120.0)
/// >>> root.set("/Scan/counts", [1, 2, 3], "UINT16")
/// >>> root["/Scan/voltage"].value, root["/Scan/counts"].dtype
/// (120.0, UINT16)
/// >>> [path for path, node in root.walk()]
/// ['/Scan', '/Scan/voltage', '/Scan/counts']
#[pyclass(frozen, module = "iolink", name = "MetadataNode")]
pub struct MetadataNode {
    tree: Mutex<Arc<Tree>>,
    picture: bool,
}

impl MetadataNode {
    /// The tree of a view.
    pub fn of_view(tree: Arc<Tree>) -> Self {
        MetadataNode { tree: Mutex::new(tree), picture: true }
    }

    /// A tree that can be changed.
    pub fn of_value(tree: Tree) -> Self {
        MetadataNode { tree: Mutex::new(Arc::new(tree)), picture: false }
    }

    pub fn tree(&self) -> Arc<Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the tree; whoever took a picture of it before keeps that.
    fn change<R>(&self, change: impl FnOnce(&mut Tree) -> R) -> PyResult<R> {
        if self.picture {
            return Err(PyTypeError::new_err(
                "this node is a picture of one in a tree or of the tree of a view, and would keep the change for itself: \
                 change the tree by path, as in root.set(\"/Scan/voltage\", 120.0), or a copy() that view.set_metadata takes",
            ));
        }
        Ok(change(Arc::make_mut(&mut self.tree.lock().unwrap_or_else(PoisonError::into_inner))))
    }
}

fn pictured(tree: &Tree) -> MetadataNode {
    MetadataNode::of_view(Arc::new(tree.clone()))
}

/// A value of the type that `dtype` means.
fn typed(value: &Bound<'_, PyAny>, dtype: Option<&Bound<'_, PyAny>>) -> PyResult<Value> {
    from_python(value, dtype.map(data_type_from).transpose()?)
}

/// Puts what a dictionary holds under a path: dictionaries in it become nodes with what they hold, `None` a node without a
/// value; `keyed` and `valued` say what keys and all else become.
pub fn fill(
    tree: &mut Tree,
    values: &Bound<'_, PyDict>,
    keyed: fn(&Bound<'_, PyAny>) -> PyResult<String>,
    valued: fn(&Bound<'_, PyAny>) -> PyResult<Value>,
) -> PyResult<()> {
    Filler { tree, keyed, valued, nodes: 0 }.fill("", values, 0)
}

struct Filler<'a> {
    tree: &'a mut Tree,
    keyed: fn(&Bound<'_, PyAny>) -> PyResult<String>,
    valued: fn(&Bound<'_, PyAny>) -> PyResult<Value>,
    nodes: u64,
}

impl Filler<'_> {
    /// `depth` counts the dictionaries: a key may be empty, so that a path does not tell it.
    fn fill(&mut self, above: &str, values: &Bound<'_, PyDict>, depth: usize) -> PyResult<()> {
        for (key, value) in values {
            Tree::count_node(depth, &mut self.nodes).or_raise()?;
            let path = format!("{above}/{}", (self.keyed)(&key)?);
            let node = self.tree.make(&path).or_raise()?;
            match value.cast::<PyDict>() {
                Ok(below) => self.fill(&path, below, depth + 1)?,
                Err(_) if value.is_none() => (),
                Err(_) => node.set_value(Some((self.valued)(&value)?)),
            }
        }
        Ok(())
    }
}

/// A key of a dictionary as the path that it is.
fn path_of(key: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(key.extract::<String>()?.trim_start_matches('/').to_owned())
}

#[pymethods]
impl MetadataNode {
    #[new]
    #[pyo3(signature = (key = "", value = None, dtype = None))]
    fn new(key: &str, value: Option<&Bound<'_, PyAny>>, dtype: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let mut tree = Tree::new(key).or_raise()?;
        tree.set_value(value.map(|value| typed(value, dtype)).transpose()?);
        Ok(MetadataNode::of_value(tree))
    }

    /// The same tree, free to be changed.
    fn copy(&self) -> Self {
        MetadataNode::of_value((*self.tree()).clone())
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

    /// The value with its type, or `None`.
    fn variant(&self) -> Option<VariantDataValue> {
        self.tree().value().cloned().map(VariantDataValue)
    }

    /// Replaces the node's own value; `None` takes it away.
    #[pyo3(signature = (value, dtype = None))]
    fn set_value(&self, value: Option<&Bound<'_, PyAny>>, dtype: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let value = value.map(|value| typed(value, dtype)).transpose()?;
        self.change(|tree| tree.set_value(value))
    }

    /// The type of the value, or `None`.
    #[getter]
    fn dtype(&self) -> Option<DataType> {
        self.tree().value().map(|value| DataType(value.data_type()))
    }

    /// The nodes below, in order.
    fn children(&self) -> Vec<MetadataNode> {
        self.tree().children().iter().map(pictured).collect()
    }

    /// The keys of the nodes below, in order.
    fn keys(&self) -> Vec<String> {
        self.tree().children().iter().map(|child| child.key().to_owned()).collect()
    }

    /// Every node below this one with its path, parents first.
    fn walk(&self) -> PyResult<Vec<(String, MetadataNode)>> {
        let mut out = Vec::new();
        let walked = self.tree().walk(&mut |path, node| {
            out.push((path.to_owned(), pictured(node)));
            Ok(())
        });
        walked.or_raise()?;
        Ok(out)
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
            Some(node) => Ok(Some(Bound::new(py, pictured(node))?.into_any())),
            None => Ok(default),
        }
    }

    /// The node at a path. KeyError where there is none: it says how far the path leads, and what is there.
    fn __getitem__(&self, path: &str) -> PyResult<MetadataNode> {
        self.tree().find(path).map(pictured).map_err(missing_key)
    }

    fn __delitem__(&self, path: &str) -> PyResult<()> {
        self.remove(path).map(drop)
    }

    /// Takes out the node at a path with all below it, and returns it. KeyError where there is none.
    fn remove(&self, path: &str) -> PyResult<MetadataNode> {
        self.tree().find(path).map_err(missing_key)?;
        match self.change(|tree| tree.remove(path))? {
            Some(node) => Ok(MetadataNode::of_value(node)),
            None => Err(pyo3::exceptions::PyValueError::new_err("a node cannot be taken out of itself")),
        }
    }

    /// Puts a copy of a node, with all below it, under the node at a path; by default under this one.
    #[pyo3(signature = (node, path = ""))]
    fn add_child(&self, node: &MetadataNode, path: &str) -> PyResult<()> {
        let child = (*node.tree()).clone();
        self.change(|tree| tree.insert(path, child))?.or_raise()
    }

    fn __contains__(&self, path: &str) -> bool {
        self.tree().get(path).is_some()
    }

    /// Puts a value at a path, making the nodes above it.
    #[pyo3(signature = (path, value, dtype = None))]
    fn set(&self, path: &str, value: &Bound<'_, PyAny>, dtype: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let value = typed(value, dtype)?;
        self.change(|tree| tree.make(path).map(|node| node.set_value(Some(value))))?.or_raise()
    }

    fn __len__(&self) -> usize {
        self.tree().children().len()
    }

    fn __bool__(&self) -> bool {
        true
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let children = PyList::new(py, self.children())?;
        Ok(children.try_iter()?.into_any())
    }

    /// Every path below this node with its value.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let out = PyDict::new(py);
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

/// Makes metadata trees. Every method is static.
#[pyclass(frozen, module = "iolink")]
pub struct MetadataNodeFactory;

#[pymethods]
impl MetadataNodeFactory {
    /// A node without nodes below it.
    #[staticmethod]
    #[pyo3(signature = (key = "", value = None, dtype = None))]
    fn create(key: &str, value: Option<&Bound<'_, PyAny>>, dtype: Option<&Bound<'_, PyAny>>) -> PyResult<MetadataNode> {
        MetadataNode::new(key, value, dtype)
    }

    /// A tree of the values of a dictionary, by path, as `to_dict` gives them; a dictionary in it is a node with what it
    /// holds, `None` a node without a value.
    ///
    /// >>> root = MetadataNodeFactory.from_dict({"Scan": {"voltage": 120.0}, "/Scan/by": "Ada"})
    /// >>> root.to_dict()
    /// {'/Scan/voltage': 120.0, '/Scan/by': 'Ada'}
    #[staticmethod]
    fn from_dict(values: &Bound<'_, PyDict>) -> PyResult<MetadataNode> {
        let mut tree = Tree::default();
        fill(&mut tree, values, path_of, |value| from_python(value, None))?;
        Ok(MetadataNode::of_value(tree))
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<MetadataNode>()?;
    module.add_class::<MetadataNodeFactory>()
}
