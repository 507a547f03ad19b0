"""A portrait made ready to move 人像模型: picture, face points and a depth for every place of the head."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

PORTRAITS = Path(__file__).resolve().parents[1] / "portraits"
WIDTH, HEIGHT = 480, 360
CELL = 12
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Portrait:
    """Everything the renderer needs, at the size of the camera picture."""

    name: str
    picture: np.ndarray  # HEIGHT x WIDTH x 3, uint8
    points: np.ndarray  # 468 x 3, depth grows towards the camera, 0 at the ears
    nodes: np.ndarray  # rows x columns x 2, places of the warp grid
    depth: np.ndarray  # rows x columns, depth of the head at each node
    weight: np.ndarray  # rows x columns, 1 on the head, 0 on the background
    pivot: tuple[float, float]
    face_width: float


def portrait_names() -> list[str]:
    """Every portrait that can act."""
    return sorted(path.parent.name for path in PORTRAITS.glob("*/points.json"))


@lru_cache(maxsize=8)
def load_portrait(name: str) -> Portrait:
    """Read and prepare one portrait."""
    if name not in portrait_names():
        raise KeyError(f"no portrait {name!r}")
    with Image.open(PORTRAITS / name / "actor.jpg") as scene:
        scale = WIDTH / scene.width
        picture = np.asarray(scene.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))
    points = np.array(json.loads((PORTRAITS / name / "points.json").read_text())) * scale
    points[:, 2] = (points[234, 2] + points[454, 2]) / 2 - points[:, 2]
    columns, rows = np.arange(0, WIDTH + 1, CELL), np.arange(0, HEIGHT + 1, CELL)
    nodes = np.stack(np.meshgrid(columns, rows), axis=-1).astype(float)
    face_width = float(np.hypot(*(points[454, :2] - points[234, :2])))
    middle = float((points[234, 0] + points[454, 0]) / 2)
    depth, weight = _head(nodes, points, face_width)
    return Portrait(name, picture, points, nodes, depth, weight, (middle, float(points[152, 1])), face_width)


def _head(nodes: np.ndarray, points: np.ndarray, face_width: float) -> tuple[np.ndarray, np.ndarray]:
    """Depth and weight at every node: the mesh inside the face, a rounded head around it."""
    flat = nodes.reshape(-1, 2)
    away = ((flat[:, None] - points[None, :, :2]) ** 2).sum(axis=2)
    near = np.exp(-away / (2 * (0.045 * face_width) ** 2)) + 1e-12
    inside = (near * points[:, 2]).sum(axis=1) / near.sum(axis=1)
    outside = np.sqrt(away[:, list(FACE_OVAL)].min(axis=1))
    inner = np.sqrt(away.min(axis=1)) < 0.12 * face_width
    reach = np.where(inner, 0.0, outside)
    below = np.clip((flat[:, 1] - points[152, 1]) / (0.5 * face_width), 0, 1)
    depth = inside * np.exp(-((reach / (0.35 * face_width)) ** 2))
    weight = 1 / (1 + np.exp((reach - 0.62 * face_width) / (0.09 * face_width)))
    weight *= np.cos(below * np.pi / 2) ** 2
    shape = nodes.shape[:2]
    return depth.reshape(shape), weight.reshape(shape)
