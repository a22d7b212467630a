//! Images: the trait, its table, and the wrapper of images made elsewhere.

use super::asked::Asked;
use super::{
    border, check_status, guard, hand_out, new_error, read_grown, read_table, stop_panic, Block, BlockMut, Call,
    ForeignView, Memory, View,
};
use crate::abi::*;
use crate::{
    fail, CapabilitySet, DataType, Error, ErrorKind, ImageCapability, ImageProperties, MetadataNode, Region, Result,
    Shape, Value,
};
use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::os::raw::{c_char, c_void};
use std::sync::Arc;

/// An image: samples of one type on a grid. Axes in canonical order, COLUMN first.
///
/// An implementer gives `capabilities`, `shape`, `data_type`, and either [`memory`](ImageView::memory) (regions are then
/// read and written through it) or [`read_region`](ImageView::read_region).
pub trait ImageView: Send + Sync {
    /// What the image can do; the same for its whole life.
    fn capabilities(&self) -> ImageCapability;

    /// Samples along each axis.
    fn shape(&self) -> Shape;

    /// Type of a sample.
    fn data_type(&self) -> DataType;

    /// Axes, calibration and scale of the values.
    fn properties(&self) -> Arc<ImageProperties> {
        Arc::new(ImageProperties::from_data_type(self.data_type()))
    }

    /// The metadata tree.
    fn metadata(&self) -> Arc<MetadataNode> {
        Arc::new(MetadataNode::default())
    }

    /// MEMORY_ACCESS: the samples where they lie, kept in place until the value is dropped.
    ///
    /// # Errors
    /// `NotImplemented` without the capability.
    fn memory(&self) -> Result<Memory> {
        Err(Error::capability(
            "the image",
            "MEMORY_ACCESS",
            "copy it into memory first (ImageViewFactory.copy_in_memory), or read regions",
        ))
    }

    /// READ: copies a region into the block, in native byte order.
    ///
    /// # Errors
    /// `InvalidArgument` or `OutOfRange` for a region that is not inside, `NotImplemented` without the capability.
    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        if !self.capabilities().has(ImageCapability::READ) {
            return Err(Error::capability("the image", "READ", "it can only be written"));
        }
        target.copy_from(&self.memory()?.block(region)?, call)
    }

    /// WRITE: copies the block into a region.
    ///
    /// # Errors
    /// As [`read_region`](ImageView::read_region).
    fn write_region(&self, region: &Region, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        if !self.capabilities().has(ImageCapability::WRITE) {
            return Err(Error::capability("the image", "WRITE", "copy it into memory to change it"));
        }
        self.memory()?.block_mut(region)?.copy_from(source, call)
    }

    /// Are `read_region` and `write_region` those of this trait, which go through [`memory`](ImageView::memory)? Then callers
    /// on the other side of the border are served from there at once.
    fn regions_lie_in_memory(&self) -> bool {
        false
    }

    /// RESHAPE: another shape and type; the samples start at zero.
    ///
    /// # Errors
    /// `NotImplemented` without the capability, `Busy` while memory is lent.
    fn reshape(&self, _shape: &Shape, _data_type: DataType) -> Result<()> {
        Err(Error::capability("the image", "RESHAPE", "allocate another image"))
    }

    /// WRITE: replaces the properties.
    ///
    /// # Errors
    /// `NotImplemented` where they are fixed, `InvalidArgument` where they do not fit.
    fn set_properties(&self, _properties: ImageProperties) -> Result<()> {
        Err(fixed(self.capabilities(), "properties"))
    }

    /// WRITE: replaces the metadata tree.
    ///
    /// # Errors
    /// `NotImplemented` where it is fixed.
    fn set_metadata(&self, _metadata: MetadataNode) -> Result<()> {
        Err(fixed(self.capabilities(), "metadata"))
    }

    /// A service by its id.
    fn extension(&self, _id: u64) -> Option<View> {
        None
    }

    /// Number of adapters between this image and the samples, which a read passes one within the other. An adapter counts itself
    /// and those of its source.
    fn adapters(&self) -> usize {
        0
    }

    /// URI that the image was opened by.
    fn origin(&self) -> Option<String> {
        None
    }

    /// The view made elsewhere that this is, where it is one.
    fn foreign(&self) -> Option<&ForeignView> {
        None
    }
}

