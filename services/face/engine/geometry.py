"""Measures taken from face points 面部几何: eye and mouth opening, turn, flatness."""

import math
from dataclasses import dataclass

import numpy as np

from services.face.engine.types import Points

# Mesh indexes; "right" is the member's own right (image left, not mirrored).
RIGHT_EYE = (33, 160, 158, 133, 153, 144)
LEFT_EYE = (263, 387, 385, 362, 380, 373)
LIP_CORNERS = (78, 308)
UPPER_LIP = (82, 13, 312)
LOWER_LIP = (87, 14, 317)
NASION, SUBNASAL, CHIN = 168, 2, 152
EYE_CENTRES = ((33, 133), (263, 362))
# Points that move with the skull: forehead, temples, cheekbones, nose; no lids, brows, lips or jaw.
RIGID = (
    10, 67, 109, 338, 297, 103, 332, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 19, 94, 2,
    98, 327, 129, 358, 49, 279, 48, 278, 45, 275, 220, 440, 33, 133, 263, 362, 130, 359, 226, 446,
    234, 454, 127, 356, 162, 389, 21, 251, 54, 284, 93, 323, 116, 345, 117, 346, 118, 347,
    50, 280, 101, 330, 36, 266, 205, 425, 123, 352, 122, 351, 193, 417, 114, 343, 128, 357,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turn:
    """Head turn in degrees against a reference pose: yaw + = member's left, pitch + = down."""

    yaw: float
    pitch: float
    roll: float


def eye_opening(points: Points) -> float:
    """EAR, the mean of both eyes."""
    return (_eye_aspect(points, RIGHT_EYE) + _eye_aspect(points, LEFT_EYE)) / 2


def mouth_opening(points: Points) -> float:
    """MAR: gap between the inner lips over the inner mouth width."""
    width = _length(points[LIP_CORNERS[0]] - points[LIP_CORNERS[1]])
    gap = sum(_length(points[a] - points[b]) for a, b in zip(UPPER_LIP, LOWER_LIP, strict=True)) / 3
    return gap / width if width > 0 else math.nan


def jaw_drop(points: Points) -> float:
    """Lower face over nose length: both lie on one line, so tilting a flat picture leaves it unchanged."""
    nose = _length(points[SUBNASAL] - points[NASION])
    return _length(points[CHIN] - points[SUBNASAL]) / nose if nose > 0 else math.nan


def nose_drop(points: Points) -> float:
    """Where the nose tip lies between eyes and chin; moves when a solid head nods."""
    eyes = points[[i for pair in EYE_CENTRES for i in pair], :2].mean(axis=0)
    axis = points[CHIN, :2] - eyes
    span = float(axis @ axis)
    return float((points[1, :2] - eyes) @ axis) / span if span > 0 else math.nan


def eye_distance(points: Points) -> float:
    """Distance between the eye centres in pixels of the picture plane."""
    one, other = (points[list(pair), :2].mean(axis=0) for pair in EYE_CENTRES)
    return _length(one - other)


def upright_turn(points: Points) -> Turn:
    """Turn against the camera axis, from the face's own cross axes."""
    across = points[454] - points[234]
    down = points[CHIN] - points[10]
    return Turn(
        yaw=math.degrees(math.atan2(across[2], across[0])),
        pitch=math.degrees(math.atan2(down[2], math.hypot(down[0], down[1]))),
        roll=math.degrees(math.atan2(across[1], across[0])),
    )


def turn_between(base: Points, now: Points) -> Turn:
    """Turn of the skull from one set of points to another (Kabsch fit of the rigid points)."""
    a, b = _centred(base), _centred(now)
    u, _, vt = np.linalg.svd(a.T @ b)
    flip = np.diag([1.0, 1.0, float(np.sign(np.linalg.det(u @ vt)))])
    rotation = (u @ flip @ vt).T
    return Turn(
        yaw=math.degrees(math.atan2(-rotation[0, 2], rotation[2, 2])),
        pitch=math.degrees(math.asin(float(np.clip(-rotation[1, 2], -1, 1)))),
        roll=math.degrees(math.atan2(rotation[1, 0], rotation[1, 1])),
    )


def flatness_residual(base: Points, now: Points) -> float:
    """How badly a flat picture explains the change: homography residual over eye distance."""
    source, target = base[list(RIGID), :2], now[list(RIGID), :2]
    mapped = _map(_homography(source, target), source)
    error = float(np.sqrt(((mapped - target) ** 2).sum(axis=1).mean()))
    span = eye_distance(base)
    return error / span if span > 0 else math.nan


def _eye_aspect(points: Points, eye: tuple[int, ...]) -> float:
    outer, top1, top2, inner, low2, low1 = points[list(eye)]
    width = _length(outer - inner)
    return (_length(top1 - low1) + _length(top2 - low2)) / (2 * width) if width > 0 else math.nan


def _length(vector: Points) -> float:
    return float(np.sqrt((vector**2).sum()))


def _centred(points: Points) -> Points:
    rigid = points[list(RIGID)]
    centred: Points = rigid - rigid.mean(axis=0)
    return centred


def _normaliser(points: Points) -> Points:
    middle = points.mean(axis=0)
    scale = math.sqrt(2) / max(float(np.sqrt(((points - middle) ** 2).sum(axis=1)).mean()), 1e-9)
    return np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1.0]])


def _homography(source: Points, target: Points) -> Points:
    """Direct linear transform with Hartley's normalisation."""
    norm_a, norm_b = _normaliser(source), _normaliser(target)
    a, b = _map(norm_a, source), _map(norm_b, target)
    one, zero = np.ones(len(a)), np.zeros((len(a), 3))
    plain = np.column_stack([a, one])
    rows_x = np.column_stack([plain, zero, -b[:, :1] * plain])
    rows_y = np.column_stack([zero, plain, -b[:, 1:] * plain])
    rows = np.concatenate([rows_x, rows_y])
    _, vectors = np.linalg.eigh(rows.T @ rows)
    plane = vectors[:, 0].reshape(3, 3)
    homography: Points = np.linalg.inv(norm_b) @ plane @ norm_a
    return homography


def _map(plane: Points, points: Points) -> Points:
    mapped = np.column_stack([points, np.ones(len(points))]) @ plane.T
    flat: Points = mapped[:, :2] / mapped[:, 2:]
    return flat
