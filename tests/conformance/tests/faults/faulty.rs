//! A provider of images in memory and one of files, right but for the fault that was planted in this thread.

use iolink_sdk::abi::IOLINK_EXTENSION_TILING;
use iolink_sdk::view::services::tiling_view;
use iolink_sdk::{
    fail, Adopt, AxesInterpretation, Block, BlockMut, ByteOrder, Call, Convert, Cost, Create, CreateView, DataType,
    Error, ErrorKind, Host, ImageCapability, ImageProperties, ImageView, Kind, Limits, Memory, MetadataNode, Offer,
    Owner, Provider, ProviderInfo, RandomAccess, Region, Result, Shape, Source, StreamCapability, Tiling, View,
};
use std::cell::Cell;
use std::sync::{Arc, Mutex, RwLock};

/// What may be wrong. Each name says what the provider does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    ClaimsWhatItHasNot,
    SwapsTheShape,
    StartsWithRubbish,
    ReadsOneColumnBeside,
    IgnoresStrides,
    WritesAtTheOrigin,
    LendsAnotherByteOrder,
    ReadsOutside,
    NamesTheWrongKind,
    ReshapesWhileLent,
    KeepsTheOwner,
    SharesAScratchBuffer,
    ForgetsProperties,
    WrapsHugeSizes,
    NeverStops,
    Panics,
    LosesMetadata,
    KeepsTheSource,
    ClaimsEveryFile,
    OpensEveryFile,
    ReadsCutFiles,
    GivesAnotherKind,
    NeedsThePath,
    KeepsTheBytes,
    PanicsOnDamage,
    CutsTilesThatOverlap,
}

thread_local!(static FAULT: Cell<Fault> = const { Cell::new(Fault::None) });

/// Plants a fault in what this thread makes from now on.
pub fn plant(fault: Fault) {
    FAULT.set(fault);
}

fn planted() -> Fault {
    FAULT.get()
}

const WHOLE: ImageCapability =
    ImageCapability::READ.and(ImageCapability::WRITE).and(ImageCapability::MEMORY_ACCESS).and(ImageCapability::RESHAPE);
const LENT: ImageCapability = ImageCapability::READ.and(ImageCapability::WRITE).and(ImageCapability::MEMORY_ACCESS);

/// Samples in memory, of its own or lent to it.
struct Image {
    fault: Fault,
    state: RwLock<State>,
    scratch: Mutex<Vec<u8>>,
    /// What is kept although nobody needs it.
    _kept: Option<View>,
}

struct State {
    memory: Memory,
    keeper: Keeper,
    properties: Arc<ImageProperties>,
    metadata: Arc<MetadataNode>,
}

/// Whoever keeps samples in place.
type Keeper = Arc<Mutex<Box<[u8]>>>;

fn zeroed(shape: &Shape, data_type: DataType, fault: Fault) -> Result<(Memory, Keeper)> {
    let limits = Limits::default();
    let bytes = match limits.image_bytes(shape, data_type) {
        Err(_) if fault == Fault::WrapsHugeSizes => 64,
        other => other?,
    };
    let first = if fault == Fault::StartsWithRubbish { 7 } else { 0 };
    let mut samples = vec![first; bytes].into_boxed_slice();
    let data = samples.as_mut_ptr();
    let keeper = Arc::new(Mutex::new(samples));
    let strides = shape.column_fastest(data_type.byte_count());
    let owner = Owner::none();
    let memory =
        Memory { data, data_type, shape: *shape, strides, byte_order: ByteOrder::NATIVE, writable: true, owner };
    Ok((memory, keeper))
}

impl Image {
    fn new(shape: &Shape, data_type: DataType, properties: Option<ImageProperties>) -> Result<Self> {
        let fault = planted();
        let mut shape = *shape;
        if fault == Fault::SwapsTheShape && shape.len() > 1 {
            shape.swap(0, 1);
        }
        let (memory, keeper) = zeroed(&shape, data_type, fault)?;
        let properties =
            properties.unwrap_or_else(|| ImageProperties::from_data_type(data_type)).fitted(shape.len())?;
        Ok(Image::over(memory, keeper, properties, fault))
    }

    fn over(memory: Memory, keeper: Keeper, properties: ImageProperties, fault: Fault) -> Self {
        let state = State { memory, keeper, properties: Arc::new(properties), metadata: Arc::default() };
        Image { fault, state: RwLock::new(state), scratch: Mutex::default(), _kept: None }
    }

