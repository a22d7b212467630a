//! `iolink copy`: what a file holds, written into another.
//!
//! | OUT ends with | what is written |
//! |---|---|
//! | `.npy` | an image, as NumPy reads it |
//! | `.raw` | an image's samples alone, first axis fastest, in this machine's byte order; its shape is in the answer |
//! | an ending that a provider saves | a table or an image in that format: `iolink plugins` lists what is saved |
//! | anything else | the bytes of a stream or of random access |
//!
//! An image goes slab by slab, so that it need not fit into memory. OUT appears when it is whole, or not at all.

use crate::progress::Progress;
use crate::{arguments, info, npy, place, say, say_json, Ended};
use clap::ArgMatches;
use iolink_sdk::{fail, BlockMut, Call, Error, ImageView, RandomAccess, Region, Result, StreamAccess, View};
use serde_json::{json, Value};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Bytes of one slab, unless one step along the slowest axis takes more.
const SLAB: u64 = 8 << 20;

pub fn run(given: &ArgMatches) -> Ended {
    let out = arguments::path(given, "out");
    if out.exists() && !given.get_flag("force") {
        return Err(format!("{} exists; --force replaces it", out.display()));
    }
    let opened = info::open(&place::registry(), given)?;
    let progress = Progress::new(given.get_flag("quiet"));
    let told = write(opened.view, given, &out, &progress).map_err(|error| error.to_string())?;
    drop(progress);
    if given.get_flag("json") {
        say_json(&told);
    } else {
        say(format_args!("{}: {}", out.display(), told["wrote"].as_str().unwrap_or_default()));
    }
    Ok(true)
}

fn write(view: View, given: &ArgMatches, out: &Path, progress: &Progress) -> Result<Value> {
    let ending = out.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match view {
        View::Stream(stream) => whole(out, |file| from_stream(&*stream, file, progress)),
        View::RandomAccess(access) => whole(out, |file| from_bytes(&access, file, progress)),
        View::MultiImage(set) => match given.get_one::<u64>("frame") {
            Some(index) => write(set.frame(*index)?, given, out, progress),
            None => fail!(InvalidArgument, "there are {} images in it; name one with --frame", set.frame_count()?),
        },
        View::LodImage(pyramid) => {
            let level = given.get_one::<i64>("level").copied().unwrap_or(0);
            write_image(pyramid.resolution(level)?, &ending, out, progress)
        }
        View::Image(image) => write_image(image, &ending, out, progress),
        other => saved(other, out),
    }
}

/// Written by a provider that saves such a view in the format that OUT ends with.
fn saved(view: View, out: &Path) -> Result<Value> {
    let kind = view.kind().word();
    let provider = place::registry().save(view, iolink_host::source::from_path(out)?, None)?;
    Ok(json!({"wrote": format!("a {kind} by {provider}"), "provider": provider}))
}

/// Writes beside OUT and puts it in its place when it is whole.
fn whole(out: &Path, body: impl FnOnce(&mut File) -> Result<Value>) -> Result<Value> {
    let failed = |error: std::io::Error| Error::io(&format!("{} cannot be written", out.display()), &error);
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = out.with_file_name(name);
    let mut file = File::create(&part).map_err(failed)?;
    let written = body(&mut file).and_then(|told| {
        file.sync_all().and_then(|()| std::fs::rename(&part, out)).map_err(failed)?;
        Ok(told)
    });
    if written.is_err() {
        // What is left of it would only mislead.
        let _ = std::fs::remove_file(&part);
    }
    written
}

fn put(file: &mut File, bytes: &[u8]) -> Result<()> {
    file.write_all(bytes).map_err(|error| Error::io("the copy cannot be written", &error))
}

fn from_stream(stream: &dyn StreamAccess, file: &mut File, progress: &Progress) -> Result<Value> {
    let (mut piece, mut done) = (vec![0; 1 << 20], 0);
    let total = stream.length().unwrap_or(0);
    loop {
        match stream.read(&mut piece)? {
            0 => return Ok(json!({"wrote": format!("{done} bytes"), "bytes": done})),
            count => {
                put(file, &piece[..count])?;
                done += count as u64;
                progress.show(done, total.max(done));
            }
        }
    }
}

