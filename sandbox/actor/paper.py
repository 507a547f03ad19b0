"""A printed photo in a hand 打印照片: panned, zoomed, tilted or bent before the camera, never solid."""

import io
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from sandbox.actor.expression import expressed
from sandbox.actor.portrait import HEIGHT, WIDTH, Portrait
from sandbox.actor.render import QUALITY, boxes, noise

CAMERA = 1.6 * WIDTH  # distance of the paper in pixels: near, so that perspective is strong


@dataclass(frozen=True, slots=True)
class Hold:
    """How the paper is held in one picture: angles in degrees, bends in radians over the face's width."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    bend: float = 0.0  # about the upright axis: the cheeks go back
    curl: float = 0.0  # about the level axis: forehead and chin go back
    shift_x: float = 0.0
    shift_y: float = 0.0
    zoom: float = 1.0


def photo_of(portrait: Portrait, hold: Hold, rng: np.random.Generator, lid: float = 0.0) -> bytes:
    """One camera picture of the print; `lid` closes eyes that look through holes in it."""
    print_ = Image.fromarray(expressed(portrait, round(lid, 2), 0.0))
    source = np.clip(_on_paper(hold, portrait), 0, (WIDTH, HEIGHT))  # behind the paper it is dark
    corners = np.concatenate([source[:-1, :-1], source[1:, :-1], source[1:, 1:], source[:-1, 1:]], axis=2)
    quads = [(box, tuple(quad)) for box, quad in zip(boxes(), corners.reshape(-1, 8).tolist(), strict=True)]
    seen = print_.transform((WIDTH, HEIGHT), Image.Transform.MESH, quads, Image.Resampling.BILINEAR)
    noisy = np.clip(np.asarray(seen, np.int16) + noise(rng), 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(noisy).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _on_paper(hold: Hold, portrait: Portrait) -> np.ndarray:
    """Which place of the paper each node of the camera picture shows: the projection solved backwards."""
    middle = portrait.points[[10, 152], :2].mean(axis=0)  # the hand turns the paper about the face
    wanted = portrait.nodes
    paper = wanted.copy()
    for _ in range(8):
        paper = paper + 0.8 * (wanted - _projected(hold, paper, portrait.face_width, middle)) / hold.zoom
    return paper


def _projected(hold: Hold, paper: np.ndarray, face: float, middle: np.ndarray) -> np.ndarray:
    """Where places of the paper come to lie in the camera picture."""
    x, back_x = _rolled(paper[..., 0] - middle[0], hold.bend / face)
    y, back_y = _rolled(paper[..., 1] - middle[1], hold.curl / face)
    solid = np.stack([x, y, -(back_x + back_y)], axis=-1) @ _rotation(hold).T
    nearer = hold.zoom * CAMERA / np.maximum(CAMERA - solid[..., 2], CAMERA / 4)
    shift = np.array([hold.shift_x, hold.shift_y])
    seen: np.ndarray = solid[..., :2] * nearer[..., None] + middle + shift
    return seen


def _rolled(along: np.ndarray, curvature: float) -> tuple[np.ndarray, np.ndarray]:
    """Paper rolled onto a cylinder: where it lies, and how far behind its middle."""
    if abs(curvature) < 1e-5:
        return along, np.zeros_like(along)
    angle = np.clip(along * curvature, -1.4, 1.4)
    return np.sin(angle) / curvature, (1 - np.cos(angle)) / curvature


def _rotation(hold: Hold) -> np.ndarray:
    """yaw + shows the paper as a head turned to its own left; pitch + nods it."""
    yaw, pitch, roll = (math.radians(value) for value in (hold.yaw, hold.pitch, hold.roll))
    about_y = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    about_x = np.array(
        [[1, 0, 0], [0, math.cos(pitch), math.sin(pitch)], [0, -math.sin(pitch), math.cos(pitch)]]
    )
    about_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    turned: np.ndarray = about_z @ about_x @ about_y
    return turned
