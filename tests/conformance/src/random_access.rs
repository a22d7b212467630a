//! What random access promises.

use crate::make::{bytes, pattern};
use crate::report::Report;
use crate::{claims, hold, words, Subject};
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{Adopt, CapabilitySet, CreateView, ErrorKind, RandomAccess, StreamCapability, View};
use std::sync::Arc;

fn made(subject: &Subject<'_>, offer: OfferKind, content: &[u8]) -> Result<Arc<dyn RandomAccess>, String> {
    let view = if offer == OfferKind::Create {
        subject.provider.create(CreateView::RandomAccess { length: content.len() as u64 }.in_memory())
    } else {
        subject.provider.adopt(Adopt::RandomAccess(bytes(content, true).0))
    };
    let access = view.and_then(View::into_random_access).map_err(words)?;
    if offer == OfferKind::Create {
        access.write_at(0, content).map_err(words)?;
    }
    Ok(access)
}

pub(crate) fn check(report: &mut Report<'_>, subject: &Subject<'_>, offer: OfferKind, claimed: u64) {
    let name = format!("random-access ({})", offer.word());
    let content = pattern(300, 9);
    report.test(&format!("{name}: has what its offer promises, also over the border"), || {
        claims(&View::RandomAccess(made(subject, offer, &content)?), claimed)
    });
    if StreamCapability::from_bits(claimed).has(StreamCapability::READ) {
        report.test(&format!("{name} READ: the same answer to the same question, short only at the end"), || {
            let access = made(subject, offer, &content)?;
            let length = access.length().map_err(words)?;
            hold!(length == 300, "its length is {length}");
            for (offset, length) in [(0, 300), (17, 4), (290, 50), (300, 8), (u64::MAX, 1)] {
                let mut buffer = vec![0; length];
                let count = access.read_at(offset, &mut buffer).map_err(words)?;
                let start = offset.min(300) as usize;
                let expected = &content[start..(start + length).min(300)];
                hold!(buffer[..count] == *expected, "{length} bytes at {offset} gave {count} others");
            }
            Ok(())
        });
        report.test(&format!("{name} READ: from many threads"), || {
            let access = made(subject, offer, &content)?;
            std::thread::scope(|scope| {
                let readers: Vec<_> = (0..4u64)
                    .map(|reader| {
                        let (access, content) = (&access, &content);
                        scope.spawn(move || {
                            (0..200).all(|turn| {
                                let at = ((turn * 7 + reader * 31) % 290) as usize;
                                let mut buffer = [0; 10];
                                matches!(access.read_at(at as u64, &mut buffer), Ok(10))
                                    && buffer == content[at..at + 10]
                            })
                        })
                    })
                    .collect();
                let same = readers.into_iter().all(|reader| reader.join().unwrap_or(false));
                hold!(same, "a thread read something else");
                Ok(())
            })
        });
    }
    if StreamCapability::from_bits(claimed).has(StreamCapability::WRITE) {
        report.test(&format!("{name} WRITE: past the end nothing is written"), || {
            let access = made(subject, offer, &content)?;
            let refused = access.write_at(295, &[7; 10]).err().map(|refused| refused.kind());
            hold!(refused == Some(ErrorKind::OutOfRange), "it gave {refused:?}");
            let mut all = vec![0; 300];
            access.read_at(0, &mut all).map_err(words)?;
            hold!(all == content, "some of it was written");
            Ok(())
        });
    }
}
