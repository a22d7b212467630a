//! Images in plain files: created at a target, written by regions, there once they are committed.

use iolink_sdk::view::StoreMode;
use iolink_sdk::{
    fail, Block, BlockMut, ByteOrder, Call, Create, CreateView, DataType, Error, ErrorKind, Finish, Host,
    ImageCapability, ImageProperties, ImageView, Kind, Limits, Lock, Offer, OptionInfo, Options, Provider,
    ProviderInfo, Region, Result, SeekFrom, Shape, Store, StreamAccess, StreamCapability, Target, View,
};
use std::path::Path;
use std::sync::Arc;

/// Bytes of a region that are brought into the file's order together.
const PIECE: usize = 8 << 20;

/// Errors of the system for a file that is too large: `EFBIG` and `EINVAL`.
const TOO_LARGE: [i32; 2] = [27, 22];

const OPTIONS: &[OptionInfo] =
    &[OptionInfo::string("byte_order", "little", "byte order of the samples in the file").choices("little,big")];

/// The provider of images in plain files, which hold samples alone: no header, the column fastest.
pub struct Raw;

impl Provider for Raw {
    const INFO: ProviderInfo =
        ProviderInfo::new("org.iolink.raw", "Images in plain files").offers(&[Offer::create_at(Kind::Image, "RAW")
            .extensions("raw")
            .image_capabilities(ImageCapability::WRITE)
            .options(OPTIONS)]);

    fn create(&self, _host: &Host, request: Create, call: &Call<'_>) -> Result<View> {
        let Some(target) = request.target else {
            fail!(InvalidArgument, "an image in a plain file needs a target: a path, or a store with a key");
        };
        let (shape, data_type, properties) = match request.view {
            CreateView::Image { metadata: Some(metadata), .. } if !metadata.children().is_empty() => {
                fail!(NotImplemented, "a plain file holds samples alone; create the image without metadata")
            }
            CreateView::Image { tile_shape: Some(_), .. } => {
                fail!(NotImplemented, "a plain file stores its samples in rows; create the image without a tile shape")
            }
            CreateView::Image { shape, data_type, properties, .. } => (shape, data_type, properties),
            other => fail!(NotImplemented, "org.iolink.raw does not create views of kind {}", other.kind().word()),
        };
        if let Some(other) = target.format().filter(|format| !format.eq_ignore_ascii_case("RAW")) {
            fail!(Unsupported, "org.iolink.raw writes RAW, not {other}");
        }
        if data_type.byte_count() == 0 || data_type.is_string() {
            fail!(Type, "a plain file cannot hold samples of type {data_type}: they have no fixed size");
        }
        let length = Limits::unallocated().image_bytes(&shape, data_type)? as u64;
        let byte_order = if target.option("byte_order") == Some("big") { ByteOrder::Big } else { ByteOrder::Little };
        let properties = properties.unwrap_or_else(|| ImageProperties::from_data_type(data_type));
        let properties = Arc::new(properties.fitted(shape.len())?);
        let stream = writer(&target, call)?;
        if let Err(error) = stream.resize(length) {
            match TOO_LARGE.contains(&error.code()) {
                true => fail!(Limit, "{} cannot hold {length} bytes: {}", target.uri(), error.message()),
                false => return Err(error),
            }
        }
        let origin = target.uri().to_owned();
        Ok(View::image(RawImage { shape, data_type, properties, byte_order, origin, stream: Lock::new(Some(stream)) }))
    }
}

/// Opens a stream that puts a new value into its place when it is closed.
fn writer(target: &Target, call: &Call<'_>) -> Result<Arc<dyn StreamAccess>> {
    let mode = if target.is_overwrite() { StoreMode::Replace } else { StoreMode::Create };
    let stream = match target.store() {
        Some((store, key)) => store.open(key, mode, call)?.into_stream()?,
        None => {
            let (store, key) = folder_of(target.path()?)?;
            store.open(&key, mode, call)?.into_stream()?
        }
    };
    let missing = (StreamCapability::WRITE | StreamCapability::SEEK | StreamCapability::RESIZE).value()
        & !stream.capabilities().value();
    if missing != 0 {
        let names = Kind::Stream.capability_names(missing).join(" | ");
        return Err(Error::capability(target.uri(), &names, "create the image in a local file, and copy that"));
    }
    Ok(stream)
}

/// Returns the folder of a file, and its key in it. The file that a link leads to is the one that is written.
#[cfg(unix)]
fn folder_of(path: &Path) -> Result<(Arc<dyn Store>, String)> {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match path.file_name().map(|name| name.to_str()) {
        Some(Some(name)) => Ok((Arc::new(iolink_sdk::files::FolderStore::writable(folder)), name.to_owned())),
        _ => fail!(InvalidArgument, "{} does not end with the name of a file in UTF-8", path.display()),
    }
}

#[cfg(not(unix))]
fn folder_of(path: &Path) -> Result<(Arc<dyn Store>, String)> {
    fail!(NotImplemented, "{} cannot be created: images in plain files need Unix", path.display())
}

