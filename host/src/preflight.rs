//! What a plugin's file says before it runs: an ELF library for this machine, whole, with the symbol and the manifest.
//!
//! A truncated library would end the process inside `dlopen` (its pages lie behind the end of the file), one for another
//! machine would be refused there with fewer words. Only the header, the tables and the manifest are read, by position.

use crate::judge::PLUGIN_V1;
use std::fs::File;

/// Longest manifest that is believed.
const MAX_MANIFEST: u64 = 1 << 20;
const SYMBOL: &[u8] = b"iolink_plugin_v1";
const SECTION: &[u8] = b".iolink.manifest";

/// Symbols that linkers add on their own.
const LINKER: [&[u8]; 5] = [b"_init", b"_fini", b"__bss_start", b"_edata", b"_end"];

/// What was found in a library that is whole and for this machine.
pub(crate) struct Found {
    /// The bytes of the manifest section, where there is one.
    pub(crate) manifest: Option<Vec<u8>>,
    /// Whether the symbol `iolink_plugin_v1` is there, and the reason why not.
    pub(crate) symbol: Result<(), String>,
    /// Other symbols that it exports.
    pub(crate) others: Vec<String>,
}

#[cfg(all(unix, not(target_vendor = "apple")))]
mod elf {
    use super::*;
    use crate::pieces::Pieces;
    use object::elf;
    use object::read::elf::{FileHeader, ProgramHeader, SectionHeader, Sym};
    use object::NativeEndian;

    #[cfg(target_pointer_width = "64")]
    type Header = elf::FileHeader64<NativeEndian>;
    #[cfg(target_pointer_width = "32")]
    type Header = elf::FileHeader32<NativeEndian>;

    const CLASS: u8 = if cfg!(target_pointer_width = "64") { elf::ELFCLASS64.0 } else { elf::ELFCLASS32.0 };
    const ORDER: u8 = if cfg!(target_endian = "little") { elf::ELFDATA2LSB.0 } else { elf::ELFDATA2MSB.0 };

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

    /// Reads what `file`, of this length, says of itself.
    pub(crate) fn preflight(file: &File, length: u64) -> Result<Found, String> {
        if length == 0 {
            return Err("the file is empty; expected an ELF shared library".into());
        }
        let pieces = Pieces::of(file, length);
        let data = &pieces;
        let ident = data.from(0, 1).ok_or("the file cannot be read")?;
        judge_ident(&ident[..ident.len().min(20)], length)?;
        let order = NativeEndian;
        let cut = |_| truncated(length);
        let header = Header::parse(data).map_err(cut)?;
        let loads = header.program_headers(order, data).map_err(cut)?;
        let mut end = 0u64;
        for load in loads.iter().filter(|part| part.p_type(order) == elf::PT_LOAD) {
            let (at, size) = (part_number(load.p_offset(order)), part_number(load.p_filesz(order)));
            end = end.max(at.checked_add(size).ok_or("a segment lies outside every file; the library is damaged")?);
        }
        if end > length {
            return Err(format!(
                "the file is truncated: its segments need {end} bytes and it has {length}; copy it again"
            ));
        }
        let sections = header.sections(order, data).map_err(cut)?;
        let manifest = match sections.section_by_name(order, SECTION) {
            None => None,
            Some((_, section)) if part_number(section.sh_size(order)) > MAX_MANIFEST => {
                return Err(format!("its manifest is longer than {MAX_MANIFEST} bytes; the library is damaged"));
            }
            Some((_, section)) => Some(section.data(order, data).map_err(cut)?.to_vec()),
        };
        let symbols = sections.symbols(order, data, elf::SHT_DYNSYM).map_err(cut)?;
        let mut others = Vec::new();
        let mut symbol = None;
        for known in symbols.iter().filter(|known| !known.is_undefined(order)) {
            let Ok(name) = symbols.symbol_name(order, known) else { continue };
            if name != SYMBOL {
                let meant = !known.is_local() && known.st_visibility() == elf::STV_DEFAULT && !LINKER.contains(&name);
                others.extend(meant.then(|| String::from_utf8_lossy(name).into_owned()));
            } else {
                let size = part_number(known.st_size(order));
                symbol = Some(if known.st_type() == elf::STT_FUNC {
                    Err("iolink_plugin_v1 is a function; expected the data that export_plugin! or IOLINK_EXPORT writes"
                        .into())
                } else if size < PLUGIN_V1 as u64 {
                    Err(format!(
                        "iolink_plugin_v1 has {size} bytes, a descriptor of version 1 has {PLUGIN_V1}; rebuild the plugin \
                         with the SDK's header"
                    ))
                } else {
                    Ok(())
                });
            }
        }
        let symbol = symbol.unwrap_or_else(|| {
            let name = String::from_utf8_lossy(SYMBOL);
            let why = "so it is not a plugin; use export_plugin! or IOLINK_EXPORT";
            Err(format!("the library does not export the symbol {name}, {why}"))
        });
        Ok(Found { manifest, symbol, others })
    }

    fn part_number(number: impl Into<u64>) -> u64 {
        number.into()
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
pub(crate) use elf::preflight;

/// Elsewhere libraries are not ELF, and nothing is loaded that could not be judged.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
pub(crate) fn preflight(_file: &File, _length: u64) -> Result<Found, String> {
    Err("plugins in files are supported where libraries are ELF; link the provider into the program instead".into())
}
