//! The one view behind all adapters that change values: one factor, one offset, another type.

use super::mapped::part_of;
use super::own::{opened, Adapter};
use super::slabs::{relative, Parts, Room, Slabs, BUDGET};
use super::{adapters_over, by_memory, check_block, mapped, numbers, require, restrict_capabilities, service, Image};
use iolink_sdk::{
    fail, Block, BlockMut, Call, DataType, ImageCapability, ImageProperties, ImageView, IndexMap, Limits, MetadataNode,
    Region, Result, Shape, ValueScale, View,
};
use std::sync::Arc;

/// `value = stored * factor + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Linear {
    pub(super) factor: f64,
    pub(super) offset: f64,
}

impl Linear {
    pub(super) const IDENTITY: Linear = Linear { factor: 1.0, offset: 0.0 };

    /// The line that leads one range onto another.
    ///
    /// # Errors
    /// `InvalidArgument` for a range that is a point, or not finite.
    pub(super) fn between(from: (f64, f64), to: (f64, f64)) -> Result<Linear> {
        for (what, range) in [("input", from), ("output", to)] {
            let width = range.1 - range.0;
            if !width.is_finite() || width == 0.0 {
                fail!(InvalidArgument, "the {what} range {} to {} is no range of values", range.0, range.1);
            }
        }
        if from == to {
            return Ok(Linear::IDENTITY);
        }
        let factor = (to.1 - to.0) / (from.1 - from.0);
        Linear { factor, offset: to.0 - from.0 * factor }.checked()
    }

    /// The value that this makes of a stored one.
    pub(super) fn of(&self, stored: f64) -> f64 {
        stored * self.factor + self.offset
    }

    /// First this, then `next`. What differs from the identity by rounding only is the identity.
    pub(super) fn then(&self, next: &Linear) -> Result<Linear> {
        let out = Linear { factor: self.factor * next.factor, offset: self.offset * next.factor + next.offset };
        let rounding = 4.0 * f64::EPSILON;
        if (out.factor - 1.0).abs() <= rounding && out.offset.abs() <= rounding * next.offset.abs() {
            return Ok(Linear::IDENTITY);
        }
        out.checked()
    }

    /// The way back.
    pub(super) fn inverse(&self) -> Linear {
        if *self == Linear::IDENTITY {
            return *self;
        }
        Linear { factor: 1.0 / self.factor, offset: 0.0 - self.offset / self.factor }
    }

    /// Refuses a line that loses all values or leads beyond numbers.
    pub(super) fn checked(self) -> Result<Linear> {
        if !self.factor.is_normal() || !self.offset.is_finite() || !(1.0 / self.factor).is_finite() {
            fail!(InvalidArgument, "values times {} plus {} cannot be computed", self.factor, self.offset);
        }
        Ok(self)
    }

    /// The scale of values that stand for the same quantities after this.
    pub(super) fn scale(&self, scale: &ValueScale) -> ValueScale {
        let back = self.inverse();
        ValueScale {
            slope: scale.slope * back.factor,
            intercept: scale.intercept + scale.slope * back.offset,
            unit: scale.unit.clone(),
        }
    }
}

/// A source whose values go through a line into another type.
#[derive(Clone)]
pub(super) struct Converted {
    source: Image,
    source_type: DataType,
    data_type: DataType,
    line: Linear,
    properties: Arc<ImageProperties>,
    shape: Shape,
    capabilities: ImageCapability,
    by_memory: bool,
    adapters: usize,
}

impl Adapter for Converted {
    const ID: u64 = 0xc2b8_1f6a_93d4_07e5;
}

/// The image with its values through a line, in another type. Consecutive ones are one: nothing is rounded in between.
///
/// # Errors
/// `Type` where one of the types is not made of numbers, or they have different component counts.
pub(super) fn converted(image: &Image, data_type: DataType, line: Linear) -> Result<Image> {
    numbers::check_pair(image.data_type(), data_type)?;
    let shape = image.shape();
    if shape.len() == iolink_sdk::abi::IOLINK_MAX_DIMS && data_type.element_count() > 1 {
        fail!(InvalidArgument, "values of {data_type} cannot be converted in an image of {} axes", shape.len());
    }
    Limits::unallocated().image_bytes(&shape, data_type)?;
    let mut properties = image.properties().fitted(shape.len())?;
    properties.value_scale = line.scale(&properties.value_scale);
    for range in properties.channels.iter_mut().filter_map(|channel| channel.display_range.as_mut()) {
        *range = (line.of(range.0), line.of(range.1));
    }
    let capabilities = image.capabilities().only(ImageCapability::READ | ImageCapability::WRITE);
    let (source, line) = match opened::<Converted>(image) {
        Some(below) => (below.source, below.line.then(&line)?),
        None => (image.clone(), line),
    };
    let source_type = source.data_type();
    if line == Linear::IDENTITY && source_type == data_type {
        let same = super::from_image_view(&source, Some(properties), None)?;
        return if source.capabilities() == image.capabilities() {
            Ok(same)
        } else {
            restrict_capabilities(&same, capabilities)
        };
    }
    Ok(Arc::new(Converted {
        source_type,
        data_type,
        line,
        properties: Arc::new(properties),
        shape,
        capabilities,
        by_memory: by_memory(&source),
        adapters: adapters_over(&source)?,
        source,
    }))
}

