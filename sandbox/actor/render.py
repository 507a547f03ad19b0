"""Camera pictures of the actor 渲染: the head turns with true parallax, the hand shakes, the sensor is noisy."""

import io
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

from sandbox.actor.expression import expressed
from sandbox.actor.portrait import CELL, HEIGHT, WIDTH, Portrait

QUALITY = 80
NOISE = 2.0
CAMERA_FACES = 3.6  # distance of the camera in face widths


SCREEN_LIGHT = {"": (0, 0, 0), "red": (8, 0, 0), "green": (0, 8, 0), "blue": (0, 0, 8)}
"""Grey levels that a screen of a colour adds to a face an arm's length away, in a lit room."""


@dataclass(frozen=True, slots=True)
class Stance:
    """How the actor stands in one picture; angles in degrees, yaw + = own left, pitch + = down.

    `screen` is the colour that the phone's screen throws on the face.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    lid: float = 0.0
    mouth: float = 0.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    zoom: float = 1.0
    roll: float = 0.0
    light: float = 1.0
    screen: str = ""


def jpeg_of(portrait: Portrait, stance: Stance, rng: np.random.Generator) -> bytes:
    """One camera picture as JPEG."""
    face = Image.fromarray(expressed(portrait, round(stance.lid, 2), round(stance.mouth, 2)))
    moved = face.transform(
        (WIDTH, HEIGHT), Image.Transform.MESH, _quads(portrait, stance), Image.Resampling.BILINEAR
    )
    exposed = (
        np.asarray(moved, np.int16)
        if stance.light == 1
        else (np.asarray(moved) * stance.light).astype(np.int16)
    )
    noisy = np.clip(exposed + noise(rng) + SCREEN_LIGHT[stance.screen], 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(noisy).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _turned(portrait: Portrait, stance: Stance, places: np.ndarray) -> np.ndarray:
    """Displacement of the head at each place of the grid."""
    yaw, pitch = math.radians(stance.yaw), math.radians(stance.pitch)
    x = places[..., 0] - portrait.pivot[0]
    y = places[..., 1] - portrait.pivot[1]
    z = portrait.depth
    turned_x = x * math.cos(yaw) + z * math.sin(yaw)
    turned_z = z * math.cos(yaw) - x * math.sin(yaw)
    nodded_y = y * math.cos(pitch) + turned_z * math.sin(pitch)
    nodded_z = turned_z * math.cos(pitch) - y * math.sin(pitch)
    camera = CAMERA_FACES * portrait.face_width
    nearer = (camera - z) / (camera - nodded_z)
    moved = np.stack([turned_x * nearer - x, nodded_y * nearer - y], axis=-1)
    weighted: np.ndarray = moved * portrait.weight[..., None]
    return weighted


def _quads(portrait: Portrait, stance: Stance) -> list[tuple[tuple[int, int, int, int], tuple[float, ...]]]:
    """Which part of the portrait each cell of the camera picture shows."""
    displacement = _turned(portrait, stance, portrait.nodes)
    wanted = _camera(portrait, stance)
    source = wanted.copy()
    for _ in range(6):
        source = wanted - _between_nodes(displacement, source)
    source = np.clip(source, 0, (WIDTH, HEIGHT))  # the wall goes on beyond the picture
    corners = np.concatenate([source[:-1, :-1], source[1:, :-1], source[1:, 1:], source[:-1, 1:]], axis=2)
    flat = corners.reshape(-1, 8).tolist()
    return [(box, tuple(quad)) for box, quad in zip(boxes(), flat, strict=True)]


def _camera(portrait: Portrait, stance: Stance) -> np.ndarray:
    """Where each node of the camera picture lies in the portrait's own frame."""
    roll = math.radians(stance.roll)
    centre = np.array([WIDTH / 2, HEIGHT / 2])
    turn = np.array([[math.cos(roll), math.sin(roll)], [-math.sin(roll), math.cos(roll)]]) / stance.zoom
    shift = np.array([stance.shift_x, stance.shift_y])
    framed: np.ndarray = (portrait.nodes - centre - shift) @ turn.T + centre
    return framed


@lru_cache(maxsize=1)
def boxes() -> list[tuple[int, int, int, int]]:
    """The cells of the camera picture, row by row."""
    return [(x, y, x + CELL, y + CELL) for y in range(0, HEIGHT, CELL) for x in range(0, WIDTH, CELL)]


def _between_nodes(field: np.ndarray, places: np.ndarray) -> np.ndarray:
    """A field known at the nodes, read at any place."""
    column = np.clip(places[..., 0] / CELL, 0, field.shape[1] - 1.001)
    row = np.clip(places[..., 1] / CELL, 0, field.shape[0] - 1.001)
    i, j = row.astype(int), column.astype(int)
    down, right = (row - i)[..., None], (column - j)[..., None]
    upper = field[i, j] * (1 - right) + field[i, j + 1] * right
    lower = field[i + 1, j] * (1 - right) + field[i + 1, j + 1] * right
    read: np.ndarray = upper * (1 - down) + lower * down
    return read


@lru_cache(maxsize=1)
def _noise_sheet() -> np.ndarray:
    rng = np.random.default_rng(20261122)
    sheet = rng.normal(0, NOISE, (HEIGHT + 64, WIDTH + 64, 1)) + rng.normal(
        0, NOISE / 2, (HEIGHT + 64, WIDTH + 64, 3)
    )
    return np.rint(sheet).astype(np.int16)


def noise(rng: np.random.Generator) -> np.ndarray:
    """Sensor noise: a window of one sheet, at another place each time."""
    top, left = rng.integers(0, 64, 2)
    return _noise_sheet()[top : top + HEIGHT, left : left + WIDTH]
