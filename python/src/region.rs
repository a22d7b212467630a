//! `RegionXu64`: a box of samples in canonical axis order.

use crate::errors::{Naming, OrRaise};
use crate::vector::{position_from, shape_from, Count, Ordinal, VectorXu64};
use iolink_sdk::{Region, Shape};
use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PySlice, PyTuple, PyType};

/// A box of samples: lowest index and size along each axis, in canonical order, COLUMN first. Made from origin and size, from
/// the pair of both, from another region, or, empty, from a number of dimensions. It does not change.
///
/// >>> region = RegionXu64((1, 2), (3, 4))
/// >>> region.min(), region.max(), region.element_count()
/// (VectorXu64(1, 2), VectorXu64(3, 5), 12)
/// >>> region.intersection(((0, 0), (2, 9)))
/// RegionXu64((1, 2), (1, 4))
#[pyclass(frozen, module = "iolink", name = "RegionXu64")]
pub struct RegionXu64(pub Region);

fn vector(values: &[u64]) -> VectorXu64 {
    VectorXu64::from_values(values.to_vec())
}

/// A region given as one, or as a pair (origin, size).
pub fn region_from(given: &Bound<'_, PyAny>) -> PyResult<Region> {
    if let Ok(own) = given.cast::<RegionXu64>() {
        return Ok(own.get().0);
    }
    let pair: (Bound<'_, PyAny>, Bound<'_, PyAny>) = given.extract().map_err(|_| {
        PyTypeError::new_err(
            "region: expected a RegionXu64 or a pair (origin, size), each in canonical order (COLUMN first)",
        )
    })?;
    Region::new(&position_from("origin", &pair.0)?, &shape_from("size", &pair.1)?).or_raise()
}

/// A region of an image of this shape: as [`region_from`] has it, or one slice for each axis, in canonical order.
pub fn region_of(given: &Bound<'_, PyAny>, shape: &Shape) -> PyResult<Region> {
    match given.cast_exact::<PyTuple>() {
        Ok(slices) if slices.get_borrowed_item(0).is_ok_and(|first| first.is_exact_instance_of::<PySlice>()) => {
            region_of_slices(slices, shape)
        }
        Ok(slices) if slices.is_empty() => region_of_slices(slices, shape),
        _ => region_from(given),
    }
}

fn region_of_slices(slices: &Bound<'_, PyTuple>, shape: &Shape) -> PyResult<Region> {
    if slices.len() != shape.len() {
        return Err(PyValueError::new_err(format!(
            "region: {} slices for an image of {} axes; give one for each, in canonical order (COLUMN first)",
            slices.len(),
            shape.len()
        )));
    }
    let mut region = Region { origin: *shape, size: *shape };
    for (axis, given) in slices.iter_borrowed().enumerate() {
        let slice = given.cast::<PySlice>().map_err(|_| {
            let given = &*given;
            PyTypeError::new_err(format!("region: axis {axis} has {given} beside slices; write slice(start, stop)"))
        })?;
        (region.origin[axis], region.size[axis]) = run_of(&slice, axis, shape[axis])?;
    }
    Ok(region)
}

/// First index and length of a slice of an axis. Unlike Python's own, a slice that leaves the axis is not made to fit.
fn run_of(slice: &Bound<'_, PySlice>, axis: usize, length: u64) -> PyResult<(u64, u64)> {
    let (mut start, mut stop, mut step) = (0, 0, 0);
    // SAFETY: the slice is alive and the places are ours.
    if unsafe { ffi::PySlice_Unpack(slice.as_ptr(), &mut start, &mut stop, &mut step) } != 0 {
        return Err(PyErr::fetch(slice.py()));
    }
    if step != 1 {
        return Err(PyValueError::new_err(format!(
            "region: {slice} along axis {axis} has a step; read a view of every n-th sample instead: image[...]"
        )));
    }
    let absent = || PyResult::Ok(slice.getattr(intern!(slice.py(), "stop"))?.is_none());
    let from_end = |index: isize| match index {
        0.. => Some(index as u64),
        _ => length.checked_sub(index.unsigned_abs() as u64),
    };
    // Where the end is absent, or more than fits.
    let stop = if stop == isize::MAX && absent()? { Some(length) } else { from_end(stop) };
    let (Some(start), Some(stop)) = (from_end(start), stop) else {
        return Err(PyIndexError::new_err(format!("region: {slice} leaves axis {axis}, which has {length} samples")));
    };
    Ok((start, stop.saturating_sub(start)))
}

