//! Metadata trees across the ABI: written into a sink of the other side, and collected from the other side.

use super::{guard, read_grown, stop_panic};
use crate::abi::*;
use crate::{fail, DataType, Error, ErrorKind, MetadataNode, Result, Value};
use std::ffi::{CStr, CString};
use std::os::raw::c_void;
use std::ptr::null;

/// Writes every node of a tree into a sink of the other side.
///
/// # Safety
/// `sink` is NULL or a live sink.
pub(super) unsafe fn write_tree(tree: &MetadataNode, sink: *const iolink_metadata_sink) -> Result<()> {
    // SAFETY: by the caller's promise.
    let sink = unsafe { read_grown(sink)? };
    let write = match sink.write {
        Some(write) => write,
        None => fail!(InvalidArgument, "the metadata sink has no function"),
    };
    tree.walk(&mut |path, node| {
        let path = CString::new(path).map_err(|_| Error::new(ErrorKind::InvalidArgument, "a path holds a NUL"))?;
        let mut border = iolink_metadata_value {
            size: std::mem::size_of::<iolink_metadata_value>() as u32,
            dimension_count: 0,
            path: path.as_ptr(),
            data_type: DataType::UNKNOWN.id(),
            count: 0,
            data: null(),
            length: 0,
            string_ends: null(),
            shape: [0; IOLINK_MAX_DIMS],
        };
        if let Some(value) = node.value() {
            border.dimension_count = value.shape().len() as u32;
            border.shape[..value.shape().len()].copy_from_slice(value.shape());
            border.data_type = value.data_type().id();
            border.count = value.count() as u64;
            border.data = value.raw().as_ptr() as *const c_void;
            border.length = value.raw().len() as u64;
            border.string_ends = value.string_ends().map_or(null(), |ends| ends.as_ptr());
        }
        // SAFETY: path and value outlive the call.
        match unsafe { write(sink.context, &border) } {
            0 => Ok(()),
            _ => fail!(Cancelled, "the reader of the metadata stopped at {path:?}"),
        }
    })
}

/// The source of a tree, for a callee that brings the sink. It is good as long as `tree` is.
pub(crate) fn tree_source(tree: &MetadataNode) -> iolink_metadata_source {
    unsafe extern "C" fn visit(context: *mut c_void, sink: *const iolink_metadata_sink) {
        // SAFETY: `context` is the tree below; a sink that stops early keeps the reason.
        let tree = unsafe { &*(context as *const MetadataNode) };
        // SAFETY: the sink is the callee's and lives until this returns.
        let _ = guard("", std::ptr::null_mut(), || unsafe { write_tree(tree, sink) });
    }
    iolink_metadata_source {
        size: std::mem::size_of::<iolink_metadata_source>() as u32,
        reserved: 0,
        context: tree as *const MetadataNode as *mut c_void,
        visit: Some(visit),
    }
}

/// Collects the tree that a source of the other side visits.
///
/// # Safety
/// `source` is NULL or a live source.
pub(crate) unsafe fn tree_from_source(source: *const iolink_metadata_source) -> Result<MetadataNode> {
    // SAFETY: by the caller's promise.
    let source = unsafe { read_grown(source)? };
    collect_tree(|sink| match source.visit {
        // SAFETY: the context belongs to the function; the sink lives until it returns.
        Some(visit) => unsafe {
            visit(source.context, sink);
            Ok(())
        },
        None => fail!(InvalidArgument, "the metadata source has no function"),
    })
}

/// A tree that comes in value by value.
struct TreeBuilder {
    root: MetadataNode,
    nodes: u64,
    failed: Option<Error>,
}

