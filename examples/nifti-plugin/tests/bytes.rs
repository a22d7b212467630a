//! Every rule of the format, on volumes made here byte by byte.

#[path = "../src/lib.rs"]
mod plugin;

use flate2::{write::GzEncoder, Compression};
use iolink_sdk::{
    Axis, BlockMut, ByteOrder, Call, DataType, Error, ErrorKind, Host, ImageCapability, ImageView, Provider,
    RandomAccess, Region, Result, Source, Space, StreamCapability, World,
};
use plugin::Nifti;
use std::io::Write;
use std::sync::Arc;

/// Random access over a vector, without memory of its own to lend.
struct Raw(Vec<u8>);

impl RandomAccess for Raw {
    fn capabilities(&self) -> StreamCapability {
        StreamCapability::READ
    }

    fn length(&self) -> Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let rest = self.0.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(buffer.len()).min(1000); // short reads are allowed
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

/// A volume under construction: offsets are `(NIfTI-1, NIfTI-2)`.
#[derive(Clone)]
struct File {
    bytes: Vec<u8>,
    order: ByteOrder,
    second: bool,
}

impl File {
    /// A sound header; samples are to follow.
    fn new(order: ByteOrder, second: bool, dim: &[i64], datatype: i64, bits: i64) -> File {
        let mut file = File { bytes: vec![0; if second { 544 } else { 352 }], order, second };
        file.int((0, 4), (0, 4), if second { 540 } else { 348 });
        let (at, magic): (usize, &[u8]) = if second { (4, b"n+2\0\r\n\x1A\n") } else { (344, b"n+1\0") };
        file.bytes[at..at + magic.len()].copy_from_slice(magic);
        file.int((40, 2), (16, 8), dim.len() as i64);
        for (index, size) in dim.iter().enumerate() {
            file.int((42 + 2 * index, 2), (24 + 8 * index, 8), *size);
        }
        file.int((70, 2), (12, 2), datatype).int((72, 2), (14, 2), bits);
        for axis in 0..=7 {
            file.float((76 + 4 * axis, 104 + 8 * axis), 1.0);
        }
        file.offset(if second { 544.0 } else { 352.0 });
        file
    }

    fn little(dim: &[i64], datatype: i64, bits: i64) -> File {
        File::new(ByteOrder::Little, false, dim, datatype, bits)
    }

    fn put(&mut self, at: usize, little: &[u8]) -> &mut Self {
        let mut bytes = little.to_vec();
        if self.order == ByteOrder::Big {
            bytes.reverse();
        }
        self.bytes[at..at + bytes.len()].copy_from_slice(&bytes);
        self
    }

    fn int(&mut self, first: (usize, usize), second: (usize, usize), value: i64) -> &mut Self {
        let (at, width) = if self.second { second } else { first };
        self.put(at, &value.to_le_bytes()[..width])
    }

    fn float(&mut self, at: (usize, usize), value: f64) -> &mut Self {
        match self.second {
            true => self.put(at.1, &value.to_le_bytes()),
            false => self.put(at.0, &(value as f32).to_le_bytes()),
        }
    }

    fn offset(&mut self, value: f64) -> &mut Self {
        match self.second {
            true => self.put(168, &(value as i64).to_le_bytes()),
            false => self.put(108, &(value as f32).to_le_bytes()),
        }
    }

    fn scale(&mut self, slope: f64, intercept: f64) -> &mut Self {
        self.float((112, 176), slope).float((116, 184), intercept)
    }

    fn samples(&mut self, little: impl IntoIterator<Item = impl AsRef<[u8]>>) -> &mut Self {
        for sample in little {
            let mut bytes = sample.as_ref().to_vec();
            if self.order == ByteOrder::Big {
                bytes.reverse();
            }
            self.bytes.extend(bytes);
        }
        self
    }

    fn open(&self) -> Result<Arc<dyn ImageView>> {
        open(self.bytes.clone())
    }

