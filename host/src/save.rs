//! Who writes a view into a file, and the file, which is there only when it is whole.
//!
//! Candidates offer to save the view's kind in the format asked for, else in one whose file name ending fits; a provider
//! may be named. Order: the user's preference, the longer ending, linked-in before loaded, the plugin's id. The first one
//! writes, and what it fails with is the answer.

mod elsewhere;

use crate::open::format_words;
use crate::record::OfferRecord;
use crate::registry::Registry;
use crate::route::{create_by, gone, named};
use crate::source;
use crate::ways::{by_rank, steps, Step};
use elsewhere::Place;
use iolink_sdk::abi::iolink_provider;
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{fail, host_api, Call, Create, CreateView, Error, Kind, Result, Target, View};
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

impl Registry {
    /// Writes a view to the target's path, its key in a store or its stream, in the target's format or the one that its name
    /// ends with, and returns the id of the provider that did. The options of the target are the provider's. The value of a
    /// file or a key is replaced when everything is written, and left alone when anything fails. A stream gets the bytes from
    /// its cursor on, and is not closed; it gets none if the provider fails, unless the format is written in order.
    ///
    /// # Errors
    /// `Unsupported` if nothing installed writes this kind of view so: the message lists the formats that can be written.
    /// `NotImplemented` if the view lacks a capability that the format needs. `InvalidArgument` if the target has neither a
    /// local path nor a store nor a stream. What the provider and the file system or the store fail with.
    pub fn save(&self, view: View, target: impl Into<Target>, provider: Option<&str>) -> Result<String> {
        self.save_with(view, target, provider, &Call::silent())
    }

    /// [`save`](Registry::save) with progress, cancellation, deadline and thread limit.
    ///
    /// # Errors
    /// As [`save`](Registry::save); `Cancelled` or `Timeout` by `call`.
    pub fn save_with(
        &self,
        view: View,
        target: impl Into<Target>,
        provider: Option<&str>,
        call: &Call<'_>,
    ) -> Result<String> {
        let target = source::located_target(target.into())?;
        let place = Place::of(&target)?;
        self.discover();
        let writer = self.writer(OfferKind::Save, view.kind(), &target, place.name(), provider)?;
        let missing = writer.offer.capabilities & !view.capability_bits();
        if missing != 0 {
            let names = view.kind().capability_names(missing).join(" | ");
            return Err(Error::capability("the view", &names, "copy it into memory, and write the copy"));
        }
        let functions = self.functions(&writer.plugin, &writer.provider)?;
        self.check_options(&writer.provider, OfferKind::Save, Some(&writer.offer.format), target.options())?;
        if let Some(why) = writer.offer.misfit(&view) {
            fail!(Unsupported, "{} cannot hold the view: {why}", writer.offer.format);
        }
        let write = |target: Target| save_by(self, functions, view, &target, call);
        // The provider may write over its draft, or the stream that is its own.
        let target = target.with_format(&writer.offer.format).with_overwrite(true);
        match &place {
            Place::File(path) => {
                let draft = Draft::beside(path)?;
                write(target.with_path(&draft.path))?;
                draft.place()?;
            }
            elsewhere => elsewhere.save(&writer.offer, target, write, call)?,
        }
        tracing::info!(place = %place.name().display(), provider = writer.provider, format = writer.offer.format, "saved");
        Ok(writer.provider)
    }

    fn writer(
        &self,
        offer: OfferKind,
        kind: Kind,
        target: &Target,
        path: &Path,
        provider: Option<&str>,
    ) -> Result<Step> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let mut all = steps(&self.read(), &self.preference(), offer);
        all.retain(|step| step.offer.kind == kind && !step.offer.format.is_empty());
        let named = |step: &&Step| provider.is_none_or(|id| id == step.provider || id == step.plugin);
        let fit = |step: &Step| match target.format() {
            Some(format) => step.offer.is_called(format).then_some(usize::MAX),
            None => step.offer.ending_of(&name).map(str::len),
        };
        let mut fitting: Vec<(usize, &Step)> =
            all.iter().filter(named).filter_map(|step| Some((fit(step)?, step))).collect();
        fitting.sort_by(|(one_fit, one), (other_fit, other)| {
            one.liked.cmp(&other.liked).then(other_fit.cmp(one_fit)).then_with(|| by_rank(one, other))
        });
        if let Some((_, step)) = fitting.first() {
            return Ok((*step).clone());
        }
        let wanted = match target.format() {
            Some(format) => format!("as {format:?}"),
            None => format!("to {}, whose name tells no format that is known; name one", path.display()),
        };
        let nobody = provider.map_or_else(|| "nothing installed writes".into(), |id| format!("{id} does not write"));
        let mut known: Vec<String> =
            all.iter().map(|step| format!("{} by {}", format_words(&step.offer), step.provider)).collect();
        known.sort();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        fail!(Unsupported, "{nobody} a {} {wanted}; what can be written: {known}", kind.word())
    }
}

