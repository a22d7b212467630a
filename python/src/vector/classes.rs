//! The classes: a name, what a component can be, and how many there are.

use super::numbers::{Element, Numbers};
use super::Vector;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

macro_rules! whole {
    ($number:ty) => {
        Element::Whole(<$number>::MIN as i128, <$number>::MAX as i128)
    };
}

macro_rules! classes {
    ($($class:ident, $element:expr, $length:expr;)*) => {
        /// Which class a vector is of.
        #[derive(Clone, Copy, PartialEq)]
        pub enum Class {
            $($class,)*
        }

        impl Class {
            const ALL: &'static [(Class, &'static str, Element, Option<usize>)] =
                &[$((Class::$class, stringify!($class), $element, $length),)*];

            /// A vector of this class.
            pub fn make<'py>(self, py: Python<'py>, numbers: Numbers) -> PyResult<Bound<'py, PyAny>> {
                let base = PyClassInitializer::from(Vector { class: self, numbers });
                match self {
                    $(Class::$class => Ok(Bound::new(py, base.add_subclass(leaf::$class))?.into_any()),)*
                }
            }
        }

        /// What Python sees as the classes.
        mod leaf {
            use super::*;
            $(
                #[pyclass(extends = Vector, frozen, sequence, module = "iolink")]
                pub struct $class;

                #[pymethods]
                impl $class {
                    #[new]
                    #[pyo3(signature = (*components))]
                    fn new(components: &Bound<'_, PyTuple>) -> PyResult<PyClassInitializer<Self>> {
                        Ok(PyClassInitializer::from(Class::$class.parse(components)?).add_subclass($class))
                    }
                }
            )*
        }

        pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
            $(module.add_class::<leaf::$class>()?;)*
            Ok(())
        }
    };
}

classes! {
    VectorXu8, whole!(u8), None;
    VectorXu16, whole!(u16), None;
    VectorXu32, whole!(u32), None;
    VectorXu64, whole!(u64), None;
    VectorXi8, whole!(i8), None;
    VectorXi16, whole!(i16), None;
    VectorXi32, whole!(i32), None;
    VectorXi64, whole!(i64), None;
    VectorXf, Element::Single, None;
    VectorXd, Element::Double, None;
    Vector2u8, whole!(u8), Some(2);
    Vector2u16, whole!(u16), Some(2);
    Vector2u32, whole!(u32), Some(2);
    Vector2u64, whole!(u64), Some(2);
    Vector2i8, whole!(i8), Some(2);
    Vector2i16, whole!(i16), Some(2);
    Vector2i32, whole!(i32), Some(2);
    Vector2i64, whole!(i64), Some(2);
    Vector2f, Element::Single, Some(2);
    Vector2d, Element::Double, Some(2);
    Vector3u8, whole!(u8), Some(3);
    Vector3u16, whole!(u16), Some(3);
    Vector3u32, whole!(u32), Some(3);
    Vector3u64, whole!(u64), Some(3);
    Vector3i8, whole!(i8), Some(3);
    Vector3i16, whole!(i16), Some(3);
    Vector3i32, whole!(i32), Some(3);
    Vector3i64, whole!(i64), Some(3);
    Vector3f, Element::Single, Some(3);
    Vector3d, Element::Double, Some(3);
    Vector4u8, whole!(u8), Some(4);
    Vector4u16, whole!(u16), Some(4);
    Vector4u32, whole!(u32), Some(4);
    Vector4u64, whole!(u64), Some(4);
    Vector4i8, whole!(i8), Some(4);
    Vector4i16, whole!(i16), Some(4);
    Vector4i32, whole!(i32), Some(4);
    Vector4i64, whole!(i64), Some(4);
    Vector4f, Element::Single, Some(4);
    Vector4d, Element::Double, Some(4);
}

impl Class {
    fn row(self) -> &'static (Class, &'static str, Element, Option<usize>) {
        &Class::ALL[self as usize]
    }

    pub fn name(self) -> &'static str {
        self.row().1
    }

    pub fn element(self) -> Element {
        self.row().2
    }

    /// The class of doubles with as many components.
    pub fn doubles(self) -> Class {
        let own = self.row().3;
        Class::ALL.iter().find(|row| row.2 == Element::Double && row.3 == own).map_or(Class::VectorXd, |row| row.0)
    }

    /// A vector from the components, one by one or as one sequence.
    fn parse(self, components: &Bound<'_, PyTuple>) -> PyResult<Vector> {
        let given = match components.len() {
            1 if components.get_item(0)?.try_iter().is_ok() => components.get_item(0)?,
            _ => components.clone().into_any(),
        };
        let (class, name, element, length) = *self.row();
        let numbers = Numbers::parse(element, name, &given)?;
        match length {
            Some(length) if length != numbers.len() => {
                Err(PyValueError::new_err(format!("{name} has {length} components, not {}", numbers.len())))
            }
            _ => Ok(Vector { class, numbers }),
        }
    }
}

/// Vectors that functions here return.
macro_rules! returned {
    ($($class:ident, $number:ty, $kind:ident, $wide:ty;)*) => {$(
        pub struct $class(Vec<$number>);

        impl $class {
            pub fn from_values(values: Vec<$number>) -> Self {
                $class(values)
            }
        }

        impl<'py> IntoPyObject<'py> for $class {
            type Target = PyAny;
            type Output = Bound<'py, PyAny>;
            type Error = PyErr;

            fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                Class::$class.make(py, Numbers::$kind(self.0.into_iter().map(<$wide>::from).collect()))
            }
        }
    )*};
}

returned! {
    VectorXu64, u64, Whole, i128;
    VectorXi64, i64, Whole, i128;
    VectorXd, f64, Real, f64;
    Vector2u64, u64, Whole, i128;
    Vector2i64, i64, Whole, i128;
    Vector2d, f64, Real, f64;
    Vector3d, f64, Real, f64;
}
