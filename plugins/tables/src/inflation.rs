//! The size that compressed bytes can unpack to: a file claims one, and polars asks memory for it.

use iolink_sdk::{fail, out_of_memory, Result};

/// Claims up to here are believed: asking for so much does no harm.
const BELIEVED: u64 = 16 << 20;
/// The most that a block of zstd holds.
const BLOCK: u64 = 128 << 10;

/// How bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// In frames of zstd, whose blocks tell how much they hold at most.
    Zstd,
    /// Never to less than this part of their size.
    Ratio(u64),
}

/// Refuses a claim that the packed bytes cannot hold, or that memory cannot.
pub fn check(packed: &[u8], claimed: u64, codec: Codec) -> Result<()> {
    check_with(packed.len() as u64, claimed, codec, |at, buffer| {
        let bytes = usize::try_from(at).ok().and_then(|at| packed.get(at..)?.get(..buffer.len()));
        match bytes {
            Some(bytes) => buffer.copy_from_slice(bytes),
            None => return Ok(false),
        }
        Ok(true)
    })
}

/// As [`check`], of bytes that are read by position; reading returns whether they are there.
pub fn check_with(
    packed: u64,
    claimed: u64,
    codec: Codec,
    read: impl FnMut(u64, &mut [u8]) -> Result<bool>,
) -> Result<()> {
    if claimed <= BELIEVED {
        return Ok(());
    }
    let most = match codec {
        Codec::Zstd => zstd(packed, claimed, read)?,
        Codec::Ratio(ratio) => packed.saturating_mul(ratio),
    };
    if claimed > most {
        fail!(Corrupt, "{packed} packed bytes claim to hold {claimed}, and can hold {most} at most");
    }
    let bytes = usize::try_from(claimed).unwrap_or(usize::MAX);
    Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| out_of_memory(bytes))
}

/// The most that frames of zstd can hold, by the heads of their blocks; counted no further than `enough`.
fn zstd(packed: u64, enough: u64, mut read: impl FnMut(u64, &mut [u8]) -> Result<bool>) -> Result<u64> {
    let (mut at, mut most) = (0, 0u64);
    while at < packed && most < enough {
        let mut head = [0; 8];
        if !read(at, &mut head[..4])? {
            break;
        }
        let magic = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        if magic & 0xffff_fff0 == 0x184d_2a50 && read(at + 4, &mut head[..4])? {
            // A frame to skip has a length and no content.
            at += 8 + u64::from(u32::from_le_bytes([head[0], head[1], head[2], head[3]]));
            continue;
        }
        if magic != 0xfd2f_b528 || !read(at + 4, &mut head[..1])? {
            break;
        }
        let flags = head[0];
        let single = flags & 32 != 0;
        let size = match flags >> 6 {
            0 => u64::from(single),
            bits => 1 << bits,
        };
        let words = [0, 1, 2, 4][usize::from(flags & 3)];
        at += 5 + u64::from(!single) + words + size;
        loop {
            if !read(at, &mut head[..3])? {
                return Ok(most);
            }
            let block = u32::from_le_bytes([head[0], head[1], head[2], 0]);
            let length = u64::from(block >> 3);
            let (held, stored) = match block >> 1 & 3 {
                0 => (length, length),
                1 => (length, 1),
                _ => (BLOCK, length),
            };
            if length > BLOCK {
                return Ok(most);
            }
            most += held;
            at += 3 + stored;
            if block & 1 == 1 || most >= enough {
                break;
            }
        }
        at += if flags & 4 != 0 { 4 } else { 0 };
    }
    Ok(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of blocks that repeat one byte, 128 KiB each.
    fn zeros(blocks: usize) -> Vec<u8> {
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
        for number in 1..=blocks {
            let head = (BLOCK as u32) << 3 | 1 << 1 | u32::from(number == blocks);
            frame.extend_from_slice(&head.to_le_bytes()[..3]);
            frame.push(0);
        }
        frame
    }

    #[test]
    fn a_claim_is_measured_by_the_blocks_of_zstd() {
        let frame = zeros(1000);
        assert!(check(&frame, 1000 * BLOCK, Codec::Zstd).is_ok());
        assert!(check(&frame, 1000 * BLOCK + 1, Codec::Zstd).is_err());
        assert!(check(&frame[..frame.len() / 2], 1000 * BLOCK, Codec::Zstd).is_err());
        let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9], frame.as_slice(), &frame].concat();
        assert!(check(&skipped, 2000 * BLOCK, Codec::Zstd).is_ok());
        assert!(check(b"no zstd", BELIEVED + 1, Codec::Zstd).is_err());
    }

    #[test]
    fn a_claim_is_measured_by_a_ratio() {
        assert!(check(&[0; 100], BELIEVED, Codec::Ratio(64)).is_ok());
        assert!(check(&[0; 100], BELIEVED + 1, Codec::Ratio(64)).is_err());
        assert!(check(&[0; 1 << 20], 64 << 20, Codec::Ratio(64)).is_ok());
        assert!(check(&[0; 1 << 20], (64 << 20) + 1, Codec::Ratio(64)).is_err());
    }
}
