//! Images: the trait, its table, and the wrapper of images made elsewhere.

use super::asked::Asked;
use super::image_tables::{
    channels, coordinates, set_channels, set_coordinates, set_properties, ForeignTables, Tables,
};
use super::metadata_tree::{collect_tree, tree_source, write_tree};
use super::{
    border, check_status, guard, hand_out, new_error, read_grown, read_table, Block, BlockMut, Call, ForeignView,
    Memory, View,
};
use crate::abi::*;
use crate::{
    fail, CapabilitySet, DataType, Error, ErrorKind, ImageCapability, ImageProperties, MetadataNode, Region, Result,
    Shape,
};
use std::mem::MaybeUninit;
use std::sync::Arc;

/// How the writing of a created image ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The file is complete and visible under its name.
    Commit,
    /// What was written is removed.
    Abort,
}

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

    /// Axes, calibration, scale of the values, channels and coordinates.
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
    fn serves_regions_from_memory(&self) -> bool {
        false
    }

    /// RESHAPE: another shape and type; the samples start at zero.
    ///
    /// # Errors
    /// `NotImplemented` without the capability, `Busy` while memory is lent.
    fn reshape(&self, _shape: &Shape, _data_type: DataType) -> Result<()> {
        Err(Error::capability("the image", "RESHAPE", "allocate another image"))
    }

    /// WRITE: replaces the properties, channels and coordinates included.
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

    /// READ: says that these regions are read soon, so that an image behind a disk or a network can fetch them together. By
    /// default nothing happens.
    fn prefetch(&self, _regions: &[Region], _call: &Call<'_>) {}

    /// WRITE: passes everything written to the file or object. By default nothing is held back.
    ///
    /// # Errors
    /// `Io`, such as a full disk.
    fn flush(&self, _call: &Call<'_>) -> Result<()> {
        Ok(())
    }

    /// Ends the writing of an image that was created at a target. Dropping one that was not finished aborts.
    ///
    /// # Errors
    /// `NotImplemented` for an image that was not created at a target, `Closed` the second time, `Io` if the file cannot be
    /// completed.
    fn finish(&self, _action: Finish, _call: &Call<'_>) -> Result<()> {
        fail!(NotImplemented, "the image was not created at a target, so there is nothing to finish")
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
    {
        describe, memory, read_region, write_region, reshape, properties, set_properties, metadata, set_metadata, prefetch,
        flush, finish, channels, set_channels, coordinates, set_coordinates
    }
);

/// # Safety
/// The table's functions are only called with live views of this kind made by this copy of the crate.
pub(super) unsafe fn here<'a>(view: *const iolink_view) -> &'a Here {
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

unsafe extern "C" fn memory(
    view: *const iolink_view,
    call: *const iolink_call,
    out: *mut iolink_memory,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    guard(this.provider, error, || {
        // SAFETY: `out` and `call` are the caller's.
        unsafe { Call::from_border(call, |_| hand_out(out, || Ok(this.value.memory()?.into_border()))) }
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
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    guard(this.provider, error, || {
        // SAFETY: the description is the caller's.
        let wanted = unsafe { read_grown(description)? };
        let shape = Shape::from_border(wanted.dimension_count, &wanted.shape)?;
        let data_type = DataType::from_id(wanted.data_type)?;
        // SAFETY: the call is the caller's.
        unsafe { Call::from_border(call, |_| this.value.reshape(&shape, data_type)) }
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
                let shape = this.value.shape();
                known.check(shape.len())?;
                known.check_sizes(&shape, this.value.data_type())?;
                known.to_border()
            })
        }
    })
}

unsafe extern "C" fn metadata(
    view: *const iolink_view,
    sink: *const iolink_metadata_sink,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    // SAFETY: sink and call are the caller's.
    guard(this.provider, error, || unsafe { Call::from_border(call, |_| write_tree(&this.value.metadata(), sink)) })
}

unsafe extern "C" fn set_metadata(
    view: *const iolink_view,
    source: *const iolink_metadata_source,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    guard(this.provider, error, || {
        // SAFETY: the source is the caller's.
        let source = unsafe { read_grown(source)? };
        let tree = collect_tree(|sink| match source.visit {
            // SAFETY: the context belongs to the function; the sink lives until it returns.
            Some(visit) => unsafe {
                visit(source.context, sink);
                Ok(())
            },
            None => fail!(InvalidArgument, "the metadata source has no function"),
        })?;
        // SAFETY: the call is the caller's.
        unsafe { Call::from_border(call, |_| this.value.set_metadata(tree)) }
    })
}

unsafe extern "C" fn prefetch(
    view: *const iolink_view,
    regions: *const *const iolink_region,
    count: u64,
    call: *const iolink_call,
) {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    guard(this.provider, std::ptr::null_mut(), || {
        if regions.is_null() || count > isize::MAX as u64 / 8 {
            return Ok(());
        }
        // SAFETY: the caller has that many regions; the call is the caller's.
        unsafe {
            let regions = std::slice::from_raw_parts(regions, count as usize);
            let regions = regions.iter().map(|region| region_from(*region)).collect::<Result<Vec<_>>>()?;
            Call::from_border(call, |call| {
                this.value.prefetch(&regions, call);
                Ok(())
            })
        }
    });
}

unsafe extern "C" fn flush(view: *const iolink_view, call: *const iolink_call, error: *mut iolink_error) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    // SAFETY: the call is the caller's.
    guard(this.provider, error, || unsafe { Call::from_border(call, |call| this.value.flush(call)) })
}

