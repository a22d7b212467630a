use super::*;
use iolink_sdk::view::{read_sample, write_sample};
use iolink_sdk::{AxesInterpretation, Block, DataType, ErrorKind, ImageProperties, MultiImageView, Shape, Value};

fn shape(sizes: &[u64]) -> Shape {
    Shape::new(sizes).unwrap()
}

fn named(interpretation: AxesInterpretation) -> Option<ImageProperties> {
    Some(ImageProperties { axes_interpretation: interpretation, ..ImageProperties::default() })
}

#[test]
fn a_named_image_lies_c_contiguous_in_numpy_order() {
    let image =
        MemoryImage::new(&shape(&[5, 4, 3]), DataType::UINT16, named(AxesInterpretation::MultispectralImage)).unwrap();
    // NumPy order is row, column, channel: (4, 5, 3).
    assert_eq!(&*image.memory().unwrap().strides, &[6, 30, 2]);
    let unnamed = MemoryImage::new(&shape(&[5, 4, 3]), DataType::UINT16, None).unwrap();
    assert_eq!(&*unnamed.memory().unwrap().strides, &[2, 10, 40]);
}

#[test]
fn what_is_written_is_read() {
    let image = MemoryImage::new(&shape(&[4, 3]), DataType::UINT8, None).unwrap();
    let region = Region::new(&[1, 1], &[2, 2]).unwrap();
    image
        .write_region(&region, &Block::new(&[1, 2, 3, 4], &region.size, DataType::UINT8).unwrap(), &Call::silent())
        .unwrap();
    let mut all = [9u8; 12];
    let whole = Region::full(&image.shape());
    let mut target = BlockMut::new(&mut all, &whole.size, DataType::UINT8).unwrap();
    image.read_region(&whole, &mut target, &Call::silent()).unwrap();
    assert_eq!(all, [0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0]);
}

#[test]
fn impossible_sizes_are_refused_before_anything_is_allocated() {
    for sizes in [&[u64::MAX, 2][..], &[1_000_000_000, 1_000_000_000], &[1 << 40, 1 << 22]] {
        let refused = MemoryImage::new(&shape(sizes), DataType::DOUBLE, None).err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::Limit, "{sizes:?}");
    }
    let refused = MemoryImage::new(&shape(&[2]), DataType::UTF8_STRING, None).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::Type);
}

#[test]
fn shared_memory_is_not_reshaped() {
    let image = MemoryImage::new(&shape(&[4]), DataType::UINT8, None).unwrap();
    let lent = image.memory().unwrap();
    assert_eq!(image.reshape(&shape(&[8]), DataType::UINT8).unwrap_err().kind(), ErrorKind::Busy);
    drop(lent);
    image.reshape(&shape(&[8, 2]), DataType::FLOAT).unwrap();
    assert_eq!((image.shape(), image.data_type()), (shape(&[8, 2]), DataType::FLOAT));
}

#[test]
fn a_copy_has_the_samples_properties_and_metadata() {
    let image = MemoryImage::new(&shape(&[3, 2]), DataType::INT16, named(AxesInterpretation::Image)).unwrap();
    let mut tree = iolink_sdk::MetadataNode::default();
    tree.set("/a/b", 7i32).unwrap();
    image.set_metadata(tree.clone()).unwrap();
    let lent = image.memory().unwrap();
    // SAFETY: the buffer holds six 16-bit samples.
    unsafe { (lent.data as *mut i16).add(4).write(-5) };
    let same = copy(&image, &Call::silent()).unwrap();
    // SAFETY: as above.
    assert_eq!(unsafe { (same.memory().unwrap().data as *const i16).add(4).read() }, -5);
    assert_eq!((*same.properties()).clone(), (*image.properties()).clone());
    assert_eq!(*same.metadata(), tree);
    let stop = |_, _| false;
    assert_eq!(copy(&image, &Call::new(&stop)).err().unwrap().kind(), ErrorKind::Cancelled);
}

/// A table, which cannot be a frame of a set of images.
struct NoFrame;

impl iolink_sdk::DataFrameView for NoFrame {
    fn capabilities(&self) -> iolink_sdk::DataFrameCapability {
        iolink_sdk::DataFrameCapability::NONE
    }
    fn shape(&self) -> Result<(u64, u64)> {
        Ok((0, 0))
    }
    fn schema(&self) -> Result<iolink_sdk::OwnedSchema> {
        iolink_sdk::fail!(NotImplemented, "a table for a test has no schema")
    }
    fn export(&self, _columns: Option<&[u64]>, _rows: std::ops::Range<u64>) -> Result<iolink_sdk::OwnedStream> {
        iolink_sdk::fail!(NotImplemented, "a table for a test has no rows")
    }
}

