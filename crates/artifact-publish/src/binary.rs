//! Which platform a program was built for, by its header.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use object::read::elf::FileHeader as _;
use object::read::macho::MachHeader as _;
use object::{elf, macho, pe};

/// Headers lie within this many bytes in every format; no more of a file is read.
const HEADER_BYTES: u64 = 64 * 1024;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal, $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The word the Go toolchain has for it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownPlatform;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownPlatform {
                        text: text.chars().take(60).collect(),
                        what: $what,
                        known: concat!($("`", $word, "` "),+).trim_end(),
                    }),
                }
            }
        }
    };
}

words!(
    /// An operating system, by the name the Go toolchain has for it.
    Os, "operating system",
    /// Linux.
    Linux = "linux",
    /// macOS.
    Darwin = "darwin",
    /// Windows.
    Windows = "windows",
    /// FreeBSD.
    Freebsd = "freebsd",
    /// NetBSD.
    Netbsd = "netbsd",
    /// OpenBSD.
    Openbsd = "openbsd",
    /// Solaris.
    Solaris = "solaris",
);

words!(
    /// A processor architecture, by the name the Go toolchain has for it.
    Arch, "architecture",
    /// 32-bit x86.
    I386 = "386",
    /// 64-bit x86.
    Amd64 = "amd64",
    /// 32-bit ARM.
    Arm = "arm",
    /// 64-bit ARM.
    Arm64 = "arm64",
    /// 64-bit Power, little-endian.
    Ppc64le = "ppc64le",
    /// 64-bit RISC-V.
    Riscv64 = "riscv64",
    /// IBM Z.
    S390x = "s390x",
);

/// A word that names no platform known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}: known are {known}")]
pub struct UnknownPlatform {
    /// The word.
    pub text: String,
    /// `operating system`, `architecture` or `platform`.
    pub what: &'static str,
    /// The words that are known, or the expected form.
    pub known: &'static str,
}

/// Operating system and architecture; text form `linux/amd64`, also read as `linux-amd64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    /// The operating system.
    pub os: Os,
    /// The architecture.
    pub arch: Arch,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.arch)
    }
}

impl FromStr for Platform {
    type Err = UnknownPlatform;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (os, arch) = text.split_once(['/', '-']).ok_or_else(|| UnknownPlatform {
            text: text.chars().take(60).collect(),
            what: "platform",
            known: "of the form `linux/amd64`",
        })?;
        Ok(Self { os: os.parse()?, arch: arch.parse()? })
    }
}

/// The format of a file that a system can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BinaryFormat {
    /// ELF: Linux, the BSDs, Solaris.
    Elf,
    /// Mach-O: macOS, also with several architectures in one file.
    MachO,
    /// PE: Windows.
    Pe,
    /// A text that begins with `#!`.
    Script,
    /// Anything else.
    Other,
}

impl fmt::Display for BinaryFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Elf => "ELF",
            Self::MachO => "Mach-O",
            Self::Pe => "PE",
            Self::Script => "script",
            Self::Other => "no program",
        })
    }
}

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryKind {
    /// The format.
    pub format: BinaryFormat,
    /// The system it is for; `None` when the header does not say or names one unknown here. An ELF file without a mark counts as
    /// Linux, which does not mark its own.
    pub os: Option<Os>,
    /// The architectures it holds code for: one, several for a universal Mach-O file, none when unknown.
    pub archs: Vec<Arch>,
}

impl BinaryKind {
    fn of(format: BinaryFormat, os: Option<Os>, arch: Option<Arch>) -> Self {
        Self { format, os, archs: arch.into_iter().collect() }
    }

    /// The architecture, when there is exactly one.
    #[must_use]
    pub fn arch(&self) -> Option<Arch> {
        match self.archs[..] {
            [arch] => Some(arch),
            _ => None,
        }
    }

    /// Whether the file runs on the platform.
    #[must_use]
    pub fn runs_on(&self, platform: Platform) -> bool {
        self.os == Some(platform.os) && self.archs.contains(&platform.arch)
    }
}

impl fmt::Display for BinaryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.format)?;
        if matches!(self.format, BinaryFormat::Elf | BinaryFormat::MachO | BinaryFormat::Pe) {
            let archs: Vec<&str> = self.archs.iter().map(|arch| arch.as_str()).collect();
            let archs = if archs.is_empty() { "unknown architecture".to_owned() } else { archs.join("+") };
            write!(f, " for {}/{archs}", self.os.map_or("unknown system", Os::as_str))?;
        }
        Ok(())
    }
}

/// A file is not the program it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BinaryError {
    /// Its header names another platform, or none.
    #[error("`{path}` is {found}, expected a program for {expected}", path = path.display())]
    WrongPlatform {
        /// The file.
        path: PathBuf,
        /// The platform it should be for.
        expected: Platform,
        /// What its header says.
        found: BinaryKind,
    },
    /// It cannot be read.
    #[error("cannot read `{path}`", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// Reads the header of a file, at most 64 KiB. Blocks for that long.
///
/// # Errors
/// [`BinaryError::Read`]; a file of any content has a kind.
pub fn inspect(path: &Path) -> Result<BinaryKind, BinaryError> {
    let failed = |source| BinaryError::Read { path: path.to_owned(), source };
    let mut header = Vec::new();
    File::open(path).map_err(failed)?.take(HEADER_BYTES).read_to_end(&mut header).map_err(failed)?;
    Ok(inspect_header(&header))
}

/// The kind of a file by its first bytes (64 KiB are enough).
#[must_use]
pub fn inspect_header(header: &[u8]) -> BinaryKind {
    match header {
        [b'#', b'!', ..] => BinaryKind::of(BinaryFormat::Script, None, None),
        [0x7f, b'E', b'L', b'F', ..] => inspect_elf(header),
        [b'M', b'Z', ..] => inspect_pe(header),
        _ => inspect_macho(header),
    }
}

