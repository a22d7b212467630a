//! A provider that creates images at a target, right but for the fault that was planted in this thread.
//!
//! A file is the word `created`, width and height, and the samples of one byte each.

use iolink_sdk::{
    fail, Block, BlockMut, Call, Create, CreateView, DataType, Error, Finish, Host, ImageCapability, ImageView, Kind,
    Offer, Provider, ProviderInfo, Region, Result, Shape, Source, View,
};
use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Mutex;

/// The fault of a created image. Each name is the false behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    ClaimsMoreThanItHas,
    LosesTheLastRow,
    WritesBeside,
    StartsWithRubbish,
    CreatesOverAFile,
    NeverOverwrites,
    WritesOutside,
    IsSeenTooEarly,
    KeepsWhatWasAborted,
    CommitsOnRelease,
    FinishesTwice,
    WritesAfterFinish,
}

thread_local!(static FAULT: Cell<Fault> = const { Cell::new(Fault::None) });

/// Plants a fault in the images that this thread creates from now on.
pub fn plant(fault: Fault) {
    FAULT.set(fault);
}

const HEAD: &[u8] = b"created";

struct Created {
    fault: Fault,
    shape: Shape,
    file: PathBuf,
    /// The samples; and whether the image is finished.
    state: Mutex<(Vec<u8>, bool)>,
}

impl Created {
    fn commit(&self, samples: &[u8]) -> Result<()> {
        let mut content = HEAD.to_vec();
        content.extend(self.shape.iter().map(|size| *size as u8));
        content.extend_from_slice(samples);
        let draft = self.file.with_extension("part");
        let written = std::fs::write(&draft, content).and_then(|()| std::fs::rename(&draft, &self.file));
        if self.fault == Fault::WritesBeside {
            drop(std::fs::write(self.file.with_file_name("left"), "left here"));
        }
        written.map_err(|error| Error::io("the file cannot be written", &error))
    }
}

impl ImageView for Created {
    fn capabilities(&self) -> ImageCapability {
        match self.fault {
            Fault::ClaimsMoreThanItHas => ImageCapability::NONE,
            _ => ImageCapability::WRITE,
        }
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn data_type(&self) -> DataType {
        DataType::UINT8
    }

    fn write_region(&self, region: &Region, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        if self.fault == Fault::WritesOutside && region.check_inside(&self.shape).is_err() {
            return Ok(());
        }
        region.check_inside(&self.shape)?;
        let mut state = self.state.lock().unwrap();
        if state.1 && self.fault != Fault::WritesAfterFinish {
            fail!(Closed, "the image is finished");
        }
        if self.fault == Fault::LosesTheLastRow && region.end(1) == self.shape[1] {
            return Ok(());
        }
        let whole = self.shape;
        BlockMut::new(&mut state.0, &whole, DataType::UINT8)?.part(region)?.copy_from(source, call)?;
        match self.fault {
            Fault::IsSeenTooEarly => self.commit(&state.0),
            _ => Ok(()),
        }
    }

    fn finish(&self, action: Finish, _: &Call<'_>) -> Result<()> {
        let mut state = self.state.lock().unwrap();
        if std::mem::replace(&mut state.1, true) {
            match self.fault {
                Fault::FinishesTwice => return Ok(()),
                _ => fail!(Closed, "the image is finished already"),
            }
        }
        match action {
            Finish::Commit => self.commit(&state.0),
            Finish::Abort if self.fault == Fault::KeepsWhatWasAborted => self.commit(&state.0),
            Finish::Abort => Ok(()),
        }
    }
}

impl Drop for Created {
    fn drop(&mut self) {
        let state = self.state.lock().unwrap();
        if !state.1 && self.fault == Fault::CommitsOnRelease {
            drop(self.commit(&state.0));
        }
    }
}

struct Opened(Shape, Vec<u8>);

impl ImageView for Opened {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::READ
    }

    fn shape(&self) -> Shape {
        self.0
    }

    fn data_type(&self) -> DataType {
        DataType::UINT8
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        target.copy_from(&Block::new(&self.1, &self.0, DataType::UINT8)?.part(region)?, call)
    }
}

/// Images at a target.
pub struct Creator;

impl Provider for Creator {
    const INFO: ProviderInfo = ProviderInfo::new("org.faulty.created", "Images at a target, with a fault").offers(&[
        Offer::create_at(Kind::Image, "CREATED")
            .extensions("created")
            .image_capabilities(ImageCapability::WRITE)
            .data_types(&[DataType::UINT8])
            .dimensions(2, 2),
        Offer::open(Kind::Image, "CREATED")
            .extensions("created")
            .magic("0:63726561746564")
            .image_capabilities(ImageCapability::READ),
    ]);

    fn open(&self, _: &Host, source: &Source, _: &Call<'_>) -> Result<View> {
        let bytes = source.bytes()?;
        let mut all = vec![0; bytes.length()? as usize];
        bytes.read_exact_at(0, &mut all)?;
        if !all.starts_with(HEAD) {
            fail!(Unsupported, "the file does not start with the word created");
        }
        match all.get(7..9) {
            Some([width, height]) if all.len() == 9 + usize::from(*width) * usize::from(*height) => {
                let shape = Shape::new(&[u64::from(*width), u64::from(*height)])?;
                Ok(View::image(Opened(shape, all.split_off(9))))
            }
            _ => fail!(Corrupt, "the samples are not as many as the header says"),
        }
    }

    fn create(&self, _: &Host, request: Create, _: &Call<'_>) -> Result<View> {
        let fault = FAULT.get();
        let (Some(target), CreateView::Image { shape, .. }) = (request.target, request.view) else {
            fail!(NotImplemented, "images at a target only")
        };
        let file = target.path()?.to_owned();
        let may = target.is_overwrite() && fault != Fault::NeverOverwrites || fault == Fault::CreatesOverAFile;
        if file.exists() && !may {
            fail!(Exists, "the file is there");
        }
        let first = if fault == Fault::StartsWithRubbish { 7 } else { 0 };
        let samples = vec![first; shape.element_count().unwrap_or(0) as usize];
        Ok(View::image(Created { fault, shape, file, state: Mutex::new((samples, false)) }))
    }
}

iolink_sdk::builtin!(Creator);
