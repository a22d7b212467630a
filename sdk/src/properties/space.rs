//! Where an image lies in space: its place, its space, and the affine from indices to the world.

use super::ImageProperties;
use crate::abi::{IOLINK_SPACE_LPS, IOLINK_SPACE_UNKNOWN};
use crate::length::unit_ratio;
use crate::{fail, Axis, Result};

/// The space of an image's positions and directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Space {
    /// Not known.
    #[default]
    Unknown,
    /// The patient: x grows to the left, y to the back, z to the head, as in DICOM and ITK.
    Lps,
}

impl Space {
    /// Every space with its name, by number.
    pub const NAMED: [(&'static str, Space); 2] = [("UNKNOWN", Space::Unknown), ("LPS", Space::Lps)];

    /// Returns the space of an ABI number; one of a later version is UNKNOWN.
    pub fn from_number(number: u32) -> Self {
        match number {
            IOLINK_SPACE_LPS => Space::Lps,
            _ => Space::Unknown,
        }
    }

    /// Returns the ABI number.
    pub fn number(self) -> u32 {
        match self {
            Space::Unknown => IOLINK_SPACE_UNKNOWN,
            Space::Lps => IOLINK_SPACE_LPS,
        }
    }

    /// Returns the name.
    pub fn name(self) -> &'static str {
        Space::NAMED[self.number() as usize].0
    }

    /// Returns the space of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Space::NAMED.iter().find(|(known, _)| *known == name).map(|(_, space)| *space)
    }
}

/// The world that an affine leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum World {
    /// Left, posterior, superior: DICOM's and ITK's.
    Lps,
    /// Right, anterior, superior: NIfTI's and nibabel's.
    Ras,
}

impl ImageProperties {
    /// Returns the axis that lies along x (0), y (1) or z (2) with the usual directions: COLUMN, ROW or SLICE.
    fn spatial_axis(&self, component: usize) -> Option<usize> {
        self.axes.iter().position(|axis| axis.axis.and_then(Axis::spatial) == Some(component))
    }

    /// Returns the unit of [`place`](ImageProperties::place): that of the COLUMN axis, else of ROW, else of SLICE; "" if the
    /// image has none of them.
    pub fn space_unit(&self) -> &str {
        (0..3).find_map(|component| self.spatial_axis(component)).map_or("", |axis| &self.axes[axis].unit)
    }

    /// Returns the position in space (x, y, z) of the sample at index 0 of every axis, in the unit of
    /// [`space_unit`](ImageProperties::space_unit). Components of COLUMN, ROW and SLICE are the origins of these axes, and
    /// components of axes that the image has not are those of `position`. An origin in a unit that does not convert stays as
    /// it is.
    pub fn place(&self) -> [f64; 3] {
        let mut place = self.position;
        for (component, value) in place.iter_mut().enumerate() {
            if let Some(axis) = self.spatial_axis(component).map(|axis| &self.axes[axis]) {
                *value = axis.origin * unit_ratio(&axis.unit, self.space_unit()).unwrap_or(1.0);
            }
        }
        place
    }

    /// Moves the image to a position in space: sets the origins of COLUMN, ROW and SLICE, and `position` for axes that the
    /// image has not.
    pub fn set_place(&mut self, place: [f64; 3]) {
        let unit = self.space_unit().to_owned();
        for (component, value) in place.into_iter().enumerate() {
            match self.spatial_axis(component) {
                Some(axis) => {
                    let axis = &mut self.axes[axis];
                    axis.origin = value * unit_ratio(&unit, &axis.unit).unwrap_or(1.0);
                    self.position[component] = 0.0;
                }
                None => self.position[component] = value,
            }
        }
    }

    /// Brings `position` and origins together: a position gives the origins of COLUMN, ROW and SLICE if these are all 0, and
    /// else those hold. Afterwards `position` is 0 for axes that the image has.
    pub(super) fn settle_position(&mut self) {
        let known = |component: usize| self.spatial_axis(component).map(|axis| self.axes[axis].origin);
        let origins = [0, 1, 2].map(known);
        if origins.iter().flatten().all(|origin| *origin == 0.0) {
            return self.set_place(self.position);
        }
        for (value, origin) in self.position.iter_mut().zip(origins) {
            if origin.is_some() && value.is_finite() {
                *value = 0.0; // others are left to be rejected
            }
        }
    }

    /// Keeps the place when axes go: `place` and `unit` are those before. `position` takes the components of axes that are not
    /// there any more.
    pub(crate) fn keep_place(&mut self, place: [f64; 3], unit: &str) {
        let space = (0..3).any(|component| self.spatial_axis(component).is_some());
        let factor = if space { unit_ratio(unit, self.space_unit()).unwrap_or(1.0) } else { 1.0 };
        for (component, value) in place.into_iter().enumerate() {
            self.position[component] = match self.spatial_axis(component) {
                Some(_) => 0.0,
                None => value * factor,
            };
        }
    }