border!(
    ImageView, Image, iolink_image_vtable, |this| this.capabilities().value(), |this, id| super::services::of_image(this, id),
    { describe, memory, read_region, write_region, reshape, properties, set_properties, metadata, set_metadata }
);

/// # Safety
/// The table's functions are only called with live views of this kind made by this copy of the crate.
unsafe fn here<'a>(view: *const iolink_view) -> &'a Here {
    // SAFETY: by the caller's promise.
    unsafe { Here::of(view) }
}

fn description(shape: &Shape, data_type: DataType) -> iolink_image_description {
    iolink_image_description {
        size: std::mem::size_of::<iolink_image_description>() as u32,
        dimension_count: shape.len() as u32,
        data_type: data_type.id(),
        shape: shape.border(),
    }
}

unsafe extern "C" fn describe(
    view: *const iolink_view,
    out: *mut iolink_image_description,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    guard(this.provider, error, || {
        // SAFETY: `out` is the caller's.
        unsafe { hand_out(out, || Ok(description(&this.value.shape(), this.value.data_type()))) }
    })
}

/// Why an image without a way to replace them refuses other properties, or other metadata.
fn fixed(capabilities: ImageCapability, what: &str) -> Error {
    let way_out = "describe the same samples anew (ImageViewFactory.from_image_view)";
    match capabilities.has(ImageCapability::WRITE) {
        true => Error::new(
            ErrorKind::NotImplemented,
            format!("the {what} of the image cannot be changed in place; {way_out}"),
        ),
        false => Error::capability("the image", "WRITE", way_out),
    }
}

unsafe extern "C" fn memory(view: *const iolink_view, out: *mut iolink_memory, error: *mut iolink_error) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    guard(this.provider, error, || {
        // SAFETY: `out` is the caller's.
        unsafe { hand_out(out, || Ok(this.value.memory()?.into_border())) }
    })
}

/// # Safety
/// `region` is NULL or readable.
pub(super) unsafe fn region_from(region: *const iolink_region) -> Result<Region> {
    // SAFETY: by the caller's promise.
    let region = unsafe { read_grown(region)? };
    Ok(Region {
        origin: Shape::from_border(region.dimension_count, &region.origin)?,
        size: Shape::from_border(region.dimension_count, &region.extent)?,
    })
}

unsafe extern "C" fn read_region(
    view: *const iolink_view,
    region: *const iolink_region,
    block: *const iolink_block,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    // SAFETY: region, block and call are the caller's and outlive this function.
    guard(this.provider, error, || unsafe {
        let asked = Asked::new(region, block)?;
        Call::from_border(call, |call| asked.read(&*this.value, call))
    })
}

unsafe extern "C" fn write_region(
    view: *const iolink_view,
    region: *const iolink_region,
    block: *const iolink_block,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    // SAFETY: region, block and call are the caller's and outlive this function.
    guard(this.provider, error, || unsafe {
        let asked = Asked::new(region, block)?;
        Call::from_border(call, |call| asked.write(&*this.value, call))
    })
}

unsafe extern "C" fn reshape(
    view: *const iolink_view,
    description: *const iolink_image_description,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    guard(this.provider, error, || {
        // SAFETY: the description is the caller's.
        let wanted = unsafe { read_grown(description)? };
        let shape = Shape::from_border(wanted.dimension_count, &wanted.shape)?;
        this.value.reshape(&shape, DataType::from_id(wanted.data_type)?)
    })
}