    fn refusal(&self) -> Error {
        self.open().err().expect("the file is refused")
    }
}

fn open(bytes: Vec<u8>) -> Result<Arc<dyn ImageView>> {
    let source = Source::new("stream:test").with_bytes(Arc::new(Raw(bytes)));
    Nifti.open(&Host::none(), &source, &Call::silent())?.into_image()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn read(image: &dyn ImageView, region: &Region) -> Result<Vec<u8>> {
    let bytes = region.element_count().unwrap() as usize * image.data_type().byte_count();
    let mut out = vec![0; bytes];
    image.read_region(region, &mut BlockMut::new(&mut out, &region.size, image.data_type())?, &Call::silent())?;
    Ok(out)
}

fn read_i16(image: &dyn ImageView, region: &Region) -> Vec<i16> {
    let bytes = read(image, region).unwrap();
    bytes.chunks(2).map(|pair| i16::from_ne_bytes(pair.try_into().unwrap())).collect()
}

fn numbers(image: &dyn ImageView, path: &str) -> Vec<f64> {
    image.metadata().get(path).unwrap_or_else(|| panic!("{path} is there")).value().unwrap().as_f64().unwrap()
}

fn refused(file: &File, kind: ErrorKind, words: &str) {
    let error = file.refusal();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.message().contains(words), "{error}");
}

fn counting(count: i16) -> impl Iterator<Item = [u8; 2]> {
    (0..count).map(i16::to_le_bytes)
}

#[test]
fn both_versions_and_byte_orders_give_the_same_values() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        for second in [false, true] {
            let mut file = File::new(order, second, &[3, 4, 5], 4, 16);
            let image = file.samples(counting(60)).open().unwrap();
            assert_eq!(*image.shape(), [3, 4, 5]);
            assert_eq!(image.data_type(), DataType::INT16);
            assert_eq!(read_i16(&*image, &Region::full(&image.shape())), (0..60).collect::<Vec<_>>());
            assert_eq!(read_i16(&*image, &Region::new(&[1, 2, 3], &[2, 1, 2]).unwrap()), [43, 44, 55, 56]);
        }
    }
}

fn source(bytes: &[u8]) -> Source {
    Source::new("stream:test").with_bytes(Arc::new(Raw(bytes.to_vec())))
}

#[test]
fn rows_longer_than_a_piece_and_regions_of_many_pieces_are_read_whole() {
    let image = File::new(ByteOrder::Little, true, &[300_000, 2, 2], 2, 8)
        .samples((0..1_200_000u32).map(|at| [(at % 251) as u8]))
        .open()
        .unwrap();
    let expected: Vec<u8> = (0..1_200_000u32).map(|at| (at % 251) as u8).collect();
    assert_eq!(read(&*image, &Region::full(&image.shape())).unwrap(), expected);
    let part = read(&*image, &Region::new(&[299_999, 0, 1], &[1, 2, 1]).unwrap()).unwrap();
    assert_eq!(part, [(899_999 % 251) as u8, (1_199_999 % 251) as u8]);
}

#[test]
fn a_plain_file_is_mapped_with_its_own_byte_order() {
    let path = std::env::temp_dir().join(format!("iolink-nifti-{}.nii", std::process::id()));
    let mut file = File::new(ByteOrder::Big, false, &[3, 4], 4, 16);
    std::fs::write(&path, &file.samples(counting(12)).bytes).unwrap();
    let open = |bytes: &[u8]| {
        let opened = Nifti.open(&Host::none(), &source(bytes).with_path(&path), &Call::silent());
        opened.and_then(iolink_sdk::View::into_image).unwrap()
    };
    let (image, other) = (open(&file.bytes), open(&gzip(&file.bytes)));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(image.capabilities(), ImageCapability::READ | ImageCapability::MEMORY_ACCESS);
    let memory = image.memory().unwrap();
    drop(image); // the lent memory outlives the view
    assert_eq!((memory.byte_order, memory.writable, &*memory.strides), (ByteOrder::Big, false, &[2, 6][..]));
    // SAFETY: the mapping holds twelve samples.
    assert_eq!(unsafe { std::slice::from_raw_parts(memory.data, 24) }[22..], [0, 11]);
    assert_eq!(other.capabilities(), ImageCapability::READ, "other bytes than the file's are not mapped");
}

