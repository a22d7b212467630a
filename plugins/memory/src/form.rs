//! Shape and type of an image that may be reshaped, read without a lock: they are asked for more often than anything else.

use iolink_sdk::abi::IOLINK_MAX_DIMS;
use iolink_sdk::{DataType, Shape};
use std::array::from_fn;
use std::sync::atomic::{fence, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// What was set last. One writer at a time, any number of readers, who look again where a writer came between.
pub(crate) struct Form {
    /// Odd while a writer is at it.
    version: AtomicUsize,
    axes: AtomicU32,
    sizes: [AtomicU64; IOLINK_MAX_DIMS],
    data_type: AtomicU64,
}

impl Form {
    pub(crate) fn new(shape: &Shape, data_type: DataType) -> Self {
        Form {
            version: AtomicUsize::new(0),
            axes: AtomicU32::new(shape.len() as u32),
            sizes: from_fn(|axis| AtomicU64::new(shape.get(axis).copied().unwrap_or(0))),
            data_type: AtomicU64::new(data_type.id()),
        }
    }

    /// Another shape and type. Whoever calls this holds a lock that keeps other writers away.
    pub(crate) fn set(&self, shape: &Shape, data_type: DataType) {
        self.version.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::Release);
        self.axes.store(shape.len() as u32, Ordering::Relaxed);
        for (axis, size) in self.sizes.iter().enumerate() {
            size.store(shape.get(axis).copied().unwrap_or(0), Ordering::Relaxed);
        }
        self.data_type.store(data_type.id(), Ordering::Relaxed);
        self.version.fetch_add(1, Ordering::Release);
    }

    #[inline]
    pub(crate) fn shape(&self) -> Shape {
        let (axes, sizes) = self.unchanged(|| {
            (self.axes.load(Ordering::Relaxed), from_fn(|axis| self.sizes[axis].load(Ordering::Relaxed)))
        });
        Shape::from_border(axes, &sizes).unwrap_or(Shape::filled(0, 0))
    }

    #[inline]
    pub(crate) fn data_type(&self) -> DataType {
        let id = self.unchanged(|| self.data_type.load(Ordering::Relaxed));
        DataType::from_id(id).unwrap_or(DataType::UNKNOWN)
    }

    /// What `read` finds while nobody writes.
    #[inline]
    fn unchanged<T>(&self, read: impl Fn() -> T) -> T {
        loop {
            let before = self.version.load(Ordering::Acquire);
            let found = read();
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == before {
                return found;
            }
            std::hint::spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn a_reader_never_sees_half_of_a_change() {
        let [flat, deep] = [&[7, 7][..], &[3; 8]].map(|sizes| Shape::new(sizes).unwrap());
        let (form, stop) = (Form::new(&flat, DataType::UINT8), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    form.set(&deep, DataType::DOUBLE);
                    form.set(&flat, DataType::UINT8);
                }
            });
            for _ in 0..20_000 {
                let shape = form.shape();
                assert!(shape == flat || shape == deep, "{shape}");
                assert!([DataType::UINT8, DataType::DOUBLE].contains(&form.data_type()));
            }
            stop.store(true, Ordering::Relaxed);
        });
    }
}
