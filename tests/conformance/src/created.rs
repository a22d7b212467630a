//! Promises of images that are created at a target: there when they are committed, and else as if never begun.

use crate::make::{pattern, properties};
use crate::open::content;
use crate::reading::read;
use crate::report::{Held, Report};
use crate::save::{opens, Place};
use crate::{claims, hold, words, Subject};
use iolink_host::{source, OfferRecord};
use iolink_sdk::{
    Block, Call, CapabilitySet, CreateView, DataType, ErrorKind, Finish, ImageCapability, ImageView, Region,
    Result as Made, Shape, Target, View,
};
use std::path::Path;
use std::sync::Arc;

const OLD: &[u8] = b"the file that was there before";
const SILENT: Call<'static> = Call::silent();
const TYPES: [DataType; 4] = [DataType::UINT16, DataType::UINT8, DataType::FLOAT, DataType::VEC3_UINT8];

/// The images that a provider creates in one format.
struct Created<'a> {
    subject: &'a Subject<'a>,
    offer: &'a OfferRecord,
    shape: Shape,
    data_type: DataType,
}

impl Created<'_> {
    fn target(&self, file: &Path, overwrite: bool) -> Made<Target> {
        let target = Target::from(source::from_path(file)?.with_format(&self.offer.format));
        Ok(target.with_overwrite(overwrite))
    }

    fn create(&self, file: &Path, overwrite: bool) -> Made<Arc<dyn ImageView>> {
        let known = Some(properties(self.shape.len()));
        let request = CreateView::image(self.shape, self.data_type, known).at(self.target(file, overwrite)?);
        self.subject.provider.create(request).and_then(View::into_image)
    }

    /// Writes all samples: row by row, from the last one to the first if `backwards`.
    fn fill(&self, image: &dyn ImageView, seed: u8, backwards: bool) -> Result<Vec<u8>, String> {
        let size = self.data_type.byte_count();
        let samples = pattern(self.shape.element_count().unwrap_or(0) as usize * size, seed);
        let rows = self.shape[1];
        for turn in 0..rows {
            let row = if backwards { rows - 1 - turn } else { turn };
            let region = Region::new(&[0, row], &[self.shape[0], 1]).map_err(words)?;
            let bytes = self.shape[0] as usize * size;
            let block = &samples[row as usize * bytes..(row as usize + 1) * bytes];
            let block = Block::new(block, &region.size, self.data_type).map_err(words)?;
            image.write_region(&region, &block, &SILENT).map_err(words)?;
        }
        Ok(samples)
    }

    /// Creates, fills and commits a file.
    fn make(&self, file: &Path, seed: u8, backwards: bool, overwrite: bool) -> Held {
        let image = self.create(file, overwrite).map_err(words)?;
        self.fill(&*image, seed, backwards)?;
        image.flush(&SILENT).map_err(words)?;
        image.finish(Finish::Commit, &SILENT).map_err(words)
    }
}

