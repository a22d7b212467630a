//! A library as it would lie in memory, read from its file. None of it runs.
//!
//! The descriptor of a plugin is constant data, but its pointers are written by the system's loader. Here they are written
//! into what is read, as if the library lay at [`BASE`], so that a descriptor can be judged before `dlopen`.

use crate::memory::Memory;
use crate::pieces::Pieces;
use object::read::elf::Rela;
use object::read::ReadRef;
use object::NativeEndian;

/// Where the library is imagined. What the file gives as an address, without a relocation, is far below and never found.
const BASE: u64 = if cfg!(target_pointer_width = "64") { 1 << 46 } else { 1 << 30 };
/// The address of what another library has: not NULL, aligned, and never readable.
const ELSEWHERE: u64 = 4096;
/// Stands for an address that the file holds where it belongs.
const IN_PLACE: u64 = u64::MAX;
/// Relocations of one library at most; the largest libraries have a million.
const MAX_PLACES: usize = 4 << 20;
const PAGE: u64 = 4096;
const WORD: usize = std::mem::size_of::<usize>();

/// A part of the file that is mapped.
pub(crate) struct Segment {
    /// Address in the library.
    pub(crate) at: u64,
    pub(crate) size: u64,
    /// Offset in the file.
    pub(crate) file: u64,
    /// Bytes out of the file; zeros follow.
    pub(crate) file_size: u64,
}

/// An entry of a table of relocations, as it stands in the file.
#[cfg(target_pointer_width = "64")]
pub(crate) type Entry = object::elf::Rela64<NativeEndian>;
/// As above.
#[cfg(target_pointer_width = "32")]
pub(crate) type Entry = object::elf::Rela32<NativeEndian>;

/// Addresses that the system's loader writes.
pub(crate) struct Relocations<'d> {
    /// Addresses in the library itself, sorted by their places: nearly all, so they stay in the file's table.
    runs: Vec<&'d [Entry]>,
    /// All others: where, and the address in memory, or [`IN_PLACE`].
    places: Vec<(u64, u64)>,
}

fn place(entry: &Entry) -> u64 {
    // An address has 32 or 64 bits, by the machine.
    #[allow(clippy::useless_conversion)]
    entry.r_offset(NativeEndian).into()
}

impl<'d> Relocations<'d> {
    pub(crate) fn new() -> Self {
        Relocations { runs: Vec::new(), places: Vec::new() }
    }

    /// Takes over the entries at the start of a table that are addresses in the library itself, in order; returns the rest.
    pub(crate) fn own_run(&mut self, entries: &'d [Entry], is_own: impl Fn(&Entry) -> bool) -> &'d [Entry] {
        let mut last = 0;
        let mut in_order = |entry: &Entry| place(entry) >= std::mem::replace(&mut last, place(entry));
        let count = entries.iter().take_while(|entry| is_own(entry) && in_order(entry)).count();
        let (run, rest) = entries.split_at(count);
        self.runs.push(run);
        rest
    }

    /// An address in the library itself, as it is counted there; `None` if it stands at `at`.
    pub(crate) fn own(&mut self, at: u64, target: Option<u64>) -> Result<(), String> {
        self.add(at, target.map_or(IN_PLACE, |target| target.wrapping_add(BASE)))
    }

    /// An address that only the system's loader knows.
    pub(crate) fn elsewhere(&mut self, at: u64) -> Result<(), String> {
        self.add(at, ELSEWHERE)
    }

    fn add(&mut self, at: u64, value: u64) -> Result<(), String> {
        if self.places.len() == MAX_PLACES {
            return Err(format!("the library has more than {MAX_PLACES} relocations; it is damaged"));
        }
        self.places.push((at, value));
        Ok(())
    }
}

/// A library as it would lie in memory.
pub(crate) struct Image<'d> {
    segments: Vec<Segment>,
    relocations: Relocations<'d>,
    data: &'d Pieces<'d>,
}

impl<'d> Image<'d> {
    pub(crate) fn new(segments: Vec<Segment>, mut relocations: Relocations<'d>, data: &'d Pieces<'d>) -> Self {
        relocations.places.sort_unstable_by_key(|(at, _)| *at);
        Image { segments, relocations, data }
    }

    /// The address in memory of an address in the library.
    pub(crate) fn address(&self, at: u64) -> usize {
        usize::try_from(at.wrapping_add(BASE)).unwrap_or(0)
    }

    /// Copies bytes of the file, and the zeros that follow them.
    fn copy(&self, at: u64, out: &mut [u8]) -> Option<()> {
        let end = at.checked_add(out.len() as u64)?;
        let holds = |segment: &&Segment| {
            let last = (segment.at + segment.size).checked_next_multiple_of(PAGE);
            at >= segment.at && last.is_some_and(|last| end <= last)
        };
        let segment = self.segments.iter().find(holds)?;
        let inside = at - segment.at;
        let count = segment.file_size.saturating_sub(inside).min(out.len() as u64);
        let (from_file, zeros) = out.split_at_mut(count as usize);
        from_file.copy_from_slice(self.data.read_bytes_at(segment.file.checked_add(inside)?, count).ok()?);
        zeros.fill(0);
        Some(())
    }