unsafe extern "C" fn properties(
    view: *const iolink_view,
    out: *mut iolink_image_properties,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    guard(this.provider, error, || {
        // SAFETY: `out` is the caller's.
        unsafe {
            hand_out(out, || {
                let known = this.value.properties();
                known.check(this.value.shape().len())?;
                known.to_border()
            })
        }
    })
}

unsafe extern "C" fn set_properties(
    view: *const iolink_view,
    properties: *const iolink_image_properties,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    guard(this.provider, error, || {
        // SAFETY: the properties are the caller's.
        let given = unsafe { read_grown(properties)? };
        this.value.set_properties(ImageProperties::from_border(&given)?.settled(this.value.shape().len())?)
    })
}

/// Puts every node of a tree into a border sink.
///
/// # Safety
/// `sink` is a live sink.
unsafe fn put_tree(tree: &MetadataNode, sink: *const iolink_metadata_sink) -> Result<()> {
    // SAFETY: by the caller's promise.
    let sink = unsafe { read_grown(sink)? };
    let put = match sink.put {
        Some(put) => put,
        None => fail!(InvalidArgument, "the metadata sink has no function"),
    };
    tree.walk(&mut |path, node| {
        let path = CString::new(path).map_err(|_| Error::new(ErrorKind::InvalidArgument, "a path holds a NUL"))?;
        let (data_type, count, data) = match node.value() {
            Some(value) => (value.data_type(), value.count(), value.raw().as_ptr()),
            None => (DataType::UNKNOWN, 0, std::ptr::null()),
        };
        // SAFETY: path and value outlive the call.
        match unsafe { put(sink.context, path.as_ptr(), data_type.id(), count as u64, data as *const c_void) } {
            0 => Ok(()),
            _ => fail!(Cancelled, "the reader of the metadata stopped at {path:?}"),
        }
    })
}

/// Collects a tree from the other side of the border.
struct TreeBuilder {
    root: MetadataNode,
    nodes: u64,
    failed: Option<Error>,
}

impl TreeBuilder {
    /// Runs `visit` with a sink and returns what came.
    fn collect(visit: impl FnOnce(*const iolink_metadata_sink) -> Result<()>) -> Result<MetadataNode> {
        unsafe extern "C" fn put(
            context: *mut c_void,
            path: *const c_char,
            data_type: u64,
            count: u64,
            data: *const c_void,
        ) -> i32 {
            // SAFETY: `context` is the builder of the frame below.
            let builder = unsafe { &mut *(context as *mut TreeBuilder) };
            // SAFETY: the callee vouches for path and value while this call lasts.
            let taken = stop_panic(|| guarded_put(builder, || unsafe { read_value(path, data_type, count, data) }));
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
            context: &mut builder as *mut TreeBuilder as *mut c_void,
            put: Some(put),
        };
        let visited = visit(&sink);
        match builder.failed.take() {
            Some(failed) => Err(failed),
            None => visited.map(|()| std::mem::take(&mut builder.root)),
        }
    }
}

fn guarded_put(builder: &mut TreeBuilder, read: impl FnOnce() -> Result<(String, Option<Value>)>) -> Result<()> {
    builder.nodes += 1;
    if builder.nodes > crate::Limits::default().max_metadata_nodes {
        fail!(Limit, "the metadata tree has more than {} nodes", builder.nodes - 1);
    }
    let (path, value) = read()?;
    builder.root.make(&path)?.set_value(value);
    Ok(())
}

/// # Safety
/// `path` is NUL-terminated and `data` holds what `data_type` and `count` say.
unsafe fn read_value(
    path: *const c_char,
    data_type: u64,
    count: u64,
    data: *const c_void,
) -> Result<(String, Option<Value>)> {
    if path.is_null() {
        fail!(Internal, "a metadata value has no path");
    }
    // SAFETY: by the caller's promise.
    let path = unsafe { CStr::from_ptr(path) }.to_string_lossy().into_owned();
    let data_type = DataType::from_id(data_type)?;
    if data_type == DataType::UNKNOWN {
        return Ok((path, None));
    }
    let length = (data_type.byte_count() as u64)
        .checked_mul(count)
        .filter(|length| *length <= isize::MAX as u64 && (*length == 0 || !data.is_null()));
    match length {
        None => fail!(Internal, "{path} claims {count} values of {data_type}"),
        Some(0) => Ok((path, Some(Value::from_bytes(data_type, &[])?))),
        // SAFETY: by the caller's promise.
        Some(length) => Ok((
            path,
            Some(Value::from_bytes(data_type, unsafe {
                std::slice::from_raw_parts(data as *const u8, length as usize)
            })?),
        )),
    }
}

