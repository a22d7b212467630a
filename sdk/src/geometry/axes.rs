//! What the axes of an image are.

use crate::abi;
use crate::{fail, Result};

/// An axis, by the canonical order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Axis {
    /// Along a row, pixel by pixel.
    Column,
    /// From row to row.
    Row,
    /// From slice to slice.
    Slice,
    /// From channel to channel.
    Channel,
    /// From one point in time to the next.
    Sequence,
}

impl Axis {
    /// Every axis in canonical order.
    pub const ALL: [Axis; 5] = [Axis::Column, Axis::Row, Axis::Slice, Axis::Channel, Axis::Sequence];
    /// Every axis in NumPy's order: T, Z, Y, X, C.
    pub const NUMPY_ORDER: [Axis; 5] = [Axis::Sequence, Axis::Slice, Axis::Row, Axis::Column, Axis::Channel];

    /// The number at the ABI: 1 for COLUMN.
    pub const fn number(self) -> u8 {
        match self {
            Axis::Column => abi::IOLINK_AXIS_COLUMN,
            Axis::Row => abi::IOLINK_AXIS_ROW,
            Axis::Slice => abi::IOLINK_AXIS_SLICE,
            Axis::Channel => abi::IOLINK_AXIS_CHANNEL,
            Axis::Sequence => abi::IOLINK_AXIS_SEQUENCE,
        }
    }

    /// The axis of a number of the ABI; `None` is an axis without a name.
    pub fn from_number(number: u8) -> Option<Axis> {
        Axis::ALL.iter().copied().find(|axis| axis.number() == number)
    }

    /// Index in the canonical order: 0 for COLUMN.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The axis with an index in the canonical order.
    pub fn from_index(index: usize) -> Option<Axis> {
        Axis::ALL.get(index).copied()
    }

    /// The axis's name.
    pub const fn name(self) -> &'static str {
        match self {
            Axis::Column => "COLUMN",
            Axis::Row => "ROW",
            Axis::Slice => "SLICE",
            Axis::Channel => "CHANNEL",
            Axis::Sequence => "SEQUENCE",
        }
    }

    /// Place of an axis of space in a table of directions; `None` for the others, which have none.
    pub fn spatial(self) -> Option<usize> {
        match self {
            Axis::Column => Some(0),
            Axis::Row => Some(1),
            Axis::Slice => Some(2),
            Axis::Channel | Axis::Sequence => None,
        }
    }

    /// The axis with this name, exactly spelt.
    pub fn from_name(name: &str) -> Option<Axis> {
        Axis::ALL.iter().copied().find(|axis| axis.name() == name)
    }
}

/// What a whole shape means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AxesInterpretation {
    /// Nothing is known: axes keep their order in every export.
    #[default]
    Unknown,
    /// COLUMN, ROW.
    Image,
    /// COLUMN, ROW, SLICE.
    Volume,
    /// COLUMN, ROW, SEQUENCE.
    ImageSequence,
    /// COLUMN, ROW, SLICE, SEQUENCE.
    VolumeSequence,
    /// COLUMN, ROW, CHANNEL.
    MultispectralImage,
    /// COLUMN, ROW, SLICE, CHANNEL.
    MultispectralVolume,
    /// COLUMN, ROW, CHANNEL, SEQUENCE.
    MultispectralImageSequence,
    /// COLUMN, ROW, SLICE, CHANNEL, SEQUENCE.
    MultispectralVolumeSequence,
}

use Axis::{Channel, Column, Row, Sequence, Slice};

const TABLE: [(AxesInterpretation, &str, &[Axis]); 9] = [
    (AxesInterpretation::Unknown, "UNKNOWN", &[]),
    (AxesInterpretation::Image, "IMAGE", &[Column, Row]),
    (AxesInterpretation::Volume, "VOLUME", &[Column, Row, Slice]),
    (AxesInterpretation::ImageSequence, "IMAGE_SEQUENCE", &[Column, Row, Sequence]),
    (AxesInterpretation::VolumeSequence, "VOLUME_SEQUENCE", &[Column, Row, Slice, Sequence]),
    (AxesInterpretation::MultispectralImage, "MULTISPECTRAL_IMAGE", &[Column, Row, Channel]),
    (AxesInterpretation::MultispectralVolume, "MULTISPECTRAL_VOLUME", &[Column, Row, Slice, Channel]),
    (AxesInterpretation::MultispectralImageSequence, "MULTISPECTRAL_IMAGE_SEQUENCE", &[Column, Row, Channel, Sequence]),
    (
        AxesInterpretation::MultispectralVolumeSequence,
        "MULTISPECTRAL_VOLUME_SEQUENCE",
        &[Column, Row, Slice, Channel, Sequence],
    ),
];

impl AxesInterpretation {
    /// Every interpretation, by its number.
    pub fn all() -> impl Iterator<Item = AxesInterpretation> {
        TABLE.iter().map(|(interpretation, ..)| *interpretation)
    }

    /// The border's number.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The interpretation of a border number.
    pub fn from_number(number: u32) -> Option<Self> {
        TABLE.get(number as usize).map(|(interpretation, ..)| *interpretation)
    }

    /// The interpretation's name.
    pub fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// The axes it names, in canonical order.
    pub fn axes(self) -> &'static [Axis] {
        TABLE[self as usize].2
    }

    /// The axes it gives to an image of `dimensions` axes: the first of its own; refused where it has too few.
    pub fn axes_for(self, dimensions: usize) -> Result<Vec<Option<Axis>>> {
        let own = self.axes();
        if self == AxesInterpretation::Unknown {
            return Ok(vec![None; dimensions]);
        }
        if dimensions > own.len() {
            fail!(
                InvalidArgument,
                "{} names {} axes, the image has {dimensions}; use an interpretation with as many axes, \
                 or UNKNOWN to leave them unnamed",
                self.name(),
                own.len()
            );
        }
        Ok(own[..dimensions].iter().copied().map(Some).collect())
    }

    /// The interpretation whose axes are exactly these, in canonical order.
    pub fn from_axes(axes: &[Axis]) -> Option<Self> {
        TABLE.iter().find(|(_, _, own)| !own.is_empty() && *own == axes).map(|(interpretation, ..)| *interpretation)
    }
}
