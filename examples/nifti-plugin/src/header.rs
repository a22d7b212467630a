//! The header, of both versions and both byte orders.

use iolink_sdk::{
    fail, AxesInterpretation as Axes, AxisProperties, ByteOrder, DataType, ImageProperties, MetadataNode,
};
use iolink_sdk::{Result, Shape, Space, Strides, Value, ValueScale};
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// Name, count, then offset and type in NIfTI-1 and in NIfTI-2; a type is a letter and its bytes.
#[rustfmt::skip]
const FIELDS: [(&str, usize, usize, &str, usize, &str); 17] = [
    ("dim",        8,  40, "i2",  16, "i8"), ("intent_code", 1,  68, "i2", 504, "i4"), ("datatype",   1,  70, "i2",  12, "i2"),
    ("bitpix",     1,  72, "i2",  14, "i2"), ("pixdim",      8,  76, "f4", 104, "f8"), ("vox_offset", 1, 108, "f4", 168, "i8"),
    ("scl_slope",  1, 112, "f4", 176, "f8"), ("scl_inter",   1, 116, "f4", 184, "f8"), ("xyzt_units", 1, 123, "i1", 500, "i4"),
    ("cal_max",    1, 124, "f4", 192, "f8"), ("cal_min",     1, 128, "f4", 200, "f8"), ("toffset",    1, 136, "f4", 216, "f8"),
    ("qform_code", 1, 252, "i2", 344, "i4"), ("sform_code",  1, 254, "i2", 348, "i4"), ("quatern",    3, 256, "f4", 352, "f8"),
    ("qoffset",    3, 268, "f4", 376, "f8"), ("srow",       12, 280, "f4", 400, "f8"),
];

/// Codes and names; a name that iolink has not is refused.
const TYPES: &str = "1 BIT, 2 UINT8, 4 INT16, 8 INT32, 16 FLOAT, 32 COMPLEX_FLOAT, 64 DOUBLE, 128 VEC3_UINT8, 256 INT8, \
    512 UINT16, 768 UINT32, 1024 INT64, 1280 UINT64, 1536 FLOAT128, 1792 COMPLEX_DOUBLE, 2048 COMPLEX256, 2304 VEC4_UINT8";

/// Numbers by name; `qform` and `sform` lead from voxel to world, 4 rows of 4.
type Fields = BTreeMap<&'static str, Vec<f64>>;

/// What the header says.
pub struct Header {
    pub shape: Shape,
    pub strides: Strides,
    pub data_type: DataType,
    pub byte_order: ByteOrder,
    /// Where in the file the samples lie.
    pub samples: Range<u64>,
    pub properties: Arc<ImageProperties>,
    pub metadata: Arc<MetadataNode>,
}

