//! NumPy's file format, version 1.0: a header, then the samples in the order of the array.

use iolink_sdk::{fail, Axis, DataType, ImageProperties, Interpretation, Primitive, Result, Shape};

/// An image as an array: the image's axes in the order of the array's, slowest first.
pub struct Array {
    pub order: Vec<usize>,
    pub shape: Vec<u64>,
    pub header: Vec<u8>,
}

/// How an image is written: an image all of whose axes are named in NumPy's order (T, Z, Y, X, C), another one with its
/// axes as they are; the components of a vector make a last axis.
pub fn array(shape: &Shape, data_type: DataType, properties: &ImageProperties) -> Result<Array> {
    let order: Vec<usize> = match properties.named_axes(shape.len()) {
        Some(axes) => Axis::NUMPY_ORDER.iter().filter_map(|axis| axes.iter().position(|own| own == axis)).collect(),
        None => (0..shape.len()).collect(),
    };
    let mut sizes: Vec<u64> = order.iter().map(|axis| shape[*axis]).collect();
    if data_type.is_vector() {
        sizes.push(data_type.element_count());
    }
    let sizes_text: String = sizes.iter().map(|size| format!("{size}, ")).collect();
    let text = format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({sizes_text}), }}", descr(data_type)?);
    // Magic, version and length take 10 bytes; with the text and a line's end all is a multiple of 64.
    let padded = (10 + text.len() + 1).div_ceil(64) * 64 - 10;
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((padded as u16).to_le_bytes());
    header.extend(format!("{text:<width$}\n", width = padded - 1).bytes());
    Ok(Array { order, shape: sizes, header })
}

fn descr(data_type: DataType) -> Result<String> {
    let order = match data_type.component_bytes() {
        1 => '|',
        _ if cfg!(target_endian = "little") => '<',
        _ => '>',
    };
    let size = data_type.component_bytes();
    Ok(match (data_type.interpretation(), data_type.primitive()) {
        (Interpretation::Complex, Primitive::Float) => format!("{order}c{}", 2 * size),
        (Interpretation::Boolean, _) if size == 1 => "|b1".to_owned(),
        (_, Primitive::Unsigned) => format!("{order}u{size}"),
        (_, Primitive::Signed) => format!("{order}i{size}"),
        (_, Primitive::Float) => format!("{order}f{size}"),
        _ => fail!(Type, "samples of type {data_type} have no type in NumPy; write them as .raw"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use iolink_sdk::AxesInterpretation;

    #[test]
    fn the_header_is_aligned_and_in_numpys_order() {
        let shape = Shape::new(&[6, 4, 3]).unwrap();
        let named =
            ImageProperties { axes_interpretation: AxesInterpretation::MultispectralImage, ..Default::default() };
        let made = array(&shape, DataType::UINT16, &named.fitted(3).unwrap()).unwrap();
        assert_eq!((made.order, made.shape), (vec![1, 0, 2], vec![4, 6, 3]));
        assert_eq!(made.header.len() % 64, 0);
        assert!(
            String::from_utf8_lossy(&made.header).contains("'<u2', 'fortran_order': False, 'shape': (4, 6, 3, ), }")
        );
        let made = array(&shape, DataType::VEC3_UINT8, &ImageProperties::default()).unwrap();
        assert_eq!(made.shape, [6, 4, 3, 3]);
        let scalar = array(&Shape::new(&[]).unwrap(), DataType::FLOAT, &ImageProperties::default()).unwrap();
        assert!(String::from_utf8_lossy(&scalar.header).contains("'shape': (), }"));
        assert_eq!(descr(DataType::COMPLEX_DOUBLE).unwrap(), "<c16");
        assert!(descr(DataType::UTF8_STRING).is_err());
    }
}