unsafe extern "C" fn metadata(
    view: *const iolink_view,
    sink: *const iolink_metadata_sink,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    // SAFETY: the sink is the caller's.
    guard(this.provider, error, || unsafe { put_tree(&this.value.metadata(), sink) })
}

unsafe extern "C" fn set_metadata(
    view: *const iolink_view,
    source: *const iolink_metadata_source,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    guard(this.provider, error, || {
        // SAFETY: the source is the caller's.
        let source = unsafe { read_grown(source)? };
        let tree = TreeBuilder::collect(|sink| match source.visit {
            // SAFETY: the context belongs to the function; the sink lives until it returns.
            Some(visit) => unsafe {
                visit(source.context, sink);
                Ok(())
            },
            None => fail!(InvalidArgument, "the metadata source has no function"),
        })?;
        this.value.set_metadata(tree)
    })
}

type AskProperties = unsafe extern "C" fn(*const iolink_view, *mut iolink_image_properties, *mut iolink_error) -> i32;

/// An image made elsewhere.
pub struct ForeignImage {
    foreign: ForeignView,
    table: iolink_image_vtable,
    capabilities: ImageCapability,
    /// What the image said at adoption; `None` where it can change (RESHAPE).
    fixed: Option<(Shape, DataType)>,
}

impl ForeignImage {
    /// Asks once what does not change, and refuses a view that contradicts itself.
    pub(crate) fn adopt(foreign: ForeignView) -> Result<Self> {
        // SAFETY: the kind was checked, so the head starts an image table.
        let table: iolink_image_vtable = unsafe { read_table(foreign.head()) };
        let capabilities = ImageCapability::from_bits(foreign.bits());
        let mut this = ForeignImage { foreign, table, capabilities, fixed: None };
        let needed = [
            (ImageCapability::NONE, this.table.describe.is_some(), "describe"),
            (ImageCapability::READ, this.table.read_region.is_some(), "read_region"),
            (ImageCapability::WRITE, this.table.write_region.is_some(), "write_region"),
            (ImageCapability::MEMORY_ACCESS, this.table.memory.is_some(), "memory"),
            (ImageCapability::RESHAPE, this.table.reshape.is_some(), "reshape"),
        ];
        for (capability, present, function) in needed {
            if capabilities.has(capability) && !present {
                fail!(Internal, "the image claims {capability:?} but has no function {function}");
            }
        }
        let (shape, data_type) = this.describe()?;
        if data_type.byte_count() == 0 || data_type.is_string() {
            fail!(Internal, "the image claims samples of type {data_type}, which have no fixed size");
        }
        if shape.element_count().and_then(|count| count.checked_mul(data_type.byte_count() as u64)).is_none() {
            fail!(Internal, "the image claims the shape {shape}, whose bytes do not fit 64 bits");
        }
        if let Some(properties) = this.table.properties {
            this.ask_properties(properties, shape.len())?;
        }
        if !capabilities.has(ImageCapability::RESHAPE) {
            this.fixed = Some((shape, data_type));
        }
        Ok(this)
    }

    fn describe(&self) -> Result<(Shape, DataType)> {
        let mut out = description(&Shape::filled(0, 0), DataType::UNKNOWN);
        let describe = self.table.describe.ok_or_else(|| absent("describe"))?;
        // SAFETY: the view lives and `out` is ours.
        self.foreign.call(|raw, error| unsafe { describe(raw, &mut out, error) })?;
        Ok((Shape::from_border(out.dimension_count, &out.shape)?, DataType::from_id(out.data_type)?))
    }

