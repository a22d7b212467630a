//! What a view can do: a set of bits for each kind of view.

use crate::abi;

/// A set of capabilities of one kind of view.
pub trait CapabilitySet: Copy {
    /// The names, lowest bit first.
    const NAMES: &'static [&'static str];
    /// The bits.
    fn bits(self) -> u64;
    /// The set with these bits; unknown ones are dropped.
    fn from_bits(bits: u64) -> Self;

    /// Names of the capabilities in the set.
    fn names(self) -> Vec<&'static str> {
        Self::NAMES.iter().enumerate().filter(|(bit, _)| self.bits() >> bit & 1 == 1).map(|(_, name)| *name).collect()
    }
}

macro_rules! capability_sets {
    ($($(#[$doc:meta])* $set:ident { $($name:ident = $bits:path, $about:literal;)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $set(u64);

        impl $set {
            /// No capability.
            pub const NONE: $set = $set(0);
            $(#[doc = $about] pub const $name: $set = $set($bits);)*

            /// Has the set all of `other`?
            pub const fn has(self, other: $set) -> bool {
                self.0 & other.0 == other.0
            }

            /// Those of both sets.
            pub const fn and(self, other: $set) -> $set {
                $set(self.0 | other.0)
            }

            /// Those that are in both sets.
            pub const fn only(self, other: $set) -> $set {
                $set(self.0 & other.0)
            }

            /// The bits.
            pub const fn value(self) -> u64 {
                self.0
            }
        }

        impl CapabilitySet for $set {
            const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];
            fn bits(self) -> u64 {
                self.0
            }
            fn from_bits(bits: u64) -> Self {
                $set(bits & (0 $(| $bits)*))
            }
        }

        impl std::ops::BitOr for $set {
            type Output = $set;
            fn bitor(self, other: $set) -> $set {
                self.and(other)
            }
        }

        impl std::fmt::Debug for $set {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&if self.0 == 0 { "none".to_owned() } else { self.names().join(" | ") })
            }
        }
    )*};
}

capability_sets! {
    /// What an image can do.
    ImageCapability {
        READ = abi::IOLINK_IMAGE_READ, "Regions can be read.";
        WRITE = abi::IOLINK_IMAGE_WRITE, "Regions can be written.";
        MEMORY_ACCESS = abi::IOLINK_IMAGE_MEMORY_ACCESS, "The samples lie in memory and can be shared.";
        RESHAPE = abi::IOLINK_IMAGE_RESHAPE, "Shape and data type can be changed.";
    }
    /// What an ordered set of images can do.
    MultiImageCapability {
        READ = abi::IOLINK_MULTI_IMAGE_READ, "Frames can be taken.";
        WRITE = abi::IOLINK_MULTI_IMAGE_WRITE, "Frames can be added, replaced and removed.";
    }
    /// What several threads gain from a view.
    ParallelAccessCapability {
        THREAD_SAFE = abi::IOLINK_PARALLEL_THREAD_SAFE, "Every function may be called from several threads at once.";
        BY_TILE = abi::IOLINK_PARALLEL_BY_TILE, "Several threads that read different tiles are faster than one.";
        BY_REGION = abi::IOLINK_PARALLEL_BY_REGION, "Several threads that read different regions are faster than one.";
    }
    /// What a data frame can do.
    DataFrameCapability {
        READ = abi::IOLINK_FRAME_READ, "Columns can be read.";
        WRITE = abi::IOLINK_FRAME_WRITE, "Values can be written.";
        RESHAPE = abi::IOLINK_FRAME_RESHAPE, "Columns and rows can be added and removed.";
        ARROW = abi::IOLINK_FRAME_ARROW, "The frame lends its buffers through Arrow.";
    }
    /// What a stream or random access can do.
    StreamCapability {
        READ = abi::IOLINK_STREAM_READ, "Bytes can be read.";
        WRITE = abi::IOLINK_STREAM_WRITE, "Bytes can be written.";
        SEEK = abi::IOLINK_STREAM_SEEK, "The cursor can be moved.";
        RESIZE = abi::IOLINK_STREAM_RESIZE, "The size can be changed.";
        MEMORY_ACCESS = abi::IOLINK_STREAM_MEMORY_ACCESS, "The bytes lie in memory and can be shared.";
    }
    /// What a store can do.
    StoreCapability {
        READ = abi::IOLINK_STORE_READ, "Values can be read.";
        WRITE = abi::IOLINK_STORE_WRITE, "Values can be written and removed.";
        LIST = abi::IOLINK_STORE_LIST, "Keys can be listed.";
        CONDITIONAL = abi::IOLINK_STORE_CONDITIONAL, "A value can be written on condition of its version.";
    }
}

/// Kind of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An image.
    Image,
    /// An ordered set of images.
    MultiImage,
    /// One image at several resolutions.
    LodImage,
    /// A table.
    DataFrame,
    /// Bytes with a cursor.
    Stream,
    /// Bytes at an offset.
    RandomAccess,
    /// A service attached to another view.
    Extension,
    /// Values under keys, such as the files of a folder.
    Store,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 8] = [
        Kind::Image,
        Kind::MultiImage,
        Kind::LodImage,
        Kind::DataFrame,
        Kind::Stream,
        Kind::RandomAccess,
        Kind::Extension,
        Kind::Store,
    ];

    /// The border's number.
    pub const fn number(self) -> u32 {
        match self {
            Kind::Image => abi::IOLINK_KIND_IMAGE,
            Kind::MultiImage => abi::IOLINK_KIND_MULTI_IMAGE,
            Kind::LodImage => abi::IOLINK_KIND_LOD_IMAGE,
            Kind::DataFrame => abi::IOLINK_KIND_DATA_FRAME,
            Kind::Stream => abi::IOLINK_KIND_STREAM,
            Kind::RandomAccess => abi::IOLINK_KIND_RANDOM_ACCESS,
            Kind::Extension => abi::IOLINK_KIND_EXTENSION,
            Kind::Store => abi::IOLINK_KIND_STORE,
        }
    }

    /// The kind of a border number.
    pub fn from_number(number: u32) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.number() == number)
    }

    /// The kind's word in manifests and messages.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Image => "image",
            Kind::MultiImage => "multi-image",
            Kind::LodImage => "lod-image",
            Kind::DataFrame => "data-frame",
            Kind::Stream => "stream",
            Kind::RandomAccess => "random-access",
            Kind::Extension => "extension",
            Kind::Store => "store",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.word() == word)
    }

    /// Names of the capabilities that `bits` stand for in this kind.
    pub fn capability_names(self, bits: u64) -> Vec<&'static str> {
        match self {
            Kind::Image => ImageCapability::from_bits(bits).names(),
            Kind::MultiImage => MultiImageCapability::from_bits(bits).names(),
            Kind::DataFrame => DataFrameCapability::from_bits(bits).names(),
            Kind::Stream | Kind::RandomAccess => StreamCapability::from_bits(bits).names(),
            Kind::Store => StoreCapability::from_bits(bits).names(),
            Kind::LodImage | Kind::Extension => Vec::new(),
        }
    }
}
