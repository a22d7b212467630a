//! `DataType`, and whatever a type argument may be: a DataType, a DataTypeId, a NumPy type, a name.

use crate::errors::OrRaise;
use crate::vector::Count;
use iolink_sdk::{DataType as Type, Interpretation, Primitive};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString, PyType};

/// Type of a sample or of the values of a column.
#[pyclass(frozen, module = "iolink", name = "DataType")]
#[derive(Clone, Copy)]
pub struct DataType(pub Type);

/// The type that a type argument means.
pub fn data_type_from(given: &Bound<'_, PyAny>) -> PyResult<Type> {
    if let Ok(own) = given.cast::<DataType>() {
        return Ok(own.get().0);
    }
    if given.is_instance_of::<PyInt>() {
        let id = given
            .extract()
            .map_err(|_| PyTypeError::new_err(format!("dtype: {given} is not the id of a data type")))?;
        return Type::from_id(id).or_raise();
    }
    if given.is_none() {
        return Err(PyTypeError::new_err("dtype: None is not a data type; NumPy takes it for float64, say \"DOUBLE\""));
    }
    if let Ok(name) = given.cast::<PyString>() {
        if let Some(known) = Type::from_name(&name.to_cow()?) {
            return Ok(known);
        }
    }
    let numpy = given.py().import("numpy")?;
    match numpy.getattr(intern!(given.py(), "dtype"))?.call1((given,)) {
        Ok(dtype) => from_numpy(&dtype),
        Err(_) => Err(PyTypeError::new_err(format!(
            "dtype: {} is not a data type; give a DataType, a DataTypeId, a NumPy type or a name like \"UINT16\"",
            given.repr()?
        ))),
    }
}

/// The type of a NumPy dtype, byte order aside.
pub fn from_numpy(dtype: &Bound<'_, PyAny>) -> PyResult<Type> {
    let kind: char = dtype.getattr(intern!(dtype.py(), "kind"))?.extract()?;
    let size: u64 = dtype.getattr(intern!(dtype.py(), "itemsize"))?.extract()?;
    let sub_array: Option<(Bound<'_, PyAny>, Vec<u64>)> = dtype.getattr(intern!(dtype.py(), "subdtype"))?.extract()?;
    let found = match kind {
        // What `DataType.dtype` gives for vectors.
        'V' if sub_array.is_some() => match sub_array {
            Some((scalar, shape)) if shape.len() == 1 => packed(&scalar, shape[0])?,
            _ => None,
        },
        'V' => match vector_fields(dtype)? {
            Some((field, count)) => packed(&field, count)?,
            None => None,
        },
        kind => from_kind(kind, size),
    };
    found.ok_or_else(|| unsupported(dtype))
}

/// The type of so many numbers side by side, where one type packs them.
fn packed(scalar: &Bound<'_, PyAny>, count: u64) -> PyResult<Option<Type>> {
    let scalar = from_numpy(scalar)?;
    let parts = scalar.element_count() * count;
    let count = u16::try_from(parts).ok().filter(|count| *count > 0 && scalar.is_scalar());
    Ok(count.map(|count| Type::vector(scalar, count)))
}

/// The one type of all fields of a structured dtype and how many they are, where they are packed and alike.
fn vector_fields<'py>(dtype: &Bound<'py, PyAny>) -> PyResult<Option<(Bound<'py, PyAny>, u64)>> {
    let names = dtype.getattr(intern!(dtype.py(), "names"))?;
    if names.is_none() {
        return Ok(None);
    }
    let fields = dtype.getattr(intern!(dtype.py(), "fields"))?;
    let (mut first, mut count): (Option<Bound<'py, PyAny>>, u64) = (None, 0);
    for name in names.try_iter()? {
        let field = fields.get_item(name?)?;
        let (own, offset) = (field.get_item(0)?, field.get_item(1)?.extract::<u64>()?);
        let size: u64 = own.getattr(intern!(own.py(), "itemsize"))?.extract()?;
        if offset != count * size || first.as_ref().is_some_and(|first| !first.eq(&own).unwrap_or(false)) {
            return Ok(None);
        }
        first.get_or_insert(own);
        count += 1;
    }
    Ok(first.map(|first| (first, count)))
}

/// The scalar type of a NumPy kind letter and item size.
pub fn from_kind(kind: char, size: u64) -> Option<Type> {
    Some(match (kind, size) {
        ('b', 1) => Type::BOOL,
        ('u', 1) => Type::UINT8,
        ('u', 2) => Type::UINT16,
        ('u', 4) => Type::UINT32,
        ('u', 8) => Type::UINT64,
        ('i', 1) => Type::INT8,
        ('i', 2) => Type::INT16,
        ('i', 4) => Type::INT32,
        ('i', 8) => Type::INT64,
        ('f', 2) => Type::FLOAT16,
        ('f', 4) => Type::FLOAT,
        ('f', 8) => Type::DOUBLE,
        ('c', 8) => Type::COMPLEX_FLOAT,
        ('c', 16) => Type::COMPLEX_DOUBLE,
        _ => return None,
    })
}

/// The refusal of a NumPy dtype that no image can have.
pub fn unsupported(dtype: &Bound<'_, PyAny>) -> PyErr {
    let named = dtype.repr().map(|text| text.to_string()).unwrap_or_default();
    let way_out = match dtype.getattr(intern!(dtype.py(), "kind")).and_then(|kind| kind.extract::<char>()) {
        Ok('M' | 'm') => "view the array as int64 and keep the unit beside it, or use a data frame",
        Ok('O') => "convert the array to a numeric type first",
        Ok('S' | 'U' | 'T') => "text belongs into a data frame",
        Ok('V') => "only structured types whose fields are all alike and packed can be vectors",
        _ => "convert the array to a type that iolink has, see DataTypeId",
    };
    PyTypeError::new_err(format!("{named} is no type of image samples; {way_out}"))
}

/// The NumPy type code (kind and size) of one component of a type.
pub fn numpy_code(data_type: Type) -> Option<String> {
    numpy_kind(data_type).map(|kind| format!("{kind}{}", data_type.scalar().byte_count()))
}

/// NumPy's letter for the kind of one component, if NumPy has it.
pub fn numpy_kind(data_type: Type) -> Option<char> {
    Some(match (data_type.primitive(), data_type.interpretation()) {
        (_, Interpretation::Boolean) => 'b',
        (Primitive::Float, Interpretation::Complex) => 'c',
        (Primitive::Unsigned, _) => 'u',
        (Primitive::Signed, _) => 'i',
        (Primitive::Float, _) => 'f',
        _ => return None,
    })
}

fn as_enum<'py>(py: Python<'py>, name: &str, number: u64) -> PyResult<Bound<'py, PyAny>> {
    py.import("iolink.enums")?.getattr(PyString::intern(py, name))?.call1((number,))
}

