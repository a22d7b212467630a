//! What a plugin's file says before it runs: an ELF library for this machine, whole, with the symbol and the manifest.
//!
//! A truncated library would end the process inside `dlopen` (its pages lie behind the end of the file), one for another
//! machine would be refused there with fewer words. Only the header, the tables and the manifest are read, by position.
//! Names are compared in place: a crafted table of a few bytes can name gigabytes.

use crate::judge::PLUGIN_V1;
use std::fs::File;

/// Longest manifest that is believed.
const MAX_MANIFEST: u64 = 1 << 20;
const SYMBOL: &[u8] = b"iolink_plugin_v1";
const SECTION: &[u8] = b".iolink.manifest";

/// Symbols that linkers add on their own.
const LINKER: [&[u8]; 5] = [b"_init", b"_fini", b"__bss_start", b"_edata", b"_end"];

/// Exported names that are collected, and bytes of each, at most: a few bytes of a crafted file can make gigabytes of names.
const MAX_EXPORTS: usize = 10_000;
const MAX_NAME: usize = 1024;

/// What was found in a library that is whole and for this machine.
pub(crate) struct Found {
    /// The bytes of the manifest section, if there is one.
    pub(crate) manifest: Option<Vec<u8>>,
    /// Address of the symbol `iolink_plugin_v1` in the library, or the reason why the host cannot use it.
    pub(crate) symbol: Result<u64, String>,
}

#[cfg(all(unix, not(target_vendor = "apple")))]
mod elf {
    use super::*;
    use crate::image::{Entry, Image, Relocations, Segment};
    use crate::pieces::Pieces;
    use iolink_sdk::abi::iolink_plugin;
    use object::elf;
    use object::read::elf::{FileHeader, ProgramHeader, Rel, Rela, SectionHeader, SectionTable, Sym, SymbolTable};
    use object::NativeEndian;

    #[cfg(target_pointer_width = "64")]
    type Header = elf::FileHeader64<NativeEndian>;
    #[cfg(target_pointer_width = "32")]
    type Header = elf::FileHeader32<NativeEndian>;
    type Symbol = <Header as FileHeader>::Sym;

    const CLASS: u8 = if cfg!(target_pointer_width = "64") { elf::ELFCLASS64.0 } else { elf::ELFCLASS32.0 };
    const ORDER: u8 = if cfg!(target_endian = "little") { elf::ELFDATA2LSB.0 } else { elf::ELFDATA2MSB.0 };
    const ENDIAN: NativeEndian = NativeEndian;

    /// Machines by number and name, with the one that this program runs on.
    const MACHINES: [(u16, &str, bool); 9] = [
        (elf::EM_X86_64.0, "x86_64", cfg!(target_arch = "x86_64")),
        (elf::EM_AARCH64.0, "aarch64", cfg!(target_arch = "aarch64")),
        (elf::EM_386.0, "x86", cfg!(target_arch = "x86")),
        (elf::EM_ARM.0, "arm", cfg!(target_arch = "arm")),
        (elf::EM_RISCV.0, "riscv", cfg!(any(target_arch = "riscv64", target_arch = "riscv32"))),
        (elf::EM_PPC64.0, "powerpc64", cfg!(target_arch = "powerpc64")),
        (elf::EM_S390.0, "s390x", cfg!(target_arch = "s390x")),
        (elf::EM_LOONGARCH.0, "loongarch64", cfg!(target_arch = "loongarch64")),
        (elf::EM_MIPS.0, "mips", cfg!(any(target_arch = "mips", target_arch = "mips64"))),
    ];