#[test]
fn without_a_path_or_gzipped_there_is_no_memory() {
    let mut file = File::little(&[2], 2, 8);
    for bytes in [file.samples([[1], [2]]).bytes.clone(), gzip(&file.bytes)] {
        let image = open(bytes).unwrap();
        assert_eq!(image.capabilities(), ImageCapability::READ);
        assert_eq!(image.memory().err().unwrap().kind(), ErrorKind::NotImplemented);
        assert_eq!(read(&*image, &Region::full(&image.shape())).unwrap(), [1, 2]);
    }
}

#[test]
fn gzip_is_known_by_its_bytes_and_may_have_several_members() {
    let mut file = File::new(ByteOrder::Big, true, &[3, 4, 5], 4, 16);
    let whole = &file.samples(counting(60)).bytes;
    let bytes = [gzip(&whole[..100]), gzip(&whole[100..600]), gzip(&whole[600..])].concat();

    let image = open(bytes).unwrap();
    assert_eq!(read_i16(&*image, &Region::full(&image.shape())), (0..60).collect::<Vec<_>>());
}

#[test]
fn a_truncated_or_damaged_gzip_stream_is_refused_at_the_first_read() {
    let mut file = File::little(&[50, 50], 4, 16);
    let whole = gzip(&file.samples((0..2500i16).map(|at| (at.wrapping_mul(12347)).to_le_bytes())).bytes);
    let mut damaged = whole.clone();
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 1;
    let short = gzip(&file.bytes[..3000]);
    for bytes in [whole[..whole.len() / 2].to_vec(), damaged, short] {
        let image = open(bytes).unwrap();
        for _ in 0..2 {
            let error = read(&*image, &Region::new(&[0, 0], &[1, 1]).unwrap()).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
            assert!(error.message().contains("truncated"), "{error}");
        }
    }
    let error = open(whole[..20].to_vec()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
}

#[test]
fn what_does_not_start_as_nifti_does_is_told_what_was_expected() {
    for (bytes, words) in [
        (&b"ni1"[..], "NIfTI starts with a header of 348 or 540 bytes, and this has 3 in all"),
        (b"RIFF data", "NIfTI starts with the number 348 or 540, this with the bytes [52, 49, 46, 46]"),
    ] {
        let error = open(bytes.to_vec()).err().unwrap();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Unsupported, words));
    }
}

#[test]
fn a_gzipped_header_that_claims_more_than_deflate_can_hold_is_refused_before_allocation() {
    let bytes = gzip(&File::little(&[30_000, 30_000, 30_000], 64, 64).bytes);
    let error = open(bytes).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.message().contains("truncated"), "{error}");
}

#[test]
fn axes_are_canonical_with_channel_before_time() {
    let sizes: Vec<i64> = (2..7).collect();
    for (count, names) in [
        (1, &[Axis::Column][..]),
        (2, &[Axis::Column, Axis::Row]),
        (3, &[Axis::Column, Axis::Row, Axis::Slice]),
        (4, &[Axis::Column, Axis::Row, Axis::Slice, Axis::Sequence]),
        (5, &[Axis::Column, Axis::Row, Axis::Slice, Axis::Channel, Axis::Sequence]),
    ] {
        let mut file = File::little(&sizes[..count], 4, 16);
        file.float((92, 136), 2.5).int((123, 1), (500, 4), 2 + 8);
        let elements: i64 = sizes[..count].iter().product();
        let image = file.samples(counting(elements as i16)).open().unwrap();
        assert_eq!(image.properties().named_axes(count).unwrap(), names);
        if count == 5 {
            assert_eq!(*image.shape(), [2, 3, 4, 6, 5]);
            let properties = image.properties();
            assert_eq!((properties.axes[4].spacing, &*properties.axes[4].unit), (2.5, "s"));
            assert_eq!((properties.axes[3].spacing, &*properties.axes[3].unit), (1.0, ""));
            // x 1, y 2, z 3, channel 5, time 4 of the file's order x, y, z, t, c
            let at = Region::new(&[1, 2, 3, 5, 4], &[1; 5]).unwrap();
            assert_eq!(read_i16(&*image, &at), [1 + 2 * (2 + 3 * (3 + 4 * (4 + 5 * 5)))]);
        }
    }
}

