//! Images in plain files against samples that were put into order by hand.

use crate::Raw;
use iolink_sdk::stores::MemoryStore;
use iolink_sdk::{
    Block, Call, Create, CreateView, DataType, ErrorKind, Finish, Host, ImageView, MetadataNode, Provider, Region,
    Result, Shape, Store, Target, View,
};
use std::sync::Arc;

const SILENT: Call<'static> = Call::silent();

fn create(request: Create) -> Result<Arc<dyn ImageView>> {
    Raw.create(&Host::none(), request, &SILENT).and_then(View::into_image)
}

fn kind<T>(result: Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

#[test]
fn regions_lie_where_they_belong_in_either_byte_order() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let shape = Shape::new(&[4, 3, 2]).unwrap();
    for order in ["little", "big"] {
        let target = Target::new("memory:a").with_store(store.clone(), order).with_option("byte_order", order);
        let image = create(CreateView::image(shape, DataType::UINT16, None).at(target)).unwrap();
        let mut expected = [0u16; 24];
        for (turn, (origin, size)) in
            [([0, 0, 0], [4, 3, 1]), ([1, 1, 0], [2, 1, 2]), ([3, 0, 1], [1, 3, 1]), ([0, 2, 0], [4, 1, 2])]
                .into_iter()
                .enumerate()
        {
            let region = Region::new(&origin, &size).unwrap();
            let mut samples = Vec::new();
            for (z, y, x) in
                (0..size[2]).flat_map(|z| (0..size[1]).flat_map(move |y| (0..size[0]).map(move |x| (z, y, x))))
            {
                let value = 1000 * (turn as u16 + 1) + samples.len() as u16;
                let at = (origin[0] + x) + 4 * (origin[1] + y) + 12 * (origin[2] + z);
                expected[at as usize] = value;
                samples.extend(value.to_ne_bytes());
            }
            let block = Block::new(&samples, &region.size, DataType::UINT16).unwrap();
            image.write_region(&region, &block, &SILENT).unwrap();
        }
        image.finish(Finish::Commit, &SILENT).unwrap();
        let bytes = |value: &u16| if order == "big" { value.to_be_bytes() } else { value.to_le_bytes() };
        let expected: Vec<u8> = expected.iter().flat_map(bytes).collect();
        assert_eq!(store.read(order, &SILENT).unwrap(), expected, "{order}");
    }
}

#[test]
fn a_long_region_is_written_in_pieces_and_stops_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.raw");
    let shape = Shape::new(&[3, 7_000_000]).unwrap();
    let target = || Target::new("file:long").with_path(&path);
    let image = create(CreateView::image(shape, DataType::UINT8, None).at(target())).unwrap();
    let samples: Vec<u8> = (0..21_000_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let whole = Region::full(&shape);
    let block = Block::new(&samples, &shape, DataType::UINT8).unwrap();
    let stop = |done, _| done == 0;
    assert_eq!(kind(image.write_region(&whole, &block, &Call::new(&stop))), Some(ErrorKind::Cancelled));
    image.write_region(&whole, &block, &SILENT).unwrap();
    image.finish(Finish::Commit, &SILENT).unwrap();
    assert!(std::fs::read(&path).unwrap() == samples);
}

#[test]
fn requests_that_a_plain_file_cannot_meet_are_rejected_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let target = || Target::new("file:a").with_path(folder.path().join("a.raw"));
    let shape = Shape::new(&[4, 3]).unwrap();
    let image = |data_type| CreateView::image(shape, data_type, None);
    assert_eq!(kind(create(image(DataType::UINT8).in_memory())), Some(ErrorKind::InvalidArgument));
    assert_eq!(kind(create(image(DataType::UTF8_STRING).at(target()))), Some(ErrorKind::Type));
    assert_eq!(kind(create(CreateView::Store.at(target()))), Some(ErrorKind::NotImplemented));
    assert_eq!(kind(create(image(DataType::UINT8).at(target().with_format("PNG")))), Some(ErrorKind::Unsupported));
    let huge = CreateView::image(Shape::new(&[1 << 40, 1 << 22]).unwrap(), DataType::UINT8, None);
    assert_eq!(kind(create(huge.at(target()))), Some(ErrorKind::Limit));
    let mut tree = MetadataNode::default();
    tree.set("/a", 1).unwrap();
    for (metadata, tile_shape) in [(Some(tree), None), (None, Some(shape))] {
        let view = CreateView::Image { shape, data_type: DataType::UINT8, properties: None, metadata, tile_shape };
        assert_eq!(kind(create(view.at(target()))), Some(ErrorKind::NotImplemented));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
