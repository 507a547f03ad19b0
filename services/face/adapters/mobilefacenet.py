"""MobileFaceNet as matcher 人脸比对网络: 192 numbers of the face and its mirror image, and their distance."""

import hashlib
import math
from collections.abc import Mapping

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from services.face.engine.alignment import aligned
from services.face.engine.types import Descriptor, Pixels, Points

NAME = "MobileFaceNet.tflite"
LENGTH = 192


class MobileFaceNetMatcher:
    """Runs the network, whose batch is two: the aligned face and the same face mirrored."""

    def __init__(self, model: bytes) -> None:
        self._net = Interpreter(model_content=model, num_threads=1)
        self._net.allocate_tensors()
        self._in = self._net.get_input_details()[0]["index"]
        self._out = self._net.get_output_details()[0]["index"]
        self._models = {NAME: hashlib.sha256(model).hexdigest()}

    @property
    def models(self) -> Mapping[str, str]:
        """Name and SHA-256 of the network."""
        return self._models

    def describe(self, rgb: Pixels, points: Points) -> Descriptor:
        """Descriptor of length one of the face whose mesh points are given."""
        face = aligned(rgb, points)
        pair = np.stack([face, face[:, ::-1]]).astype(np.float32)
        self._net.set_tensor(self._in, (pair - np.float32(127.5)) / np.float32(128))
        self._net.invoke()
        both = self._net.get_tensor(self._out).astype(np.float64).sum(axis=0)
        return np.asarray(both / np.linalg.norm(both), np.float64)

    def distance(self, one: Descriptor, other: Descriptor) -> float:
        """Euclidean distance, 0 to 2; NaN unless both are sound descriptors."""
        if one.shape != (LENGTH,) or other.shape != (LENGTH,):
            return math.nan
        return float(np.linalg.norm(one - other))
