//! What a provider that opens sources promises: its own files, nobody else's, and damaged ones.

use crate::make::Counted;
use crate::others::OTHERS;
use crate::reading::{self, read, window};
use crate::report::{Held, Report};
use crate::{cells, claims, frame, hold, words, Subject};
use iolink_host::{source, OfferRecord};
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{Call, Error, ErrorKind, ImageCapability, ImageView, Kind, Source, View};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Largest sample that is cut and damaged byte by byte.
const MOST: usize = 4 << 20;

pub(crate) fn check(report: &mut Report<'_>, subject: &Subject<'_>, samples: &[PathBuf]) {
    detection(report, subject);
    if samples.is_empty() {
        report.untested("open: files of its own format", "no file was given; give small valid ones as samples");
    }
    for sample in samples {
        let name = sample.file_name().unwrap_or_default().to_string_lossy();
        match std::fs::read(sample) {
            Ok(content) => one(report, subject, sample, &format!("open {name}"), content),
            Err(error) => report.test(&format!("open {name}: the sample can be read"), || Err(error.to_string())),
        }
    }
}

fn offers<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = &'s OfferRecord> {
    subject.provider.record().offers.iter().filter(|offer| offer.offer == OfferKind::Open)
}

/// A source of bytes alone; its name has the ending, if any.
fn bytes(content: &[u8], ending: &str) -> (Source, Arc<Counted>) {
    let held = Arc::new(Counted(content.to_vec()));
    let name = if ending.is_empty() { "sample".to_owned() } else { format!("sample.{ending}") };
    (Source::new(format!("stream:{name}")).with_bytes(held.clone()), held)
}

/// Would the host ask this provider to open the source?
fn is_candidate(subject: &Subject<'_>, source: &Source) -> bool {
    let id = &subject.provider.record().id;
    subject.registry.explain_open(source, None).candidates.iter().any(|candidate| candidate.provider == *id)
}

fn is_its_own(subject: &Subject<'_>, ending: &str) -> bool {
    offers(subject).any(|offer| {
        let last = |known: &String| known.rsplit('.').next() == Some(ending);
        offer.extensions.iter().any(last) || offer.format.eq_ignore_ascii_case(ending)
    })
}

fn detection(report: &mut Report<'_>, subject: &Subject<'_>) {
    let others = || OTHERS.iter().filter(|(ending, _)| !is_its_own(subject, ending));
    report.test("open: does not claim the files of others", || {
        let mut claimed = Vec::new();
        for (ending, head) in others() {
            for name in ["", ending] {
                let (source, _held) = bytes(head, name);
                if is_candidate(subject, &source) && !matches!(subject.provider.identify(&source), Ok(Some(0))) {
                    claimed.push(*ending);
                    break;
                }
            }
        }
        hold!(
            claimed.is_empty(),
            "it claims files of {}; name magic bytes that tell your format, or answer 0 in identify",
            claimed.join(", ")
        );
        Ok(())
    });
    report.test("open: refuses the files of others as Unsupported or Corrupt", || {
        for (ending, head) in others() {
            let (source, _held) = bytes(head, "");
            match subject.provider.open(&source) {
                Err(refused) if is_refusal(&refused) => {}
                // Any text is a table in text, for whoever asks for one.
                Ok(View::DataFrame(_)) if is_text(head) && offers(subject).any(|offer| offer.magic.is_empty()) => {}
                Err(refused) => return Err(format!("a {ending} file gave {refused:?}")),
                Ok(view) => return Err(format!("a {ending} file was opened as {view:?}")),
            }
        }
        Ok(())
    });
    let options = subject.provider.record().options(Some(OfferKind::Open));
    if let Some(option) = options.iter().find(|option| !option.value_type.fits("conformance")) {
        report.test("open: refuses options that it does not declare, and values of another type", || {
            for key in ["no_such_option", option.name.as_str()] {
                let (source, _held) = bytes(b"", "");
                let refused = subject.provider.open(&source.with_option(key, "conformance")).err();
                let kind = refused.map(|refused| refused.kind());
                hold!(kind == Some(ErrorKind::InvalidArgument), "the option {key}=conformance gave {kind:?}");
            }
            Ok(())
        });
    }
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(|letter: char| letter.is_control() && letter != '\n'))
}

fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Corrupt | ErrorKind::Limit)
}

fn open(subject: &Subject<'_>, file: &Path) -> Result<View, String> {
    source::from_path(file).and_then(|source| subject.provider.open(&source)).map_err(words)
}