fn from_bytes(access: &Arc<dyn RandomAccess>, file: &mut File, progress: &Progress) -> Result<Value> {
    let (total, mut done) = (access.length()?, 0);
    let mut piece = vec![0; (1 << 20).min(total as usize)];
    while done < total {
        let count = (total - done).min(piece.len() as u64) as usize;
        access.read_exact_at(done, &mut piece[..count])?;
        put(file, &piece[..count])?;
        done += count as u64;
        progress.show(done, total);
    }
    Ok(json!({"wrote": format!("{total} bytes"), "bytes": total}))
}

fn write_image(image: Arc<dyn ImageView>, ending: &str, out: &Path, progress: &Progress) -> Result<Value> {
    let (shape, data_type, properties) = (image.shape(), image.data_type(), image.properties());
    let (order, header, shown) = match ending {
        "npy" => {
            let array = npy::array(&shape, data_type, &properties)?;
            (array.order, array.header, array.shape)
        }
        "raw" => ((0..shape.len()).rev().collect(), Vec::new(), shape.to_vec()),
        _ => {
            return saved(View::Image(image), out)
                .map_err(|error| error.context("end the name with .npy (NumPy) or .raw (samples alone), or"))
        }
    };
    whole(out, |file| {
        put(file, &header)?;
        slabs(&*image, &order, file, progress)?;
        let sizes = shown.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ");
        Ok(json!({
            "wrote": format!("{sizes} of {data_type}"),
            "shape": shown,
            "data_type": data_type.to_string(),
            "byte_order": if cfg!(target_endian = "little") { "little" } else { "big" },
            "first_axis_fastest": ending == "raw",
        }))
    })
}

/// Writes the samples with the axes in `order`, slowest first.
fn slabs(image: &dyn ImageView, order: &[usize], file: &mut File, progress: &Progress) -> Result<()> {
    let (shape, sample) = (image.shape(), image.data_type().byte_count() as u64);
    let total = iolink_sdk::Limits::default().image_bytes(&shape, image.data_type())? as u64;
    if total == 0 {
        return Ok(());
    }
    // One step along the slowest axis whose steps are no larger than a slab; the slower ones are walked.
    let bytes = |from: usize| order[from..].iter().map(|axis| shape[*axis]).product::<u64>() * sample;
    let cut = (0..order.len()).find(|place| bytes(place + 1) <= SLAB).unwrap_or(order.len());
    let steps = order.get(cut).map_or(1, |axis| (SLAB / bytes(cut + 1).max(1)).clamp(1, shape[*axis]));
    let walked: u64 = order[..cut].iter().map(|axis| shape[*axis]).product();
    let (mut buffer, mut done) = (Vec::new(), 0);
    for place in 0..walked {
        let mut region = Region::full(&shape);
        let mut rest = place;
        for axis in order[..cut].iter().rev() {
            (region.origin[*axis], region.size[*axis]) = (rest % shape[*axis], 1);
            rest /= shape[*axis];
        }
        let along = order.get(cut).copied();
        let mut first = 0;
        while first < along.map_or(1, |axis| shape[axis]) {
            if let Some(axis) = along {
                (region.origin[axis], region.size[axis]) = (first, steps.min(shape[axis] - first));
            }
            first += steps;
            let strides = region.size.dense_strides(sample as usize, order.iter().rev().copied());
            buffer.resize(region.element_count().unwrap_or(0) as usize * sample as usize, 0);
            let mut block = BlockMut::with_strides(&mut buffer, 0, &region.size, &strides, image.data_type())?;
            image.read_region(&region, &mut block, &Call::silent())?;
            put(file, &buffer)?;
            done += buffer.len() as u64;
            progress.show(done, total);
        }
    }
    Ok(())
}