#[test]
fn six_and_seven_dimensions_keep_their_order_unnamed() {
    let image = File::little(&[1, 1, 1, 1, 2, 3, 2], 2, 8).samples((0..12).map(|at| [at])).open().unwrap();
    assert_eq!(*image.shape(), [1, 1, 1, 1, 2, 3, 2]);
    assert_eq!(image.properties().axis(0), None);
    assert_eq!(read(&*image, &Region::full(&image.shape())).unwrap(), (0..12).collect::<Vec<u8>>());
}

#[test]
fn every_datatype_that_iolink_has_is_read_and_the_others_are_refused_by_name() {
    for (code, bits, expected) in [
        (2, 8, DataType::UINT8),
        (4, 16, DataType::INT16),
        (8, 32, DataType::INT32),
        (16, 32, DataType::FLOAT),
        (32, 64, DataType::COMPLEX_FLOAT),
        (64, 64, DataType::DOUBLE),
        (128, 24, DataType::VEC3_UINT8),
        (256, 8, DataType::INT8),
        (512, 16, DataType::UINT16),
        (768, 32, DataType::UINT32),
        (1024, 64, DataType::INT64),
        (1280, 64, DataType::UINT64),
        (1792, 128, DataType::COMPLEX_DOUBLE),
        (2304, 32, DataType::VEC4_UINT8),
    ] {
        let samples = (0..2 * bits / 8).map(|at| [at as u8]);
        let image = File::little(&[2], code, bits).samples(samples).open().unwrap();
        assert_eq!(image.data_type(), expected);
        let all = read(&*image, &Region::full(&image.shape())).unwrap();
        assert_eq!(all, (0..2 * bits / 8).map(|at| at as u8).collect::<Vec<_>>());
    }
    for (code, bits, name) in
        [(0, 0, "unknown"), (1, 1, "BIT"), (1536, 128, "FLOAT128"), (2048, 256, "COMPLEX256"), (7, 8, "7")]
    {
        refused(File::little(&[2], code, bits).samples([[0; 64]]), ErrorKind::Unsupported, name);
    }
}

#[test]
fn big_endian_complex_numbers_are_swapped_by_component() {
    let mut file = File::new(ByteOrder::Big, false, &[1], 32, 64);
    let image = file.samples([1.5f32.to_le_bytes(), (-2.0f32).to_le_bytes()]).open().unwrap();
    let all = read(&*image, &Region::full(&image.shape())).unwrap();
    assert_eq!(all, [1.5f32.to_ne_bytes(), (-2.0f32).to_ne_bytes()].concat());
}

#[test]
fn slope_and_intercept_are_the_value_scale() {
    let scale = |slope, intercept, datatype, bits: i64| {
        let mut file = File::little(&[1], datatype, bits);
        let image = file.scale(slope, intercept).samples([vec![0; bits as usize / 8]]).open().unwrap();
        let scale = image.properties().value_scale.clone();
        (scale.slope, scale.intercept)
    };
    assert_eq!(scale(0.25, -1024.0, 4, 16), (0.25, -1024.0));
    assert_eq!(scale(0.0, 7.0, 4, 16), (1.0, 0.0), "slope 0 is unscaled");
    assert_eq!(scale(f64::NAN, 7.0, 4, 16), (1.0, 0.0));
    assert_eq!(scale(f64::INFINITY, 7.0, 4, 16), (1.0, 0.0));
    assert_eq!(scale(2.0, 7.0, 128, 24), (1.0, 0.0), "colours are not scaled");
    refused(File::little(&[1], 2, 8).scale(2.0, f64::NAN).samples([[0]]), ErrorKind::Corrupt, "scl_inter");
}

