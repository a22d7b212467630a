//! Files of other formats, as little of each as tells it: nobody else may claim them.

/// Endings and first bytes.
pub(crate) const OTHERS: [(&str, &[u8]); 24] = [
    ("png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x02\x08\0\0\0\0W\xdd\x52\xf8"),
    ("jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
    ("gif", b"GIF89a\x02\0\x02\0\x80\0\0"),
    ("bmp", b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"),
    ("tif", b"II*\0\x08\0\0\0\0\0\0\0\0\0"),
    ("tif", b"MM\0*\0\0\0\x08\0\0\0\0\0\0"),
    ("webp", b"RIFF\x24\0\0\0WEBPVP8 "),
    ("wav", b"RIFF\x24\0\0\0WAVEfmt "),
    ("gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0"),
    ("zip", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    ("pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    ("h5", b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0"),
    ("fits", b"SIMPLE  =                    T / standard"),
    ("parquet", b"PAR1\x15\0\x15\0"),
    ("arrow", b"ARROW1\0\0\xff\xff\xff\xff"),
    ("so", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0"),
    ("csv", b"cell,area\na,1.5\nb,2.5\n"),
    ("json", b"{\"cells\": [1, 2, 3]}\n"),
    ("xml", b"<?xml version=\"1.0\"?>\n<cells/>\n"),
    ("npy", b"\x93NUMPY\x01\0\x76\0{'descr': '<u2', 'fortran_order': False, 'shape': (2, 3), }"),
    ("pgm", b"P5\n2 2\n255\n\0\x01\x02\x03"),
    ("txt", b"hello, world\n"),
    ("bin", b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    ("empty", b""),
];
