"""What all views have in common."""

from __future__ import annotations

import abc

from ._iolink import DataFrameView, ImageView, LodImageView, MultiImageView

__all__ = ["View"]


class View(abc.ABC):
    """The root of the views: `isinstance(thing, View)` is true of images, sets of images, pyramids and data frames.

    >>> isinstance(ImageViewFactory.allocate((6, 4), "UINT8"), View)
    True
    """

    @abc.abstractmethod
    def to_string(self) -> str:
        """The view in one line."""

    @abc.abstractmethod
    def __iolink_view__(self) -> object:
        """The view as a capsule that another package takes over."""


for _kind in (ImageView, MultiImageView, LodImageView, DataFrameView):
    View.register(_kind)
