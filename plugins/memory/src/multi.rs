//! A set of images in memory.

use iolink_sdk::{fail, ImageView, MultiImageCapability, MultiImageView, Result};
use std::sync::{Arc, PoisonError, RwLock};

/// Images in order, which need not be alike. The frames themselves may lie anywhere.
#[derive(Default)]
pub struct MemoryMultiImage {
    frames: RwLock<Vec<Arc<dyn ImageView>>>,
}

impl MemoryMultiImage {
    fn change<R>(&self, change: impl FnOnce(&mut Vec<Arc<dyn ImageView>>) -> Result<R>) -> Result<R> {
        change(&mut self.frames.write().unwrap_or_else(PoisonError::into_inner))
    }
}

fn no_frame<T>(index: u64, count: usize) -> Result<T> {
    fail!(OutOfRange, "there is no frame {index}; the multi-image has {count}, counted from 0")
}

impl MultiImageView for MemoryMultiImage {
    fn capabilities(&self) -> MultiImageCapability {
        MultiImageCapability::READ | MultiImageCapability::WRITE
    }

    fn frame_count(&self) -> u64 {
        self.frames.read().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    fn frame(&self, index: u64) -> Result<Arc<dyn ImageView>> {
        let frames = self.frames.read().unwrap_or_else(PoisonError::into_inner);
        match usize::try_from(index).ok().and_then(|at| frames.get(at)) {
            Some(frame) => Ok(frame.clone()),
            None => no_frame(index, frames.len()),
        }
    }

    fn insert(&self, index: u64, frame: Arc<dyn ImageView>) -> Result<()> {
        self.change(|frames| {
            if index > frames.len() as u64 {
                return no_frame(index, frames.len());
            }
            frames.insert(index as usize, frame);
            Ok(())
        })
    }

    fn replace(&self, index: u64, frame: Arc<dyn ImageView>) -> Result<()> {
        self.change(|frames| {
            if index >= frames.len() as u64 {
                return no_frame(index, frames.len());
            }
            frames[index as usize] = frame;
            Ok(())
        })
    }

    fn remove(&self, index: u64) -> Result<()> {
        // The frame may be the last reference to much: it is dropped when the lock is free again.
        let _removed = self.change(|frames| {
            if index >= frames.len() as u64 {
                return no_frame(index, frames.len());
            }
            Ok(frames.remove(index as usize))
        })?;
        Ok(())
    }
}
