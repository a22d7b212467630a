//! `VariantDataValue`, its factory and its converter; values from Python and back.

use crate::dtype::{data_type_from, from_numpy, numpy_code, DataType};
use crate::errors::OrRaise;
use crate::lent::refuse_mask;
use iolink_sdk::{DataType as Type, Value};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyList, PyString, PyTuple};

/// Returns the Python form of a value: a string, a number, lists of them in the shape of the value (of lists for vectors), or
/// raw bytes.
pub fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    if let Some(strings) = value.strings() {
        return nested(py, &mut strings.into_iter(), value.shape());
    }
    if !value.data_type().is_numeric() {
        return Ok(PyBytes::new(py, value.raw()).into_any());
    }
    let numbers = to_numpy(py, value)?;
    if value.shape().is_empty() {
        return numbers.get_item(0)?.call_method0("tolist");
    }
    numbers.call_method0("tolist")
}

/// Strings as lists in lists of a shape; a single one for no dimension.
fn nested<'py, 'a>(
    py: Python<'py>,
    strings: &mut impl Iterator<Item = &'a str>,
    shape: &[u64],
) -> PyResult<Bound<'py, PyAny>> {
    match shape {
        [] => Ok(PyString::new(py, strings.next().unwrap_or_default()).into_any()),
        [count, rest @ ..] => {
            let items = (0..*count).map(|_| nested(py, strings, rest)).collect::<PyResult<Vec<_>>>()?;
            Ok(PyList::new(py, items)?.into_any())
        }
    }
}

/// The numbers as a read-only array in the shape of the value, of one dimension for a single one; the components of vectors
/// are the last axis.
fn to_numpy<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    let flat = flat_numpy(py, value)?;
    if value.shape().len() < 2 {
        return Ok(flat);
    }
    let shape: Vec<u64> = value.shape().iter().copied().chain(value.data_type().vector_length()).collect();
    flat.call_method1("reshape", (shape,))
}

/// The numbers one behind the other; the components of vectors are the second axis.
fn flat_numpy<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    let data_type = value.data_type();
    let code = numpy_code(data_type)
        .ok_or_else(|| PyTypeError::new_err(format!("values of type {data_type} have no NumPy dtype")))?;
    let flat = py.import("numpy")?.getattr("frombuffer")?.call1((PyBytes::new(py, value.raw()), code))?;
    match data_type.vector_length() {
        Some(count) => flat.call_method1("reshape", (-1, count)),
        None => Ok(flat),
    }
}

/// One sample as NumPy has it: a scalar, or an array of the components of a vector.
pub fn numpy_sample<'py>(py: Python<'py>, sample: &Value) -> PyResult<Bound<'py, PyAny>> {
    let one = flat_numpy(py, sample)?.get_item(0)?;
    match sample.data_type().vector_length() {
        Some(_) => one.call_method0("copy"),
        None => Ok(one),
    }
}

/// The bytes of Python's numbers as samples of a type.
pub fn sample_bytes<'py>(name: &str, given: &Bound<'py, PyAny>, data_type: Type) -> PyResult<Bound<'py, PyBytes>> {
    refuse_mask(name, given)?;
    let code = numpy_code(data_type)
        .ok_or_else(|| PyTypeError::new_err(format!("{name}: numbers cannot be made of type {data_type}")))?;
    let samples = given.py().import("iolink._samples")?;
    let bytes = samples.getattr("as_bytes")?.call1((name, given, code, data_type.vector_length()))?;
    Ok(bytes.cast_into()?)
}