    /// Types of relocations of this machine: the library's own address, a symbol's address, the same in a table of addresses.
    #[cfg(target_arch = "x86_64")]
    const TYPES: [u32; 3] = [8, 1, 6];
    #[cfg(target_arch = "aarch64")]
    const TYPES: [u32; 3] = [1027, 257, 1025];
    #[cfg(target_arch = "x86")]
    const TYPES: [u32; 3] = [8, 1, 6];
    #[cfg(target_arch = "arm")]
    const TYPES: [u32; 3] = [23, 2, 21];
    #[cfg(any(target_arch = "riscv64", target_arch = "riscv32"))]
    const TYPES: [u32; 3] = if cfg!(target_pointer_width = "64") { [3, 2, 2] } else { [3, 1, 1] };
    #[cfg(target_arch = "powerpc64")]
    const TYPES: [u32; 3] = [22, 38, 20];
    #[cfg(target_arch = "s390x")]
    const TYPES: [u32; 3] = [12, 22, 10];
    #[cfg(target_arch = "loongarch64")]
    const TYPES: [u32; 3] = if cfg!(target_pointer_width = "64") { [3, 2, 2] } else { [3, 1, 1] };
    #[cfg(not(any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "x86",
        target_arch = "arm",
        target_arch = "riscv64",
        target_arch = "riscv32",
        target_arch = "powerpc64",
        target_arch = "s390x",
        target_arch = "loongarch64"
    )))]
    const TYPES: [u32; 3] = [3, 3, 3];

    /// The tables of a library that is whole and for this machine.
    struct Library<'d> {
        header: &'d Header,
        loads: Vec<Segment>,
        sections: SectionTable<'d, Header, &'d Pieces<'d>>,
        data: &'d Pieces<'d>,
        length: u64,
    }

    impl<'d> Library<'d> {
        fn parse(data: &'d Pieces<'d>, length: u64) -> Result<Self, String> {
            let ident = data.from(0, 1).ok_or("the file cannot be read")?;
            judge_ident(&ident[..ident.len().min(20)], length)?;
            let cut = |_| truncated(length);
            let header = Header::parse(data).map_err(cut)?;
            let mut loads = Vec::new();
            let mut end = 0u64;
            for load in header.program_headers(ENDIAN, data).map_err(cut)? {
                if load.p_type(ENDIAN) != elf::PT_LOAD {
                    continue;
                }
                let outside = || "a segment lies outside every file; the library is damaged".to_owned();
                let (file, file_size) = (number(load.p_offset(ENDIAN)), number(load.p_filesz(ENDIAN)));
                let (at, size) = (number(load.p_vaddr(ENDIAN)), number(load.p_memsz(ENDIAN)));
                end = end.max(file.checked_add(file_size).ok_or_else(outside)?);
                at.checked_add(size).ok_or_else(outside)?;
                loads.push(Segment { at, size, file, file_size: file_size.min(size) });
            }
            if end > length {
                return Err(format!(
                    "the file is truncated: its segments need {end} bytes and it has {length}; copy it again"
                ));
            }
            let sections = header.sections(ENDIAN, data).map_err(cut)?;
            Ok(Library { header, loads, sections, data, length })
        }

        /// The bytes of a section that holds names.
        fn strings(&self, index: object::SectionIndex) -> Result<&'d [u8], String> {
            let section = self.sections.section(index).and_then(|section| section.data(ENDIAN, self.data));
            section.map_err(|_| truncated(self.length))
        }

        fn manifest(&self) -> Result<Option<Vec<u8>>, String> {
            let cut = |_| truncated(self.length);
            let names = match self.header.shstrndx(ENDIAN, self.data).map_err(cut)? {
                0 => return Ok(None),
                index => self.strings(object::SectionIndex(index as usize))?,
            };
            let named =
                |section: &&<Header as FileHeader>::SectionHeader| is_name(names, section.sh_name(ENDIAN), SECTION);
            match self.sections.iter().find(named) {
                None => Ok(None),
                Some(section) if number(section.sh_size(ENDIAN)) > MAX_MANIFEST => {
                    Err(format!("its manifest is longer than {MAX_MANIFEST} bytes; the library is damaged"))
                }
                Some(section) => Ok(Some(section.data(ENDIAN, self.data).map_err(cut)?.to_vec())),
            }
        }

        /// The symbols that the system's loader sees, and their names.
        fn symbols(&self) -> Result<(SymbolTable<'d, Header, &'d Pieces<'d>>, &'d [u8]), String> {
            let symbols = self.sections.symbols(ENDIAN, self.data, elf::SHT_DYNSYM);
            let symbols = symbols.map_err(|_| truncated(self.length))?;
            let names = if symbols.is_empty() { &[] } else { self.strings(symbols.string_section())? };
            Ok((symbols, names))
        }

        /// Address of the descriptor.
        fn descriptor(&self) -> Result<Result<u64, String>, String> {
            let (symbols, names) = self.symbols()?;
            let mut found = None;
            let defined = symbols.iter().filter(|known| !known.is_undefined(ENDIAN) && is_exported(known));
            for known in defined.filter(|known| is_name(names, known.st_name(ENDIAN), SYMBOL)) {
                if found.is_some() {
                    return Ok(Err("the library exports iolink_plugin_v1 more than once; it is damaged".into()));
                }
                found = Some(self.judge_symbol(known));
            }
            Ok(found.unwrap_or_else(|| {
                let name = String::from_utf8_lossy(SYMBOL);
                let why = "so it is not a plugin; use export_plugin! or IOLINK_EXPORT";
                Err(format!("the library does not export the symbol {name}, {why}"))
            }))
        }

        /// The address of a symbol that a descriptor can have: data in a segment of the library.
        fn judge_symbol(&self, known: &Symbol) -> Result<u64, String> {
            const EXPECTED: &str = "expected the data that export_plugin! or IOLINK_EXPORT writes";
            let (at, size) = (number(known.st_value(ENDIAN)), number(known.st_size(ENDIAN)));
            match known.st_type() {
                elf::STT_OBJECT => {}
                elf::STT_FUNC => return Err(format!("iolink_plugin_v1 is a function; {EXPECTED}")),
                elf::STT_TLS => return Err(format!("iolink_plugin_v1 is data of each thread; {EXPECTED}")),
                other => return Err(format!("iolink_plugin_v1 is a symbol of type {}; {EXPECTED}", other.0)),
            }
            if size < PLUGIN_V1 as u64 {
                return Err(format!(
                    "iolink_plugin_v1 has {size} bytes, a descriptor of version 1 has {PLUGIN_V1}; rebuild the plugin \
                     with the SDK's header"
                ));
            }
            let inside = |load: &Segment| {
                let end = at.checked_add(size);
                at >= load.at && end.is_some_and(|end| end <= load.at + load.size)
            };
            if known.is_absolute(ENDIAN) || known.is_common(ENDIAN) || !self.loads.iter().any(inside) {
                return Err(format!("iolink_plugin_v1 lies outside of the library's segments; {EXPECTED}"));
            }
            if !at.is_multiple_of(std::mem::align_of::<iolink_plugin>() as u64) {
                return Err(format!("iolink_plugin_v1 lies at {at:#x}, where no descriptor can start; {EXPECTED}"));
            }
            Ok(at)
        }

        /// What the system's loader writes into the library before its first constructor runs.
        fn relocations(&self) -> Result<Relocations<'d>, String> {
            let cut = |_| truncated(self.length);
            let mut relocations = Relocations::new();
            let (symbols, _) = self.symbols()?;
            let is_mips = self.header.is_mips64el(ENDIAN);
            let relocate = |relocations: &mut Relocations<'_>, at: u64, kind: u32, symbol: u32, addend: Option<u64>| {
                if kind == 0 {
                    return Ok(());
                }
                let target = match symbol {
                    0 => None,
                    index => symbols.symbol(object::SymbolIndex(index as usize)).ok(),
                };
                match target {
                    _ if !TYPES.contains(&kind) => relocations.elsewhere(at),
                    None if kind == TYPES[0] => relocations.own(at, addend),
                    Some(symbol) if is_own(symbol) => {
                        let value = number(symbol.st_value(ENDIAN)).wrapping_add(addend.unwrap_or(0));
                        relocations.own(at, Some(value))
                    }
                    _ => relocations.elsewhere(at),
                }
            };
            let loaded =
                |section: &&<Header as FileHeader>::SectionHeader| section.sh_flags(ENDIAN).0 & elf::SHF_ALLOC.0 != 0;
            for section in self.sections.iter().filter(loaded) {
                if let Some((entries, _)) = section.rela(ENDIAN, self.data).map_err(cut)? {
                    let is_own = |entry: &Entry| {
                        let (kind, symbol) = (entry.r_type(ENDIAN, is_mips), entry.r_sym(ENDIAN, is_mips));
                        kind.0 == TYPES[0] && symbol == 0
                    };
                    let entries = relocations.own_run(entries, is_own);
                    for entry in entries {
                        let (kind, symbol) = (entry.r_type(ENDIAN, is_mips), entry.r_sym(ENDIAN, is_mips));
                        // Of 32 bits it is an `i32`.
                        #[allow(clippy::useless_conversion)]
                        let addend: i64 = entry.r_addend(ENDIAN).into();
                        relocate(
                            &mut relocations,
                            number(entry.r_offset(ENDIAN)),
                            kind.0,
                            symbol,
                            Some(addend as u64),
                        )?;
                    }
                }
                if let Some((entries, _)) = section.rel(ENDIAN, self.data).map_err(cut)? {
                    for entry in entries {
                        let (kind, symbol) = (entry.r_type(ENDIAN), entry.r_sym(ENDIAN));
                        relocate(&mut relocations, number(entry.r_offset(ENDIAN)), kind.0, symbol, None)?;
                    }
                }
                for at in section.relr(ENDIAN, self.data).map_err(cut)?.into_iter().flatten() {
                    relocate(&mut relocations, number(at), TYPES[0], 0, None)?;
                }
            }
            Ok(relocations)
        }
    }

    /// Reads what `file`, of this length, says of itself.
    pub(crate) fn preflight(file: &File, length: u64) -> Result<Found, String> {
        if length == 0 {
            return Err("the file is empty; expected an ELF shared library".into());
        }
        let pieces = Pieces::of(file, length);
        let library = Library::parse(&pieces, length)?;
        Ok(Found { manifest: library.manifest()?, symbol: library.descriptor()? })
    }

    /// Other symbols that a library exports, the first [`MAX_EXPORTS`] of them.
    pub(crate) fn exports(file: &File, length: u64) -> Result<Vec<String>, String> {
        let pieces = Pieces::of(file, length);
        let library = Library::parse(&pieces, length)?;
        let (symbols, names) = library.symbols()?;
        let meant = symbols.iter().filter(|known| !known.is_undefined(ENDIAN) && is_exported(known));
        let named = meant.filter_map(|known| {
            let name = names.get(known.st_name(ENDIAN) as usize..)?;
            let end = name.iter().take(MAX_NAME).position(|byte| *byte == 0).unwrap_or(MAX_NAME.min(name.len()));
            Some(&name[..end])
        });
        let others = named.filter(|name| *name != SYMBOL && !LINKER.contains(name));
        Ok(others.take(MAX_EXPORTS).map(|name| String::from_utf8_lossy(name).into_owned()).collect())
    }

    /// Gives the library as it would lie in memory, without running any of it, to `read`.
    pub(crate) fn with_image<T>(
        file: &File,
        length: u64,
        read: impl FnOnce(&Image<'_>) -> Result<T, String>,
    ) -> Result<T, String> {
        let pieces = Pieces::of(file, length);
        let library = Library::parse(&pieces, length)?;
        let relocations = library.relocations()?;
        read(&Image::new(library.loads, relocations, &pieces))
    }

    fn number(number: impl Into<u64>) -> u64 {
        number.into()
    }

    /// Is this name the one at an offset of a table of names? Names in the table may be as long as the file.
    fn is_name(names: &[u8], at: u32, wanted: &[u8]) -> bool {
        let name = names.get(at as usize..).and_then(|rest| rest.strip_prefix(wanted));
        name.is_some_and(|rest| rest.first() == Some(&0))
    }

    fn is_exported(symbol: &Symbol) -> bool {
        !symbol.is_local() && matches!(symbol.st_visibility(), elf::STV_DEFAULT | elf::STV_PROTECTED)
    }

    /// Does a symbol have its address in the library itself?
    fn is_own(symbol: &Symbol) -> bool {
        let plain = !matches!(symbol.st_type(), elf::STT_TLS | elf::STT_GNU_IFUNC);
        plain && !symbol.is_undefined(ENDIAN) && !symbol.is_absolute(ENDIAN) && !symbol.is_common(ENDIAN)
    }

    fn truncated(length: u64) -> String {
        format!("the file is truncated or damaged: its tables point behind its {length} bytes; copy it again")
    }

    /// Magic, class, byte order, type and machine, from the first 20 bytes.
    fn judge_ident(ident: &[u8], length: u64) -> Result<(), String> {
        if !ident.starts_with(&elf::ELFMAG) {
            let start: Vec<String> = ident.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            return Err(format!(
                "the file is not a library: it starts with the bytes {}; expected an ELF shared library",
                start.join(" ")
            ));
        }
        let Ok(ident) = <[u8; 20]>::try_from(ident) else { return Err(truncated(length)) };
        let [_, _, _, _, class, order, .., type_low, type_high, machine_low, machine_high] = ident;
        if class != CLASS {
            let bits = if class == elf::ELFCLASS64.0 { 64 } else { 32 };
            return Err(format!(
                "the library is of {bits} bits, this program of {}; use the plugin's build for this machine",
                usize::BITS
            ));
        }
        if order != ORDER {
            return Err("the library is of the other byte order; use the plugin's build for this machine".into());
        }
        let machine = u16::from_ne_bytes([machine_low, machine_high]);
        if let Some((here, name, _)) = MACHINES.iter().find(|(_, _, here)| *here) {
            if machine != *here {
                let other = MACHINES.iter().find(|(number, _, _)| *number == machine);
                let other = other.map_or_else(|| format!("machine {machine}"), |(_, name, _)| (*name).to_owned());
                return Err(format!(
                    "the library is for {other}, this program runs on {name}; use the plugin's build for this machine"
                ));
            }
        }
        match u16::from_ne_bytes([type_low, type_high]) {
            shared if shared == elf::ET_DYN.0 => Ok(()),
            other => Err(format!("the file is ELF of type {other}, not a shared library; link it with -shared")),
        }
    }
}