    fn region(&self, region: &Region, shape: &Shape) -> Result<Region> {
        let mut out = *region;
        match (region.check_inside(shape), self.fault) {
            (Err(_), Fault::ReadsOutside) if region.dimension_count() == shape.len() && !region.is_empty() => {
                for axis in 0..shape.len() {
                    out.size[axis] = out.size[axis].min(shape[axis]);
                    out.origin[axis] = out.origin[axis].min(shape[axis] - out.size[axis]);
                }
            }
            (Err(_), Fault::NamesTheWrongKind) => fail!(Io, "the region is not there"),
            (refused, _) => refused?,
        }
        if self.fault == Fault::ReadsOneColumnBeside && out.origin.first().is_some_and(|at| *at > 0) {
            out.origin[0] -= 1;
        }
        Ok(out)
    }
}

impl ImageView for Image {
    fn capabilities(&self) -> ImageCapability {
        match self.fault {
            Fault::ClaimsWhatItHasNot => ImageCapability::READ,
            _ => WHOLE,
        }
    }

    fn shape(&self) -> Shape {
        self.state.read().unwrap().memory.shape
    }

    fn data_type(&self) -> DataType {
        self.state.read().unwrap().memory.data_type
    }

    fn properties(&self) -> Arc<ImageProperties> {
        self.state.read().unwrap().properties.clone()
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.state.read().unwrap().metadata.clone()
    }

    fn memory(&self) -> Result<Memory> {
        let state = self.state.read().unwrap();
        let Memory { data, data_type, shape, strides, mut byte_order, writable, .. } = state.memory;
        if self.fault == Fault::LendsAnotherByteOrder {
            byte_order = ByteOrder::Big;
        }
        let owner = Owner::arc(state.keeper.clone());
        Ok(Memory { data, data_type, shape, strides, byte_order, writable, owner })
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        let state = self.state.read().unwrap();
        let region = self.region(region, &state.memory.shape)?;
        assert!(self.fault != Fault::Panics, "planted");
        let block = state.memory.block(&region)?;
        match self.fault {
            Fault::NeverStops => {
                let _ignored = call.step(0, 1);
                target.copy_from(&block, &Call::silent())
            }
            Fault::IgnoresStrides => {
                let strides = region.size.column_fastest(state.memory.data_type.byte_count());
                // SAFETY: the first samples of the target are its own; a test's blocks have room for a dense copy.
                let mut dense =
                    unsafe { BlockMut::from_raw(target.data(), region.size, strides, state.memory.data_type) };
                match target.strides().iter().all(|stride| *stride > 0) {
                    true => dense.copy_from(&block, call),
                    false => target.copy_from(&block, call),
                }
            }
            Fault::SharesAScratchBuffer => {
                let size = block.shape().element_count().unwrap_or(0) as usize * block.data_type().byte_count();
                let fill = |scratch: &mut Vec<u8>| {
                    scratch.resize(size, 0);
                    BlockMut::new(scratch, &region.size, block.data_type())?.copy_from(&block, call)
                };
                fill(&mut self.scratch.lock().unwrap())?;
                std::thread::yield_now();
                let mut scratch = self.scratch.lock().unwrap();
                scratch.resize(size, 0);
                target.copy_from(&Block::new(&scratch, &region.size, block.data_type())?, call)
            }
            _ => target.copy_from(&block, call),
        }
    }

    fn write_region(&self, region: &Region, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        let state = self.state.read().unwrap();
        let mut region = *region;
        region.check_inside(&state.memory.shape)?;
        if self.fault == Fault::WritesAtTheOrigin {
            region.origin = Shape::filled(region.origin.len(), 0);
        }
        state.memory.block_mut(&region)?.copy_from(source, call)
    }

    fn extension(&self, id: u64) -> Option<View> {
        let overlap = self.fault == Fault::CutsTilesThatOverlap && id == IOLINK_EXTENSION_TILING;
        overlap.then(|| tiling_view(Arc::new(Overlapping(self.shape()))))
    }

