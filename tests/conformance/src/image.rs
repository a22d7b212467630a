//! What images and sets of images promise.

use crate::make::Lazy;
use crate::make::{image, pattern, SHAPES, TYPES};
use crate::reading::{self, read};
use crate::report::{Held, Report};
use crate::{claims, hold, words, Subject};
use iolink_host::OfferRecord;
use iolink_sdk::provider::OfferKind;
use iolink_sdk::{
    Block, BlockMut, Call, CapabilitySet, Convert, Cost, CreateView, DataType, ErrorKind, ImageCapability, ImageView,
    Kind, MetadataNode, Region, Shape, View,
};
use std::sync::Arc;

/// Every shape and type once.
fn each(subject: &Subject<'_>, offer: OfferKind, test: impl Fn(&Arc<dyn ImageView>) -> Held) -> Held {
    for shape in SHAPES {
        for data_type in TYPES {
            let (view, _owned) = image(subject, offer, shape, data_type)?;
            test(&view).map_err(|seen| format!("{shape:?} of {data_type}: {seen}"))?;
        }
    }
    Ok(())
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

pub(crate) fn check(report: &mut Report<'_>, subject: &Subject<'_>, offer: OfferKind, claimed: u64) {
    let name = format!("image ({})", offer.word());
    let readable = ImageCapability::from_bits(claimed).has(ImageCapability::READ);
    report.test(&format!("{name}: has what its offer promises, also over the border"), || {
        each(subject, offer, |view| claims(&View::Image(view.clone()), claimed))
    });
    report.test(&format!("{name}: says its shape, type and axes"), || {
        for shape in SHAPES {
            let (view, _owned) = image(subject, offer, shape, DataType::INT16)?;
            hold!(&*view.shape() == shape, "asked for {shape:?}, it says {}", view.shape());
            hold!(view.data_type() == DataType::INT16, "its type is {}", view.data_type());
            let named = view.properties().named_axes(shape.len()).is_some_and(|axes| !axes.is_empty());
            hold!(named == matches!(shape.len(), 2 | 3 | 5), "axes named: {named} for {shape:?}");
        }
        Ok(())
    });
    if readable {
        report.test(&format!("{name} READ: starts at zero"), || {
            each(subject, offer, |view| {
                let content = read(&**view, &Region::full(&view.shape()))?;
                hold!(content.iter().all(|byte| *byte == 0), "not all samples are zero");
                Ok(())
            })
        });
        let make = || {
            let (view, _owned) = image(subject, offer, &[37, 11, 3], DataType::VEC3_UINT16)?;
            if view.capabilities().has(ImageCapability::WRITE) {
                fill(&*view)?;
            }
            Ok(view)
        };
        reading::check(report, &name, &make);
    }
    if ImageCapability::from_bits(claimed).has(ImageCapability::WRITE) {
        report.test(&format!("{name} WRITE: regions read what was written"), || {
            each(subject, offer, |view| {
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
    if readable && ImageCapability::from_bits(claimed).has(ImageCapability::WRITE) {
        report.test(&format!("{name} WRITE: changes the region that is named, and nothing beside it"), || {
            each(subject, offer, |view| {
                let mut content = fill(&**view)?;
                let size = view.data_type().byte_count();
                let dense = view.shape().column_fastest(size);
                for region in corners(&view.shape()) {
                    let part = pattern(region.element_count().unwrap_or(0) as usize * size, 91);
                    let source = Block::new(&part, &region.size, view.data_type()).map_err(words)?;
                    view.write_region(&region, &source, &Call::silent()).map_err(words)?;
                    let first: i64 = region.origin.iter().zip(&*dense).map(|(at, step)| *at as i64 * step).sum();
                    BlockMut::with_strides(&mut content, first as usize, &region.size, &dense, view.data_type())
                        .and_then(|mut block| block.copy_from(&source, &Call::silent()))
                        .map_err(words)?;
                    hold!(read(&**view, &Region::full(&view.shape()))? == content, "{region} was written elsewhere");
                }
                Ok(())
            })
        });
    }
    if ImageCapability::from_bits(claimed).has(ImageCapability::MEMORY_ACCESS) {
        report.test(&format!("{name} MEMORY_ACCESS: the memory is what regions read"), || {
            each(subject, offer, |view| {
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
            let (view, owned) = image(subject, offer, &[4, 3], DataType::UINT8)?;
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
            let (view, _owned) = image(subject, offer, &[4, 3], DataType::UINT8)?;
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
                match image(subject, offer, shape, DataType::UINT16) {
                    Err(refused) if refused.contains("bytes") => {}
                    Err(refused) => return Err(format!("{shape:?} gave {refused}")),
                    Ok(_) => return Err(format!("{shape:?} was allocated")),
                }
            }
            Ok(())
        });
    }
    report.test(&format!("{name}: keeps properties and metadata that are put over it"), || {
        let (view, _owned) = image(subject, offer, &[4, 3], DataType::UINT8)?;
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

pub(crate) fn check_conversion(report: &mut Report<'_>, subject: &Subject<'_>, offer: &OfferRecord) {
    let name = format!("image (convert from {})", offer.from_kind.unwrap_or(Kind::Image).word());
    let lazy = ImageCapability::READ.value();
    if offer.from_kind != Some(Kind::Image) || offer.from_capabilities & !lazy != 0 {
        return report.untested(&name, "the suite converts from images that can be read");
    }
    let target = Convert::new(Kind::Image, offer.capabilities);
    let convert = || -> Result<_, String> {
        let source: Arc<dyn ImageView> = Arc::new(Lazy::new()?);
        let made = subject.provider.convert(View::Image(source.clone()), &target).map_err(words)?;
        Ok((source, made))
    };
    report.test(&format!("{name}: the samples, the axes and the metadata stay"), || {
        let (source, made) = convert()?;
        claims(&made, offer.capabilities)?;
        let made = made.into_image().map_err(words)?;
        let whole = Region::full(&source.shape());
        hold!(made.shape() == source.shape(), "its shape {} became {}", source.shape(), made.shape());
        hold!(made.data_type() == source.data_type(), "its type {} became {}", source.data_type(), made.data_type());
        hold!(read(&*made, &whole)? == read(&*source, &whole)?, "the samples changed");
        hold!(made.properties() == source.properties(), "the properties changed");
        hold!(made.metadata() == source.metadata(), "the metadata changed");
        Ok(())
    });
    if offer.cost == Some(Cost::Copy) {
        report.test(&format!("{name}: a copy lets go of its source"), || {
            let (source, made) = convert()?;
            let left = Arc::strong_count(&source) - 1;
            drop(made);
            hold!(left == 0, "the source is still held {left} times");
            Ok(())
        });
    }
    reading::check(report, &name, &|| convert()?.1.into_image().map_err(words));
}

pub(crate) fn check_sets(report: &mut Report<'_>, subject: &Subject<'_>) {
    report.test("multi-image (create): frames are kept in order", || {
        let set = subject
            .provider
            .create(CreateView::MultiImage.in_memory())
            .and_then(View::into_multi_image)
            .map_err(words)?;
        for size in [1, 2, 3] {
            let (frame, _owned) = image(subject, OfferKind::Create, &[size], DataType::UINT8)?;
            let name = format!("frame of {size}");
            let end = set.frame_count().map_err(words)?;
            set.insert(end, View::Image(frame), Some(&name)).map_err(words)?;
        }
        set.remove(1).map_err(words)?;
        let count = set.frame_count().map_err(words)?;
        hold!(count == 2, "{count} frames are left of three less one");
        let name = set.frame_name(1).map_err(words)?;
        hold!(name.as_deref() == Some("frame of 3"), "the last frame has the name {name:?}");
        let last = set.frame(1).and_then(View::into_image).map_err(words)?.shape();
        hold!(*last == [3], "the last frame has the shape {last}");
        let refused = set.frame(2).err().map(|refused| refused.kind());
        hold!(refused == Some(ErrorKind::OutOfRange), "frame 2 gave {refused:?}");
        Ok(())
    });
}
