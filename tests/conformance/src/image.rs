//! What images and sets of images promise.

use crate::make::{image, pattern, SHAPES, TYPES};
use crate::{claims, hold, Held, Report};
use iolink_host::{adapt, Registry};
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{
    Block, BlockMut, Call, CapabilitySet, Create, DataType, ErrorKind, ImageCapability, ImageView, Kind, MetadataNode,
    Region, Shape, Target, View,
};
use std::sync::Arc;

fn words(error: iolink_sdk::Error) -> String {
    error.to_string()
}

/// Every shape and type once.
fn each(registry: &Registry, offer: OfferKind, test: impl Fn(&Arc<dyn ImageView>) -> Held) -> Held {
    for shape in SHAPES {
        for data_type in TYPES {
            let (view, _owned) = image(registry, offer, shape, data_type)?;
            test(&view).map_err(|seen| format!("{shape:?} of {data_type}: {seen}"))?;
        }
    }
    Ok(())
}

fn read(view: &dyn ImageView, region: &Region) -> Result<Vec<u8>, String> {
    let mut out = vec![0xA5; region.element_count().unwrap_or(0) as usize * view.data_type().byte_count()];
    let mut block = BlockMut::new(&mut out, &region.size, view.data_type()).map_err(words)?;
    view.read_region(region, &mut block, &Call::silent()).map_err(words)?;
    Ok(out)
}

fn fill(view: &dyn ImageView) -> Result<Vec<u8>, String> {
    let whole = Region::full(&view.shape());
    let content = pattern(whole.element_count().unwrap_or(0) as usize * view.data_type().byte_count(), 3);
    let block = Block::new(&content, &whole.size, view.data_type()).map_err(words)?;
    view.write_region(&whole, &block, &Call::silent()).map_err(words)?;
    Ok(content)
}

/// Every sub-box of size 1 to 2 along each axis, at the low and at the high end.
fn corners(shape: &Shape) -> Vec<Region> {
    let (mut low, mut high) = (Region::full(shape), Region::full(shape));
    for axis in 0..shape.len() {
        let size = shape[axis].min(2);
        low.size[axis] = size;
        high.size[axis] = size;
        high.origin[axis] = shape[axis] - size;
    }
    vec![low, high]
}