/// Runs `visit` with a sink and returns the tree that came in.
pub(super) fn collect_tree(visit: impl FnOnce(*const iolink_metadata_sink) -> Result<()>) -> Result<MetadataNode> {
    unsafe extern "C" fn write(context: *mut c_void, value: *const iolink_metadata_value) -> i32 {
        // SAFETY: `context` is the builder of the frame below.
        let builder = unsafe { &mut *(context as *mut TreeBuilder) };
        // SAFETY: the callee vouches for the value while this call lasts.
        let taken = stop_panic(|| builder.add(unsafe { read_value(value) }?));
        match taken {
            Some(Ok(())) => 0,
            Some(Err(failed)) => {
                builder.failed = Some(failed);
                1
            }
            None => 1,
        }
    }
    let mut builder = TreeBuilder { root: MetadataNode::default(), nodes: 0, failed: None };
    let sink = iolink_metadata_sink {
        size: std::mem::size_of::<iolink_metadata_sink>() as u32,
        reserved: 0,
        context: &mut builder as *mut TreeBuilder as *mut c_void,
        write: Some(write),
    };
    let visited = visit(&sink);
    match builder.failed.take() {
        Some(failed) => Err(failed),
        None => visited.map(|()| std::mem::take(&mut builder.root)),
    }
}

impl TreeBuilder {
    fn add(&mut self, (path, value): (String, Option<Value>)) -> Result<()> {
        self.nodes += 1;
        if self.nodes > crate::Limits::default().max_metadata_nodes {
            fail!(Limit, "the metadata tree has more than {} nodes", self.nodes - 1);
        }
        self.root.make(&path)?.set_value(value);
        Ok(())
    }
}

/// Reads one value of the other side.
///
/// # Safety
/// `border` is NULL, or a value that says the truth of its memory.
unsafe fn read_value(border: *const iolink_metadata_value) -> Result<(String, Option<Value>)> {
    // SAFETY: by the caller's promise.
    let border = unsafe { read_grown(border)? };
    if border.path.is_null() {
        fail!(Internal, "a metadata value has no path");
    }
    // SAFETY: by the caller's promise.
    let path = unsafe { CStr::from_ptr(border.path) }.to_string_lossy().into_owned();
    let data_type = DataType::from_id(border.data_type)?;
    if data_type == DataType::UNKNOWN {
        return Ok((path, None));
    }
    let wrong = |what: &str| Error::new(ErrorKind::Internal, format!("the metadata value {path} is wrong: {what}"));
    let dimensions = border.dimension_count as usize;
    if dimensions > IOLINK_MAX_DIMS {
        return Err(wrong("it has too many dimensions"));
    }
    let shape = &border.shape[..dimensions];
    let counted = shape.iter().try_fold(1u64, |count, size| count.checked_mul(*size));
    if counted != Some(border.count) {
        return Err(wrong("its count is not the product of its shape"));
    }
    if border.length > isize::MAX as u64 || (border.length > 0 && border.data.is_null()) {
        return Err(wrong("its bytes have no address, or are too many"));
    }
    let bytes = match border.length {
        0 => &[][..],
        // SAFETY: by the caller's promise.
        length => unsafe { std::slice::from_raw_parts(border.data as *const u8, length as usize) },
    };
    if !data_type.is_string() {
        let whole = (data_type.byte_count() as u64).checked_mul(border.count);
        if whole != Some(border.length) {
            return Err(wrong("its bytes are not those of its values"));
        }
        return Ok((path, Some(Value::from_bytes(data_type, bytes)?.with_shape(shape)?)));
    }
    if border.string_ends.is_null() {
        if border.count != 1 {
            return Err(wrong("several strings need their ends"));
        }
        return Ok((path, Some(Value::from_bytes(data_type, bytes)?.with_shape(shape)?)));
    }
    if border.count > isize::MAX as u64 / 8 {
        return Err(wrong("it has too many strings"));
    }
    // SAFETY: by the caller's promise there are `count` ends.
    let ends = unsafe { std::slice::from_raw_parts(border.string_ends, border.count as usize) };
    let value = Value::from_strings(data_type, bytes, ends).map_err(|error| wrong(error.message()))?;
    Ok((path, Some(value.with_shape(shape)?)))
}