    /// The word that the system's loader writes at `place`.
    fn word(&self, place: u64, value: u64) -> Option<[u8; WORD]> {
        if value != IN_PLACE {
            return Some((value as usize).to_ne_bytes());
        }
        let mut word = [0; WORD];
        self.copy(place, &mut word)?;
        Some(usize::from_ne_bytes(word).wrapping_add(BASE as usize).to_ne_bytes())
    }

    fn read_at(&self, at: usize, out: &mut [u8]) -> Option<()> {
        let at = (at as u64).checked_sub(BASE)?;
        self.copy(at, out)?;
        let end = at.checked_add(out.len() as u64)?;
        let before = |place: u64| place.saturating_add(WORD as u64) <= at;
        for run in &self.relocations.runs {
            let first = run.partition_point(|entry| before(place(entry)));
            for entry in run[first..].iter().take_while(|entry| place(entry) < end) {
                // Of 32 bits it is an `i32`.
                #[allow(clippy::useless_conversion)]
                let target: i64 = entry.r_addend(NativeEndian).into();
                self.write_word(at, out, place(entry), (target as u64).wrapping_add(BASE))?;
            }
        }
        let places = &self.relocations.places;
        let first = places.partition_point(|(place, _)| before(*place));
        for (place, value) in places[first..].iter().take_while(|(place, _)| *place < end) {
            self.write_word(at, out, *place, *value)?;
        }
        Some(())
    }

    /// Writes the part of a word at `place` that lies in `out`, which starts at `at`.
    fn write_word(&self, at: u64, out: &mut [u8], place: u64, value: u64) -> Option<()> {
        for (byte, at_byte) in self.word(place, value)?.into_iter().zip(place..) {
            let index = at_byte.checked_sub(at).and_then(|index| usize::try_from(index).ok());
            if let Some(byte_there) = index.and_then(|index| out.get_mut(index)) {
                *byte_there = byte;
            }
        }
        Some(())
    }
}

impl Memory for Image<'_> {
    const STEP: usize = 64;

    fn read(&self, at: usize, out: &mut [u8]) -> bool {
        self.read_at(at, out).is_some()
    }
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;
    use object::{I64, U64};
    use std::io::Write;

    #[test]
    fn relocations_are_written_into_what_is_read() {
        let mut file = tempfile::tempfile().unwrap();
        let mut content = vec![0x11; 64];
        content[16..16 + WORD].copy_from_slice(&0x2008_usize.to_ne_bytes());
        file.write_all(&content).unwrap();
        let pieces = Pieces::of(&file, 64);
        let segment = Segment { at: 0x2000, size: 0x100, file: 0, file_size: 64 };
        let mut relocations = Relocations::new();
        relocations.elsewhere(0x2020).unwrap();
        relocations.own(0x2010, None).unwrap();
        relocations.own(0x2000, Some(0x2040)).unwrap();
        let entry = |at: u64, kind: u64, addend: i64| Entry {
            r_offset: U64::new(NativeEndian, at),
            r_info: U64::new(NativeEndian, kind),
            r_addend: I64::new(NativeEndian, addend),
        };
        // The third is of another kind: it and what follows are left to the caller.
        let entries = [entry(0x2028, 8, 0x2048), entry(0x2030, 8, 0x2050), entry(0x2034, 1, 0), entry(0x2020, 8, 0)];
        let rest = relocations.own_run(&entries, |entry| entry.r_info.get(NativeEndian) == 8);
        assert_eq!(rest.len(), 2);
        let unsorted = [entry(0x2038, 8, 0), entry(0x2030, 8, 0)];
        assert_eq!(relocations.own_run(&unsorted, |_| true).len(), 1);
        let image = Image::new(vec![segment], relocations, &pieces);
        let word = |at: u64| {
            let mut word = [0; WORD];
            image.read(image.address(at), &mut word).then(|| usize::from_ne_bytes(word))
        };
        assert_eq!(word(0x2000), Some(image.address(0x2040)));
        assert_eq!(word(0x2010), Some(image.address(0x2008)));
        assert_eq!(word(0x2020), Some(ELSEWHERE as usize));
        assert_eq!(word(0x2028), Some(image.address(0x2048)));
        assert_eq!(word(0x2030), Some(image.address(0x2050)));
        assert_eq!(word(0x2008), Some(usize::from_ne_bytes([0x11; WORD])));
        assert_eq!(word(0x2040), Some(0), "zeros follow the bytes of the file");
        for outside in [0x1ff8, 0x3000, 0x2ffc, u64::MAX - 4] {
            assert_eq!(word(outside), None, "{outside:#x}");
        }
        // A part of a word that the loader writes.
        let mut part = [0; 2];
        assert!(image.read(image.address(0x2011), &mut part));
        assert_eq!(part, image.address(0x2008).to_ne_bytes()[1..3]);
        let mut far = [0; 1];
        assert!(!image.read(0x2000, &mut far), "an address without a relocation");
    }
}