#[cfg(all(unix, not(target_vendor = "apple")))]
pub(crate) use elf::{exports, preflight, with_image};

/// Elsewhere libraries are not ELF, and nothing is loaded that could not be judged.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
pub(crate) fn preflight(_file: &File, _length: u64) -> Result<Found, String> {
    Err("plugins in files are supported where libraries are ELF; link the provider into the program instead".into())
}

/// As above.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
pub(crate) fn exports(_file: &File, _length: u64) -> Result<Vec<String>, String> {
    Ok(Vec::new())
}

/// As above.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
pub(crate) fn with_image<T>(
    _file: &File,
    _length: u64,
    _read: impl FnOnce(&NoImage) -> Result<T, String>,
) -> Result<T, String> {
    Err("plugins in files are supported where libraries are ELF; link the provider into the program instead".into())
}

/// No library can be imagined.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
pub(crate) enum NoImage {}

#[cfg(not(all(unix, not(target_vendor = "apple"))))]
impl NoImage {
    pub(crate) fn address(&self, _at: u64) -> usize {
        match *self {}
    }
}

#[cfg(not(all(unix, not(target_vendor = "apple"))))]
impl crate::memory::Memory for NoImage {
    const STEP: usize = 1;

    fn read(&self, _at: usize, _out: &mut [u8]) -> bool {
        match *self {}
    }
}
