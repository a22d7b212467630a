//! Providers that are linked in and say what cannot be of their images: refused by name, as those of a library are.

use iolink_host::{adapt, Registry};
use iolink_sdk::{
    Axis, AxisProperties, Call, DataType, Error, ErrorKind, Host, ImageCapability, ImageProperties, ImageView, Kind,
    LodImageView, MultiImageCapability, MultiImageView, Offer, Provider, ProviderInfo, Result, Shape, Source, View,
};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// An image with two axes of the same name.
struct Twice;

impl ImageView for Twice {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::NONE
    }
    fn shape(&self) -> Shape {
        Shape::new(&[7, 5]).unwrap()
    }
    fn data_type(&self) -> DataType {
        DataType::UINT8
    }
    fn properties(&self) -> Arc<ImageProperties> {
        let row = AxisProperties { axis: Some(Axis::Row), ..AxisProperties::default() };
        Arc::new(ImageProperties { axes: vec![row.clone(), row], ..ImageProperties::default() })
    }
}

/// An image whose unit is written as few write it.
struct Microns;

impl ImageView for Microns {
    fn capabilities(&self) -> ImageCapability {
        ImageCapability::NONE
    }
    fn shape(&self) -> Shape {
        Shape::new(&[7, 5]).unwrap()
    }
    fn data_type(&self) -> DataType {
        DataType::UINT8
    }
    fn properties(&self) -> Arc<ImageProperties> {
        let axis = |unit: &str| AxisProperties { unit: unit.into(), ..AxisProperties::default() };
        Arc::new(ImageProperties { axes: vec![axis("micron"), axis("furlong")], ..ImageProperties::default() })
    }
}

struct Set;

impl MultiImageView for Set {
    fn capabilities(&self) -> MultiImageCapability {
        MultiImageCapability::READ
    }
    fn frame_count(&self) -> Result<u64> {
        Ok(1)
    }
    fn frame(&self, _: u64) -> Result<View> {
        Ok(View::image(Twice))
    }
}

struct Pyramid;

impl LodImageView for Pyramid {
    fn level_range(&self) -> RangeInclusive<i64> {
        0..=1
    }
    fn resolution(&self, _: i64) -> Result<Arc<dyn ImageView>> {
        Ok(Arc::new(Twice))
    }
}

struct Wrong;

impl Provider for Wrong {
    const INFO: ProviderInfo = ProviderInfo::new("org.test.wrong", "Wrong").offers(&[
        Offer::open(Kind::Image, "ONE").extensions("one"),
        Offer::open(Kind::Image, "MICRONS").extensions("microns"),
        Offer::open(Kind::MultiImage, "SET").extensions("set"),
        Offer::open(Kind::LodImage, "PYRAMID").extensions("pyramid"),
    ]);

    fn open(&self, _: &Host, source: &Source, _call: &Call<'_>) -> Result<View> {
        Ok(match source.uri().rsplit('.').next() {
            Some("microns") => View::image(Microns),
            Some("set") => View::multi_image(Set),
            Some("pyramid") => View::lod_image(Pyramid),
            _ => View::image(Twice),
        })
    }
}

iolink_sdk::builtin!(Wrong);

fn open(ending: &str) -> Result<View> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("a.{ending}"));
    std::fs::write(&path, b"").unwrap();
    let source = iolink_host::source::from_path(&path)?;
    Ok(Registry::builder().plugin_path_env(false).build().open(source, None)?.view)
}

fn names_provider_and_axis(error: Error) {
    assert_eq!((error.kind(), error.provider()), (ErrorKind::Internal, "org.test.wrong"), "{error}");
    assert!(error.message().contains("the axes 0 and 1 both are ROW"), "{error}");
}

#[test]
fn an_axis_twice_is_refused_in_images_frames_and_levels() {
    names_provider_and_axis(open("one").err().unwrap());
    names_provider_and_axis(open("set").unwrap().into_multi_image().unwrap().frame(0).err().unwrap());
    names_provider_and_axis(open("pyramid").unwrap().into_lod_image().unwrap().resolution(1).err().unwrap());
}

#[test]
fn units_come_out_as_iolink_writes_them() {
    let known = open("microns").unwrap().into_image().unwrap().properties();
    assert_eq!(known.axes.iter().map(|axis| axis.unit.as_str()).collect::<Vec<_>>(), ["µm", "furlong"]);
}

#[test]
fn adapters_refuse_such_an_image() {
    let image: adapt::Image = Arc::new(Twice);
    let error = adapt::flip(&image, 0).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().contains("the axes 0 and 1 both are ROW"), "{error}");
}