    fn reshape(&self, shape: &Shape, data_type: DataType) -> Result<()> {
        let mut state = self.state.write().unwrap();
        if Arc::strong_count(&state.keeper) > 1 && self.fault != Fault::ReshapesWhileLent {
            fail!(Busy, "its memory is lent");
        }
        (state.memory, state.keeper) = zeroed(shape, data_type, self.fault)?;
        state.properties = Arc::new(ImageProperties::from_data_type(data_type).fitted(shape.len())?);
        Ok(())
    }

    fn set_properties(&self, properties: ImageProperties) -> Result<()> {
        if self.fault != Fault::ForgetsProperties {
            self.state.write().unwrap().properties = Arc::new(properties);
        }
        Ok(())
    }

    fn set_metadata(&self, metadata: MetadataNode) -> Result<()> {
        self.state.write().unwrap().metadata = Arc::new(metadata);
        Ok(())
    }
}

/// Two tiles, each of which is the whole image.
struct Overlapping(Shape);

impl Tiling for Overlapping {
    fn image(&self) -> Arc<dyn ImageView> {
        Arc::new(Image::new(&self.0, DataType::UINT8, None).unwrap())
    }

    fn max_tile_size(&self) -> Shape {
        self.0
    }

    fn tile_count(&self) -> u64 {
        2
    }

    fn tile_region(&self, index: u64) -> Result<Region> {
        if index >= 2 {
            fail!(OutOfRange, "there are two tiles");
        }
        Ok(Region::full(&self.0))
    }

    fn grid_size(&self) -> Shape {
        Shape::filled(self.0.len(), 1)
    }

    fn read_tile(&self, _: u64, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        let samples = vec![0; self.0.element_count().unwrap_or(0) as usize * target.data_type().byte_count()];
        target.copy_from(&Block::new(&samples, &self.0, target.data_type())?, call)
    }
}

/// Images in memory: made, adopted, copied.
pub struct InMemory;

impl Provider for InMemory {
    const INFO: ProviderInfo = ProviderInfo::new("org.faulty.memory", "Images in memory, with a fault").offers(&[
        Offer::create(Kind::Image).image_capabilities(WHOLE),
        Offer::adopt(Kind::Image).image_capabilities(LENT),
        Offer::convert(Kind::Image, Kind::Image, Cost::Copy)
            .needs(ImageCapability::READ.value())
            .image_capabilities(WHOLE),
    ]);

    fn create(&self, _: &Host, request: Create, _: &Call<'_>) -> Result<View> {
        match request.view {
            CreateView::Image { shape, data_type, properties, metadata, .. } => {
                let image = Image::new(&shape, data_type, properties)?;
                image.set_metadata(metadata.unwrap_or_default())?;
                Ok(View::image(image))
            }
            _ => fail!(NotImplemented, "images only"),
        }
    }

    fn adopt(&self, _: &Host, request: Adopt, _: &Call<'_>) -> Result<View> {
        let (memory, properties) = match request {
            Adopt::Image { memory, properties } => (memory, properties),
            _ => fail!(NotImplemented, "images only"),
        };
        let known =
            properties.map_or_else(|| ImageProperties::from_data_type(memory.data_type), |known| (*known).clone());
        let known = known.fitted(memory.shape.len())?;
        Ok(View::image(Adopted { memory: Arc::new(*memory), state: RwLock::new((Arc::new(known), Arc::default())) }))
    }

    fn convert(&self, _: &Host, view: View, _: &Convert, call: &Call<'_>) -> Result<View> {
        let source = view.clone().into_image()?;
        let mut image = Image::new(&source.shape(), source.data_type(), Some((*source.properties()).clone()))?;
        let whole = Region::full(&source.shape());
        source.read_region(&whole, &mut image.memory()?.block_mut(&whole)?, call)?;
        if image.fault != Fault::LosesMetadata {
            image.set_metadata((*source.metadata()).clone())?;
        }
        image._kept = (image.fault == Fault::KeepsTheSource).then_some(view);
        Ok(View::image(image))
    }
}

/// Memory of somebody else.
struct Adopted {
    memory: Arc<Memory>,
    state: RwLock<(Arc<ImageProperties>, Arc<MetadataNode>)>,
}

impl ImageView for Adopted {
    fn capabilities(&self) -> ImageCapability {
        LENT
    }

    fn shape(&self) -> Shape {
        self.memory.shape
    }

    fn data_type(&self) -> DataType {
        self.memory.data_type
    }

    fn properties(&self) -> Arc<ImageProperties> {
        self.state.read().unwrap().0.clone()
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.state.read().unwrap().1.clone()
    }

