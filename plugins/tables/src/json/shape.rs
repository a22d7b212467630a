//! The type of JSON values, found by looking at all of them.

use polars_arrow::datatypes::{ArrowDataType, Field};
use simd_json::tape::Node;
use simd_json::StaticNode;
use std::collections::HashMap;

/// Up to here a float64 holds every integer.
const EXACT: i128 = 1 << 53;
/// Names up to here are found by looking at all of them.
const FEW: usize = 8;

/// What the values of a place have been so far.
#[derive(Debug)]
pub enum Shape {
    /// Missing all of them.
    Nothing,
    Bool,
    /// The smallest and the largest.
    Int(i128, i128),
    /// Floats, and the smallest and largest integer among them.
    Float(i128, i128),
    Text,
    /// Lists, and how many items they have together.
    List(Box<Shape>, u64),
    Record(Record),
}

/// The names of objects and what their values have been.
#[derive(Debug, Default)]
pub struct Record {
    fields: Vec<(String, Shape)>,
    /// Of each field, the last object that had it.
    seen: Vec<u64>,
    /// Where each name is, once there are more than a few.
    places: HashMap<String, usize>,
    objects: u64,
}

impl Record {
    /// The place of a name, which is most often the one expected: objects have their names in one order.
    fn place(&self, name: &str, expected: usize) -> Option<usize> {
        match self.fields.get(expected) {
            Some((known, _)) if known == name => Some(expected),
            _ if self.fields.len() > FEW => self.places.get(name).copied(),
            _ => self.fields.iter().position(|(known, _)| known == name),
        }
    }

    fn push(&mut self, name: String, shape: Shape) -> usize {
        let place = self.fields.len();
        if place == FEW {
            self.places.extend(self.fields.iter().enumerate().map(|(at, (known, _))| (known.clone(), at)));
        }
        if place >= FEW {
            self.places.insert(name.clone(), place);
        }
        self.fields.push((name, shape));
        self.seen.push(0);
        place
    }
}