#[test]
fn frames_are_kept_in_order() {
    let set = MemoryMultiImage::default();
    for size in [1, 2, 3] {
        let frame = MemoryImage::new(&shape(&[size]), DataType::UINT8, None).unwrap();
        let name = format!("frame {size}");
        set.insert(set.frame_count().unwrap(), View::image(frame), Some(&name)).unwrap();
    }
    set.remove(1).unwrap();
    assert_eq!(set.frame(1).unwrap().into_image().unwrap().shape(), shape(&[3]));
    assert_eq!(set.frame_name(1).unwrap().as_deref(), Some("frame 3"));
    let twice = set.insert(0, set.frame(0).unwrap(), Some("frame 3"));
    assert_eq!(twice.unwrap_err().kind(), ErrorKind::InvalidArgument);
    let frame_of_bytes = set.replace(0, View::data_frame(NoFrame));
    assert_eq!(frame_of_bytes.unwrap_err().kind(), ErrorKind::Type);
    assert_eq!(set.frame(2).err().unwrap().kind(), ErrorKind::OutOfRange);
    assert_eq!(set.insert(9, set.frame(0).unwrap(), None).unwrap_err().kind(), ErrorKind::OutOfRange);
}

#[test]
fn single_samples_are_values() {
    let image = MemoryImage::new(&shape(&[4, 3]), DataType::VEC3_UINT16, None).unwrap();
    let value = Value::from_bytes(DataType::VEC3_UINT16, &[1u16, 2, 3].map(u16::to_ne_bytes).concat()).unwrap();
    write_sample(&image, &[3, 1], &value).unwrap();
    assert_eq!(read_sample(&image, &[3, 1]).unwrap(), value);
    assert_eq!(read_sample(&image, &[3, 2]).unwrap().as_f64(), Some(vec![0.0; 3]));
    assert_eq!(read_sample(&image, &[4, 0]).unwrap_err().kind(), ErrorKind::OutOfRange);
    assert_eq!(read_sample(&image, &[0]).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(write_sample(&image, &[0, 0], &Value::from(1u16)).unwrap_err().kind(), ErrorKind::Type);
    let two = Value::from_bytes(DataType::VEC3_UINT16, &[0; 12]).unwrap();
    assert_eq!(write_sample(&image, &[0, 0], &two).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[test]
fn an_image_on_disk_lies_in_a_file_that_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    let image = MemoryImage::on_disk(folder.path(), &shape(&[300, 200]), DataType::UINT16, None).unwrap();
    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    assert_eq!(file.metadata().unwrap().len(), 300 * 200 * 2);
    let region = Region::new(&[299, 199], &[1, 1]).unwrap();
    image
        .write_region(&region, &Block::new(&[7, 9], &region.size, DataType::UINT16).unwrap(), &Call::silent())
        .unwrap();
    assert_eq!(std::fs::read(&file).unwrap()[300 * 200 * 2 - 2..], [7, 9]);
    let lent = image.memory().unwrap();
    drop(image);
    assert_eq!(files(), 1, "somebody shares the memory still");
    drop(lent);
    assert_eq!(files(), 0);
}

#[test]
fn an_image_on_disk_is_reshaped_there() {
    let folder = tempfile::tempdir().unwrap();
    let image = MemoryImage::on_disk(folder.path(), &shape(&[4]), DataType::UINT8, None).unwrap();
    image.reshape(&shape(&[8, 2]), DataType::FLOAT).unwrap();
    let lengths: Vec<u64> =
        std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).collect();
    assert_eq!(lengths, [64]);
}

#[test]
fn a_folder_that_is_not_there_and_sizes_that_cannot_be_are_refused_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let on_disk =
        |folder: &std::path::Path, sizes: &[u64]| MemoryImage::on_disk(folder, &shape(sizes), DataType::DOUBLE, None);
    let refused = on_disk(&folder.path().join("none"), &[2]).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    assert_eq!(on_disk(folder.path(), &[u64::MAX, 2]).err().unwrap().kind(), ErrorKind::Limit);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(on_disk(folder.path(), &[0, 3]).unwrap().shape(), shape(&[0, 3]));
}