/// An image whose samples go into a stream, region by region.
struct RawImage {
    shape: Shape,
    data_type: DataType,
    properties: Arc<ImageProperties>,
    byte_order: ByteOrder,
    origin: String,
    /// None: finished. Dropping the stream removes what was written.
    stream: Lock<Option<Arc<dyn StreamAccess>>>,
}

impl RawImage {
    fn stream(&self) -> Result<Arc<dyn StreamAccess>> {
        match &*self.stream.lock()? {
            Some(stream) => Ok(stream.clone()),
            None => Err(self.closed()),
        }
    }

    #[cold]
    fn closed(&self) -> Error {
        Error::new(ErrorKind::Closed, format!("{} is finished; create another image to write more", self.origin))
    }

    /// Writes `source` at a region of at most [`PIECE`] bytes, or of one sample.
    fn write_piece(
        &self,
        stream: &dyn StreamAccess,
        region: &Region,
        source: &Block<'_>,
        call: &Call<'_>,
    ) -> Result<()> {
        let size = self.data_type.byte_count();
        let length = Limits::default().image_bytes(&region.size, self.data_type)?;
        let mut bytes = vec![0; length];
        let copy = Call::silent().with_max_threads(call.max_threads());
        BlockMut::new(&mut bytes, &region.size, self.data_type)?
            .with_byte_order(self.byte_order)
            .copy_from(source, &copy)?;
        // The first axes that the region covers whole, and the next one, lie in one run.
        let whole = (0..self.shape.len()).take_while(|axis| region.size[*axis] == self.shape[*axis]).count();
        let axes = (whole + 1).min(self.shape.len());
        let run: u64 = region.size[..axes].iter().product::<u64>() * size as u64;
        let strides = self.shape.column_fastest(size);
        let mut index = vec![0; self.shape.len()];
        for run in bytes.chunks_exact(run as usize) {
            let at = |axis: usize| (region.origin[axis] + index[axis]) * strides[axis] as u64;
            write_at(stream, (0..index.len()).map(at).sum(), run)?;
            for (at, size) in index.iter_mut().zip(region.size.iter()).skip(axes) {
                *at += 1;
                if *at < *size {
                    break;
                }
                *at = 0;
            }
        }
        Ok(())
    }
}

fn write_at(stream: &dyn StreamAccess, offset: u64, mut bytes: &[u8]) -> Result<()> {
    stream.seek(SeekFrom::Start(offset))?;
    while !bytes.is_empty() {
        match stream.write(bytes)? {
            0 => fail!(Io, "the stream takes no byte at {offset}"),
            count => bytes = &bytes[count..],
        }
    }
    Ok(())
}

/// Splits a region into pieces of at most [`PIECE`] bytes, in the order of the file.
fn pieces(region: &Region, sample: usize) -> Vec<Region> {
    let fits = region.element_count().is_some_and(|count| count <= (PIECE / sample).max(1) as u64);
    let last = (0..region.dimension_count()).rev().find(|axis| region.size[*axis] > 1);
    match last {
        Some(axis) if !fits => {
            let (mut low, mut high) = (*region, *region);
            low.size[axis] /= 2;
            high.size[axis] -= low.size[axis];
            high.origin[axis] += low.size[axis];
            [pieces(&low, sample), pieces(&high, sample)].concat()
        }
        _ => vec![*region],
    }
}

impl ImageView for RawImage {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::WRITE
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn data_type(&self) -> DataType {
        self.data_type
    }

    fn properties(&self) -> Arc<ImageProperties> {
        self.properties.clone()
    }

    fn write_region(&self, region: &Region, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        region.check_inside(&self.shape)?;
        if *source.shape() != region.size {
            fail!(InvalidArgument, "a block of shape {} cannot fill a region of {}", source.shape(), region.size);
        }
        if source.data_type() != self.data_type {
            fail!(Type, "samples of type {} cannot fill an image of {}", source.data_type(), self.data_type);
        }
        // The stream has one cursor: one region is written at a time.
        let held = self.stream.lock()?;
        let stream = held.as_ref().ok_or_else(|| self.closed())?;
        let size = self.data_type.byte_count();
        let total = Limits::unallocated().image_bytes(&region.size, self.data_type)? as u64;
        let mut done = 0;
        for piece in pieces(region, size) {
            call.step(done, total)?;
            let mut part = piece;
            for axis in 0..self.shape.len() {
                part.origin[axis] -= region.origin[axis];
            }
            self.write_piece(&**stream, &piece, &source.part(&part)?, call)?;
            done += piece.element_count().unwrap_or(0) * size as u64;
        }
        Ok(())
    }

    fn flush(&self, _call: &Call<'_>) -> Result<()> {
        self.stream()?.flush()
    }

    fn finish(&self, action: Finish, _call: &Call<'_>) -> Result<()> {
        let stream = self.stream.lock()?.take().ok_or_else(|| self.closed())?;
        match action {
            Finish::Commit => stream.close(),
            Finish::Abort => Ok(()),
        }
    }

    fn origin(&self) -> Option<String> {
        Some(self.origin.clone())
    }
}