#[test]
fn the_sform_comes_first_and_gives_spacing_direction_and_origin() {
    let mut file = File::little(&[2, 2, 2], 2, 8);
    for (row, values) in [[0.0, -3.0, 0.0, 10.0], [2.0, 0.0, 0.0, 20.0], [0.0, 0.0, 4.0, 30.0]].iter().enumerate() {
        for (column, value) in values.iter().enumerate() {
            let at = 4 * row + column;
            file.float((280 + 4 * at, 400 + 8 * at), *value);
        }
    }
    file.int((254, 2), (348, 4), 1).int((252, 2), (344, 4), 1).int((123, 1), (500, 4), 2).samples([[0; 8]]);
    let properties = file.open().unwrap().properties();
    let axes: Vec<_> = properties.axes.iter().map(|axis| (axis.spacing, axis.origin, &*axis.unit)).collect();
    // The sform leads to RAS, the properties are in LPS.
    assert_eq!(axes, [(2.0, -10.0, "mm"), (3.0, -20.0, "mm"), (4.0, 30.0, "mm")]);
    assert_eq!(properties.direction, [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]);
    let ras = [[0.0, -3.0, 0.0, 10.0], [2.0, 0.0, 0.0, 20.0], [0.0, 0.0, 4.0, 30.0], [0.0, 0.0, 0.0, 1.0]];
    assert_eq!(properties.affine(Some(World::Ras)).unwrap(), ras);
    let both = file.open().unwrap();
    assert_eq!(numbers(&*both, "/NIfTI/sform")[..8], [0.0, -3.0, 0.0, 10.0, 2.0, 0.0, 0.0, 20.0]);
    assert_eq!(numbers(&*both, "/NIfTI/qform").len(), 16);
    assert_eq!(numbers(&*both, "/NIfTI/sform_code"), [1.0]);
    let tree = both.metadata();
    let shape = |path: &str| tree.get(path).unwrap().value().unwrap().shape().to_vec();
    assert_eq!((shape("/NIfTI/sform"), shape("/NIfTI/sform_code"), shape("/NIfTI/dim")), (vec![4, 4], vec![], vec![8]));
}

#[test]
fn the_qform_is_taken_where_no_sform_is_in_use() {
    let mut file = File::little(&[2, 2, 2], 2, 8);
    // A quarter turn around z, mirrored in z, with steps of 2, 3 and 4.
    for (axis, value) in [-1.0, -2.0, 3.0, 4.0].into_iter().enumerate() {
        file.float((76 + 4 * axis, 104 + 8 * axis), value);
    }
    file.float((264, 368), 0.5f64.sqrt()).float((268, 376), 7.0).int((252, 2), (344, 4), 1).samples([[0; 8]]);
    let image = file.open().unwrap();
    let expected = [0.0, -3.0, 0.0, 7.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, -4.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    for (found, expected) in numbers(&*image, "/NIfTI/qform").iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
    let properties = image.properties();
    assert!((properties.direction[2][2] + 1.0).abs() < 1e-6);
    assert!((properties.axes[1].spacing - 3.0).abs() < 1e-6);
    assert_eq!((properties.axes[0].origin, properties.space), (-7.0, Space::Lps));
}

#[test]
fn a_quaternion_longer_than_one_is_made_one() {
    let mut file = File::little(&[2, 2, 2], 2, 8);
    file.float((260, 360), 1.0000001).float((268, 376), 1.0).int((252, 2), (344, 4), 1).samples([[0; 8]]);
    assert_eq!(file.open().unwrap().properties().direction, [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]]);
}

#[test]
fn a_single_slice_knows_where_it_lies() {
    let mut file = File::little(&[2, 2], 2, 8);
    for (row, place) in [7.0, 8.0, 9.0].into_iter().enumerate() {
        file.float((268 + 4 * row, 376 + 8 * row), place);
    }
    let properties = file.int((252, 2), (344, 4), 1).samples([[0; 4]]).open().unwrap().properties();
    assert_eq!((properties.place(), properties.position), ([-7.0, -8.0, 9.0], [0.0, 0.0, 9.0]));
}

