//! The structs of DLPack, as its header lays them out, and what they mean here.

use iolink_sdk::{DataType, Interpretation, Primitive};
use std::ffi::CStr;
use std::os::raw::c_void;

/// Version of the structs that are handed out.
pub const VERSION: Version = Version { major: 1, minor: 0 };
pub const READ_ONLY: u64 = 1;
pub const IS_COPIED: u64 = 2;
/// Memory that the processor reads: its own, and that which it shares with CUDA or ROCm devices.
pub const CPU: i32 = 1;
pub const READABLE: [i32; 4] = [CPU, 3, 11, 13];

/// A tensor struct with the names of its capsule.
pub trait Managed {
    /// While it waits to be taken over.
    const FRESH: &'static CStr;
    /// When it was.
    const USED: &'static CStr;
    fn deleter(&self) -> Option<unsafe extern "C" fn(*mut Self)>;
    fn tensor(&mut self) -> &mut Tensor;
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
}

#[repr(C)]
pub struct Device {
    pub kind: i32,
    pub id: i32,
}

#[repr(C)]
pub struct ItemType {
    pub code: u8,
    pub bits: u8,
    pub lanes: u16,
}

#[repr(C)]
pub struct Tensor {
    pub data: *mut c_void,
    pub device: Device,
    pub ndim: i32,
    pub item: ItemType,
    pub shape: *mut i64,
    /// In items; NULL is C order.
    pub strides: *mut i64,
    pub byte_offset: u64,
}

/// The struct of version 1.
#[repr(C)]
pub struct Versioned {
    pub version: Version,
    pub context: *mut c_void,
    pub deleter: Option<unsafe extern "C" fn(*mut Versioned)>,
    pub flags: u64,
    pub tensor: Tensor,
}

/// The struct before version 1, which cannot tell that memory is read-only.
#[repr(C)]
pub struct Legacy {
    pub tensor: Tensor,
    pub context: *mut c_void,
    pub deleter: Option<unsafe extern "C" fn(*mut Legacy)>,
}

impl Managed for Versioned {
    const FRESH: &'static CStr = c"dltensor_versioned";
    const USED: &'static CStr = c"used_dltensor_versioned";
    fn deleter(&self) -> Option<unsafe extern "C" fn(*mut Self)> {
        self.deleter
    }
    fn tensor(&mut self) -> &mut Tensor {
        &mut self.tensor
    }
}

impl Managed for Legacy {
    const FRESH: &'static CStr = c"dltensor";
    const USED: &'static CStr = c"used_dltensor";
    fn deleter(&self) -> Option<unsafe extern "C" fn(*mut Self)> {
        self.deleter
    }
    fn tensor(&mut self) -> &mut Tensor {
        &mut self.tensor
    }
}

impl ItemType {
    /// One component of a type; `None` where DLPack has no such item.
    pub fn of(data_type: DataType) -> Option<Self> {
        let code = match (data_type.primitive(), data_type.interpretation()) {
            (_, Interpretation::Boolean) => 6,
            (Primitive::Float, Interpretation::Complex) => 5,
            (Primitive::Signed, _) => 0,
            (Primitive::Unsigned, _) => 1,
            (Primitive::Float, _) => 2,
            _ => return None,
        };
        Some(ItemType { code, bits: (data_type.scalar().byte_count() * 8) as u8, lanes: 1 })
    }

    /// The type of an image's samples that are such items.
    pub fn data_type(&self) -> Option<DataType> {
        let kind = match self.code {
            0 => 'i',
            1 => 'u',
            2 => 'f',
            5 => 'c',
            6 => 'b',
            _ => return None,
        };
        if self.lanes != 1 || !self.bits.is_multiple_of(8) {
            return None;
        }
        crate::dtype::from_kind(kind, u64::from(self.bits / 8))
    }
}
