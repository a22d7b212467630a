//! Targets that are not local files: a key of a store, and a stream.

use super::Draft;
use crate::record::OfferRecord;
use iolink_sdk::abi::IOLINK_OFFER_FLAG_SEQUENTIAL;
use iolink_sdk::view::StoreMode;
use iolink_sdk::{fail, Call, Error, Layout, Result, Store, StreamAccess, Target};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that are copied at a time.
const PIECE: usize = 1 << 20;

/// The place that a view is saved to.
pub(super) enum Place {
    /// A local file.
    File(PathBuf),
    /// A key of a store.
    Key(Arc<dyn Store>, String),
    /// A stream, and the name of what it writes.
    Stream(Arc<dyn StreamAccess>, String),
}

impl Place {
    /// # Errors
    /// `InvalidArgument` for a target without a place.
    pub(super) fn of(target: &Target) -> Result<Place> {
        if let Ok(path) = target.path() {
            return Ok(Place::File(path.to_owned()));
        }
        match (target.store(), target.stream()) {
            (Some((_, "")), _) => fail!(InvalidArgument, "{} is a whole store; name a key of it", target.uri()),
            (Some((store, key)), _) => Ok(Place::Key(store.clone(), key.to_owned())),
            (None, Some(stream)) => Ok(Place::Stream(stream.clone(), target.uri().to_owned())),
            (None, None) => fail!(
                InvalidArgument,
                "{} is not a local file; views are written to local files, to keys of stores and to streams",
                target.uri()
            ),
        }
    }

    /// The path or name, whose ending may name a format.
    pub(super) fn name(&self) -> &Path {
        match self {
            Place::File(path) => path,
            Place::Key(_, name) | Place::Stream(_, name) => Path::new(name),
        }
    }

    /// Lets a provider write what goes into a key or a stream: the stream itself if the format is written in order, else a
    /// temporary file that is copied.
    pub(super) fn save(
        &self,
        offer: &OfferRecord,
        target: Target,
        write: impl FnOnce(Target) -> Result<()>,
        call: &Call<'_>,
    ) -> Result<()> {
        if offer.layout != Layout::File {
            fail!(Unsupported, "{} consists of several files; save it to a local path", offer.format);
        }
        if offer.flags & IOLINK_OFFER_FLAG_SEQUENTIAL != 0 {
            let stream = self.stream(call)?;
            write(target.to_stream_alone(stream.clone()))?;
            return self.end(&*stream);
        }
        let draft = Draft::temporary()?;
        write(target.to_path_alone(&draft.path))?;
        let failed = |error: std::io::Error| Error::io(&format!("{} cannot be read", draft.path.display()), &error);
        let mut file = File::open(&draft.path).map_err(failed)?;
        let total = file.metadata().map_err(failed)?.len();
        // The store is not touched before the provider has written everything.
        let stream = self.stream(call)?;
        let (mut done, mut buffer) = (0, vec![0; PIECE]);
        loop {
            call.step(done, total)?;
            let count = file.read(&mut buffer).map_err(failed)?;
            if count == 0 {
                return self.end(&*stream);
            }
            write_all(&*stream, &buffer[..count])?;
            done += count as u64;
        }
    }

    fn stream(&self, call: &Call<'_>) -> Result<Arc<dyn StreamAccess>> {
        match self {
            Place::Key(store, key) => store.open(key, StoreMode::Replace, call)?.into_stream(),
            Place::Stream(stream, _) => Ok(stream.clone()),
            Place::File(path) => fail!(Internal, "{} is not a stream", path.display()),
        }
    }

    /// Commits the value of a key. The stream of a caller stays open.
    fn end(&self, stream: &dyn StreamAccess) -> Result<()> {
        match self {
            Place::Key(..) => stream.close(),
            _ => stream.flush(),
        }
    }
}

fn write_all(stream: &dyn StreamAccess, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes)? {
            0 => fail!(Io, "the stream takes no more bytes"),
            count => bytes = &bytes[count..],
        }
    }
    Ok(())
}