impl Shape {
    /// Takes a line's value in, which the nodes begin with, and returns how many nodes it takes.
    pub fn add_line(&mut self, nodes: &[Node<'_>]) -> Result<usize, String> {
        match nodes.first() {
            Some(Node::Object { .. }) => self.add(nodes),
            _ => {
                let mut other = Shape::Nothing;
                other.add(nodes)?;
                Err(format!("the line holds {}, not an object", other.word()))
            }
        }
    }

    /// Takes the first value of the nodes in. The recursion is as deep as the text, whose depth is checked before.
    fn add(&mut self, nodes: &[Node<'_>]) -> Result<usize, String> {
        let number = |value: i128| Shape::Int(value, value);
        match nodes.first() {
            None | Some(Node::Static(StaticNode::Null)) => {}
            Some(Node::Static(StaticNode::Bool(_))) => self.merge(Shape::Bool)?,
            Some(Node::Static(StaticNode::I64(value))) => self.merge(number(i128::from(*value)))?,
            Some(Node::Static(StaticNode::U64(value))) => self.merge(number(i128::from(*value)))?,
            Some(Node::Static(StaticNode::I128(value))) => self.merge(number(*value))?,
            Some(Node::Static(StaticNode::U128(value))) => {
                self.merge(number(i128::try_from(*value).unwrap_or(i128::MAX)))?;
            }
            Some(Node::Static(StaticNode::F64(_))) => self.merge(Shape::Float(0, 0))?,
            Some(Node::String(_)) => self.merge(Shape::Text)?,
            Some(Node::Array { len, .. }) => {
                self.merge(Shape::List(Box::new(Shape::Nothing), *len as u64))?;
                let Shape::List(item, _) = self else { return Ok(1) };
                let mut at = 1;
                for _ in 0..*len {
                    at += item.add(&nodes[at..])?;
                }
                return Ok(at);
            }
            Some(Node::Object { len, .. }) => {
                self.merge(Shape::Record(Record::default()))?;
                let Shape::Record(record) = self else { return Ok(1) };
                return record.add(*len, nodes);
            }
        }
        Ok(1)
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
            (Shape::List(item, count), Shape::List(other, more)) => {
                *count += more;
                item.merge(*other)?;
            }
            (Shape::Record(record), Shape::Record(other)) => {
                for (at, (name, other)) in other.fields.into_iter().enumerate() {
                    match record.place(&name, at) {
                        Some(place) => {
                            record.fields[place].1.merge(other).map_err(|why| format!("{name:?}: {why}"))?;
                        }
                        None => drop(record.push(name, other)),
                    }
                }
            }
            (known, other) => return Err(format!("{} among {}", other.word(), known.word())),
        }
        self.check()
    }

    /// Refuses numbers that one type does not hold together.
    fn check(&self) -> Result<(), String> {
        let (signed, unsigned) = (i128::from(i64::MAX), i128::from(u64::MAX));
        match self {
            Shape::Int(least, most)
                if *least < i128::from(i64::MIN) || *most > unsigned || *least < 0 && *most > signed =>
            {
                let large = if *most > signed { most } else { least };
                Err(format!("{large} fits beside the others into no integer of 64 bits"))
            }
            Shape::Float(least, most) if *least < -EXACT || *most > EXACT => {
                let large = if *most > EXACT { most } else { least };
                Err(format!("{large} beside fractions: float64 holds no whole number beyond 2^53 exactly"))
            }
            _ => Ok(()),
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Shape::Nothing => "null",
            Shape::Bool => "booleans",
            Shape::Int(..) | Shape::Float(..) => "numbers",
            Shape::Text => "texts",
            Shape::List(..) => "lists",
            Shape::Record(_) => "objects",
        }
    }

    /// How many values the columns have, those inside objects and lists too, if there are so many at the top: a name that is
    /// not there is a missing value.
    pub fn values(&self, rows: u64) -> u64 {
        match self {
            Shape::List(item, items) => rows.saturating_add(item.values(*items)),
            Shape::Record(record) => {
                let fields = record.fields.iter().map(|(_, shape)| shape.values(rows));
                fields.fold(0, u64::saturating_add)
            }
            _ => rows,
        }
    }

    /// The type of Arrow.
    pub fn arrow(&self) -> ArrowDataType {
        let field = |name: &str, shape: &Shape| Field::new(name.into(), shape.arrow(), true);
        match self {
            // As in CSV: nothing is known of the values, and text can be any.
            Shape::Nothing | Shape::Text => ArrowDataType::Utf8View,
            Shape::Bool => ArrowDataType::Boolean,
            Shape::Int(_, most) if *most > i128::from(i64::MAX) => ArrowDataType::UInt64,
            Shape::Int(..) => ArrowDataType::Int64,
            Shape::Float(..) => ArrowDataType::Float64,
            Shape::List(item, _) => ArrowDataType::LargeList(Box::new(field("", item))),
            Shape::Record(record) => {
                ArrowDataType::Struct(record.fields.iter().map(|(name, shape)| field(name, shape)).collect())
            }
        }
    }
}

impl Record {
    /// Takes an object of so many names in, which the nodes begin with.
    fn add(&mut self, count: usize, nodes: &[Node<'_>]) -> Result<usize, String> {
        self.objects += 1;
        let mut at = 1;
        for expected in 0..count {
            let Some(Node::String(name)) = nodes.get(at) else { return Err("an object without a name".to_owned()) };
            if name.contains('\0') {
                return Err(format!("the name {name:?} has a NUL, which no Arrow column can have"));
            }
            let place = match self.place(name, expected) {
                Some(place) => place,
                None => self.push((*name).to_owned(), Shape::Nothing),
            };
            if self.seen[place] == self.objects {
                return Err(format!("{name:?} is there twice"));
            }
            self.seen[place] = self.objects;
            at += 1;
            at += self.fields[place].1.add(&nodes[at..]).map_err(|why| format!("{name:?}: {why}"))?;
        }
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Result<Shape, String> {
        let mut shape = Shape::Nothing;
        for line in text.lines() {
            let mut bytes = line.as_bytes().to_vec();
            let tape = simd_json::to_tape(&mut bytes).unwrap();
            assert_eq!(shape.add_line(&tape.0)?, tape.0.len());
        }
        Ok(shape)
    }

    #[test]
    fn names_keep_their_order_however_many_they_are() {
        let names: Vec<String> = (0..100).map(|at| format!("\"n{at}\":{at}")).collect();
        let (mut text, mut back) = (format!("{{{}}}\n", names.join(",")), names.clone());
        back.reverse();
        text += &format!("{{{}}}\n", back.join(","));
        let ArrowDataType::Struct(fields) = shape(&text).unwrap().arrow() else { panic!("no struct") };
        assert!(fields.iter().enumerate().all(|(at, field)| field.name == format!("n{at}")));
        assert!(shape(&text.replace("\"n99\"", "\"n7\"")).unwrap_err().contains("\"n7\" is there twice"));
    }

    #[test]
    fn values_are_counted_in_lists_and_objects() {
        assert_eq!(shape("{\"a\":1}\n{\"b\":2}\n").unwrap().values(2), 4);
        // Two lists, and three items of two names each.
        assert_eq!(shape("{\"a\":[{\"x\":1},{\"y\":1}]}\n{\"a\":[null]}\n").unwrap().values(2), 2 + 3 * 2);
    }
}