    fn memory(&self) -> Result<Memory> {
        let kept = self.memory.clone();
        if planted() == Fault::KeepsTheOwner {
            std::mem::forget(kept.clone());
        }
        let Memory { data, data_type, shape, strides, byte_order, writable, .. } = *self.memory;
        Ok(Memory { data, data_type, shape, strides, byte_order, writable, owner: Owner::arc(kept) })
    }

    fn set_properties(&self, properties: ImageProperties) -> Result<()> {
        self.state.write().unwrap().0 = Arc::new(properties);
        Ok(())
    }

    fn set_metadata(&self, metadata: MetadataNode) -> Result<()> {
        self.state.write().unwrap().1 = Arc::new(metadata);
        Ok(())
    }
}

const WIDTH: usize = 23;
const HEIGHT: usize = 11;

/// A file of the format: the word `faulty`, a sum of what follows, 23 x 11 samples.
pub fn file() -> Vec<u8> {
    let samples: Vec<u8> = (0..WIDTH * HEIGHT).map(|at| (at * 37 % 251) as u8).collect();
    let mut out = b"faulty".to_vec();
    out.extend(sum(&samples).to_le_bytes());
    out.extend(samples);
    out
}

fn sum(samples: &[u8]) -> u32 {
    samples.iter().fold(0, |sum: u32, sample| sum.wrapping_mul(31).wrapping_add(u32::from(*sample)))
}

/// Files of the format above.
pub struct Files;

impl Provider for Files {
    const INFO: ProviderInfo =
        ProviderInfo::new("org.faulty.file", "Files, with a fault")
            .offers(&[Offer::open(Kind::Image, "FAULTY").image_capabilities(WHOLE)]);

    fn identify(&self, _: &Host, source: &Source, _: &Call<'_>) -> Result<Option<u32>> {
        let mut head = [0; 6];
        source.bytes()?.read_at(0, &mut head)?;
        Ok(Some(if &head == b"faulty" || planted() == Fault::ClaimsEveryFile { 100 } else { 0 }))
    }

    fn open(&self, _: &Host, source: &Source, call: &Call<'_>) -> Result<View> {
        let fault = planted();
        if fault == Fault::NeedsThePath && source.path().is_none() {
            fail!(InvalidArgument, "a path is needed");
        }
        let bytes = source.bytes()?;
        let mut all = vec![0; bytes.length()? as usize];
        bytes.read_exact_at(0, &mut all)?;
        if !all.starts_with(b"faulty") && fault != Fault::OpensEveryFile {
            fail!(Unsupported, "the file does not start with the word faulty");
        }
        all.drain(..all.len().min(6));
        if all.len() < 4 && fault != Fault::OpensEveryFile {
            fail!(Corrupt, "the file ends inside its header");
        }
        let samples: Vec<u8> = all.drain(all.len().min(4)..).collect();
        let fine = all == sum(&samples).to_le_bytes() && samples.len() == WIDTH * HEIGHT;
        let loose = [Fault::OpensEveryFile, Fault::ReadsCutFiles].contains(&fault);
        assert!(fine || fault != Fault::PanicsOnDamage, "planted");
        if !fine && !loose {
            fail!(Corrupt, "the samples are not those whose sum stands in the header");
        }
        if fault == Fault::GivesAnotherKind {
            return Ok(View::random_access(Bytes(bytes)));
        }
        if fault == Fault::KeepsTheBytes {
            std::mem::forget(bytes);
        }
        let shape = Shape::new(&[WIDTH as u64, HEIGHT as u64])?;
        let known = ImageProperties { axes_interpretation: AxesInterpretation::Image, ..ImageProperties::default() };
        let image = Image::new(&shape, DataType::UINT8, Some(known))?;
        let mut full = samples;
        full.resize(WIDTH * HEIGHT, 0);
        let whole = Region::full(&shape);
        image.write_region(&whole, &Block::new(&full, &shape, DataType::UINT8)?, call)?;
        Ok(View::image(image))
    }
}

struct Bytes(Arc<dyn RandomAccess>);

impl RandomAccess for Bytes {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ
    }

    fn length(&self) -> Result<u64> {
        self.0.length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.0.read_at(offset, buffer).map_err(|error| Error::new(ErrorKind::Io, error.message()))
    }
}

iolink_sdk::builtin!(InMemory, Files);