/// Everything that can be read of a view, for comparing two of them.
pub(crate) fn content(view: &View) -> Result<Vec<u8>, Error> {
    Ok(match view {
        View::Image(image) => read(&**image, &window(&**image)).map_err(|why| Error::new(ErrorKind::Corrupt, why))?,
        View::MultiImage(set) => {
            let count = set.frame_count()?;
            let mut all = count.to_le_bytes().to_vec();
            for index in 0..count.min(4) {
                all.extend(set.frame_name(index)?.unwrap_or_default().into_bytes());
                all.extend(content(&set.frame(index)?)?);
            }
            all
        }
        View::LodImage(pyramid) => {
            let mut all = Vec::new();
            for level in pyramid.level_range() {
                all.extend(content(&View::Image(pyramid.resolution(level)?))?);
            }
            all
        }
        View::DataFrame(frame) => cells::content(&**frame)?,
        View::Stream(stream) => {
            let (mut all, mut piece) = (Vec::new(), vec![0; 1 << 16]);
            loop {
                match stream.read(&mut piece)? {
                    0 => break all,
                    count => all.extend_from_slice(&piece[..count]),
                }
            }
        }
        View::RandomAccess(access) => {
            let mut all = vec![0; access.length()?.min(MOST as u64) as usize];
            access.read_exact_at(0, &mut all)?;
            all
        }
        View::Store(store) => {
            let mut all = Vec::new();
            for key in store.keys(&Call::silent())? {
                all.extend(key.as_bytes());
                all.extend(store.read(&key, &Call::silent())?);
            }
            all
        }
        View::Extension(_) => Vec::new(),
    })
}

fn one(report: &mut Report<'_>, subject: &Subject<'_>, file: &Path, name: &str, sample: Vec<u8>) {
    report.test(&format!("{name}: its own file is claimed, by name and, where it names magic bytes, without"), || {
        let by_path = source::from_path(file).map_err(words)?;
        hold!(is_candidate(subject, &by_path), "the host would not ask it: neither ending nor magic bytes fit");
        if is_told_by_magic(subject, &sample) || nothing_but_magic(subject, file) {
            hold!(is_candidate(subject, &bytes(&sample, "").0), "without its name the magic bytes do not tell it");
        }
        let sure = subject.provider.identify(&bytes(&sample, &ending(file)).0).map_err(words)?;
        hold!(sure != Some(0), "asked by identify it says that it cannot open its own file");
        Ok(())
    });
    report.test(&format!("{name}: gives the kind of view, and the capabilities, that it offers"), || {
        let view = open(subject, file)?;
        let mut of_kind: Vec<_> = offers(subject).filter(|offer| offer.kind == view.kind()).collect();
        // The one whose ending the file has, where there is one.
        of_kind.sort_by_key(|offer| !has_ending(offer, file));
        let Some(offer) = of_kind.first() else {
            return Err(format!("it is {view:?}, which no offer names"));
        };
        claims(&view, offer.capabilities)
    });
    report.test(&format!("{name}: gives the same from a path and from bytes alone"), || {
        let by_path = content(&open(subject, file)?).map_err(words)?;
        match subject.provider.open(&bytes(&sample, &ending(file)).0) {
            Ok(view) => hold!(content(&view).map_err(words)? == by_path, "the content differs"),
            Err(refused) if refused.kind() == ErrorKind::Unsupported => {}
            Err(refused) => return Err(format!("from bytes alone it gave {refused:?}, not a view or Unsupported")),
        }
        Ok(())
    });
    report.test(&format!("{name}: lets go of the source with its last view"), || {
        let (source, held) = bytes(&sample, &ending(file));
        match subject.provider.open(&source) {
            Err(refused) if refused.kind() == ErrorKind::Unsupported => return Ok(()),
            Err(refused) => return Err(words(refused)),
            Ok(view) => {
                content(&view).map_err(words)?;
                if let View::Image(image) = &view {
                    drop(image.memory());
                }
            }
        }
        drop(source);
        let left = Arc::strong_count(&held) - 1;
        hold!(left == 0, "the bytes are still held {left} times");
        Ok(())
    });
    report.test(&format!("{name}: opens in many threads at once"), || {
        let expected = content(&open(subject, file)?).map_err(words)?;
        std::thread::scope(|scope| {
            let open_and_read = || open(subject, file).and_then(|view| content(&view).map_err(words));
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(open_and_read)).collect();
            for thread in threads {
                let seen = thread.join().map_err(|_| "a thread panicked".to_owned())??;
                hold!(seen == expected, "a thread read something else");
            }
            Ok(())
        })
    });
    report
        .test(&format!("{name}: a file that is cut off is an error, or loses nothing"), || cut(subject, file, &sample));
    report.test(&format!("{name}: damaged bytes never make it panic"), || damaged(subject, file, &sample));
    of_its_kind(report, subject, file, name);
}