    fn ask_properties(&self, ask: AskProperties, dimensions: usize) -> Result<ImageProperties> {
        let mut out = crate::properties::empty_border();
        // SAFETY: the view lives and `out` is ours.
        self.foreign.call(|raw, error| unsafe { ask(raw, &mut out, error) })?;
        let known = ImageProperties::from_border(&out).and_then(|known| known.checked(dimensions));
        known.map_err(|wrong| {
            Error::new(ErrorKind::Internal, format!("the image's properties are wrong: {}", wrong.message()))
        })
    }

    fn described(&self) -> (Shape, DataType) {
        match self.fixed {
            Some(fixed) => fixed,
            None => self.describe().unwrap_or((Shape::filled(0, 0), DataType::UNKNOWN)),
        }
    }

    /// Refuses a block that does not fit the region, before the other side sees it. Shape and type of an image with RESHAPE can
    /// change at any time: there the other side alone compares with them.
    #[inline]
    fn check_block(&self, region: &Region, shape: &Shape, data_type: DataType, native: bool) -> Result<()> {
        if let Some((whole, own_type)) = &self.fixed {
            region.check_inside(whole)?;
            if data_type != *own_type {
                fail!(Type, "a block of type {data_type} does not fit an image of type {own_type}");
            }
        }
        if *shape != region.size || !native {
            fail!(InvalidArgument, "a block of shape {shape} does not fit {region}, or is not in native byte order");
        }
        Ok(())
    }
}

fn absent(function: &str) -> Error {
    Error::new(ErrorKind::NotImplemented, format!("the image's provider has no function {function}"))
}

pub(super) fn region_border(region: &Region) -> iolink_region {
    iolink_region {
        size: std::mem::size_of::<iolink_region>() as u32,
        dimension_count: region.size.len() as u32,
        origin: region.origin.border_loose(),
        extent: region.size.border_loose(),
    }
}

impl ImageView for ForeignImage {
    fn capabilities(&self) -> ImageCapability {
        self.capabilities
    }

    fn shape(&self) -> Shape {
        self.described().0
    }

    fn data_type(&self) -> DataType {
        self.described().1
    }

    fn properties(&self) -> Arc<ImageProperties> {
        // Adoption refused a view whose properties are wrong; one that breaks them later has none.
        let ask = |ask| self.ask_properties(ask, self.shape().len());
        let known = self.table.properties.ok_or_else(|| absent("properties")).and_then(ask);
        Arc::new(known.unwrap_or_else(|_| ImageProperties::from_data_type(self.data_type())))
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        let tree = self.table.metadata.ok_or_else(|| absent("metadata")).and_then(|metadata| {
            TreeBuilder::collect(|sink| {
                // SAFETY: the view and the sink live until this returns.
                self.foreign.call(|raw, error| unsafe { metadata(raw, sink, error) })
            })
        });
        Arc::new(tree.unwrap_or_default())
    }