impl Converted {
    /// The same image through a map, which goes underneath so that it meets other maps there.
    pub(super) fn mapped(&self, map: &IndexMap) -> Result<Image> {
        let properties = map.properties(&self.properties)?;
        let source = mapped(&self.source, map)?;
        Ok(Arc::new(Converted {
            properties: Arc::new(properties),
            shape: map.shape(),
            by_memory: by_memory(&source),
            adapters: adapters_over(&source)?,
            source,
            ..self.clone()
        }))
    }

    /// Other properties and fewer capabilities.
    pub(super) fn dressed(mut self, properties: Option<ImageProperties>, allowed: ImageCapability) -> Image {
        if let Some(properties) = properties {
            self.properties = Arc::new(properties);
        }
        self.capabilities = self.capabilities.only(allowed);
        Arc::new(self)
    }

    /// The source and what happens to its values.
    #[cfg(test)]
    pub(super) fn parts(&self) -> (&Image, Linear) {
        (&self.source, self.line)
    }

    fn check(&self, region: &Region, shape: &Shape, data_type: DataType, native: bool) -> Result<()> {
        check_block((region, &self.shape), (shape, data_type), self.data_type)?;
        if !native {
            fail!(InvalidArgument, "samples go in and out of an image in this machine's byte order");
        }
        Ok(())
    }
}

impl ImageView for Converted {
    fn capabilities(&self) -> ImageCapability {
        self.capabilities
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn data_type(&self) -> DataType {
        self.data_type
    }

    fn properties(&self) -> Arc<ImageProperties> {
        self.properties.clone()
    }

    fn metadata(&self) -> Arc<MetadataNode> {
        self.source.metadata()
    }

    fn read_region(&self, region: &Region, target: &mut BlockMut<'_>, call: &Call<'_>) -> Result<()> {
        require(self.capabilities, ImageCapability::READ)?;
        let native = target.byte_order() == iolink_sdk::ByteOrder::NATIVE;
        self.check(region, target.shape(), target.data_type(), native)?;
        let (from, to) = (self.source_type.byte_count(), self.data_type.byte_count());
        let memory = if self.by_memory { Some(self.source.memory()?) } else { None };
        if let (Some(memory), true) = (&memory, call.is_silent()) {
            return numbers::convert(&memory.block(region)?, target, self.line);
        }
        let mut parts = Parts::new(call, &region.size, to);
        let mut room = Room::new();
        for piece in Slabs::within(region, from, BUDGET) {
            let mut part = target.part(&relative(&piece, region))?;
            parts.run(&piece.size, to, |call| match &memory {
                Some(memory) => numbers::convert(&memory.block(&piece)?, &mut part, self.line),
                None => {
                    let mut stored = room.block(&piece.size, self.source_type)?;
                    self.source.read_region(&piece, &mut stored, call)?;
                    numbers::convert(&stored.as_block(), &mut part, self.line)
                }
            })?;
        }
        Ok(())
    }

    fn write_region(&self, region: &Region, source: &Block<'_>, call: &Call<'_>) -> Result<()> {
        require(self.capabilities, ImageCapability::WRITE)?;
        let native = source.byte_order() == iolink_sdk::ByteOrder::NATIVE;
        self.check(region, source.shape(), source.data_type(), native)?;
        let back = self.line.inverse();
        let sample = self.data_type.byte_count();
        let mut parts = Parts::new(call, &region.size, sample);
        let mut room = Room::new();
        for piece in Slabs::within(region, self.source_type.byte_count(), BUDGET) {
            let part = part_of(source, &relative(&piece, region))?;
            let mut stored = room.block(&piece.size, self.source_type)?;
            parts.run(&piece.size, sample, |call| {
                numbers::convert(&part, &mut stored, back)?;
                self.source.write_region(&piece, &stored.as_block(), call)
            })?;
        }
        Ok(())
    }

    fn adapters(&self) -> usize {
        self.adapters
    }

    fn extension(&self, id: u64) -> Option<View> {
        if id == Converted::ID {
            return Some(self.open());
        }
        service::adapted(id, &self.source, || Arc::new(self.clone()), |tile| Ok(*tile))
    }

    fn origin(&self) -> Option<String> {
        self.source.origin()
    }
}