/// One Python number of a plain scalar type, where it fits; the rest is for NumPy to judge.
fn plain_number(given: &Bound<'_, PyAny>, wanted: Type) -> PyResult<Option<Value>> {
    macro_rules! fitting {
        ($wide:ty, $number:ty) => {
            given.extract::<$wide>().ok().and_then(|wide| <$number>::try_from(wide).ok()).map(Value::from)
        };
    }
    if given.is_exact_instance_of::<PyInt>() {
        return Ok(match wanted {
            Type::UINT8 => fitting!(u64, u8),
            Type::UINT16 => fitting!(u64, u16),
            Type::UINT32 => fitting!(u64, u32),
            Type::UINT64 => fitting!(u64, u64),
            Type::INT8 => fitting!(i64, i8),
            Type::INT16 => fitting!(i64, i16),
            Type::INT32 => fitting!(i64, i32),
            Type::INT64 => fitting!(i64, i64),
            _ => None,
        });
    }
    Ok(match wanted {
        Type::DOUBLE if given.is_exact_instance_of::<PyFloat>() => Some(Value::from(given.extract::<f64>()?)),
        _ => None,
    })
}

/// A value in the shape of what it was made of: an empty shape for a single one. The last dimension of vectors is theirs.
fn shaped(value: Value, given: &Bound<'_, PyAny>) -> PyResult<Value> {
    let shape = given.py().import("numpy")?.getattr("shape")?.call1((given,))?;
    let mut shape: Vec<u64> = shape.extract()?;
    if value.data_type().vector_length().is_some() {
        shape.pop();
    }
    // Samples are made of arrays that are larger than they seem, such as a vector of one component.
    let count = shape.iter().try_fold(1u64, |count, size| count.checked_mul(*size));
    match count == Some(value.count() as u64) {
        true => value.with_shape(&shape).or_raise(),
        false => Ok(value),
    }
}

/// A list of strings, or lists of such lists, as a value; `None` for anything else.
fn strings_from(given: &Bound<'_, PyAny>) -> PyResult<Option<Value>> {
    if !given.is_instance_of::<PyList>() && !given.is_instance_of::<PyTuple>() && !given.hasattr("dtype")? {
        return Ok(None);
    }
    let numpy = given.py().import("numpy")?;
    let Ok(array) = numpy.getattr("array")?.call1((given, "O")) else { return Ok(None) };
    let items: Vec<Bound<'_, PyAny>> = array.call_method0("ravel")?.call_method0("tolist")?.extract()?;
    if items.is_empty() || !items.iter().all(|item| item.is_instance_of::<PyString>()) {
        return Ok(None);
    }
    let strings = items.iter().map(|item| item.extract::<String>()).collect::<PyResult<Vec<_>>>()?;
    let strings: Vec<&str> = strings.iter().map(String::as_str).collect();
    let shape: Vec<u64> = array.getattr("shape")?.extract()?;
    Value::from(&strings[..]).with_shape(&shape).or_raise().map(Some)
}

/// A Python value as a typed one, in its shape. Where no type is wanted numbers become 64 bits wide, and arrays keep their
/// own.
pub fn from_python(given: &Bound<'_, PyAny>, wanted: Option<Type>) -> PyResult<Value> {
    if let Ok(own) = given.cast::<VariantDataValue>() {
        return match wanted {
            Some(wanted) if wanted != own.get().0.data_type() => {
                from_python(&to_python(given.py(), &own.get().0)?, Some(wanted))
            }
            _ => Ok(own.get().0.clone()),
        };
    }
    if let Ok(text) = given.cast::<PyString>() {
        return match wanted {
            None | Some(Type::UTF8_STRING) => Ok(Value::from(&*text.to_cow()?)),
            Some(wanted) => Err(PyTypeError::new_err(format!("value: a text is a UTF8_STRING, no {wanted}"))),
        };
    }
    if let Ok(bytes) = given.cast::<PyBytes>() {
        let wanted = wanted.ok_or_else(|| PyTypeError::new_err("value: bytes need a type; give dtype= too"))?;
        return Value::from_bytes(wanted, bytes.as_bytes()).or_raise();
    }
    if let (None | Some(Type::UTF8_STRING), Some(strings)) = (wanted, strings_from(given)?) {
        return Ok(strings);
    }
    if let Some(wanted) = wanted {
        if let Some(plain) = plain_number(given, wanted)? {
            return Ok(plain);
        }
        return shaped(Value::from_bytes(wanted, sample_bytes("value", given, wanted)?.as_bytes()).or_raise()?, given);
    }
    if given.is_instance_of::<PyBool>() {
        return Ok(Value::from(given.extract::<bool>()?));
    }
    if given.is_instance_of::<PyInt>() {
        return match given.extract::<i64>() {
            Ok(number) => Ok(Value::from(number)),
            Err(_) => given
                .extract::<u64>()
                .map(Value::from)
                .map_err(|_| PyValueError::new_err(format!("value: {given} is more than 64 bits hold"))),
        };
    }
    if given.is_instance_of::<PyFloat>() {
        return Ok(Value::from(given.extract::<f64>()?));
    }
    refuse_mask("value", given)?;
    let array = given.py().import("numpy")?.getattr("asarray")?.call1((given,))?;
    let dtype = array.getattr("dtype")?;
    let own = from_numpy(&dtype).map_err(|_| {
        PyTypeError::new_err(format!(
            "value: expected a string, a number, or a list of strings or of numbers of one kind, not {}",
            given.get_type()
        ))
    })?;
    shaped(Value::from_bytes(own, sample_bytes("value", &array, own)?.as_bytes()).or_raise()?, &array)
}