/// Reads the header at the start of `head`; refuses one that contradicts itself, or a file of `most` bytes at most.
pub fn read(head: &[u8], most: u64) -> Result<Header> {
    let (fields, length, byte_order) = fields(head)?;
    let [count, code, bits, first] = ["dim", "datatype", "bitpix", "vox_offset"].map(|name| fields[name][0]);
    let dim = &fields["dim"][1..=count.clamp(0.0, 7.0) as usize];
    let name = TYPES.split(", ").find_map(|entry| entry.strip_prefix(&format!("{code} "))).unwrap_or("unknown");
    let data_type = DataType::from_name(name).unwrap_or_default();
    let size = data_type.byte_count() as f64;
    let end = first + dim.iter().product::<f64>() * size;
    let (slope, intercept) = (fields["scl_slope"][0], fields["scl_inter"][0]);
    let scaled = slope.is_finite() && slope != 0.0 && !data_type.is_vector();
    match () {
        _ if count != dim.len() as f64 || dim.is_empty() => fail!(Corrupt, "dim[0] is {count}, not 1 to 7"),
        _ if dim.iter().any(|size| *size < 1.0) => fail!(Corrupt, "the dimensions {dim:?} must all be positive"),
        _ if size == 0.0 => fail!(Unsupported, "samples of datatype {code} ({name}) are not read"),
        _ if bits != 8.0 * size => fail!(Corrupt, "bitpix is {bits}, but a {data_type} takes {size} bytes"),
        _ if first.fract() != 0.0 => fail!(Corrupt, "vox_offset is {first}, not a whole number of bytes"),
        _ if first < length + 4.0 => fail!(Corrupt, "vox_offset is {first}, inside the header of {length} + 4 bytes"),
        _ if end > 2f64.powi(53) => fail!(Corrupt, "the dimensions {dim:?} of {data_type} overflow any file"),
        _ if end > most as f64 => fail!(Corrupt, "the file is truncated: it holds {most} of {end} bytes at most"),
        _ if scaled && !intercept.is_finite() => fail!(Corrupt, "scl_inter is {intercept}; it must be a number"),
        _ => {}
    }
    let mut shape = Shape::new(&dim.iter().map(|size| *size as u64).collect::<Vec<_>>())?;
    let mut strides = shape.column_fastest(data_type.byte_count());
    let mut properties = properties(&fields, data_type);
    if scaled {
        properties.value_scale = ValueScale { slope, intercept, unit: String::new() };
    }
    if shape.len() == 5 {
        // In the file time stands before channel; the canonical order has it the other way round.
        shape.swap(3, 4);
        strides.swap(3, 4);
        properties.axes.swap(3, 4);
    }
    let named = [Axes::Image, Axes::Image, Axes::Volume, Axes::VolumeSequence, Axes::MultispectralVolumeSequence];
    properties.axes_interpretation = named.get(shape.len() - 1).copied().unwrap_or_default();
    let (properties, mut tree) = (Arc::new(properties.fitted(shape.len())?), MetadataNode::default());
    for (name, values) in &fields {
        let shape = match values.len() as u64 {
            1 => vec![],
            12 => vec![3, 4],
            16 => vec![4, 4],
            count => vec![count],
        };
        tree.set(&format!("/NIfTI/{name}"), Value::from(&values[..]).with_shape(&shape)?)?;
    }
    let text = String::from_utf8_lossy(if length == 540.0 { &head[240..320] } else { &head[148..228] });
    tree.set("/NIfTI/descrip", text.split('\0').next().unwrap_or_default())?;
    let (samples, metadata) = (first as u64..end as u64, Arc::new(tree));
    Ok(Header { shape, strides, data_type, byte_order, samples, properties, metadata })
}

/// The fields, the length of the header, and its byte order.
fn fields(head: &[u8]) -> Result<(Fields, f64, ByteOrder)> {
    let (big, length) = match head.get(..4) {
        Some([0x5C, 1, 0, 0]) => (false, 348),
        Some([0, 0, 1, 0x5C]) => (true, 348),
        Some([0x1C, 2, 0, 0]) => (false, 540),
        Some([0, 0, 2, 0x1C]) => (true, 540),
        Some(other) => fail!(Unsupported, "NIfTI starts with the number 348 or 540, this with the bytes {other:02X?}"),
        None => {
            fail!(Unsupported, "NIfTI starts with a header of 348 or 540 bytes, and this has {} in all", head.len())
        }
    };
    match head.get(if length == 540 { 4..12 } else { 344..348 }).filter(|_| head.len() >= length) {
        Some(b"n+1\0" | b"n+2\0\r\n\x1A\n") => {}
        Some([b'n', b'i', ..]) => fail!(Unsupported, "this is half of a .hdr/.img pair; only single files are read"),
        Some(magic) => fail!(Corrupt, "the magic bytes {magic:02X?} are not those of NIfTI"),
        None => fail!(Corrupt, "the file is truncated: it has {} of the header's {length} bytes", head.len()),
    }
    let mut fields = Fields::new();
    for (name, count, first, first_type, second, second_type) in FIELDS {
        let (at, kind) = if length == 540 { (second, second_type) } else { (first, first_type) };
        let width = usize::from(kind.as_bytes()[1] - b'0');
        let number = |bytes: &[u8]| {
            let join = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
            let bits = if big { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) };
            match kind {
                "f4" => f64::from(f32::from_bits(bits as u32)),
                "f8" => f64::from_bits(bits),
                _ => ((bits as i64) << (64 - 8 * width) >> (64 - 8 * width)) as f64,
            }
        };
        fields.insert(name, head[at..at + count * width].chunks(width).map(number).collect());
    }
    fields.insert("qform", qform(&fields));
    fields.insert("sform", [&fields["srow"][..], &[0.0, 0.0, 0.0, 1.0]].concat());
    Ok((fields, length as f64, if big { ByteOrder::Big } else { ByteOrder::Little }))
}

