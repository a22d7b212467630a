//! `iolink info`: what a file is.

use crate::{arguments, place, plugins, say, say_json, Ended};
use clap::ArgMatches;
use iolink_host::{Opened, Registry};
use iolink_sdk::{DataFrameView, ImageView, MetadataNode, View};
use serde_json::{json, Map, Value};

/// Lines of metadata that are shown to people.
const LINES: usize = 40;

pub fn run(given: &ArgMatches) -> Ended {
    let registry = place::registry();
    let opened = open(&registry, given)?;
    let mut facts = facts(&opened)?;
    let options = registry.options(&opened.provider);
    if given.get_flag("json") {
        facts.insert("options".to_owned(), options.iter().map(plugins::option_json).collect());
        say_json(&Value::Object(facts));
        return Ok(true);
    }
    facts.insert("options".to_owned(), options.iter().map(ToString::to_string).collect());
    let width = facts.keys().map(|key| key.len()).max().unwrap_or(0);
    for (key, value) in facts.iter().filter(|(key, _)| *key != "metadata") {
        say(format_args!("{key:<width$}  {}", words(value)));
    }
    if let View::Image(image) = &opened.view {
        tell_tree(&image.metadata())?;
    }
    Ok(true)
}

/// Opens what the command line names.
pub fn open(registry: &Registry, given: &ArgMatches) -> Result<Opened, String> {
    let source = arguments::source(given)?;
    registry.open(source, arguments::provider(given)).map_err(|error| error.to_string())
}

fn facts(opened: &Opened) -> Result<Map<String, Value>, String> {
    let mut facts = Map::new();
    let mut put = |key: &str, value: Value| facts.insert(key.to_owned(), value);
    let (view, kind) = (&opened.view, opened.view.kind());
    put("kind", json!(kind.word()));
    put("provider", json!(opened.provider));
    put("origin", json!(view.origin()));
    put("capabilities", json!(kind.capability_names(view.capability_bits())));
    match view {
        View::Image(image) => of_image(&**image, &mut put)?,
        View::MultiImage(set) => {
            let words = |error: iolink_sdk::Error| error.to_string();
            let count = set.frame_count().map_err(words)?;
            put("frames", json!(count));
            let names: Result<Vec<_>, _> = (0..count).map(|index| set.frame_name(index)).collect();
            let names = names.map_err(words)?;
            if names.iter().any(Option::is_some) {
                put("names", json!(names));
            }
            if count > 0 {
                match set.frame(0).map_err(words)? {
                    View::Image(first) => of_image(&*first, &mut put)?,
                    View::LodImage(pyramid) => of_image(&*pyramid.resolution(0).map_err(words)?, &mut put)?,
                    _ => {}
                }
            }
        }
        View::LodImage(pyramid) => {
            put("levels", json!([pyramid.level_range().start(), pyramid.level_range().end()]));
            let original = pyramid.resolution(0).map_err(|error| error.to_string())?;
            of_image(&*original, &mut put)?;
        }
        View::DataFrame(frame) => of_frame(&**frame, &mut put)?,
        View::Stream(stream) => {
            put("bytes", json!(stream.length().ok()));
        }
        View::RandomAccess(access) => {
            put("bytes", json!(access.length().ok()));
        }
        View::Store(_) | View::Extension(_) => {}
    }
    Ok(facts)
}

fn of_image(image: &dyn ImageView, put: &mut impl FnMut(&str, Value) -> Option<Value>) -> Result<(), String> {
    let (shape, properties) = (image.shape(), image.properties());
    let properties = properties.fitted(shape.len()).map_err(|error| error.to_string())?;
    let axis = |index: usize| properties.axis(index).map_or("-", |axis| axis.name());
    put("shape", json!(shape.to_vec()));
    put("axes", json!((0..shape.len()).map(axis).collect::<Vec<_>>()));
    put("data type", json!(image.data_type().to_string()));
    let bytes = shape.element_count().and_then(|count| count.checked_mul(image.data_type().byte_count() as u64));
    put("bytes", json!(bytes));
    put("spacing", json!(properties.axes.iter().map(|axis| axis.spacing).collect::<Vec<_>>()));
    put("origin of axes", json!(properties.axes.iter().map(|axis| axis.origin).collect::<Vec<_>>()));
    put("unit", json!(properties.axes.iter().map(|axis| axis.unit.clone()).collect::<Vec<_>>()));
    let scale = &properties.value_scale;
    if !scale.is_identity() {
        put("values", json!(format!("{} * stored + {} {}", scale.slope, scale.intercept, scale.unit).trim_end()));
    }
    let tree = image.metadata().to_json();
    put("metadata", serde_json::from_str(&tree).unwrap_or(Value::String(tree)));
    Ok(())
}

fn of_frame(frame: &dyn DataFrameView, put: &mut impl FnMut(&str, Value) -> Option<Value>) -> Result<(), String> {
    let (columns, rows) = frame.shape().map_err(|error| error.to_string())?;
    put("rows", json!(rows));
    put("columns", json!(columns));
    let schema = frame.schema().and_then(|schema| iolink_sdk::columns(&schema)).map_err(|error| error.to_string())?;
    let named = schema.into_iter().map(|(name, format)| json!([name, format]));
    put("column types", Value::Array(named.collect()));
    Ok(())
}

/// A fact in words: lists with commas, nothing as a dash.
fn words(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "-".to_owned(),
        Value::Array(list) => list.iter().map(words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn tell_tree(tree: &MetadataNode) -> Result<(), String> {
    let mut lines = Vec::new();
    tree.walk(&mut |path, node| {
        let value = node.value().map(|value| match (value.as_str(), value.as_f64()) {
            (Some(text), _) => text.to_owned(),
            (None, Some(numbers)) => numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(", "),
            (None, None) => format!("{} values of {}", value.count(), value.data_type()),
        });
        lines.extend(value.map(|value| format!("{path} = {value}")));
        Ok(())
    })
    .map_err(|error| error.to_string())?;
    if !lines.is_empty() {
        say("metadata");
    }
    for line in lines.iter().take(LINES) {
        say(format_args!("  {line}"));
    }
    if lines.len() > LINES {
        say(format_args!("  ... {} more; --json has all", lines.len() - LINES));
    }
    Ok(())
}