/// A typed value: a number or a string, or a list or matrix of either. It does not change.
///
/// >>> value = VariantDataValueFactory.create([1, 2, 3], "UINT8")
/// >>> value
/// VariantDataValue(UINT8, [1, 2, 3])
/// >>> value.type(), value.count(), value.raw()
/// (UINT8, 3, b'\x01\x02\x03')
#[pyclass(frozen, module = "iolink", name = "VariantDataValue")]
pub struct VariantDataValue(pub Value);

#[pymethods]
impl VariantDataValue {
    #[new]
    #[pyo3(signature = (value, dtype = None))]
    fn new(value: &Bound<'_, PyAny>, dtype: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        from_python(value, dtype.map(data_type_from).transpose()?).map(VariantDataValue)
    }

    /// Type of each value.
    #[pyo3(name = "type")]
    fn own_type(&self) -> DataType {
        DataType(self.0.data_type())
    }

    /// Number of values.
    fn count(&self) -> usize {
        self.0.count()
    }

    /// Number of values along each dimension, as NumPy orders them; empty for a single value.
    ///
    /// >>> VariantDataValueFactory.create([[1, 2, 3], [4, 5, 6]]).shape
    /// (2, 3)
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.shape())
    }

    /// The values as they lie in memory, in native byte order.
    fn raw<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.raw())
    }

    /// The value as Python has it.
    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0)
    }

    /// An equal value.
    fn clone(&self) -> Self {
        VariantDataValue(self.0.clone())
    }

    #[pyo3(name = "to_string")]
    fn as_text(&self, py: Python<'_>) -> PyResult<String> {
        self.__repr__(py)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<VariantDataValue>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("VariantDataValue({}, {})", self.0.data_type(), to_python(py, &self.0)?.repr()?))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let make = py.import("iolink._iolink")?.getattr(intern!(py, "_variant_from_pickle"))?;
        (make, (state_of(py, &self.0)?,)).into_pyobject(py)
    }
}

/// A value for a pickle: its type, its strings or bytes, its shape.
pub fn state_of<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyTuple>> {
    let data = match value.strings() {
        Some(strings) => PyList::new(py, strings)?.into_any(),
        None => PyBytes::new(py, value.raw()).into_any(),
    };
    (value.data_type().id(), data, value.shape().to_vec()).into_pyobject(py)
}