#[pymethods]
impl DataType {
    #[new]
    #[pyo3(signature = (value = None, dimension = None, bit_depth = None, interpretation = None))]
    fn new(
        value: Option<&Bound<'_, PyAny>>,
        dimension: Option<Count>,
        bit_depth: Option<Count>,
        interpretation: Option<Count>,
    ) -> PyResult<Self> {
        match (value, dimension, bit_depth) {
            (None, None, None) => Ok(DataType(Type::UNKNOWN)),
            (Some(value), None, None) => data_type_from(value).map(DataType),
            (Some(primitive), Some(Count(dimension)), Some(Count(bit_depth))) => {
                let Count(primitive) = primitive.extract()?;
                let primitive =
                    [Primitive::Opaque, Primitive::Unsigned, Primitive::Signed, Primitive::Float, Primitive::String]
                        .get(primitive as usize)
                        .copied()
                        .ok_or_else(|| PyValueError::new_err("primitive_type: not a PrimitiveTypeId"))?;
                let interpretation = [
                    Interpretation::Numeric,
                    Interpretation::Complex,
                    Interpretation::Boolean,
                    Interpretation::Binary,
                    Interpretation::Label,
                ]
                .get(interpretation.map_or(0, |id| id.0) as usize)
                .copied()
                .ok_or_else(|| PyValueError::new_err("interpretation: not a DataTypeInterpretation"))?;
                Type::from_fields(primitive, dimension, bit_depth, interpretation).or_raise().map(DataType)
            }
            _ => Err(PyTypeError::new_err(
                "DataType takes nothing, one type, or primitive_type, dimension, bit_depth[, interpretation]",
            )),
        }
    }

    /// The packed id, unique among types.
    #[getter(id)]
    fn own_id(&self) -> u64 {
        self.0.id()
    }

