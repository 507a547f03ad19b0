"""face_recognition as matcher 人脸比对: its descriptors, with its network run in ONNX Runtime."""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path

import dlib
import face_recognition
import face_recognition_models
import numpy as np
from PIL import ImageFile

from services.face.adapters.dlib_network import LENGTH, SIDE, DlibNetwork
from services.face.adapters.model_files import ModelRefused, check_installed
from services.face.engine.types import Descriptor, Pixels, Points

# face_recognition switches this on for the whole process; cut pictures must stay an error.
ImageFile.LOAD_TRUNCATED_IMAGES = False

OUTER_CORNERS = (33, 263)
ALL_CORNERS = (33, 133, 362, 263)
# The box dlib's 5-point predictor was trained on, in outer eye distances: its side, and its middle below the eyes.
BOX_SIDE, BOX_DROP = 1.65, 0.35
CHIP_MARGIN = 0.25
# Rounding alone parts the two ways to run the network by less than 1e-6.
MOST_DIFFERENCE = 1e-5


class FaceRecognitionMatcher:
    """Matcher made of dlib's network behind face_recognition; finds no faces itself."""

    def __init__(self, models_dir: Path) -> None:
        network = Path(face_recognition_models.face_recognition_model_location())
        predictor = Path(face_recognition_models.pose_predictor_five_point_model_location())
        contents = {path.name: path.read_bytes() for path in (network, predictor)}
        check_installed(models_dir, contents)
        self._models = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        self._predictor = dlib.shape_predictor(str(predictor))
        self._network = DlibNetwork(contents[network.name])
        _check_equality(self._network)

    @property
    def models(self) -> Mapping[str, str]:
        """Name and SHA-256 of each network in use."""
        return self._models

    def describe(self, rgb: Pixels, points: Points) -> Descriptor:
        """Descriptor of the face whose mesh points are given."""
        top, right, bottom, left = face_box(points)
        shape = self._predictor(rgb, dlib.rectangle(left, top, right, bottom))
        return self._network.describe(dlib.get_face_chip(rgb, shape, SIDE, CHIP_MARGIN))

    def describe_photo(self, rgb: Pixels, points: Points) -> Descriptor:
        """A photo is described as a frame is."""
        return self.describe(rgb, points)

    def distance(self, one: Descriptor, other: Descriptor) -> float:
        """Euclidean distance; NaN unless both are sound descriptors."""
        if one.shape != (LENGTH,) or other.shape != (LENGTH,):
            return math.nan
        return float(np.linalg.norm(one - other))


def face_box(points: Points) -> tuple[int, int, int, int]:
    """The box face_recognition would find: top, right, bottom, left."""
    span = float(np.hypot(*(points[OUTER_CORNERS[0], :2] - points[OUTER_CORNERS[1], :2])))
    x, y = points[list(ALL_CORNERS), :2].mean(axis=0)
    half, middle = span * BOX_SIDE / 2, y + span * BOX_DROP
    return round(middle - half), round(x + half), round(middle + half), round(x - half)


def _check_equality(network: DlibNetwork) -> None:
    """Start only when our way to run the network gives face_recognition's own numbers."""
    chip = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    own = np.asarray(face_recognition.api.face_encoder.compute_face_descriptor(chip))
    if not float(np.abs(own - network.describe(chip)).max()) <= MOST_DIFFERENCE:
        raise ModelRefused("the network does not give face_recognition's descriptors")
