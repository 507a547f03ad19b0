"""Face points by LiteRT 人脸关键点: BlazeFace, the 468-point mesh, and the iris network as second eyelid witness."""

import hashlib
import math
from collections.abc import Mapping

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from PIL import Image

from services.face.adapters.blazeface import BlazeFace, Detection
from services.face.engine.types import Pixels, Points, Sighting

NETWORKS = ("face_detection_short_range.tflite", "face_landmark.tflite", "iris_landmark.tflite")
MESH_SIDE = 192
MESH_MARGIN = 1.5
EYE_SIDE = 64
EYE_MARGIN = 2.3
# Eye corners (outer, inner) in the mesh: image-left eye, then image-right eye.
EYES = ((33, 133), (263, 362))
# Contour order of the iris network: 0-8 lower lid from corner to corner, 9-15 upper lid between them.
LOWER_LID = (2, 3, 4, 5, 6)
UPPER_LID = (10, 11, 12, 13, 14)


class _Net:
    """One LiteRT network with one input, on a single thread."""

    def __init__(self, model: bytes) -> None:
        self._net = Interpreter(model_content=model, num_threads=1)
        self._net.allocate_tensors()
        self._in = self._net.get_input_details()[0]["index"]
        self._outs = {int(np.prod(item["shape"])): item["index"] for item in self._net.get_output_details()}

    def run(self, tensor: NDArray[np.float32]) -> dict[int, Points]:
        """Outputs by their number of values."""
        self._net.set_tensor(self._in, tensor)
        self._net.invoke()
        return {
            size: self._net.get_tensor(index).ravel().astype(np.float64) for size, index in self._outs.items()
        }


class LandmarkAnalyser:
    """Analyser of pictures made of the three pinned networks."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        finder, mesh, iris = (files[name] for name in NETWORKS)
        self._finder = BlazeFace(finder)
        self._mesh, self._iris = _Net(mesh), _Net(iris)
        self._models = {name: hashlib.sha256(files[name]).hexdigest() for name in NETWORKS}

    @property
    def models(self) -> Mapping[str, str]:
        """Name and SHA-256 of each network in use."""
        return self._models

    def look(self, rgb: Pixels, *, lids: bool) -> Sighting:
        """Faces, the points of the main one, and (when asked) how far its lids are open."""
        picture = Image.fromarray(rgb)
        found = _main_first(self._finder.find(picture), rgb)
        boxes = tuple(item.box for item in found)
        if not found:
            return Sighting(boxes, None, 0.0, None)
        points, presence = self._points(picture, found[0])
        if not np.isfinite(points).all():
            return Sighting(boxes, None, 0.0, None)
        if not lids:
            return Sighting(boxes, points, presence, None)
        return Sighting(
            boxes, points, presence, (self._lid(picture, points, 0), self._lid(picture, points, 1))
        )

    def _points(self, picture: Image.Image, face: Detection) -> tuple[Points, float]:
        eyes = face.points[1] - face.points[0]
        angle = math.atan2(eyes[1], eyes[0])
        box = face.box
        middle = np.array([box.x + box.width / 2, box.y + box.height / 2])
        side = max(box.width, box.height) * MESH_MARGIN
        outs = self._mesh.run(_crop(picture, middle, side, angle, MESH_SIDE, flip=False))
        presence = 1 / (1 + math.exp(-float(np.clip(outs[1][0], -60, 60))))
        return _back(outs[1404].reshape(468, 3), middle, side, angle, MESH_SIDE), presence

    def _lid(self, picture: Image.Image, points: Points, eye: int) -> float:
        """Lid opening over eye width, from the eye alone."""
        outer, inner = points[EYES[eye][0], :2], points[EYES[eye][1], :2]
        along = inner - outer if eye == 0 else outer - inner
        side = float(np.hypot(*along)) * EYE_MARGIN
        angle = math.atan2(along[1], along[0])
        tensor = _crop(picture, (outer + inner) / 2, side, angle, EYE_SIDE, flip=eye == 1)
        contour = self._iris.run(tensor)[213].reshape(71, 3)[:16, :2]
        width = float(np.hypot(*(contour[8] - contour[0])))
        gap = contour[list(LOWER_LID), 1] - contour[list(UPPER_LID), 1]
        return float(gap.mean()) / width if width > 0 else math.nan


def _main_first(found: list[Detection], rgb: Pixels) -> list[Detection]:
    """The face the picture is of comes first: large, and near the middle."""
    height, width = rgb.shape[:2]
    reach = math.hypot(width, height) / 2

    def weight(item: Detection) -> float:
        box = item.box
        away = math.hypot(box.x + box.width / 2 - width / 2, box.y + box.height / 2 - height / 2)
        return box.width * max(0.0, 1 - away / reach)

    return sorted(found, key=weight, reverse=True)


def _crop(
    picture: Image.Image, middle: Points, side: float, angle: float, out: int, *, flip: bool
) -> NDArray[np.float32]:
    """A turned square of the picture as a network input in 0..1."""
    step = side / out
    cos, sin = math.cos(angle) * step, math.sin(angle) * step
    half = out / 2
    across = -cos if flip else cos, -sin if flip else sin
    x0 = middle[0] - across[0] * half + sin * half
    y0 = middle[1] - across[1] * half - cos * half
    matrix = (across[0], -sin, x0, across[1], cos, y0)
    square = picture.transform((out, out), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    tensor: NDArray[np.float32] = np.asarray(square, np.float32)[None] / np.float32(255)
    return tensor


def _back(raw: Points, middle: Points, side: float, angle: float, out: int) -> Points:
    """Points of a crop as points of the picture; depth in the same unit."""
    step = side / out
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    flat = (raw[:, :2] - out / 2) @ turn.T * step + middle
    return np.concatenate([flat, raw[:, 2:] * step], axis=1)
