"""face_recognition as matcher 人脸比对: 128-number descriptors and their distance."""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path

import face_recognition
import face_recognition_models
import numpy as np
from PIL import ImageFile

from services.face.engine.types import Descriptor, Pixels, Points

# face_recognition switches this on for the whole process; cut pictures must stay an error.
ImageFile.LOAD_TRUNCATED_IMAGES = False

OUTER_CORNERS = (33, 263)
ALL_CORNERS = (33, 133, 362, 263)
# The box dlib's 5-point predictor was trained on, in outer eye distances: its side, and its middle below the eyes.
BOX_SIDE, BOX_DROP = 1.65, 0.35
LENGTH = 128


class FaceRecognitionMatcher:
    """Matcher made of dlib's network behind face_recognition; finds no faces itself."""

    def __init__(self) -> None:
        self._models = {
            Path(path).name: hashlib.sha256(Path(path).read_bytes()).hexdigest()
            for path in (
                face_recognition_models.face_recognition_model_location(),
                face_recognition_models.pose_predictor_five_point_model_location(),
            )
        }

    @property
    def models(self) -> Mapping[str, str]:
        """Name and SHA-256 of each network in use."""
        return self._models

    def describe(self, rgb: Pixels, points: Points) -> Descriptor:
        """Descriptor of the face whose mesh points are given."""
        found = face_recognition.face_encodings(rgb, [_box(points)], num_jitters=1, model="small")
        return np.asarray(found[0], np.float64)

    def distance(self, one: Descriptor, other: Descriptor) -> float:
        """Euclidean distance; NaN unless both are sound descriptors."""
        if one.shape != (LENGTH,) or other.shape != (LENGTH,):
            return math.nan
        return float(np.linalg.norm(one - other))


def _box(points: Points) -> tuple[int, int, int, int]:
    """Top, right, bottom, left."""
    span = float(np.hypot(*(points[OUTER_CORNERS[0], :2] - points[OUTER_CORNERS[1], :2])))
    x, y = points[list(ALL_CORNERS), :2].mean(axis=0)
    half, middle = span * BOX_SIDE / 2, y + span * BOX_DROP
    return round(middle - half), round(x + half), round(middle + half), round(x - half)
