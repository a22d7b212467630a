//! One image in memory.

use crate::buffer::Buffer;
use crate::form::Form;
use crate::WHOLE;
use iolink_sdk::{
    fail, AxesInterpretation, Axis, ByteOrder, DataType, ImageCapability, ImageProperties, ImageView, Limits, Memory,
    MetadataNode, Owner, Result, Shape, Strides,
};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// An image whose samples lie in memory of its own. They start at zero.
///
/// [`MemoryImage::on_disk`] maps them from a temporary file instead, so that they may be more than the machine's memory.
///
/// An image all of whose axes are named lies so that its NumPy export (T, Z, Y, X, C) is C-contiguous; one with unnamed
/// axes lies column fastest. Reshaped to another number of axes it loses their names and calibration; a channel table and
/// coordinates that do not fit the new shape go too.
pub struct MemoryImage {
    state: RwLock<State>,
    /// That of the state.
    form: Form,
}

struct State {
    buffer: Arc<Buffer>,
    shape: Shape,
    strides: Strides,
    data_type: DataType,
    properties: Arc<ImageProperties>,
    metadata: Arc<MetadataNode>,
    /// Where the samples of the next shape are to lie.
    folder: Option<Arc<Path>>,
}

/// Strides by which a named image's NumPy export is C-contiguous, and an unnamed one is column fastest.
fn layout(shape: &Shape, data_type: DataType, properties: &ImageProperties) -> Strides {
    let size = data_type.byte_count();
    match properties.named_axes(shape.len()) {
        Some(axes) => {
            let fastest_first =
                Axis::NUMPY_ORDER.iter().rev().filter_map(|axis| axes.iter().position(|own| own == axis));
            shape.dense_strides(size, fastest_first)
        }
        None => shape.column_fastest(size),
    }
}

impl State {
    fn new(shape: &Shape, data_type: DataType, properties: ImageProperties, folder: Option<Arc<Path>>) -> Result<Self> {
        if data_type.byte_count() == 0 || data_type.is_string() {
            fail!(Type, "an image cannot have samples of type {data_type}: they have no fixed size");
        }
        let bytes = Limits::default().image_bytes(shape, data_type)?;
        let properties = properties.fitted(shape.len())?;
        properties.check_sizes(shape, data_type)?;
        Ok(State {
            buffer: Arc::new(Buffer::zeroed(bytes, folder.as_deref())?),
            shape: *shape,
            strides: layout(shape, data_type, &properties),
            data_type,
            properties: Arc::new(properties),
            metadata: Arc::default(),
            folder,
        })
    }
}

impl MemoryImage {
    /// A zeroed image.
    ///
    /// # Errors
    /// `Limit` where it is too large, `Type` for samples without a fixed size, `InvalidArgument` for properties that
    /// describe more axes than there are.
    pub fn new(shape: &Shape, data_type: DataType, properties: Option<ImageProperties>) -> Result<Self> {
        MemoryImage::made(shape, data_type, properties, None)
    }

    /// A zeroed image whose samples lie in a file of `folder`, mapped into memory. The file has room for all of them, and is
    /// removed when neither the image nor anybody who shares its memory is left.
    ///
    /// # Errors
    /// As [`MemoryImage::new`]; `NotFound` and `Io` with the system's number where the file cannot be made.
    pub fn on_disk(
        folder: &Path,
        shape: &Shape,
        data_type: DataType,
        properties: Option<ImageProperties>,
    ) -> Result<Self> {
        MemoryImage::made(shape, data_type, properties, Some(folder.into()))
    }

    fn made(
        shape: &Shape,
        data_type: DataType,
        properties: Option<ImageProperties>,
        folder: Option<Arc<Path>>,
    ) -> Result<Self> {
        let properties = properties.unwrap_or_else(|| ImageProperties::from_data_type(data_type));
        let state = RwLock::new(State::new(shape, data_type, properties, folder)?);
        Ok(MemoryImage { state, form: Form::new(shape, data_type) })
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ImageView for MemoryImage {
    fn capabilities(&self) -> ImageCapability {
        WHOLE
    }

    fn shape(&self) -> Shape {
        self.form.shape()
    }

    fn data_type(&self) -> DataType {
        self.form.data_type()
    }

    fn properties(&self) -> Arc<ImageProperties> {
        self.state().properties.clone()
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.state().metadata.clone()
    }

    fn memory(&self) -> Result<Memory> {
        let state = self.state();
        Ok(Memory {
            data: state.buffer.data(),
            data_type: state.data_type,
            shape: state.shape,
            strides: state.strides,
            byte_order: ByteOrder::NATIVE,
            writable: true,
            owner: Owner::arc(state.buffer.clone()),
        })
    }

    fn serves_regions_from_memory(&self) -> bool {
        true
    }

    fn reshape(&self, shape: &Shape, data_type: DataType) -> Result<()> {
        let mut state = self.state_mut();
        if Arc::strong_count(&state.buffer) > 1 {
            fail!(Busy, "the image cannot be reshaped while its memory is shared; drop the arrays that share it first");
        }
        let mut properties = (*state.properties).clone();
        if shape.len() != state.shape.len() {
            // What the axes were says nothing of another number of them.
            properties.axes_interpretation = AxesInterpretation::Unknown;
            properties.axes.clear();
        }
        properties.drop_other_sizes(shape, data_type);
        let (metadata, folder) = (state.metadata.clone(), state.folder.clone());
        *state = State { metadata, ..State::new(shape, data_type, properties, folder)? };
        self.form.set(shape, data_type);
        Ok(())
    }

    fn set_properties(&self, properties: ImageProperties) -> Result<()> {
        let mut state = self.state_mut();
        let properties = properties.fitted(state.shape.len())?;
        properties.check_sizes(&state.shape, state.data_type)?;
        state.properties = Arc::new(properties);
        Ok(())
    }

    fn set_metadata(&self, metadata: MetadataNode) -> Result<()> {
        self.state_mut().metadata = Arc::new(metadata);
        Ok(())
    }
}