pub(crate) fn check(report: &mut Report<'_>, registry: &Registry, offer: OfferKind, claimed: u64) {
    let name = format!("image ({})", offer.word());
    let readable = ImageCapability::from_bits(claimed).has(ImageCapability::READ);
    report.test(&format!("{name}: has what its offer promises, also over the border"), || {
        each(registry, offer, |view| claims(&View::Image(view.clone()), claimed))
    });
    report.test(&format!("{name}: says its shape, type and axes"), || {
        for shape in SHAPES {
            let (view, _owned) = image(registry, offer, shape, DataType::INT16)?;
            hold!(&*view.shape() == shape, "asked for {shape:?}, it says {}", view.shape());
            hold!(view.data_type() == DataType::INT16, "its type is {}", view.data_type());
            let named = view.properties().named_axes(shape.len()).is_some_and(|axes| !axes.is_empty());
            hold!(named == matches!(shape.len(), 2 | 3 | 5), "axes named: {named} for {shape:?}");
        }
        Ok(())
    });
    if readable {
        report.test(&format!("{name} READ: starts at zero"), || {
            each(registry, offer, |view| {
                let content = read(&**view, &Region::full(&view.shape()))?;
                hold!(content.iter().all(|byte| *byte == 0), "not all samples are zero");
                Ok(())
            })
        });
        report.test(&format!("{name} READ: refuses regions that are not there"), || {
            let (view, _owned) = image(registry, offer, &[5, 3], DataType::UINT8)?;
            for (origin, size, kind) in [
                (&[0u64, 0][..], &[6u64, 3][..], ErrorKind::OutOfRange),
                (&[5, 0], &[1, 1], ErrorKind::OutOfRange),
                (&[u64::MAX, 0], &[0, 1], ErrorKind::OutOfRange),
                (&[0, 0], &[0, 3], ErrorKind::InvalidArgument),
                (&[0], &[1], ErrorKind::InvalidArgument),
            ] {
                let region = Region::new(origin, size).map_err(words)?;
                let mut out = vec![0; region.element_count().unwrap_or(0) as usize];
                let mut block = BlockMut::new(&mut out, &region.size, DataType::UINT8).map_err(words)?;
                match view.read_region(&region, &mut block, &Call::silent()) {
                    Err(refused) if refused.kind() == kind => {}
                    other => return Err(format!("{region} gave {other:?}, not {kind:?}")),
                }
            }
            Ok(())
        });
    }
    if ImageCapability::from_bits(claimed).has(ImageCapability::WRITE) {
        report.test(&format!("{name} WRITE: regions read what was written"), || {
            each(registry, offer, |view| {
                let content = fill(&**view)?;
                let whole = Region::full(&view.shape());
                hold!(read(&**view, &whole)? == content, "the whole is not what was written");
                let size = view.data_type().byte_count();
                let dense = view.shape().column_fastest(size);
                for region in corners(&view.shape()) {
                    let first: i64 = region.origin.iter().zip(&*dense).map(|(at, step)| *at as i64 * step).sum();
                    let mut expected = vec![0; region.element_count().unwrap_or(0) as usize * size];
                    let source = Block::with_strides(&content, first as usize, &region.size, &dense, view.data_type())
                        .map_err(words)?;
                    BlockMut::new(&mut expected, &region.size, view.data_type())
                        .and_then(|mut block| block.copy_from(&source, &Call::silent()))
                        .map_err(words)?;
                    hold!(read(&**view, &region)? == expected, "{region} is not that part of the whole");
                }
                Ok(())
            })
        });
    }
    if ImageCapability::from_bits(claimed).has(ImageCapability::MEMORY_ACCESS) {
        report.test(&format!("{name} MEMORY_ACCESS: the memory is what regions read"), || {
            each(registry, offer, |view| {
                if view.capabilities().has(ImageCapability::WRITE) {
                    fill(&**view)?;
                }
                let lent = view.memory().map_err(words)?;
                lent.check().map_err(words)?;
                hold!(lent.shape == view.shape() && lent.data_type == view.data_type(), "another shape or type");
                let whole = Region::full(&view.shape());
                let mut copied = vec![0; whole.element_count().unwrap_or(0) as usize * view.data_type().byte_count()];
                BlockMut::new(&mut copied, &whole.size, view.data_type())
                    .and_then(|mut block| block.copy_from(&lent.block(&whole)?, &Call::silent()))
                    .map_err(words)?;
                hold!(copied == read(&**view, &whole)?, "the memory holds other samples");
                Ok(())
            })
        });
        report.test(&format!("{name} MEMORY_ACCESS: lent memory outlives the view"), || {
            let (view, owned) = image(registry, offer, &[4, 3], DataType::UINT8)?;
            let lent = view.memory().map_err(words)?;
            drop(view);
            hold!(read_lent(&lent) == vec![0; 12], "the samples are gone");
            drop(lent);
            if let Some(owned) = owned {
                hold!(
                    Arc::strong_count(&owned) == 1,
                    "the owner is still held {} times",
                    Arc::strong_count(&owned) - 1
                );
            }
            Ok(())
        });
    }
    if ImageCapability::from_bits(claimed).has(ImageCapability::RESHAPE) {
        report.test(&format!("{name} RESHAPE: not while memory is lent, then with zeros"), || {
            let (view, _owned) = image(registry, offer, &[4, 3], DataType::UINT8)?;
            let larger = Shape::new(&[2, 3, 4]).map_err(words)?;
            let lent = view.memory().map_err(words)?;
            let busy = view.reshape(&larger, DataType::FLOAT).err().map(|refused| refused.kind());
            hold!(busy == Some(ErrorKind::Busy), "while memory was lent it gave {busy:?}");
            drop(lent);
            view.reshape(&larger, DataType::FLOAT).map_err(words)?;
            hold!(view.shape() == larger && view.data_type() == DataType::FLOAT, "it kept its shape or type");
            hold!(read(&*view, &Region::full(&larger))?.iter().all(|byte| *byte == 0), "not all samples are zero");
            Ok(())
        });
    }
    if offer == OfferKind::Create {
        report.test(&format!("{name}: refuses sizes that cannot be"), || {
            for shape in [&[u64::MAX, 2][..], &[1_000_000_000, 1_000_000_000], &[1 << 40, 1 << 40]] {
                match image(registry, offer, shape, DataType::UINT16) {
                    Err(refused) if refused.contains("bytes") => {}
                    Err(refused) => return Err(format!("{shape:?} gave {refused}")),
                    Ok(_) => return Err(format!("{shape:?} was allocated")),
                }
            }
            Ok(())
        });
    }
    report.test(&format!("{name}: keeps properties and metadata that are put over it"), || {
        let (view, _owned) = image(registry, offer, &[4, 3], DataType::UINT8)?;
        let mut changed = (*view.properties()).clone();
        changed.axes[1].spacing = 0.25;
        changed.axes[1].unit = "mm".to_owned();
        changed.value_scale.intercept = -1024.0;
        view.set_properties(changed.clone()).map_err(words)?;
        hold!(*view.properties() == changed, "the properties came back changed");
        let mut tree = MetadataNode::default();
        tree.set("/scanner/kV", 120i32).map_err(words)?;
        tree.set("/scanner/name", "µCT").map_err(words)?;
        view.set_metadata(tree.clone()).map_err(words)?;
        hold!(*view.metadata() == tree, "the metadata came back changed");
        Ok(())
    });
    if readable {
        report.test(&format!("{name} READ: many threads read the same"), || {
            let (view, _owned) = image(registry, offer, &[64, 33], DataType::INT16)?;
            let content = if view.capabilities().has(ImageCapability::WRITE) {
                fill(&*view)?
            } else {
                read(&*view, &Region::full(&view.shape()))?
            };
            std::thread::scope(|scope| {
                let readers: Vec<_> = (0..4)
                    .map(|_| {
                        scope.spawn(|| {
                            (0..50).all(|_| read(&*view, &Region::full(&view.shape())).as_deref() == Ok(&content[..]))
                        })
                    })
                    .collect();
                let same = readers.into_iter().all(|reader| reader.join().unwrap_or(false));
                hold!(same, "a thread read something else");
                Ok(())
            })
        });
    }
}

