//! What a provider that writes files promises: everything or nothing, and that it reads what it wrote.

use crate::make::{pattern, Counted, Lazy};
use crate::open::content;
use crate::report::{Held, Report};
use crate::table::Table;
use crate::{hold, words, Subject};
use iolink_host::{source, OfferRecord};
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{
    BlockMut, Call, DataType, Error, ErrorKind, ImageCapability, ImageProperties, ImageView, Kind, RandomAccess,
    Region, Result as Made, Shape, StreamCapability, View,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const OLD: &[u8] = b"what was there before, and is longer than a short file that takes its place";

/// A view whose content is known, with the capability to be read and no other.
fn sample(kind: Kind, fails: bool) -> Option<View> {
    Some(match (kind, fails) {
        (Kind::Image, false) => View::image(Lazy::new().ok()?),
        (Kind::Image, true) => View::image(Fails(Lazy::new().ok()?)),
        (Kind::DataFrame, false) => View::data_frame(Table::of(50)),
        (Kind::DataFrame, true) => View::data_frame(Table { rows: 50, fails_at: Some(40) }),
        (Kind::RandomAccess, false) => View::random_access(Counted(pattern(5000, 7))),
        (Kind::RandomAccess, true) => View::random_access(FailsLate(Counted(pattern(5000, 7)))),
        _ => return None,
    })
}

/// The first row can be read, and nothing after it.
struct Fails(Lazy);

impl ImageView for Fails {
    fn capabilities(&self) -> ImageCapability {
        self.0.capabilities()
    }
    fn shape(&self) -> Shape {
        self.0.shape()
    }
    fn data_type(&self) -> DataType {
        self.0.data_type()
    }
    fn properties(&self) -> Arc<ImageProperties> {
        self.0.properties()
    }
    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Made<()> {
        match region.end(1) {
            1 => self.0.read_region(region, target, call),
            _ => Err(Error::new(ErrorKind::Corrupt, "the test makes reading fail")),
        }
    }
}

/// Bytes of which the last cannot be read.
struct FailsLate(Counted);

impl RandomAccess for FailsLate {
    fn capabilities(&self) -> StreamCapability {
        self.0.capabilities()
    }
    fn length(&self) -> Made<u64> {
        self.0.length()
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Made<usize> {
        match offset + buffer.len() as u64 >= self.length()? {
            true => Err(Error::new(ErrorKind::Corrupt, "the test makes reading fail")),
            false => self.0.read_at(offset, buffer),
        }
    }
}

/// A folder of the test's own, and the file in it that is written.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    pub(crate) file: PathBuf,
}

impl Place {
    pub(crate) fn new(offer: &OfferRecord) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let ending = offer.extensions.first().map(|ending| format!(".{ending}")).unwrap_or_default();
        let file = folder.path().join(format!("saved{ending}"));
        Ok(Place { folder, file })
    }

    /// Names of what lies in the folder.
    pub(crate) fn names(&self) -> Result<Vec<String>, String> {
        let entries = self.folder.path().read_dir().map_err(|error| error.to_string())?;
        Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
    }
}

fn save(subject: &Subject<'_>, offer: &OfferRecord, view: View, file: &Path, format: &str) -> Made<String> {
    let format = if format.is_empty() { &offer.format } else { format };
    let target = source::from_path(file)?.with_format(format);
    subject.registry.save(view, target, Some(&subject.provider.record().id))
}

pub(crate) fn opens(subject: &Subject<'_>, offer: &OfferRecord) -> bool {
    let same = |known: &OfferRecord| {
        known.offer == OfferKind::Open && known.kind == offer.kind && known.format == offer.format
    };
    subject.provider.record().offers.iter().any(same)
}

