//! The type of JSON values, found by looking at all of them.

use polars_arrow::datatypes::{ArrowDataType, Field};
use simd_json::{BorrowedValue, StaticNode};

/// Up to here a float64 holds every whole number.
const EXACT: i128 = 1 << 53;
/// Objects and lists deeper than this are refused.
const DEEPEST: usize = 64;

/// What the values of a place have been so far.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Missing all of them.
    Nothing,
    Bool,
    /// The smallest and the largest.
    Int(i128, i128),
    /// Floats, and the smallest and largest whole number among them.
    Float(i128, i128),
    Text,
    List(Box<Shape>),
    Record(Vec<(String, Shape)>),
}

impl Shape {
    /// Takes a line's value in.
    pub fn add_line(&mut self, value: &BorrowedValue<'_>) -> Result<(), String> {
        match value {
            BorrowedValue::Object(_) => self.merge(Shape::of(value, 0)?),
            other => Err(format!("the line holds {}, not an object", Shape::of(other, 0)?.word())),
        }
    }

    fn of(value: &BorrowedValue<'_>, depth: usize) -> Result<Shape, String> {
        if depth > DEEPEST {
            return Err(format!("objects and lists lie more than {DEEPEST} deep in each other"));
        }
        let whole = |value: i128| Ok(Shape::Int(value, value));
        match value {
            BorrowedValue::Static(StaticNode::Null) => Ok(Shape::Nothing),
            BorrowedValue::Static(StaticNode::Bool(_)) => Ok(Shape::Bool),
            BorrowedValue::Static(StaticNode::I64(value)) => whole(i128::from(*value)),
            BorrowedValue::Static(StaticNode::U64(value)) => whole(i128::from(*value)),
            BorrowedValue::Static(StaticNode::I128(value)) => whole(*value),
            BorrowedValue::Static(StaticNode::U128(value)) => whole(i128::try_from(*value).unwrap_or(i128::MAX)),
            BorrowedValue::Static(StaticNode::F64(_)) => Ok(Shape::Float(0, 0)),
            BorrowedValue::String(_) => Ok(Shape::Text),
            BorrowedValue::Array(values) => {
                let mut item = Shape::Nothing;
                for value in values.iter() {
                    item.merge(Shape::of(value, depth + 1)?)?;
                }
                Ok(Shape::List(Box::new(item)))
            }
            BorrowedValue::Object(fields) => {
                let mut record: Vec<(String, Shape)> = Vec::with_capacity(fields.len());
                for (name, value) in fields.iter() {
                    if name.contains('\0') {
                        return Err(format!("the name {name:?} has a NUL, which no Arrow column can have"));
                    }
                    if record.iter().any(|(known, _)| known == name) {
                        return Err(format!("{name:?} is there twice"));
                    }
                    let shape = Shape::of(value, depth + 1).map_err(|why| format!("{name:?}: {why}"))?;
                    record.push((name.to_string(), shape));
                }
                Ok(Shape::Record(record))
            }
        }
    }

    /// Takes another place's values in.
    pub fn merge(&mut self, other: Shape) -> Result<(), String> {
        match (&mut *self, other) {
            (_, Shape::Nothing) => {}
            (Shape::Nothing, other) => *self = other,
            (Shape::Bool, Shape::Bool) | (Shape::Text, Shape::Text) => {}
            (Shape::Int(least, most), Shape::Int(low, high)) | (Shape::Float(least, most), Shape::Int(low, high)) => {
                (*least, *most) = ((*least).min(low), (*most).max(high));
            }
            (Shape::Float(least, most), Shape::Float(low, high)) => {
                (*least, *most) = ((*least).min(low), (*most).max(high));
            }
            (Shape::Int(least, most), Shape::Float(low, high)) => {
                *self = Shape::Float((*least).min(low), (*most).max(high));
            }
            (Shape::List(item), Shape::List(other)) => item.merge(*other)?,
            (Shape::Record(fields), Shape::Record(others)) => {
                for (at, (name, other)) in others.into_iter().enumerate() {
                    // Most lines have the same names in the same order.
                    let place = match fields.get(at) {
                        Some((known, _)) if *known == name => Some(at),
                        _ => fields.iter().position(|(known, _)| *known == name),
                    };
                    match place {
                        Some(place) => fields[place].1.merge(other).map_err(|why| format!("{name:?}: {why}"))?,
                        None => fields.push((name, other)),
                    }
                }
            }
            (known, other) => return Err(format!("{} among {}", other.word(), known.word())),
        }
        Ok(())
    }

    fn word(&self) -> &'static str {
        match self {
            Shape::Nothing => "null",
            Shape::Bool => "booleans",
            Shape::Int(..) | Shape::Float(..) => "numbers",
            Shape::Text => "texts",
            Shape::List(_) => "lists",
            Shape::Record(_) => "objects",
        }
    }

    /// The type of Arrow.
    pub fn arrow(&self) -> Result<ArrowDataType, String> {
        let field = |name: &str, shape: &Shape| -> Result<Field, String> {
            let dtype = shape.arrow().map_err(|why| if name.is_empty() { why } else { format!("{name:?}: {why}") })?;
            Ok(Field::new(name.into(), dtype, true))
        };
        Ok(match self {
            // As in CSV: nothing is known of the values, and text can be any.
            Shape::Nothing => ArrowDataType::Utf8View,
            Shape::Bool => ArrowDataType::Boolean,
            Shape::Int(least, most) if *least >= i128::from(i64::MIN) && *most <= i128::from(i64::MAX) => {
                ArrowDataType::Int64
            }
            Shape::Int(least, most) if *least >= 0 && *most <= i128::from(u64::MAX) => ArrowDataType::UInt64,
            Shape::Int(least, most) => {
                let large = if *most > i128::from(i64::MAX) { most } else { least };
                return Err(format!("{large} fits beside the others into no integer of 64 bits"));
            }
            Shape::Float(least, most) if *least < -EXACT || *most > EXACT => {
                let large = if *most > EXACT { most } else { least };
                return Err(format!("{large} beside fractions: float64 holds no whole number beyond 2^53 exactly"));
            }
            Shape::Float(..) => ArrowDataType::Float64,
            Shape::Text => ArrowDataType::Utf8View,
            Shape::List(item) => ArrowDataType::LargeList(Box::new(field("", item)?)),
            Shape::Record(fields) => {
                let fields = fields.iter().map(|(name, shape)| field(name, shape));
                ArrowDataType::Struct(fields.collect::<Result<_, _>>()?)
            }
        })
    }
}
