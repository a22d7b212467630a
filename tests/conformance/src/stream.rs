//! What streams promise.

use crate::make::{bytes, pattern};
use crate::report::Report;
use crate::{claims, hold, words, Subject};
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{Adopt, CapabilitySet, CreateView, ErrorKind, SeekFrom, StreamAccess, StreamCapability, View};
use std::sync::Arc;

fn made(subject: &Subject<'_>, offer: OfferKind, content: &[u8]) -> Result<Arc<dyn StreamAccess>, String> {
    let view = if offer == OfferKind::Create {
        subject.provider.create(CreateView::Stream { capacity: 16 }.in_memory())
    } else {
        subject.provider.adopt(Adopt::Stream(bytes(content, true).0))
    };
    let stream = view.and_then(View::into_stream).map_err(words)?;
    if offer == OfferKind::Create {
        write_all(&*stream, content)?;
        stream.seek(SeekFrom::Start(0)).map_err(words)?;
    }
    Ok(stream)
}

fn write_all(stream: &dyn StreamAccess, mut content: &[u8]) -> Result<(), String> {
    while !content.is_empty() {
        let taken = stream.write(content).map_err(words)?;
        hold!(taken > 0, "a write took nothing");
        content = &content[taken..];
    }
    Ok(())
}

fn read_all(stream: &dyn StreamAccess, piece: usize) -> Result<Vec<u8>, String> {
    let (mut out, mut buffer) = (Vec::new(), vec![0; piece]);
    loop {
        match stream.read(&mut buffer).map_err(words)? {
            0 => return Ok(out),
            count => out.extend_from_slice(&buffer[..count]),
        }
    }
}

pub(crate) fn check(report: &mut Report<'_>, subject: &Subject<'_>, offer: OfferKind, claimed: u64) {
    let name = format!("stream ({})", offer.word());
    let has = |capability| StreamCapability::from_bits(claimed).has(capability);
    report.test(&format!("{name}: has what its offer promises, also over the border"), || {
        claims(&View::Stream(made(subject, offer, b"abc")?), claimed)
    });
    if has(StreamCapability::READ) {
        report.test(&format!("{name} READ: gives every byte once, then the end"), || {
            let content = pattern(1000, 1);
            for piece in [1, 7, 1000, 4096] {
                let stream = made(subject, offer, &content)?;
                hold!(read_all(&*stream, piece)? == content, "read by {piece} the content differs");
                hold!(stream.read(&mut [0]).map_err(words)? == 0, "after the end there is more");
                hold!(stream.length().map_err(words)? == 1000, "its length is {:?}", stream.length());
            }
            Ok(())
        });
    }
    if has(StreamCapability::SEEK) {
        report.test(&format!("{name} SEEK: from start, cursor and end, never before the first byte"), || {
            let stream = made(subject, offer, &pattern(100, 5))?;
            for (to, expected) in [
                (SeekFrom::Start(40), 40),
                (SeekFrom::Current(-15), 25),
                (SeekFrom::End(-1), 99),
                (SeekFrom::End(50), 150),
            ] {
                let stands = stream.seek(to).map_err(words)?;
                hold!(stands == expected, "{to:?} led to {stands}, not {expected}");
            }
            hold!(stream.read(&mut [0]).map_err(words)? == 0, "past the end there is something to read");
            for to in [SeekFrom::Current(-1000), SeekFrom::End(-101), SeekFrom::Start(u64::MAX)] {
                let refused = stream.seek(to).err().map(|refused| refused.kind());
                hold!(refused == Some(ErrorKind::InvalidArgument), "{to:?} gave {refused:?}");
            }
            hold!(stream.seek(SeekFrom::Current(0)).map_err(words)? == 150, "a refused seek moved the cursor");
            Ok(())
        });
    }
    if has(StreamCapability::WRITE) {
        report.test(&format!("{name} WRITE: overwrites in place"), || {
            let stream = made(subject, offer, &pattern(100, 5))?;
            stream.seek(SeekFrom::Start(10)).map_err(words)?;
            write_all(&*stream, b"xyz")?;
            stream.seek(SeekFrom::Start(0)).map_err(words)?;
            let mut expected = pattern(100, 5);
            expected[10..13].copy_from_slice(b"xyz");
            hold!(read_all(&*stream, 64)? == expected, "other bytes changed");
            Ok(())
        });
    }
    if has(StreamCapability::RESIZE) {
        report.test(&format!("{name} RESIZE: cuts off, fills with zeros, leaves the cursor"), || {
            let stream = made(subject, offer, b"abcdef")?;
            stream.seek(SeekFrom::Start(2)).map_err(words)?;
            stream.resize(3).map_err(words)?;
            stream.resize(5).map_err(words)?;
            hold!(stream.seek(SeekFrom::Current(0)).map_err(words)? == 2, "the cursor moved");
            stream.seek(SeekFrom::Start(0)).map_err(words)?;
            hold!(read_all(&*stream, 64)? == b"abc\0\0", "the content is not cut and filled");
            Ok(())
        });
    }
    if has(StreamCapability::MEMORY_ACCESS) {
        report.test(&format!("{name} MEMORY_ACCESS: the bytes are the content"), || {
            let stream = made(subject, offer, b"abcdef")?;
            let lent = stream.memory().map_err(words)?;
            // SAFETY: nobody writes during the test.
            hold!(unsafe { lent.as_slice() } == b"abcdef", "the memory holds something else");
            if has(StreamCapability::RESIZE) {
                let busy = stream.resize(100_000).err().map(|refused| refused.kind());
                hold!(busy == Some(ErrorKind::Busy), "resizing while memory was lent gave {busy:?}");
            }
            Ok(())
        });
    }
    report.test(&format!("{name}: a closed stream refuses, closing twice is fine"), || {
        let stream = made(subject, offer, b"abc")?;
        stream.close().map_err(words)?;
        stream.close().map_err(words)?;
        let refused = stream.read(&mut [0]).err().map(|refused| refused.kind());
        hold!(refused == Some(ErrorKind::Closed), "reading gave {refused:?}");
        Ok(())
    });
}