fn bytes_of(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn is_as_before(place: &Place, old: Option<&[u8]>, when: &str) -> Held {
    let there = std::fs::read(&place.file).ok();
    hold!(there.as_deref() == old, "{when} the file is not as it was before");
    let names = place.names()?;
    hold!(names.len() == usize::from(old.is_some()), "{when} the folder holds {}", names.join(", "));
    Ok(())
}

fn is_kind<T>(result: Made<T>, expected: ErrorKind, what: &str) -> Held {
    let found = result.err().map(|error| error.kind());
    hold!(found == Some(expected), "{what} gave {found:?}, not {expected:?}");
    Ok(())
}

pub(crate) fn check(report: &mut Report<'_>, subject: &Subject<'_>, offer: &OfferRecord) {
    let name = format!("image (create {})", offer.format);
    let takes = |known: &&DataType| offer.data_types.is_empty() || offer.data_types.contains(&known.id());
    let axes = offer.min_dimensions <= 2 && (offer.max_dimensions == 0 || offer.max_dimensions >= 2);
    let writable = ImageCapability::from_bits(offer.capabilities).has(ImageCapability::WRITE);
    let (data_type, shape) = match (TYPES.iter().find(takes), Shape::new(&[5, 4])) {
        (Some(data_type), Ok(shape)) if axes && writable => (*data_type, shape),
        _ => return report.untested(&name, "the suite creates images of two axes that can be written"),
    };
    let of = Created { subject, offer, shape, data_type };
    committing(report, &name, &of);
    ending(report, &name, &of);
}

fn committing(report: &mut Report<'_>, name: &str, of: &Created<'_>) {
    report.test(&format!("{name}: has what its offer promises, also over the border"), || {
        let place = Place::new(of.offer)?;
        let image = of.create(&place.file, false).map_err(words)?;
        hold!(image.shape() == of.shape && image.data_type() == of.data_type, "it has another shape or type");
        claims(&View::Image(image), of.offer.capabilities)
    });
    report.test(&format!("{name}: COMMIT keeps what was written, in whichever order, and nothing beside it"), || {
        let (place, other) = (Place::new(of.offer)?, Place::new(of.offer)?);
        of.make(&place.file, 3, false, false)?;
        let file = place.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        hold!(place.names()? == [file], "the folder holds {}", place.names()?.join(", "));
        of.make(&other.file, 3, true, false)?;
        hold!(bytes_of(&place.file)? == bytes_of(&other.file)?, "rows written from last to first give another file");
        of.make(&other.file, 91, false, true)?;
        hold!(bytes_of(&place.file)? != bytes_of(&other.file)?, "other samples give the same file");
        if opens(of.subject, of.offer) {
            let opened = source::from_path(&place.file).and_then(|source| of.subject.provider.open(&source));
            let opened = opened.and_then(View::into_image).map_err(words)?;
            let samples = pattern(of.shape.element_count().unwrap_or(0) as usize * of.data_type.byte_count(), 3);
            hold!(read(&*opened, &Region::full(&of.shape))? == samples, "it reads other samples");
            content(&View::Image(opened)).map_err(words)?;
        }
        Ok(())
    });
    report.test(&format!("{name}: samples that were not written are zero"), || {
        let (place, zeros) = (Place::new(of.offer)?, Place::new(of.offer)?);
        for (place, writes) in [(&place, false), (&zeros, true)] {
            let image = of.create(&place.file, false).map_err(words)?;
            if writes {
                let whole = Region::full(&of.shape);
                let samples = vec![0; of.shape.element_count().unwrap_or(0) as usize * of.data_type.byte_count()];
                let block = Block::new(&samples, &whole.size, of.data_type).map_err(words)?;
                image.write_region(&whole, &block, &SILENT).map_err(words)?;
            }
            image.finish(Finish::Commit, &SILENT).map_err(words)?;
        }
        hold!(bytes_of(&place.file)? == bytes_of(&zeros.file)?, "an image that was written with zeros differs");
        Ok(())
    });
    report.test(&format!("{name}: is exclusive unless it may overwrite"), || {
        let place = Place::new(of.offer)?;
        std::fs::write(&place.file, OLD).map_err(|error| error.to_string())?;
        is_kind(of.create(&place.file, false), ErrorKind::Exists, "creating a file that is there")?;
        is_as_before(&place, Some(OLD), "after that")?;
        of.make(&place.file, 3, false, true)?;
        hold!(bytes_of(&place.file)? != OLD, "with OVERWRITE the old file stays");
        Ok(())
    });
    report.test(&format!("{name}: rejects regions and blocks that do not fit"), || {
        let place = Place::new(of.offer)?;
        let image = of.create(&place.file, false).map_err(words)?;
        let outside = Region::new(&[4, 0], &[2, 1]).map_err(words)?;
        let samples = vec![0; 2 * of.data_type.byte_count()];
        let block = || Block::new(&samples, &outside.size, of.data_type).map_err(words);
        is_kind(image.write_region(&outside, &block()?, &SILENT), ErrorKind::OutOfRange, "a region outside")?;
        let inside = Region::new(&[0, 0], &[1, 1]).map_err(words)?;
        is_kind(image.write_region(&inside, &block()?, &SILENT), ErrorKind::InvalidArgument, "a larger block")?;
        let other = if of.data_type == DataType::DOUBLE { DataType::INT8 } else { DataType::DOUBLE };
        let samples = vec![0; other.byte_count()];
        let block = Block::new(&samples, &inside.size, other).map_err(words)?;
        is_kind(image.write_region(&inside, &block, &SILENT), ErrorKind::Type, "a block of another type")
    });
}

fn ending(report: &mut Report<'_>, name: &str, of: &Created<'_>) {
    report.test(&format!("{name}: is not seen as complete before COMMIT"), || {
        let (place, whole) = (Place::new(of.offer)?, Place::new(of.offer)?);
        of.make(&whole.file, 3, false, false)?;
        let image = of.create(&place.file, false).map_err(words)?;
        of.fill(&*image, 3, false)?;
        image.flush(&SILENT).map_err(words)?;
        let early = std::fs::read(&place.file).ok();
        hold!(early != Some(bytes_of(&whole.file)?), "before it was finished the file is that of a finished image");
        if early.is_some() && opens(of.subject, of.offer) {
            let opened = source::from_path(&place.file).and_then(|source| of.subject.provider.open(&source));
            hold!(opened.is_err(), "a file that is not finished opens");
        }
        Ok(())
    });
    for (how, action) in [("ABORT removes", Some(Finish::Abort)), ("the last release without finish removes", None)] {
        report.test(&format!("{name}: {how} what was written"), || {
            let place = Place::new(of.offer)?;
            let image = of.create(&place.file, false).map_err(words)?;
            of.fill(&*image, 3, false)?;
            if let Some(action) = action {
                image.finish(action, &SILENT).map_err(words)?;
                is_as_before(&place, None, "after ABORT")?;
            }
            drop(image);
            is_as_before(&place, None, "after the last release")
        });
    }
    report.test(&format!("{name}: after finish, writing and finishing again are Closed"), || {
        for action in [Finish::Commit, Finish::Abort] {
            let place = Place::new(of.offer)?;
            let image = of.create(&place.file, false).map_err(words)?;
            of.fill(&*image, 3, false)?;
            image.finish(action, &SILENT).map_err(words)?;
            let before = std::fs::read(&place.file).ok();
            for again in [Finish::Commit, Finish::Abort] {
                is_kind(image.finish(again, &SILENT), ErrorKind::Closed, &format!("{again:?} after {action:?}"))?;
            }
            let region = Region::new(&[0, 0], &[1, 1]).map_err(words)?;
            let samples = vec![7; of.data_type.byte_count()];
            let block = Block::new(&samples, &region.size, of.data_type).map_err(words)?;
            let written = image.write_region(&region, &block, &SILENT);
            is_kind(written, ErrorKind::Closed, &format!("writing after {action:?}"))?;
            drop(image);
            hold!(std::fs::read(&place.file).ok() == before, "after {action:?} the file has changed");
        }
        Ok(())
    });
}