    fn memory(&self) -> Result<Memory> {
        let memory = match self.table.memory {
            Some(memory) if self.capabilities.has(ImageCapability::MEMORY_ACCESS) => memory,
            _ => {
                return Err(Error::capability(
                    "the image",
                    "MEMORY_ACCESS",
                    "copy it into memory first (ImageViewFactory.copy_in_memory), or read regions",
                ))
            }
        };
        let mut out = MaybeUninit::<iolink_memory>::zeroed();
        // SAFETY: only the size is written; the struct lies in `out`.
        unsafe { std::ptr::addr_of_mut!((*out.as_mut_ptr()).size).write(std::mem::size_of::<iolink_memory>() as u32) };
        // SAFETY: the view lives and `out` is ours.
        self.foreign.call(|raw, error| unsafe { memory(raw, out.as_mut_ptr(), error) })?;
        // SAFETY: every field is a number, a pointer or absent, and the callee filled them in.
        let lent = unsafe { Memory::from_border(out.assume_init())? };
        let (shape, data_type) = self.described();
        if lent.shape != shape || lent.data_type != data_type {
            fail!(Internal, "the image says {shape} of {data_type}, its memory {} of {}", lent.shape, lent.data_type);
        }
        Ok(lent)
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        let read = match self.table.read_region {
            Some(read) if self.capabilities.has(ImageCapability::READ) => read,
            _ => return Err(Error::capability("the image", "READ", "it can only be written")),
        };
        let native = target.byte_order() == crate::ByteOrder::NATIVE;
        self.check_block(region, target.shape(), target.data_type(), native)?;
        let (region, block) = (region_border(region), target.border());
        let mut error = new_error();
        let status = call.with_border(|call| {
            // SAFETY: the view, region, block and call live until this returns; the block holds the whole region.
            self.foreign.with(|raw| unsafe { read(raw, &region, &block, call, error.as_mut_ptr()) })
        });
        check_status(status, &error)
    }

    fn write_region(&self, region: &Region, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        let write = match self.table.write_region {
            Some(write) if self.capabilities.has(ImageCapability::WRITE) => write,
            _ => return Err(Error::capability("the image", "WRITE", "copy it into memory to change it")),
        };
        let native = source.byte_order() == crate::ByteOrder::NATIVE;
        self.check_block(region, source.shape(), source.data_type(), native)?;
        let (region, block) = (region_border(region), source.border());
        let mut error = new_error();
        let status = call.with_border(|call| {
            // SAFETY: the view, region, block and call live until this returns; the block holds the whole region.
            self.foreign.with(|raw| unsafe { write(raw, &region, &block, call, error.as_mut_ptr()) })
        });
        check_status(status, &error)
    }

    fn reshape(&self, shape: &Shape, data_type: DataType) -> Result<()> {
        let reshape = match self.table.reshape {
            Some(reshape) if self.capabilities.has(ImageCapability::RESHAPE) => reshape,
            _ => return Err(Error::capability("the image", "RESHAPE", "allocate another image")),
        };
        let wanted = description(shape, data_type);
        // SAFETY: the view and the description live until this returns.
        self.foreign.call(|raw, error| unsafe { reshape(raw, &wanted, error) })
    }

    fn set_properties(&self, properties: ImageProperties) -> Result<()> {
        let set = self.table.set_properties.ok_or_else(|| absent("set_properties"))?;
        let given = properties.settled(self.shape().len())?.to_border()?;
        // SAFETY: the view and the properties live until this returns.
        self.foreign.call(|raw, error| unsafe { set(raw, &given, error) })
    }

    fn set_metadata(&self, tree: MetadataNode) -> Result<()> {
        unsafe extern "C" fn visit(context: *mut c_void, sink: *const iolink_metadata_sink) {
            // SAFETY: `context` is the tree of the frame below; a sink that stops early has said why to its owner.
            let tree = unsafe { &*(context as *const MetadataNode) };
            // SAFETY: the sink is the callee's and lives until this returns.
            let _ = guard("", std::ptr::null_mut(), || unsafe { put_tree(tree, sink) });
        }
        let set = self.table.set_metadata.ok_or_else(|| absent("set_metadata"))?;
        let source = iolink_metadata_source {
            size: std::mem::size_of::<iolink_metadata_source>() as u32,
            context: &tree as *const MetadataNode as *mut c_void,
            visit: Some(visit),
        };
        // SAFETY: the view, the source and the tree live until this returns.
        self.foreign.call(|raw, error| unsafe { set(raw, &source, error) })
    }

    fn extension(&self, id: u64) -> Option<View> {
        self.foreign.extension(id)
    }

    fn origin(&self) -> Option<String> {
        self.foreign.origin()
    }

    fn foreign(&self) -> Option<&ForeignView> {
        Some(&self.foreign)
    }
}