/// The value of a pickle.
pub fn from_state(state: &Bound<'_, PyAny>) -> PyResult<Value> {
    let (id, data, shape): (u64, Bound<'_, PyAny>, Vec<u64>) = state.extract()?;
    let data_type = Type::from_id(id).or_raise()?;
    let value = match data.cast::<PyBytes>() {
        Ok(bytes) => Value::from_bytes(data_type, bytes.as_bytes()).or_raise()?,
        Err(_) => {
            let strings: Vec<String> = data.extract()?;
            Value::from(&strings.iter().map(String::as_str).collect::<Vec<_>>()[..])
        }
    };
    value.with_shape(&shape).or_raise()
}

#[pyfunction]
fn _variant_from_pickle(state: &Bound<'_, PyAny>) -> PyResult<VariantDataValue> {
    from_state(state).map(VariantDataValue)
}

/// Makes typed values. Every method is static.
#[pyclass(frozen, module = "iolink")]
pub struct VariantDataValueFactory;

#[pymethods]
impl VariantDataValueFactory {
    /// A value of a type: a text, a number, a sequence of numbers, or the bytes of whole values. Without a type, texts are
    /// UTF8_STRING, numbers INT64 or DOUBLE, and arrays keep their own.
    ///
    /// Raises ValueError for numbers that the type cannot hold, TypeError for what is no such value.
    ///
    /// >>> VariantDataValueFactory.create(2.5)
    /// VariantDataValue(DOUBLE, 2.5)
    #[staticmethod]
    #[pyo3(signature = (value, dtype = None))]
    fn create(value: &Bound<'_, PyAny>, dtype: Option<&Bound<'_, PyAny>>) -> PyResult<VariantDataValue> {
        VariantDataValue::new(value, dtype)
    }
}

/// Turns typed values into Python's and NumPy's. Every method is static.
#[pyclass(frozen, module = "iolink")]
pub struct VariantDataValueConverter;

/// The only item of a list.
fn only<T: Copy>(value: &Value, numbers: Option<Vec<T>>, kind: &str) -> PyResult<T> {
    match numbers.as_deref() {
        Some([one]) => Ok(*one),
        Some(several) => {
            Err(PyValueError::new_err(format!("the value has {} numbers, not one; use to_list", several.len())))
        }
        None => Err(PyTypeError::new_err(format!("a value of type {} is no {kind}", value.data_type()))),
    }
}

#[pymethods]
impl VariantDataValueConverter {
    /// The text of a UTF8_STRING, else the value as it prints.
    #[staticmethod]
    fn to_string(py: Python<'_>, value: &VariantDataValue) -> PyResult<String> {
        Ok(to_python(py, &value.0)?.str()?.to_string())
    }

    /// One integer. ValueError for several numbers, TypeError for another type.
    #[staticmethod]
    fn to_int(value: &VariantDataValue) -> PyResult<i128> {
        only(&value.0, value.0.as_i128(), "integer")
    }

    /// One number as a float. ValueError for several, TypeError for a text.
    #[staticmethod]
    fn to_float(value: &VariantDataValue) -> PyResult<f64> {
        only(&value.0, value.0.as_f64(), "number")
    }

    /// The values as a list, however many there are, of lists for a matrix; a single value is a list of one.
    #[staticmethod]
    fn to_list<'py>(py: Python<'py>, value: &VariantDataValue) -> PyResult<Bound<'py, PyAny>> {
        if value.0.data_type().is_numeric() {
            return to_numpy(py, &value.0)?.call_method0("tolist");
        }
        if !value.0.shape().is_empty() {
            return to_python(py, &value.0);
        }
        Ok(PyList::new(py, [to_python(py, &value.0)?])?.into_any())
    }

    /// The numbers as a read-only array, in the shape of the value.
    #[staticmethod]
    fn to_numpy<'py>(py: Python<'py>, value: &VariantDataValue) -> PyResult<Bound<'py, PyAny>> {
        to_numpy(py, &value.0)
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(_variant_from_pickle, module)?)?;
    module.add_class::<VariantDataValue>()?;
    module.add_class::<VariantDataValueFactory>()?;
    module.add_class::<VariantDataValueConverter>()
}