fn read_lent(lent: &iolink_sdk::Memory) -> Vec<u8> {
    let whole = Region::full(&lent.shape);
    let mut out = vec![1; whole.element_count().unwrap_or(0) as usize * lent.data_type.byte_count()];
    let copied = BlockMut::new(&mut out, &whole.size, lent.data_type)
        .and_then(|mut block| block.copy_from(&lent.block(&whole)?, &Call::silent()));
    match copied {
        Ok(()) => out,
        Err(_) => Vec::new(),
    }
}

pub(crate) fn check_conversion(report: &mut Report<'_>, registry: &Registry, claimed: u64) {
    report.test("image (convert): a lazy view becomes one in memory", || {
        let (view, _owned) = image(registry, OfferKind::Create, &[5, 3], DataType::INT16)?;
        let content = fill(&*view)?;
        let lazy = adapt::scaled(&view).map_err(words)?;
        hold!(!lazy.capabilities().has(ImageCapability::MEMORY_ACCESS), "the lazy view is in memory already");
        let target = Target { kind: Kind::Image, capabilities: claimed };
        let made = registry.convert(View::Image(lazy.clone()), target).map_err(words)?;
        claims(&made, claimed)?;
        let made = made.into_image().map_err(words)?;
        let whole = Region::full(&view.shape());
        hold!(read(&*made, &whole)? == read(&*lazy, &whole)?, "the samples changed");
        hold!(read(&*view, &whole)? == content, "the source changed");
        hold!(made.properties() == lazy.properties(), "the properties changed");
        Ok(())
    });
}

pub(crate) fn check_sets(report: &mut Report<'_>, registry: &Registry) {
    report.test("multi-image (create): frames are kept in order", || {
        let set = registry.create(Create::MultiImage).and_then(View::into_multi_image).map_err(words)?;
        for size in [1, 2, 3] {
            let (frame, _owned) = image(registry, OfferKind::Create, &[size], DataType::UINT8)?;
            set.insert(set.frame_count(), frame).map_err(words)?;
        }
        set.remove(1).map_err(words)?;
        hold!(set.frame_count() == 2, "{} frames are left of three less one", set.frame_count());
        let last = set.frame(1).map_err(words)?.shape();
        hold!(*last == [3], "the last frame has the shape {last}");
        let refused = set.frame(2).err().map(|refused| refused.kind());
        hold!(refused == Some(ErrorKind::OutOfRange), "frame 2 gave {refused:?}");
        Ok(())
    });
}
