//! The metadata tree: typed values under paths like `/NIfTI/qform`.

use crate::{fail, DataType, Result};
use std::fmt::Write as _;

/// A typed value: one or more numbers, or a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    data_type: DataType,
    bytes: Vec<u8>,
}

macro_rules! value_from {
    ($($number:ty => $data_type:ident),*) => {$(
        impl From<$number> for Value {
            fn from(number: $number) -> Self {
                Value { data_type: DataType::$data_type, bytes: number.to_ne_bytes().to_vec() }
            }
        }
        impl From<&[$number]> for Value {
            fn from(numbers: &[$number]) -> Self {
                Value {
                    data_type: DataType::$data_type,
                    bytes: numbers.iter().flat_map(|number| number.to_ne_bytes()).collect(),
                }
            }
        }
    )*};
}

value_from! {
    u8 => UINT8, u16 => UINT16, u32 => UINT32, u64 => UINT64, i8 => INT8, i16 => INT16, i32 => INT32, i64 => INT64,
    f32 => FLOAT, f64 => DOUBLE
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value { data_type: DataType::UTF8_STRING, bytes: text.as_bytes().to_vec() }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value { data_type: DataType::BOOL, bytes: vec![u8::from(value)] }
    }
}

impl Value {
    /// A value from its bytes, in native byte order; refused where they are not whole samples or not UTF-8.
    pub fn from_bytes(data_type: DataType, bytes: &[u8]) -> Result<Self> {
        let whole = match (data_type.is_string(), data_type.byte_count()) {
            (true, _) => data_type == DataType::UTF8_STRING && std::str::from_utf8(bytes).is_ok(),
            (false, 0) => false,
            (false, size) => bytes.len() % size == 0,
        };
        if !whole {
            fail!(Type, "{} bytes are not values of type {data_type}", bytes.len());
        }
        Ok(Value { data_type, bytes: bytes.to_vec() })
    }

    /// Type of each value.
    pub fn data_type(&self) -> DataType {
        self.data_type
    }

    /// Number of values; of bytes for a text.
    pub fn count(&self) -> usize {
        self.bytes.len() / self.data_type.byte_count().max(1)
    }

    /// The values as they lie in memory, in native byte order.
    pub fn raw(&self) -> &[u8] {
        &self.bytes
    }

    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        if self.data_type == DataType::UTF8_STRING {
            std::str::from_utf8(&self.bytes).ok()
        } else {
            None
        }
    }

    /// The numbers, component by component, where it is numbers of at most 64 bits. 64-bit integers may be rounded.
    pub fn as_f64(&self) -> Option<Vec<f64>> {
        use crate::Primitive::{Float, Signed, Unsigned};
        macro_rules! read {
            ($number:ty) => {
                self.bytes
                    .chunks_exact(std::mem::size_of::<$number>())
                    .map(|bytes| <$number>::from_ne_bytes(bytes.try_into().expect("a whole number")) as f64)
                    .collect()
            };
        }
        Some(match (self.data_type.primitive(), self.data_type.bit_depth()) {
            (Unsigned, 8) => read!(u8),
            (Unsigned, 16) => read!(u16),
            (Unsigned, 32) => read!(u32),
            (Unsigned, 64) => read!(u64),
            (Signed, 8) => read!(i8),
            (Signed, 16) => read!(i16),
            (Signed, 32) => read!(i32),
            (Signed, 64) => read!(i64),
            (Float, 32) => read!(f32),
            (Float, 64) => read!(f64),
            _ => return None,
        })
    }
}

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
            let _ = write!(out, ", \"type\": \"{}\", \"value\": ", value.data_type);
            write_json_value(value, out);
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

fn write_json_text(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

fn write_json_value(value: &Value, out: &mut String) {
    use crate::Primitive::{Signed, Unsigned};
    if let Some(text) = value.as_str() {
        return write_json_text(text, out);
    }
    let wide = value.data_type.bit_depth() == 64;
    let words: Vec<String> = match value.data_type.primitive() {
        Unsigned if wide => value
            .bytes
            .chunks_exact(8)
            .map(|bytes| u64::from_ne_bytes(bytes.try_into().expect("eight bytes")).to_string())
            .collect(),
        Signed if wide => value
            .bytes
            .chunks_exact(8)
            .map(|bytes| i64::from_ne_bytes(bytes.try_into().expect("eight bytes")).to_string())
            .collect(),
        _ => value
            .as_f64()
            .unwrap_or_default()
            .iter()
            .map(|number| if number.is_finite() { number.to_string() } else { format!("\"{number}\"") })
            .collect(),
    };
    match words.as_slice() {
        [one] => out.push_str(one),
        several => {
            let _ = write!(out, "[{}]", several.join(", "));
        }
    }
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
        assert_eq!(root.make(&"/a".repeat(1_000_000)).unwrap_err().kind(), crate::ErrorKind::Limit);
    }

    #[test]
    fn bytes_that_are_not_whole_values_are_refused() {
        assert!(Value::from_bytes(DataType::UINT32, &[1, 2, 3]).is_err());
        assert!(Value::from_bytes(DataType::UTF8_STRING, &[0xFF]).is_err());
        assert!(MetadataNode::new("a/b").is_err());
    }
}