    /// Returns the matrix from an index (column, row, slice, 1) to the position (x, y, z, 1) of its sample, row by row, in the
    /// unit of [`space_unit`](ImageProperties::space_unit). Without a world it leads to the image's own space, which may be
    /// unknown. An axis that the image has not has a step of 1 in its direction.
    ///
    /// # Errors
    /// `InvalidArgument` for a world if the space is unknown, for axes whose units do not convert, and for an uneven axis.
    pub fn affine(&self, world: Option<World>) -> Result<[[f64; 4]; 4]> {
        if world.is_some() && self.space == Space::Unknown {
            fail!(
                InvalidArgument,
                "the space of the image is UNKNOWN, so no affine leads to LPS or RAS; ask without a world for the affine of \
                 its own space, or set the space to LPS if you know it"
            );
        }
        let unit = self.space_unit();
        let mut affine = [[0.0; 4]; 4];
        affine[3][3] = 1.0;
        for component in 0..3 {
            let mut step = 1.0;
            if let Some(axis) = self.spatial_axis(component).map(|axis| &self.axes[axis]) {
                let name = axis.axis.map_or("?", Axis::name);
                step = match unit_ratio(&axis.unit, unit) {
                    Some(factor) => axis.spacing * factor,
                    None => fail!(
                        InvalidArgument,
                        "the axis {name} is in {:?} and another one in {unit:?}; an affine needs one unit, or units of \
                         length such as \"mm\"",
                        axis.unit
                    ),
                };
                if axis.coordinates.as_ref().map_or(0, |numbers| numbers.len()) > 1 {
                    fail!(InvalidArgument, "the axis {name} is uneven, which no affine holds; use its coordinates");
                }
            }
            for (row, part) in affine.iter_mut().zip(self.direction[component]) {
                row[component] = part * step;
            }
        }
        for (row, value) in affine.iter_mut().zip(self.place()) {
            row[3] = value;
        }
        if world == Some(World::Ras) {
            // `0.0 - x` and not `-x`: no minus zero.
            affine[..2].iter_mut().flatten().for_each(|value| *value = 0.0 - *value);
        }
        Ok(affine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AxesInterpretation, AxisProperties, ErrorKind};

    fn volume() -> ImageProperties {
        let known = ImageProperties { axes_interpretation: AxesInterpretation::Volume, ..ImageProperties::default() };
        let mut known = known.fitted(3).unwrap();
        for (axis, (spacing, origin)) in known.axes.iter_mut().zip([(2.0, 10.0), (3.0, 20.0), (0.5, 30.0)]) {
            *axis = AxisProperties { spacing, origin, unit: "mm".into(), ..axis.clone() };
        }
        known.direction = [[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]];
        known
    }

    #[test]
    fn affine_has_steps_in_columns_and_the_place_behind() {
        let mut known = volume();
        let own = [[0.0, -3.0, 0.0, 10.0], [2.0, 0.0, 0.0, 20.0], [0.0, 0.0, 0.5, 30.0], [0.0, 0.0, 0.0, 1.0]];
        assert_eq!(known.affine(None).unwrap(), own);
        let refused = known.affine(Some(World::Lps)).unwrap_err();
        assert!(refused.message().contains("UNKNOWN") && refused.kind() == ErrorKind::InvalidArgument, "{refused}");
        known.space = Space::Lps;
        assert_eq!(known.affine(Some(World::Lps)).unwrap(), own);
        let ras = [[0.0, 3.0, 0.0, -10.0], [-2.0, 0.0, 0.0, -20.0], own[2], own[3]];
        assert_eq!(known.affine(Some(World::Ras)).unwrap(), ras);
        (known.axes[2].unit, known.axes[2].origin) = ("cm".into(), 3.0);
        assert_eq!(known.affine(None).unwrap()[2], [0.0, 0.0, 5.0, 30.0]);
        known.axes[2].unit = "s".into();
        assert!(known.affine(None).unwrap_err().message().contains("SLICE is in \"s\""));
        known.axes[2].unit = "mm".into();
        known.axes[2].coordinates = Some(vec![1.0, 2.0, 4.0].into());
        assert!(known.affine(None).unwrap_err().message().contains("SLICE is uneven"));
    }

    #[test]
    fn a_position_gives_origins_that_are_not_given_and_no_others() {
        let mut known = volume();
        known.position = [1.0, 2.0, 3.0];
        assert_eq!((known.place(), known.fitted(3).unwrap().position), ([10.0, 20.0, 30.0], [0.0; 3]));
        known.axes.iter_mut().for_each(|axis| axis.origin = 0.0);
        let known = known.fitted(3).unwrap();
        assert_eq!((known.place(), known.axes[1].origin), ([1.0, 2.0, 3.0], 2.0));
        let mut plane = known.clone();
        plane.axes.truncate(2);
        plane.axes_interpretation = AxesInterpretation::Image;
        plane.set_place([4.0, 5.0, 6.0]);
        assert_eq!((plane.position, plane.axes[0].origin), ([0.0, 0.0, 6.0], 4.0));
        assert_eq!(plane.fitted(2).unwrap(), plane);
        let over = ImageProperties::from_border(&plane.to_border().unwrap()).unwrap();
        assert_eq!((&over, plane.to_border().unwrap().position), (&plane, [4.0, 5.0, 6.0]));
    }
}