fn cut(subject: &Subject<'_>, file: &Path, sample: &[u8]) -> Held {
    let view = open(subject, file)?;
    let whole = content(&view).map_err(words)?;
    // Text has neither length nor end: of a table in text a part is a table, with the first of its rows.
    let text = match view {
        View::DataFrame(frame) if !is_told_by_magic(subject, sample) => Some(frame),
        _ => None,
    };
    let length = sample.len();
    for end in [0, 1, 2, 7, length / 4, length / 2, length - length.min(1 + length / 100), length.saturating_sub(1)] {
        if end >= length {
            continue;
        }
        let (source, _held) = bytes(&sample[..end], &ending(file));
        let opened = subject.provider.open(&source);
        match opened.and_then(|view| content(&view).map(|seen| (view, seen))) {
            Ok((View::DataFrame(part), _)) if text.is_some() => {
                let first = text.as_ref().map_or(Ok(()), |whole| frame::is_the_first_of(&*part, &**whole));
                first.map_err(|why| format!("of {length} bytes {end} were left, and {why}"))?;
            }
            Ok((_, seen)) => {
                hold!(seen == whole, "of {length} bytes {end} were left, and it gave other data without an error");
            }
            Err(error) => {
                let kind = error.kind();
                hold!(
                    is_refusal(&error) || kind == ErrorKind::Io,
                    "of {length} bytes {end} were left, and it gave {kind:?} ({error}), not Corrupt or Unsupported"
                );
            }
        }
    }
    Ok(())
}

fn ending(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.split_once('.').map_or(String::new(), |(_, ending)| ending.to_owned())
}

/// Does every format that the file's name fits name magic bytes?
fn nothing_but_magic(subject: &Subject<'_>, file: &Path) -> bool {
    let mut fitting = offers(subject).filter(|offer| has_ending(offer, file)).peekable();
    fitting.peek().is_some() && fitting.all(|offer| !offer.magic.is_empty())
}

fn has_ending(offer: &OfferRecord, file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    offer.extensions.iter().any(|known| name.ends_with(&format!(".{known}")))
}

fn is_told_by_magic(subject: &Subject<'_>, sample: &[u8]) -> bool {
    let is_there = |(at, bytes): &(u64, Vec<u8>)| {
        usize::try_from(*at).ok().and_then(|at| sample.get(at..)).is_some_and(|rest| rest.starts_with(bytes))
    };
    offers(subject).any(|offer| offer.magic.iter().any(is_there))
}

fn damaged(subject: &Subject<'_>, file: &Path, sample: &[u8]) -> Held {
    let ending = ending(file);
    let mut copy = sample[..sample.len().min(MOST)].to_vec();
    let places = (0..copy.len().min(64)).chain((64..copy.len()).step_by((copy.len() / 32).max(1)));
    for at in places.collect::<Vec<_>>() {
        let good = copy[at];
        for bad in [0x00, 0xFF, good ^ 0x80] {
            copy[at] = bad;
            let (source, _held) = bytes(&copy, &ending);
            let seen = subject.provider.open(&source).and_then(|view| content(&view));
            let panicked = seen.err().filter(|error| error.kind() == ErrorKind::Internal);
            if let Some(panicked) = panicked {
                return Err(format!("byte {at} was {good:#04x}; as {bad:#04x} it gave {panicked:?}"));
            }
        }
        copy[at] = good;
    }
    Ok(())
}

/// The image that a frame is, or its first one.
fn first_image(frame: View) -> Result<Arc<dyn ImageView>, String> {
    match frame {
        View::MultiImage(set) => first_image(set.frame(0).map_err(words)?),
        View::LodImage(pyramid) => pyramid.resolution(0).map_err(words),
        other => other.into_image().map_err(words),
    }
}

fn of_its_kind(report: &mut Report<'_>, subject: &Subject<'_>, file: &Path, name: &str) {
    let image_of = |view: View, index: u64| -> Result<Arc<dyn ImageView>, String> {
        match view {
            View::MultiImage(set) => first_image(set.frame(index).map_err(words)?),
            View::LodImage(pyramid) => pyramid.resolution(index as i64).map_err(words),
            other => other.into_image().map_err(words),
        }
    };
    let Ok(view) = open(subject, file) else { return };
    let images = match &view {
        View::Image(_) => 1,
        View::MultiImage(set) => set.frame_count().unwrap_or(0).min(2),
        View::LodImage(pyramid) => (*pyramid.level_range().end() as u64 + 1).min(2),
        _ => 0,
    };
    for index in 0..images {
        let make = || image_of(open(subject, file)?, index);
        let readable = make().is_ok_and(|image| image.capabilities().has(ImageCapability::READ));
        let name = if view.kind() == Kind::Image { name.to_owned() } else { format!("{name} [{index}]") };
        if readable {
            reading::check(report, &name, &make);
        }
    }
    if let View::DataFrame(_) = &view {
        frame::check_parts(report, name, &|| open(subject, file)?.into_data_frame().map_err(words));
    }
}
