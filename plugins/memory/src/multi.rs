//! A set of images in memory.

use iolink_sdk::view::check_frame;
use iolink_sdk::{fail, MetadataNode, MultiImageCapability, MultiImageView, Result, View};
use std::sync::{Arc, PoisonError, RwLock};

/// Frames in order, which need not be alike. The frames themselves may lie anywhere.
#[derive(Default)]
pub struct MemoryMultiImage {
    frames: RwLock<Vec<Frame>>,
    metadata: Arc<MetadataNode>,
}

#[derive(Clone)]
struct Frame {
    view: View,
    name: Option<String>,
}

impl MemoryMultiImage {
    /// A set without frames, with a metadata tree.
    pub fn with_metadata(metadata: MetadataNode) -> Self {
        MemoryMultiImage { metadata: Arc::new(metadata), ..MemoryMultiImage::default() }
    }

    fn change<R>(&self, change: impl FnOnce(&mut Vec<Frame>) -> Result<R>) -> Result<R> {
        change(&mut self.frames.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn get(&self, index: u64) -> Result<Frame> {
        let frames = self.frames.read().unwrap_or_else(PoisonError::into_inner);
        match usize::try_from(index).ok().and_then(|at| frames.get(at)) {
            Some(frame) => Ok(frame.clone()),
            None => no_frame(index, frames.len()),
        }
    }
}

fn no_frame<T>(index: u64, count: usize) -> Result<T> {
    fail!(OutOfRange, "there is no frame {index}; the multi-image has {count}, counted from 0")
}

impl MultiImageView for MemoryMultiImage {
    fn capabilities(&self) -> MultiImageCapability {
        MultiImageCapability::READ | MultiImageCapability::WRITE
    }

    fn frame_count(&self) -> Result<u64> {
        Ok(self.frames.read().unwrap_or_else(PoisonError::into_inner).len() as u64)
    }

    fn frame(&self, index: u64) -> Result<View> {
        Ok(self.get(index)?.view)
    }

    fn frame_name(&self, index: u64) -> Result<Option<String>> {
        Ok(self.get(index)?.name)
    }

    fn insert(&self, index: u64, frame: View, name: Option<&str>) -> Result<()> {
        check_frame(&frame)?;
        self.change(|frames| {
            if index > frames.len() as u64 {
                return no_frame(index, frames.len());
            }
            if let Some(name) = name.filter(|name| frames.iter().any(|known| known.name.as_deref() == Some(name))) {
                fail!(InvalidArgument, "the multi-image has a frame {name:?} already; give another name");
            }
            frames.insert(index as usize, Frame { view: frame, name: name.map(str::to_owned) });
            Ok(())
        })
    }

    fn replace(&self, index: u64, frame: View) -> Result<()> {
        check_frame(&frame)?;
        // The frame may be the last reference to much: it is dropped when the lock is free again.
        let _replaced = self.change(|frames| {
            if index >= frames.len() as u64 {
                return no_frame(index, frames.len());
            }
            Ok(std::mem::replace(&mut frames[index as usize].view, frame))
        })?;
        Ok(())
    }

    fn remove(&self, index: u64) -> Result<()> {
        // As in `replace`.
        let _removed = self.change(|frames| {
            if index >= frames.len() as u64 {
                return no_frame(index, frames.len());
            }
            Ok(frames.remove(index as usize))
        })?;
        Ok(())
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.metadata.clone()
    }
}