/// `pixdim` of an axis of the file; 1 where it says nothing.
fn spacing(fields: &Fields, axis: usize) -> f64 {
    Some(fields["pixdim"][axis + 1].abs()).filter(|size| *size > 0.0 && size.is_finite()).unwrap_or(1.0)
}

/// Voxel to world by the quaternion, as the format's C library has it.
fn qform(fields: &Fields) -> Vec<f64> {
    let (parts, shift) = (&fields["quatern"], &fields["qoffset"]);
    let square: f64 = parts.iter().map(|part| part * part).sum();
    let (a, unit) = if 1.0 - square < 1e-7 { (0.0, square.sqrt()) } else { ((1.0 - square).sqrt(), 1.0) };
    let (b, c, d) = (parts[0] / unit, parts[1] / unit, parts[2] / unit);
    let mirror = if fields["pixdim"][0] == -1.0 { -2.0 } else { 2.0 };
    let (x, y, z) = (2.0 * spacing(fields, 0), 2.0 * spacing(fields, 1), mirror * spacing(fields, 2));
    let first = [x * (0.5 - c * c - d * d), y * (b * c - a * d), z * (b * d + a * c), shift[0]];
    let second = [x * (b * c + a * d), y * (0.5 - b * b - d * d), z * (c * d - a * b), shift[1]];
    let third = [x * (b * d - a * c), y * (c * d + a * b), z * (0.5 - b * b - c * c), shift[2]];
    [first, second, third, [0.0, 0.0, 0.0, 1.0]].concat()
}

/// Calibration, in the order of the file's axes.
fn properties(fields: &Fields, data_type: DataType) -> ImageProperties {
    let mut out = ImageProperties::from_data_type(data_type);
    let units = fields["xyzt_units"][0] as usize;
    let length = ["", "m", "mm", "µm"].get(units & 7).unwrap_or(&"");
    let time = ["", "s", "ms", "µs", "Hz", "ppm", "rad/s"].get(units >> 3 & 7).unwrap_or(&"");
    // The first affine in use that gives every axis a direction: sform, qform, else pixdim alone.
    let norm = |world: &[f64], axis: usize| (0..3).map(|row| world[4 * row + axis].powi(2)).sum::<f64>().sqrt();
    let usable = |world: &[f64]| world.iter().all(|x| x.is_finite()) && (0..3).all(|axis| norm(world, axis) > 0.0);
    let plain: Vec<_> = (0..16).map(|at| if at % 5 == 0 { spacing(fields, at / 5) } else { 0.0 }).collect();
    let mut known = [("sform_code", &fields["sform"]), ("qform_code", &fields["qform"])].into_iter();
    let found = known.find(|(code, world)| fields[code][0] > 0.0 && usable(world)).map(|(_, world)| world);
    // The world of NIfTI is RAS: x and y are turned to be LPS. pixdim alone says nothing of the patient.
    let (world, turn) = found.map_or((&plain, [1.0; 3]), |world| (world, [-1.0, -1.0, 1.0]));
    let at = |row: usize, column: usize| turn[row] * world[4 * row + column] + 0.0; // + 0: no minus zero
    out.space = if found.is_some() { Space::Lps } else { Space::Unknown };
    out.direction = [0, 1, 2].map(|axis| [0, 1, 2].map(|row| at(row, axis) / norm(world, axis)));
    out.position = [0, 1, 2].map(|row| at(row, 3));
    for axis in 0..fields["dim"][0] as usize {
        let (spacing, origin, unit) = match axis {
            0..=2 => (norm(world, axis), at(axis, 3), length),
            3 => (spacing(fields, 3), fields["toffset"][0], time),
            _ => (spacing(fields, axis), 0.0, &""),
        };
        out.axes.push(AxisProperties { spacing, origin, unit: unit.to_string(), ..Default::default() });
    }
    out
}