pub(crate) fn check(report: &mut Report<'_>, subject: &Subject<'_>, offer: &OfferRecord) {
    let name = format!("save {} ({})", offer.format, offer.kind.word());
    let readable = sample(offer.kind, false);
    let enough = readable.is_some_and(|view| offer.capabilities & !view.capability_bits() == 0);
    if !enough {
        return report.untested(&name, "the suite saves images, data frames and random access that can be read");
    }
    let view = |fails: bool| sample(offer.kind, fails).ok_or_else(|| "the suite has no such view".to_owned());
    if opens(subject, offer) {
        report.test(&format!("{name}: what is saved opens again equal, also over a longer file"), || {
            let place = Place::new(offer)?;
            std::fs::write(&place.file, OLD.repeat(1000)).map_err(|error| error.to_string())?;
            save(subject, offer, view(false)?, &place.file, "").map_err(words)?;
            let opened = source::from_path(&place.file).and_then(|source| subject.provider.open(&source));
            let (seen, expected) =
                (opened.and_then(|view| content(&view)).map_err(words)?, content(&view(false)?).map_err(words)?);
            hold!(seen == expected, "it reads {}, {} was saved", shown(&seen), shown(&expected));
            Ok(())
        });
    } else {
        report.untested(&format!("{name}: what is saved opens again equal"), "it does not open this format");
    }
    report.test(&format!("{name}: leaves the file and nothing beside it"), || {
        let place = Place::new(offer)?;
        save(subject, offer, view(false)?, &place.file, "").map_err(words)?;
        let file = place.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        hold!(place.names()? == [file], "the folder holds {}", place.names()?.join(", "));
        let length = place.file.metadata().map_err(|error| error.to_string())?.len();
        hold!(length > 0, "the file is empty");
        Ok(())
    });
    report.test(&format!("{name}: a view that cannot be read to its end is an error, and the old file stays"), || {
        let place = Place::new(offer)?;
        for old in [Some(OLD), None] {
            match old {
                Some(old) => std::fs::write(&place.file, old),
                None => std::fs::remove_file(&place.file),
            }
            .map_err(|error| error.to_string())?;
            match save(subject, offer, view(true)?, &place.file, "") {
                Err(error) if error.kind() == ErrorKind::Corrupt => {}
                Err(error) => return Err(format!("the view gave Corrupt, saving it {error:?}")),
                Ok(_) => return Err("it ended as if all were written".to_owned()),
            }
            hold!(std::fs::read(&place.file).ok().as_deref() == old, "the file is not what it was before");
            let expected = usize::from(old.is_some());
            hold!(place.names()?.len() == expected, "what was begun stays: {}", place.names()?.join(", "));
        }
        Ok(())
    });
    report.test(
        &format!("{name}: a format that it does not write is refused, by the host with those that it does"),
        || {
            let place = Place::new(offer)?;
            match save(subject, offer, view(false)?, &place.file, "no such format") {
                Err(refused) if refused.kind() == ErrorKind::Unsupported => {
                    hold!(
                        refused.message().contains(&offer.format),
                        "the refusal does not name {}: {refused}",
                        offer.format
                    );
                }
                other => return Err(format!("the host gave {other:?}, not Unsupported")),
            }
            hold!(place.names()?.is_empty(), "it left {}", place.names()?.join(", "));
            let target = source::from_path(&place.file).map_err(words)?.with_format("no such format");
            match subject.provider.save(view(false)?, &target.into()) {
                Err(refused) if matches!(refused.kind(), ErrorKind::Unsupported | ErrorKind::InvalidArgument) => Ok(()),
                other => Err(format!("it gave {other:?}, not Unsupported")),
            }
        },
    );
    report.test(&format!("{name}: a place that cannot be written is an error of the file system"), || {
        let place = Place::new(offer)?;
        let absent = place.folder.path().join("absent").join("file");
        let target = source::from_path(&absent).map_err(words)?.with_format(&offer.format);
        unwritable(&absent, subject.provider.save(view(false)?, &target.into()))?;
        unwritable(&absent, save(subject, offer, view(false)?, &absent, "").map(|_| ()))?;
        let closed = place.folder.path().join("closed");
        std::fs::create_dir(&closed).map_err(|error| error.to_string())?;
        read_only(&closed)?;
        // The system's own user may write everywhere.
        if std::fs::write(closed.join("probe"), "").is_err() {
            let file = closed.join("file");
            unwritable(&file, save(subject, offer, view(false)?, &file, "").map(|_| ()))?;
        }
        Ok(())
    });
    report.test(&format!("{name}: many threads save at once"), || {
        let place = Place::new(offer)?;
        let files: Vec<PathBuf> = (0..4).map(|number| place.file.with_file_name(format!("{number}"))).collect();
        std::thread::scope(|scope| {
            let one = |file| save(subject, offer, view(false)?, file, "").map_err(words);
            let threads: Vec<_> = files.iter().map(|file| scope.spawn(move || one(file))).collect();
            threads.into_iter().try_for_each(|thread| match thread.join() {
                Ok(saved) => saved.map(|_| ()),
                Err(_) => Err("a thread panicked".to_owned()),
            })
        })?;
        let read = |file: &PathBuf| std::fs::read(file).map_err(|error| error.to_string());
        let first = read(&files[0])?;
        for file in &files[1..] {
            hold!(read(file)? == first, "they wrote different files");
        }
        Ok(())
    });
}

fn unwritable(file: &Path, saved: Made<()>) -> Held {
    match saved {
        Err(refused) if matches!(refused.kind(), ErrorKind::Io | ErrorKind::NotFound) => Ok(()),
        Err(refused) => Err(format!("it gave {refused:?}, not Io or NotFound")),
        Ok(()) => Err(format!("it ended as if {} were written", file.display())),
    }
}

fn read_only(folder: &Path) -> Held {
    let known = folder.metadata().map_err(|error| error.to_string())?;
    let mut permissions = known.permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(folder, permissions).map_err(|error| error.to_string())
}

/// The start of some content, for messages.
fn shown(content: &[u8]) -> String {
    String::from_utf8_lossy(&content[..content.len().min(200)]).into_owned()
}
