use super::*;
use iolink_sdk::{BlockMut, ErrorKind, Region};

/// Bytes of a file, as a host would hand them over.
struct File(Vec<u8>);

impl RandomAccess for File {
    fn capabilities(&self) -> iolink_sdk::StreamCapability {
        iolink_sdk::StreamCapability::READ
    }
    fn length(&self) -> Result<u64> {
        Ok(self.0.len() as u64)
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let rest = self.0.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

fn open(content: &[u8]) -> Result<View> {
    let source = Source::new("stream:test").with_bytes(Arc::new(File(content.to_vec())));
    Plugin.open(&Host::none(), &source, &Call::silent())
}

fn sample() -> Vec<u8> {
    std::fs::read("samples/small.@name@").expect("the sample is there")
}

#[test]
fn a_region_of_the_sample_is_read() {
    let image = open(&sample()).and_then(View::into_image).expect("the sample opens");
    assert_eq!(&*image.shape(), &[7, 5]);
    let region = Region::new(&[5, 3], &[2, 2]).expect("a region");
    let mut out = [0; 8];
    let mut block = BlockMut::new(&mut out, &region.size, DataType::UINT16).expect("a block");
    image.read_region(&region, &mut block, &Call::silent()).expect("the region is read");
    let seen: Vec<u16> = out.chunks(2).map(|sample| u16::from_ne_bytes([sample[0], sample[1]])).collect();
    assert_eq!(seen, [26000, 27000, 33000, 34000]);
}

#[test]
fn what_is_no_such_file_or_is_cut_off_is_refused() {
    assert_eq!(open(b"something else, long enough").err().map(|error| error.kind()), Some(ErrorKind::Unsupported));
    let whole = sample();
    assert_eq!(open(&whole[..whole.len() - 1]).err().map(|error| error.kind()), Some(ErrorKind::Corrupt));
}