    #[pyo3(name = "get_id")]
    fn id_by_call(&self) -> u64 {
        self.0.id()
    }

    /// Bits of one component.
    #[getter(bit_depth)]
    fn own_bit_depth(&self) -> u64 {
        self.0.bit_depth()
    }

    #[pyo3(name = "get_bit_depth")]
    fn bit_depth_by_call(&self) -> u64 {
        self.0.bit_depth()
    }

    /// Number of components; 2 for a complex number.
    #[getter(element_count)]
    fn own_element_count(&self) -> u64 {
        self.0.element_count()
    }

    #[pyo3(name = "get_element_count")]
    fn element_count_by_call(&self) -> u64 {
        self.0.element_count()
    }

    /// How one component is stored.
    #[getter(primitive_type)]
    fn own_primitive_type<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        as_enum(py, "PrimitiveTypeId", self.0.primitive() as u64)
    }

    #[pyo3(name = "get_primitive_type")]
    fn primitive_type_by_call<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.own_primitive_type(py)
    }

    /// What the components together mean.
    #[getter(interpretation)]
    fn own_interpretation<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        as_enum(py, "DataTypeInterpretation", self.0.interpretation() as u64)
    }

    #[pyo3(name = "get_interpretation")]
    fn interpretation_by_call<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.own_interpretation(py)
    }

    /// The same type in NumPy: of a whole sample, with a sub-array for vectors.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let code = numpy_code(self.0)
            .ok_or_else(|| PyTypeError::new_err(format!("{} has no NumPy dtype of a fixed size", self.0)))?;
        let dtype = py.import("numpy")?.getattr(intern!(py, "dtype"))?;
        match self.0.vector_length() {
            Some(count) => dtype.call1(((code, (count,)),)),
            None => dtype.call1((code,)),
        }
    }

    /// Bits of a whole sample.
    fn bit_count(&self) -> u64 {
        self.0.bit_depth() * self.0.element_count()
    }

    /// Bytes of a whole sample.
    fn byte_count(&self) -> u64 {
        self.0.byte_count() as u64
    }

    fn is_numeric(&self) -> bool {
        self.0.is_numeric()
    }

    fn is_scalar(&self) -> bool {
        self.0.is_scalar()
    }

    fn is_vector(&self) -> bool {
        self.0.is_vector()
    }

    /// Can samples be converted by arithmetic alone: both numeric, with as many components?
    fn is_convertible_to(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.0.is_convertible_to(data_type_from(other)?))
    }

    /// The type of one component.
    #[staticmethod]
    fn extract_scalar_type(dtype: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(DataType(data_type_from(dtype)?.scalar()))
    }

    /// The usual values of one component, as (lowest, highest).
    #[staticmethod]
    fn standard_range(dtype: &Bound<'_, PyAny>) -> PyResult<crate::vector::Vector2d> {
        let data_type = data_type_from(dtype)?;
        match data_type.standard_range() {
            Some((low, high)) => Ok(crate::vector::Vector2d::from_values(vec![low, high])),
            None => Err(PyTypeError::new_err(format!("{data_type} has no range of values"))),
        }
    }

    #[pyo3(name = "to_string")]
    fn as_text(&self) -> String {
        self.0.to_string()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        self.0.to_string()
    }

    /// The id, wherever Python wants an integer.
    fn __index__(&self) -> u64 {
        self.0.id()
    }

    fn __hash__(&self) -> u64 {
        self.0.id()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        match other.cast::<DataType>() {
            Ok(other) => self.0 == other.get().0,
            Err(_) => other.is_instance_of::<PyInt>() && other.extract::<u64>().is_ok_and(|id| id == self.0.id()),
        }
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyType>, (u64,)) {
        (py.get_type::<DataType>(), (self.0.id(),))
    }
}

/// Names and ids of every named type, aliases behind the names they stand for.
#[pyfunction]
fn _data_type_ids() -> Vec<(String, u64)> {
    let own = Type::NAMED.iter().map(|(name, data_type)| ((*name).to_owned(), data_type.id()));
    let others = ["FLOAT32", "FLOAT64", "COMPLEX64", "COMPLEX128"]
        .iter()
        .filter_map(|name| Type::from_name(name).map(|data_type| ((*name).to_owned(), data_type.id())));
    own.chain(others).collect()
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<DataType>()?;
    module.add_function(wrap_pyfunction!(_data_type_ids, module)?)
}