#[test]
fn without_a_usable_affine_pixdim_stands_alone() {
    let mut file = File::little(&[2, 2, 2], 2, 8);
    file.float((80, 112), 0.5).float((84, 120), 0.0).float((88, 128), f64::NAN).samples([[0; 8]]);
    file.int((254, 2), (348, 4), 1); // an sform of zeros gives no direction
    let properties = file.open().unwrap().properties();
    let spacing: Vec<_> = properties.axes.iter().map(|axis| axis.spacing).collect();
    assert_eq!(spacing, [0.5, 1.0, 1.0]);
    assert_eq!(properties.direction, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
    assert_eq!(properties.axes[0].unit, "", "an unknown unit stays unknown");
    assert_eq!(properties.space, Space::Unknown, "no affine leads to the patient");
}

#[test]
fn the_metadata_holds_the_fields() {
    let mut file = File::new(ByteOrder::Big, true, &[2, 3], 2, 8);
    file.bytes[240..245].copy_from_slice(b"brain");
    file.bytes[246] = b'!'; // behind the NUL
    let image = file.int((68, 2), (504, 4), 1001).samples([[0; 6]]).open().unwrap();
    assert_eq!(numbers(&*image, "/NIfTI/dim")[..3], [2.0, 2.0, 3.0]);
    assert_eq!(numbers(&*image, "/NIfTI/intent_code"), [1001.0]);
    let tree = image.metadata();
    assert_eq!(tree.get("/NIfTI/descrip").unwrap().value().unwrap().as_str(), Some("brain"));
    assert_eq!(image.origin().as_deref(), Some("stream:test"));
}

#[test]
fn truncated_files_are_refused() {
    let mut file = File::little(&[3, 4], 4, 16);
    let whole = file.samples(counting(12)).bytes.clone();
    for length in [0, 3, 200, 347, 352, whole.len() - 1] {
        let error = open(whole[..length].to_vec()).err().unwrap();
        let expected = if length < 4 { ErrorKind::Unsupported } else { ErrorKind::Corrupt };
        assert_eq!(error.kind(), expected, "{length}: {error}");
    }
    assert!(open([&whole[..], &[0; 7]].concat()).is_ok(), "a longer file is sound");
}

#[test]
fn headers_that_contradict_themselves_are_refused() {
    let sound = || File::little(&[3, 4], 4, 16).samples(counting(12)).clone();
    for count in [0, 8, -1] {
        refused(sound().int((40, 2), (0, 0), count), ErrorKind::Corrupt, "dim[0]");
    }
    for size in [0, -1] {
        refused(sound().int((44, 2), (0, 0), size), ErrorKind::Corrupt, "positive");
    }
    refused(sound().int((72, 2), (0, 0), 8), ErrorKind::Corrupt, "bitpix");
    for offset in [0.0, 348.0, 351.0, 352.5, -352.0, f64::NAN, f64::INFINITY] {
        refused(sound().offset(offset), ErrorKind::Corrupt, "vox_offset");
    }
    refused(sound().offset(4096.0), ErrorKind::Corrupt, "truncated");
}

#[test]
fn dimensions_that_overflow_are_refused() {
    let mut file = File::new(ByteOrder::Little, true, &[i64::MAX, i64::MAX, i64::MAX], 64, 64);
    refused(file.samples([[0; 64]]), ErrorKind::Corrupt, "overflow");
    let mut file = File::new(ByteOrder::Big, true, &[1 << 32, 1 << 31, 2], 2, 8);
    refused(file.samples([[0; 64]]), ErrorKind::Corrupt, "overflow");
    refused(File::little(&[30_000; 7], 2, 8).samples([[0; 64]]), ErrorKind::Corrupt, "overflow");
    refused(&File::little(&[30_000, 30_000, 30_000], 2, 8), ErrorKind::Corrupt, "truncated");
}

#[test]
fn other_files_are_told_apart() {
    assert_eq!(
        open(b"a text that is long enough to be no header".to_vec()).err().unwrap().kind(),
        ErrorKind::Unsupported
    );

    let mut pair = File::little(&[2], 2, 8);
    pair.bytes[344..348].copy_from_slice(b"ni1\0");
    refused(&pair, ErrorKind::Unsupported, ".hdr/.img");
    let mut mangled = File::new(ByteOrder::Little, true, &[2], 2, 8);
    mangled.bytes[8..10].copy_from_slice(b"\n\n");
    refused(&mangled, ErrorKind::Corrupt, "magic");
}

#[test]
fn a_region_outside_is_refused_and_progress_can_stop_a_read() {
    let image = File::little(&[512, 512, 4], 4, 16).samples([vec![0; 512 * 512 * 8]]).open().unwrap();
    let error = read(&*image, &Region::new(&[511, 0, 0], &[2, 1, 1]).unwrap()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::OutOfRange);
    let mut out = vec![0; 512 * 512 * 8];
    let whole = Region::full(&image.shape());
    let mut block = BlockMut::new(&mut out, &whole.size, DataType::INT16).unwrap();
    let stop = |done: u64, total: u64| done < total / 2;
    let error = image.read_region(&whole, &mut block, &Call::new(&stop)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}
