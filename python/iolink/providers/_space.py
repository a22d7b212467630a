"""Spaces of libraries as iolink has them."""

from __future__ import annotations

from typing import Any

import numpy as np


def from_ras(affine: Any) -> tuple[dict[str, float], dict[str, Any]]:
    """Spacing of X, Y and Z, and the arguments of ``image`` for the place, of an affine that leads to RAS.

    x and y are turned, so that directions and positions are in LPS. An affine that leads nowhere gives nothing.
    """
    affine = np.array([[-1.0], [-1.0], [1.0], [1.0]]) * affine + 0.0  # + 0: no minus zero
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(affine).all() or not steps.all() or abs(np.linalg.det(affine[:3, :3] / steps)) <= 1e-6:
        return {}, {}
    direction = (affine[:3, :3] / steps).T.tolist()
    return dict(zip("XYZ", steps.tolist())), {
        "space": "LPS",
        "position": affine[:3, 3].tolist(),
        "direction": direction,
    }
