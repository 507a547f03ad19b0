"""Is one picture good enough 图像质量: one face, its size, place, light and sharpness."""

import numpy as np
from PIL import Image

from services.face.engine.calibration import Quality
from services.face.engine.types import FaceBox, Pixels, Points, Sighting

SHARPNESS_SIDE = 112


def fault(rgb: Pixels, sighting: Sighting, limits: Quality) -> str | None:
    """Reason code of the first fault, or None."""
    if not sighting.faces or sighting.points is None or not sighting.presence >= limits.presence:
        return "face.none"
    if is_double(sighting, limits):
        return "face.multiple"
    return _place_fault(rgb, sighting.faces[0], limits) or _light_fault(rgb, sighting.faces[0], limits)


def is_double(sighting: Sighting, limits: Quality) -> bool:
    """A second face of weight beside the main one."""
    main = sighting.faces[0]
    return any(
        other.score >= limits.double_score and other.width >= limits.double_width * main.width
        for other in sighting.faces[1:]
    )


def sharpness(grey: Points) -> float:
    """Variance of the Laplacian."""
    middle = grey[1:-1, 1:-1]
    edges = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * middle
    return float(edges.var())


def face_grey(rgb: Pixels, box: FaceBox) -> Points:
    """The face in grey at a fixed size, so that measures do not depend on the distance."""
    crop = (round(box.x), round(box.y), round(box.x + box.width), round(box.y + box.height))
    square = Image.fromarray(rgb).convert("L").crop(crop)
    side = (SHARPNESS_SIDE, SHARPNESS_SIDE)
    return np.asarray(square.resize(side, Image.Resampling.BILINEAR, reducing_gap=2.0), np.float64)


def _place_fault(rgb: Pixels, box: FaceBox, limits: Quality) -> str | None:
    height, width = rgb.shape[:2]
    share = box.width / max(width, height)
    if not share >= limits.face_width_least:
        return "face.too_small"
    if not share <= limits.face_width_most:
        return "face.too_close"
    slack = limits.edge_slack
    inside = (
        box.x >= -slack * box.width
        and box.y >= -slack * box.height
        and box.x + box.width <= width + slack * box.width
        and box.y + box.height <= height + slack * box.height
    )
    return None if inside else "face.off_centre"


def _light_fault(rgb: Pixels, box: FaceBox, limits: Quality) -> str | None:
    grey = face_grey(rgb, box)
    light = float(grey.mean())
    if not light >= limits.dark:
        return "face.too_dark"
    if not light <= limits.bright:
        return "face.too_bright"
    return None if sharpness(grey) >= limits.sharpness else "face.blurred"
