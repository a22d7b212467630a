//! The metadata tree: typed values under paths like `/NIfTI/qform`.

use crate::value::write_json_text;
use crate::{fail, Error, ErrorKind, Result, Value};
use std::fmt::Write as _;

/// A node: a key, perhaps a value, and children in order, each key once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MetadataNode {
    key: String,
    value: Option<Value>,
    children: Vec<MetadataNode>,
}

impl MetadataNode {
    /// A node without value and children. A root's key is "".
    pub fn new(key: &str) -> Result<Self> {
        if key.contains('/') || key.contains('\0') {
            fail!(InvalidArgument, "a metadata key must not contain '/' or NUL: {key:?}");
        }
        Ok(MetadataNode { key: key.to_owned(), ..MetadataNode::default() })
    }

    /// The node's key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The node's value.
    pub fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }

    /// Replaces the node's value.
    pub fn set_value(&mut self, value: Option<Value>) {
        self.value = value;
    }

    /// The children, in order.
    pub fn children(&self) -> &[MetadataNode] {
        &self.children
    }

    /// The node at a path like `/NIfTI/qform`; "" and "/" are the node itself.
    pub fn get(&self, path: &str) -> Option<&MetadataNode> {
        keys(path).try_fold(self, |node, key| node.children.iter().find(|child| child.key == key))
    }

    /// The node at a path, where the caller needs it.
    ///
    /// # Errors
    /// `NotFound` for a path that does not exist; the message says how far it leads and what lies there.
    pub fn find(&self, path: &str) -> Result<&MetadataNode> {
        let mut node = self;
        let mut known = String::new();
        for key in keys(path) {
            node = match node.children.iter().find(|child| child.key == key) {
                Some(child) => child,
                None => return Err(node.missing(path, &known, key)),
            };
            known.push('/');
            known.push_str(key);
        }
        Ok(node)
    }

    /// The refusal of a path that ends at this node, for want of a child.
    #[cold]
    fn missing(&self, path: &str, known: &str, key: &str) -> Error {
        const SHOWN: usize = 20;
        let mut there: Vec<String> = self.children.iter().take(SHOWN).map(|child| format!("{:?}", child.key)).collect();
        match self.children.len() {
            0 => there.push("nothing".to_owned()),
            count if count > SHOWN => there.push(format!("{} more", count - SHOWN)),
            _ => (),
        }
        let known = if known.is_empty() { "the root" } else { known };
        let there = there.join(", ");
        Error::new(
            ErrorKind::NotFound,
            format!("there is no metadata at {path:?}: {known} has no {key:?}; it has {there}"),
        )
    }

    /// The node at a path, made with all nodes above it where it is not there yet.
    ///
    /// # Errors
    /// `Limit` for a path of more keys than [`Limits::max_metadata_depth`](crate::Limits).
    pub fn make(&mut self, path: &str) -> Result<&mut MetadataNode> {
        let deepest = crate::Limits::default().max_metadata_depth;
        if keys(path).nth(deepest).is_some() {
            fail!(Limit, "a metadata path has more than {deepest} keys");
        }
        let mut node = self;
        for key in keys(path) {
            let at = match node.children.iter().position(|child| child.key == key) {
                Some(at) => at,
                None => {
                    node.children.push(MetadataNode::new(key)?);
                    node.children.len() - 1
                }
            };
            node = &mut node.children[at];
        }
        Ok(node)
    }

    /// Puts a value at a path.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) -> Result<()> {
        self.make(path)?.value = Some(value.into());
        Ok(())
    }

    /// Puts a node with all below it under the node at a path, which is made where it is not there yet.
    ///
    /// # Errors
    /// `InvalidArgument` for a node without a key, or whose key is there already; `Limit` where the tree would become deeper
    /// than [`Limits::max_metadata_depth`](crate::Limits).
    pub fn insert(&mut self, path: &str, child: MetadataNode) -> Result<()> {
        let deepest = crate::Limits::default().max_metadata_depth;
        if keys(path).count() + child.depth() > deepest {
            fail!(Limit, "the metadata tree would be deeper than {deepest} nodes");
        }
        let parent = self.make(path)?;
        if child.key.is_empty() || parent.children.iter().any(|known| known.key == child.key) {
            fail!(InvalidArgument, "a node needs a key that its parent does not have yet, not {:?}", child.key);
        }
        parent.children.push(child);
        Ok(())
    }

    /// Counts the nodes of a tree while it is built out of data that nest as deep as they like.
    ///
    /// `depth` is the number of nodes above the next one, which the root is not counted among.
    ///
    /// # Errors
    /// `Limit` for a node deeper than [`Limits::max_metadata_depth`](crate::Limits), or one more than
    /// [`Limits::max_metadata_nodes`](crate::Limits).
    pub fn count_node(depth: usize, nodes: &mut u64) -> Result<()> {
        let limits = crate::Limits::default();
        *nodes += 1;
        if depth >= limits.max_metadata_depth || *nodes > limits.max_metadata_nodes {
            fail!(
                Limit,
                "the metadata tree is deeper than {} nodes, or has more than {}",
                limits.max_metadata_depth,
                limits.max_metadata_nodes
            );
        }
        Ok(())
    }

    /// Nodes on the longest way down, this one included.
    fn depth(&self) -> usize {
        1 + self.children.iter().map(MetadataNode::depth).max().unwrap_or(0)
    }

    /// Takes out the node at a path, with all below it.
    pub fn remove(&mut self, path: &str) -> Option<MetadataNode> {
        let (above, key) = path.trim_end_matches('/').rsplit_once('/').unwrap_or(("", path));
        let mut node = self;
        for key in keys(above) {
            node = node.children.iter_mut().find(|child| child.key == key)?;
        }
        let at = node.children.iter().position(|child| child.key == key)?;
        Some(node.children.remove(at))
    }

    /// Number of nodes, this one included.
    pub fn node_count(&self) -> usize {
        1 + self.children.iter().map(MetadataNode::node_count).sum::<usize>()
    }

    /// Calls `visit` with the path and the node for every node below this one, parents first.
    pub fn walk(&self, visit: &mut dyn FnMut(&str, &MetadataNode) -> Result<()>) -> Result<()> {
        fn down(
            node: &MetadataNode,
            path: &mut String,
            visit: &mut dyn FnMut(&str, &MetadataNode) -> Result<()>,
        ) -> Result<()> {
            for child in &node.children {
                let length = path.len();
                path.push('/');
                path.push_str(&child.key);
                visit(path, child)?;
                down(child, path, visit)?;
                path.truncate(length);
            }
            Ok(())
        }
        down(self, &mut String::new(), visit)
    }

    /// The tree as JSON: `{"key": ..., "type": ..., "value": ..., "children": [...]}`; one value stands alone, several as
    /// a list; numbers that JSON has not (NaN, infinities) stand as text.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    fn write_json(&self, out: &mut String) {
        out.push_str("{\"key\": ");
        write_json_text(&self.key, out);
        if let Some(value) = &self.value {
            let _ = write!(out, ", \"type\": \"{}\", \"value\": ", value.data_type());
            value.write_json(out);
        }
        if !self.children.is_empty() {
            out.push_str(", \"children\": [");
            for (index, child) in self.children.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                child.write_json(out);
            }
            out.push(']');
        }
        out.push('}');
    }
}