unsafe extern "C" fn finish(
    view: *const iolink_view,
    action: u32,
    call: *const iolink_call,
    error: *mut iolink_error,
) -> i32 {
    // SAFETY: see `here`.
    let this = unsafe { here(view) };
    guard(this.provider, error, || {
        let action = match action {
            IOLINK_FINISH_COMMIT => Finish::Commit,
            IOLINK_FINISH_ABORT => Finish::Abort,
            other => fail!(InvalidArgument, "{other} is neither IOLINK_FINISH_COMMIT nor IOLINK_FINISH_ABORT"),
        };
        // SAFETY: the call is the caller's.
        unsafe { Call::from_border(call, |call| this.value.finish(action, call)) }
    })
}

/// An image made elsewhere.
pub struct ForeignImage {
    foreign: ForeignView,
    table: iolink_image_vtable,
    capabilities: ImageCapability,
    /// What the image said at adoption; `None` where it can change (RESHAPE).
    fixed: Option<(Shape, DataType)>,
    /// Channels and coordinates at adoption; `None` if they can change (WRITE).
    kept: Option<Tables>,
}

impl ForeignImage {
    /// Asks once what does not change, and refuses a view that contradicts itself.
    pub(crate) fn adopt(foreign: ForeignView) -> Result<Self> {
        // SAFETY: the kind was checked, so the head starts an image table.
        let table: iolink_image_vtable = unsafe { read_table(foreign.base()) };
        let capabilities = ImageCapability::from_bits(foreign.bits());
        let mut this = ForeignImage { foreign, table, capabilities, fixed: None, kept: None };
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
        let known = this.ask_properties(&shape, data_type)?;
        if !capabilities.has(ImageCapability::WRITE) && !capabilities.has(ImageCapability::RESHAPE) {
            this.kept = Some(Tables::of(&known));
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

    fn ask_properties(&self, shape: &Shape, data_type: DataType) -> Result<ImageProperties> {
        let known = match self.table.properties {
            None => Ok(ImageProperties::from_data_type(data_type)),
            Some(ask) => {
                let mut out = crate::properties::empty_border();
                // SAFETY: the view lives and `out` is ours.
                self.foreign.call(|raw, error| unsafe { ask(raw, &mut out, error) })?;
                ImageProperties::from_border(&out).and_then(|known| known.checked(shape.len()))
            }
        };
        let whole = known.and_then(|known| match &self.kept {
            Some(kept) => Ok(kept.added_to(known)),
            None => self.tables().read(known, shape, data_type),
        });
        whole.map_err(|wrong| match wrong.kind() {
            ErrorKind::InvalidArgument => {
                Error::new(ErrorKind::Internal, format!("the image's properties are wrong: {}", wrong.message()))
            }
            _ => wrong,
        })
    }

    /// The functions for channels and coordinates.
    fn tables(&self) -> ForeignTables<'_> {
        ForeignTables { foreign: &self.foreign, table: &self.table }
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
        let (shape, data_type) = self.described();
        let known = self.ask_properties(&shape, data_type);
        Arc::new(known.unwrap_or_else(|_| ImageProperties::from_data_type(data_type)))
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        let tree = self.table.metadata.ok_or_else(|| absent("metadata")).and_then(|metadata| {
            collect_tree(|sink| {
                // SAFETY: the view and the sink live until this returns.
                self.foreign.call(|raw, error| unsafe { metadata(raw, sink, std::ptr::null(), error) })
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
        self.foreign.call(|raw, error| unsafe { memory(raw, std::ptr::null(), out.as_mut_ptr(), error) })?;
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
        self.foreign.call(|raw, error| unsafe { reshape(raw, &wanted, std::ptr::null(), error) })
    }

    fn set_properties(&self, properties: ImageProperties) -> Result<()> {
        let set = self.table.set_properties.ok_or_else(|| absent("set_properties"))?;
        let (shape, data_type) = self.described();
        let known = properties.settled(shape.len())?;
        known.check_sizes(&shape, data_type)?;
        let given = known.to_border()?;
        let writes = self.tables().changes(&known, &self.properties(), &shape)?;
        // SAFETY: the view and the properties live until this returns.
        self.foreign.call(|raw, error| unsafe { set(raw, &given, std::ptr::null(), error) })?;
        writes.write(&known)
    }

    fn set_metadata(&self, tree: MetadataNode) -> Result<()> {
        let set = self.table.set_metadata.ok_or_else(|| absent("set_metadata"))?;
        let source = tree_source(&tree);
        // SAFETY: the view, the source and the tree live until this returns.
        self.foreign.call(|raw, error| unsafe { set(raw, &source, std::ptr::null(), error) })
    }

    fn prefetch(&self, regions: &[Region], call: &Call<'_>) {
        if let Some(prefetch) = self.table.prefetch {
            let regions: Vec<_> = regions.iter().map(region_border).collect();
            let list: Vec<*const iolink_region> = regions.iter().map(|region| region as *const iolink_region).collect();
            call.with_border(|call| {
                // SAFETY: the view, the regions and the call live until this returns.
                self.foreign.with(|raw| unsafe { prefetch(raw, list.as_ptr(), list.len() as u64, call) });
            });
        }
    }

    fn flush(&self, call: &Call<'_>) -> Result<()> {
        match self.table.flush {
            // SAFETY: the view and the call live until this returns.
            Some(flush) => call.with_border(|call| self.foreign.call(|raw, error| unsafe { flush(raw, call, error) })),
            None => Ok(()),
        }
    }

    fn finish(&self, action: Finish, call: &Call<'_>) -> Result<()> {
        let finish = self.table.finish.ok_or_else(|| absent("finish"))?;
        let action = match action {
            Finish::Commit => IOLINK_FINISH_COMMIT,
            Finish::Abort => IOLINK_FINISH_ABORT,
        };
        // SAFETY: the view and the call live until this returns.
        call.with_border(|call| self.foreign.call(|raw, error| unsafe { finish(raw, action, call, error) }))
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
