"""BlazeFace short range 人脸检测: boxes and six points from a 128 x 128 picture."""

from dataclasses import dataclass

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from PIL import Image

from services.face.engine.types import FaceBox, Points

SIDE = 128
# The network's own grid: (cells a side, anchors a cell), as its model card defines it.
GRID = ((16, 2), (8, 6))
SCORE_FLOOR = 0.5
OVERLAP = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A box and the six points: right eye, left eye, nose, mouth, right ear, left ear."""

    box: FaceBox
    points: Points


def _anchors() -> Points:
    rows = []
    for cells, repeats in GRID:
        middle = (np.arange(cells) + 0.5) / cells
        x, y = np.meshgrid(middle, middle)
        rows.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), repeats, axis=0))
    return np.concatenate(rows)


def _overlap(one: Points, others: Points) -> Points:
    """Intersection over union of one corner box with many."""
    low = np.maximum(one[:2], others[:, :2])
    high = np.minimum(one[2:], others[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    area = np.prod(one[2:] - one[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1)
    overlap: Points = shared / (area - shared + 1e-9)
    return overlap


class BlazeFace:
    """Runs the detector on one picture."""

    def __init__(self, model: bytes) -> None:
        self._net = Interpreter(model_content=model, num_threads=1)
        self._net.allocate_tensors()
        self._in = self._net.get_input_details()[0]["index"]
        shapes = {tuple(item["shape"])[-1]: item["index"] for item in self._net.get_output_details()}
        self._boxes, self._scores = shapes[16], shapes[1]
        self._anchors = _anchors()

    def find(self, picture: Image.Image) -> list[Detection]:
        """All faces, best score first."""
        scale, left, top, tensor = _letterbox(picture)
        self._net.set_tensor(self._in, tensor)
        self._net.invoke()
        raw = self._net.get_tensor(self._boxes)[0].astype(np.float64)
        logits = self._net.get_tensor(self._scores)[0, :, 0].astype(np.float64)
        scores = 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
        keep = np.flatnonzero(scores >= SCORE_FLOOR)
        order = keep[np.argsort(-scores[keep])]
        values = raw[order].reshape(-1, 8, 2)
        centre = values[:, 0] + self._anchors[order] * SIDE
        points = values[:, 2:] + self._anchors[order][:, None] * SIDE
        corners = np.concatenate([centre - values[:, 1] / 2, centre + values[:, 1] / 2], axis=1)
        shift = np.array([left, top])
        return [
            _detection(
                (corners[i].reshape(2, 2) - shift) / scale, (points[i] - shift) / scale, scores[order[i]]
            )
            for i in _suppress(corners)
        ]


def _suppress(corners: Points) -> list[int]:
    """Indexes of boxes that no better box covers."""
    kept: list[int] = []
    left = np.arange(len(corners))
    while len(left):
        best = int(left[0])
        kept.append(best)
        left = left[1:][_overlap(corners[best], corners[left[1:]]) < OVERLAP]
    return kept


def _detection(corners: Points, points: Points, score: float) -> Detection:
    x, y = corners[0]
    width, height = corners[1] - corners[0]
    return Detection(FaceBox(float(x), float(y), float(width), float(height), float(score)), points)


def _letterbox(picture: Image.Image) -> tuple[float, float, float, NDArray[np.float32]]:
    """The picture fitted into the network's square, and how to get back."""
    width, height = picture.size
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))
    tensor = np.zeros((1, SIDE, SIDE, 3), np.float32)
    top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    tensor[0, top : top + size[1], left : left + size[0]] = small.astype(np.float32) / 127.5 - 1
    return scale, left, top, tensor