fn keys(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_path() {
        let mut root = MetadataNode::default();
        root.set("/NIfTI/qform/code", 1i16).unwrap();
        root.set("/NIfTI/description", "a \"brain\"").unwrap();
        assert_eq!(root.get("/NIfTI/qform/code").unwrap().value().unwrap().as_f64(), Some(vec![1.0]));
        assert!(root.get("/NIfTI/nothing").is_none());
        assert_eq!(root.find("NIfTI/qform/").unwrap().key(), "qform");
        let refused = root.find("/NIfTI/qform/x/y").unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotFound);
        assert_eq!(
            refused.message(),
            "there is no metadata at \"/NIfTI/qform/x/y\": /NIfTI/qform has no \"x\"; it has \"code\""
        );
        assert!(root.find("/other").unwrap_err().message().contains("the root has no \"other\""));
        assert_eq!(root.node_count(), 5);
        assert!(root.remove("/NIfTI/qform").is_some());
        assert_eq!(
            root.to_json(),
            "{\"key\": \"\", \"children\": [{\"key\": \"NIfTI\", \"children\": \
             [{\"key\": \"description\", \"type\": \"UTF8_STRING\", \"value\": \"a \\\"brain\\\"\"}]}]}"
        );
    }

    #[test]
    fn a_path_that_would_exhaust_the_stack_is_refused() {
        let mut root = MetadataNode::default();
        assert!(root.make(&"/a".repeat(256)).is_ok());
        assert_eq!(root.make(&"/a".repeat(1_000_000)).unwrap_err().kind(), ErrorKind::Limit);
        let mut tall = MetadataNode::new("b").unwrap();
        tall.make(&"/a".repeat(255)).unwrap();
        assert!(MetadataNode::default().insert("", tall.clone()).is_ok());
        assert_eq!(root.insert("/a", tall.clone()).unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(root.insert("", MetadataNode::new("a").unwrap()).unwrap_err().kind(), ErrorKind::InvalidArgument);
    }

    #[test]
    fn a_key_with_a_slash_is_refused() {
        assert!(MetadataNode::new("a/b").is_err());
    }
}