impl Registry {
    /// Creates a view at a target: a file of a format, which is marked as unfinished until `finish` commits it.
    pub(crate) fn create_at_target(&self, mut request: Create, call: &Call<'_>) -> Result<View> {
        let kind = request.kind();
        let Some(target) = request.target.take() else { fail!(Internal, "the request has no target") };
        let target = source::located_target(target)?;
        let place = Place::of(&target)?;
        if let Place::Stream(..) = place {
            fail!(InvalidArgument, "{} is a stream; views are created at local files and in stores", target.uri());
        }
        self.discover();
        let writer = self.writer(OfferKind::Create, kind, &target, place.name(), None)?;
        self.check_options(&writer.provider, OfferKind::Create, Some(&writer.offer.format), target.options())?;
        if let CreateView::Image { shape, data_type, .. } = &request.view {
            if let Some(why) = writer.offer.misfit_of(*data_type, shape.len()) {
                fail!(Unsupported, "{} cannot hold the image: {why}", writer.offer.format);
            }
        }
        let functions = self.functions(&writer.plugin, &writer.provider)?;
        request.target = Some(target.with_format(&writer.offer.format));
        let view = create_by(self, functions, request, call)?;
        tracing::info!(place = %place.name().display(), provider = writer.provider, format = writer.offer.format, "created");
        Ok(view)
    }
}

/// Lets a provider write a view into the target's file, which is as it leaves it.
pub(crate) fn save_by(
    registry: &Registry,
    provider: &'static iolink_provider,
    view: View,
    target: &Target,
    call: &Call<'_>,
) -> Result<()> {
    let save = provider.save.ok_or_else(gone)?;
    let written = target.with_border(|border| {
        host_api::with_raw_view(view, |raw| {
            host_api::with_raw_call(call, |call| {
                // SAFETY: host, view, target and call live until this returns.
                host_api::call(|error| unsafe { save(provider, registry.host_table(), raw, border, call, error) })
            })
        })
    });
    written.map_err(|error| named(error, provider))
}

impl OfferRecord {
    /// Returns whether this is a name of its format: its own, an ending, or a media type.
    pub fn is_called(&self, format: &str) -> bool {
        let ending = format.trim_start_matches('.');
        self.format.eq_ignore_ascii_case(format)
            || self.extensions.iter().any(|known| known.eq_ignore_ascii_case(ending))
            || self.media_types.iter().any(|known| known.eq_ignore_ascii_case(format))
    }

    /// The longest of its endings that a lower-case file name has.
    pub(crate) fn ending_of(&self, name: &str) -> Option<&str> {
        let fits = |ending: &&String| name.strip_suffix(ending.as_str()).is_some_and(|stem| stem.ends_with('.'));
        self.extensions.iter().filter(fits).max_by_key(|ending| ending.len()).map(String::as_str)
    }
}

/// A file beside its target, which takes the target's place when it is whole, and else is removed.
struct Draft {
    path: PathBuf,
    target: PathBuf,
    placed: bool,
    /// The process that writes it: a child that was forked meanwhile has a copy of this.
    maker: u32,
}

static DRAFTS: AtomicU64 = AtomicU64::new(0);

impl Draft {
    fn beside(target: &Path) -> Result<Self> {
        let failed = |error: std::io::Error| Error::io(&format!("{} cannot be written", target.display()), &error);
        let (target, before) = match std::fs::metadata(target) {
            Ok(known) if !known.is_file() => fail!(InvalidArgument, "{} is not a file", target.display()),
            // A symbolic link stays one.
            Ok(known) => (std::fs::canonicalize(target).map_err(failed)?, Some(known)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (target.to_owned(), None),
            Err(error) => return Err(failed(error)),
        };
        loop {
            let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
            let path = target.with_file_name(format!(".iolink-{}-{number}.part", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    let draft = Draft { path, target, placed: false, maker: std::process::id() };
                    if let Some(before) = before {
                        file.set_permissions(before.permissions()).map_err(failed)?;
                    }
                    return Ok(draft);
                }
                // Left by a process of the same number that was killed.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// An empty file in the folder of temporary files, which only this user can read.
    fn temporary() -> Result<Self> {
        loop {
            let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!(".iolink-{}-{number}.part", std::process::id()));
            let mut options = OpenOptions::new();
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            match options.write(true).create_new(true).open(&path) {
                Ok(_) => {
                    let target = path.clone();
                    return Ok(Draft { path, target, placed: false, maker: std::process::id() });
                }
                // Left by a process of the same number that was killed.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io(&format!("{} cannot be written", path.display()), &error)),
            }
        }
    }

    fn is_ours(&self) -> bool {
        self.maker == std::process::id()
    }

    fn place(mut self) -> Result<()> {
        if !self.is_ours() {
            fail!(
                Closed,
                "{} is written by the process that began to; this one was forked meanwhile",
                self.target.display()
            );
        }
        let whole = File::open(&self.path).and_then(|file| file.sync_all());
        let placed = whole.and_then(|()| std::fs::rename(&self.path, &self.target));
        placed.map_err(|error| Error::io(&format!("{} cannot be written", self.target.display()), &error))?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.placed && self.is_ours() {
            if let Err(error) = std::fs::remove_file(&self.path) {
                tracing::warn!(path = %self.path.display(), %error, "a file that was not finished stays");
            }
        }
    }
}
