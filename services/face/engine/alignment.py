"""The face turned upright in a fixed frame 人脸对齐: five points onto the places the network was trained with."""

import numpy as np
from PIL import Image

from services.face.engine.types import Pixels, Points

SIDE = 112
# Right eye, left eye, nose tip, right and left mouth corner in the 112 x 112 frame common to ArcFace networks.
PLACES = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
EYES = ((33, 133), (263, 362))
NOSE, MOUTH = 1, (61, 291)


def five_points(points: Points) -> Points:
    """The five points among those of the mesh."""
    flat = points[:, :2]
    eyes = [flat[list(pair)].mean(axis=0) for pair in EYES]
    return np.array([*eyes, flat[NOSE], flat[MOUTH[0]], flat[MOUTH[1]]])


def aligned(rgb: Pixels, points: Points) -> Pixels:
    """The face as a square of SIDE pixels."""
    step, shift = _frame_to_picture(five_points(points))
    factor = max(1, int(np.hypot(*step[:, 0])))
    left, top, right, bottom = _region(step, shift, factor, rgb)
    picture = Image.fromarray(np.ascontiguousarray(rgb[top:bottom, left:right]))
    shift = shift - (left, top)
    if factor > 1:  # a large face: average first, or single pixels would stand for many
        picture = picture.reduce(factor)
        step, shift = step / factor, shift / factor
    matrix = (step[0, 0], step[0, 1], shift[0], step[1, 0], step[1, 1], shift[1])
    square = picture.transform((SIDE, SIDE), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    return np.asarray(square)


def _region(step: Points, shift: Points, factor: int, rgb: Pixels) -> tuple[int, int, int, int]:
    """The part of the picture that the square shows: left, top, right, bottom, on whole groups of pixels."""
    ends = np.array([[0, 0], [0, SIDE], [SIDE, 0], [SIDE, SIDE]]) @ step.T + shift
    low = np.floor(ends.min(axis=0) / factor).astype(int) - 2
    high = np.ceil(ends.max(axis=0) / factor).astype(int) + 2
    height, width = rgb.shape[:2]
    left, top = np.clip(low * factor, 0, (width - 1, height - 1)) // factor * factor
    right, bottom = np.clip(high * factor, (left + 1, top + 1), (width, height))
    return int(left), int(top), int(right), int(bottom)


def _frame_to_picture(points: Points) -> tuple[Points, Points]:
    """The turn, scale and shift that bring the fixed places nearest to the points (least squares)."""
    frame, face = PLACES - PLACES.mean(axis=0), points - points.mean(axis=0)
    spread = float((frame**2).sum())
    cos = float((frame * face).sum()) / spread
    sin = float((frame[:, 0] * face[:, 1] - frame[:, 1] * face[:, 0]).sum()) / spread
    step = np.array([[cos, -sin], [sin, cos]])
    return step, points.mean(axis=0) - step @ PLACES.mean(axis=0)