/// Refuses a file that is not a program for the platform.
///
/// # Errors
/// [`BinaryError::WrongPlatform`] says what was found and what was expected.
pub fn check_platform(path: &Path, expected: Platform) -> Result<(), BinaryError> {
    let found = inspect(path)?;
    if found.runs_on(expected) {
        return Ok(());
    }
    Err(BinaryError::WrongPlatform { path: path.to_owned(), expected, found })
}

fn other() -> BinaryKind {
    BinaryKind::of(BinaryFormat::Other, None, None)
}

fn inspect_elf(header: &[u8]) -> BinaryKind {
    let (machine, wide, little) = if let Ok(found) = elf::FileHeader32::<object::Endianness>::parse(header) {
        let Ok(endian) = found.endian() else { return other() };
        (found.e_machine(endian), false, object::Endian::is_little_endian(endian))
    } else if let Ok(found) = elf::FileHeader64::<object::Endianness>::parse(header) {
        let Ok(endian) = found.endian() else { return other() };
        (found.e_machine(endian), true, object::Endian::is_little_endian(endian))
    } else {
        return other();
    };
    let arch = match (machine, wide, little) {
        (elf::EM_386, false, true) => Some(Arch::I386),
        (elf::EM_X86_64, true, true) => Some(Arch::Amd64),
        (elf::EM_ARM, false, true) => Some(Arch::Arm),
        (elf::EM_AARCH64, true, true) => Some(Arch::Arm64),
        (elf::EM_PPC64, true, true) => Some(Arch::Ppc64le),
        (elf::EM_RISCV, true, true) => Some(Arch::Riscv64),
        (elf::EM_S390, true, false) => Some(Arch::S390x),
        _ => None,
    };
    // Byte 7 is EI_OSABI.
    let os = match elf::OsAbi(header[7]) {
        elf::ELFOSABI_NONE | elf::ELFOSABI_LINUX => Some(Os::Linux),
        elf::ELFOSABI_FREEBSD => Some(Os::Freebsd),
        elf::ELFOSABI_NETBSD => Some(Os::Netbsd),
        elf::ELFOSABI_OPENBSD => Some(Os::Openbsd),
        elf::ELFOSABI_SOLARIS => Some(Os::Solaris),
        // On ARM the EABI mark says nothing about the system.
        elf::ELFOSABI_ARM | elf::ELFOSABI_ARM_AEABI if arch == Some(Arch::Arm) => Some(Os::Linux),
        _ => None,
    };
    BinaryKind::of(BinaryFormat::Elf, os, arch)
}

fn inspect_pe(header: &[u8]) -> BinaryKind {
    let Ok(dos) = pe::ImageDosHeader::parse(header) else { return other() };
    let at = dos.nt_headers_offset() as usize;
    let Some([b'P', b'E', 0, 0, low, high]) = at.checked_add(6).and_then(|end| header.get(at..end)) else {
        return other();
    };
    let arch = match pe::Machine(u16::from_le_bytes([*low, *high])) {
        pe::IMAGE_FILE_MACHINE_I386 => Some(Arch::I386),
        pe::IMAGE_FILE_MACHINE_AMD64 => Some(Arch::Amd64),
        pe::IMAGE_FILE_MACHINE_ARMNT | pe::IMAGE_FILE_MACHINE_ARM => Some(Arch::Arm),
        pe::IMAGE_FILE_MACHINE_ARM64 => Some(Arch::Arm64),
        pe::IMAGE_FILE_MACHINE_RISCV64 => Some(Arch::Riscv64),
        _ => None,
    };
    BinaryKind::of(BinaryFormat::Pe, Some(Os::Windows), arch)
}

fn inspect_macho(header: &[u8]) -> BinaryKind {
    let arch = |cpu: macho::CpuType| match cpu {
        macho::CPU_TYPE_X86 => Some(Arch::I386),
        macho::CPU_TYPE_X86_64 => Some(Arch::Amd64),
        macho::CPU_TYPE_ARM => Some(Arch::Arm),
        macho::CPU_TYPE_ARM64 => Some(Arch::Arm64),
        _ => None,
    };
    let word =
        |at: usize| header.get(at..at + 4).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    match word(0) {
        Some(macho::MH_MAGIC | macho::MH_MAGIC_64 | macho::MH_CIGAM | macho::MH_CIGAM_64) => {
            let cpu = if let Ok(found) = macho::MachHeader32::<object::Endianness>::parse(header, 0) {
                found.endian().map(|endian| found.cputype(endian))
            } else if let Ok(found) = macho::MachHeader64::<object::Endianness>::parse(header, 0) {
                found.endian().map(|endian| found.cputype(endian))
            } else {
                return other();
            };
            BinaryKind::of(BinaryFormat::MachO, Some(Os::Darwin), cpu.ok().and_then(arch))
        }
        Some(magic @ (macho::FAT_MAGIC | macho::FAT_MAGIC_64)) => {
            let size = if magic == macho::FAT_MAGIC { 20 } else { 32 };
            // A Java class has the same magic, and its version, 45 or more, where the number of architectures stands here.
            let Some(count @ 1..=30) = word(4) else { return other() };
            let mut archs: Vec<Arch> = (0..count as usize)
                .filter_map(|index| word(8 + index * size).map(macho::CpuType).and_then(arch))
                .collect();
            archs.sort();
            archs.dedup();
            BinaryKind { format: BinaryFormat::MachO, os: Some(Os::Darwin), archs }
        }
        _ => other(),
    }
}