#[pymethods]
impl RegionXu64 {
    #[new]
    #[pyo3(signature = (origin, size = None))]
    fn new(origin: &Bound<'_, PyAny>, size: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        match size {
            Some(size) => {
                Region::new(&position_from("origin", origin)?, &shape_from("size", size)?).or_raise().map(RegionXu64)
            }
            None if origin.is_instance_of::<PyInt>() => {
                let zeros = Shape::collect((0..origin.extract::<Count>()?.0 as usize).map(|_| 0)).or_raise()?;
                Region::new(&zeros, &zeros).or_raise().map(RegionXu64)
            }
            None => region_from(origin).map(RegionXu64),
        }
    }

    /// The box from index 0 on.
    #[staticmethod]
    fn create_full_region(size: &Bound<'_, PyAny>) -> PyResult<Self> {
        let size = shape_from("size", size)?;
        Region::new(&vec![0; size.len()], &size).or_raise().map(RegionXu64)
    }

    /// The box of one sample.
    #[staticmethod]
    fn from_index(index: &Bound<'_, PyAny>) -> PyResult<Self> {
        let index = position_from("index", index)?;
        Region::new(&index, &vec![1; index.len()]).or_raise().map(RegionXu64)
    }

    /// Number of axes.
    fn dimension_count(&self) -> usize {
        self.0.dimension_count()
    }

    /// Lowest index along each axis.
    fn origin(&self) -> VectorXu64 {
        vector(&self.0.origin)
    }

    /// Samples along each axis.
    fn size(&self) -> VectorXu64 {
        vector(&self.0.size)
    }

    /// Lowest index along each axis.
    fn min(&self) -> VectorXu64 {
        vector(&self.0.origin)
    }

    /// Highest index along each axis, inside the box.
    fn max(&self) -> PyResult<VectorXu64> {
        if self.0.is_empty() {
            return Err(PyIndexError::new_err("an empty region has no highest index"));
        }
        Ok(VectorXu64::from_values((0..self.0.dimension_count()).map(|axis| self.0.end(axis) - 1).collect()))
    }

    /// Number of samples.
    fn element_count(&self) -> PyResult<u64> {
        self.0
            .element_count()
            .ok_or_else(|| pyo3::exceptions::PyOverflowError::new_err("the region has more samples than 64 bits hold"))
    }

    /// Has the box no sample?
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Does a region, or a position, lie wholly inside?
    fn contains(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let other = match region_from(other) {
            Ok(region) => region,
            Err(_) => {
                let index = position_from("position", other).naming(other.py(), "other")?;
                Region::new(&index, &vec![1; index.len()]).or_raise()?
            }
        };
        Ok(self.0.contains(&other))
    }

    /// Do the boxes share a sample?
    fn intersect(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(!self.intersection(other)?.0.is_empty())
    }

    /// What both boxes share.
    fn intersection(&self, other: &Bound<'_, PyAny>) -> PyResult<Self> {
        let other = region_from(other).naming(other.py(), "other")?;
        if other.dimension_count() != self.0.dimension_count() {
            return Err(PyValueError::new_err(format!(
                "the regions have {} and {} dimensions",
                self.0.dimension_count(),
                other.dimension_count()
            )));
        }
        Ok(RegionXu64(self.0.intersection(&other)))
    }

    /// The slice of thickness one at index `origin` along axis number `dimension`.
    fn extract_slice_from_axis(&self, dimension: Ordinal, origin: Ordinal) -> PyResult<Self> {
        let (mut out, dimension, origin) = (self.0, dimension.0 as usize, origin.0);
        if dimension >= out.dimension_count() || origin < out.origin[dimension] || origin >= out.end(dimension) {
            return Err(PyIndexError::new_err(format!("{} has no index {origin} along axis {dimension}", self.0)));
        }
        out.origin[dimension] = origin;
        out.size[dimension] = 1;
        Ok(RegionXu64(out))
    }

    #[pyo3(name = "to_string")]
    fn as_text(&self) -> String {
        self.__repr__()
    }

    fn __repr__(&self) -> String {
        format!("RegionXu64({}, {})", self.0.origin, self.0.size)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<RegionXu64>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        PyTuple::new(py, [self.0.origin.to_vec(), self.0.size.to_vec()].concat())?.hash()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyType>, (Vec<u64>, Vec<u64>)) {
        (py.get_type::<RegionXu64>(), (self.0.origin.to_vec(), self.0.size.to_vec()))
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<RegionXu64>()
}
