"""MobileFaceNet as matcher 人脸比对网络: 192 numbers of an aligned face, and the distance of two of them."""

import hashlib
import math
from collections.abc import Mapping, Sequence

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from services.face.adapters.model_files import ModelRefused
from services.face.adapters.one_face_network import for_one_face
from services.face.engine.alignment import SIDE, aligned
from services.face.engine.types import Descriptor, Pixels, Points

NAME = "MobileFaceNet.tflite"
LENGTH = 192
# Rounded filters part the two ways to run the network by 0.03 to 0.05; two pictures of one face are 0.4 apart.
MOST_DIFFERENCE = 0.1


class MobileFaceNetMatcher:
    """Runs the network on the aligned face; on a photo also on its mirror image, and adds the two.

    `common` is what the faces of the people served have in common, as a direction among descriptors. It says nothing
    about who somebody is, and is taken out of every descriptor.
    """

    def __init__(self, model: bytes, common: Sequence[float] = ()) -> None:
        self._common = _direction(common)
        self._models = {
            NAME: hashlib.sha256(model).hexdigest(),
            "common direction": hashlib.sha256(self._common.tobytes()).hexdigest(),
        }
        self._net = Interpreter(model_content=for_one_face(model), num_threads=1)
        self._net.allocate_tensors()
        self._in = self._net.get_input_details()[0]["index"]
        self._out = self._net.get_output_details()[0]["index"]
        self._check_equality(model)

    @property
    def models(self) -> Mapping[str, str]:
        """SHA-256 of the network and of the direction: descriptors of others must not be compared with these."""
        return self._models

    def describe(self, rgb: Pixels, points: Points) -> Descriptor:
        """Descriptor of length one of the face whose mesh points are given."""
        return self._own(self.raw(aligned(rgb, points)))

    def describe_photo(self, rgb: Pixels, points: Points) -> Descriptor:
        """The same from the face and its mirror image."""
        face = aligned(rgb, points)
        return self._own(self.raw(face) + self.raw(face[:, ::-1]))

    def distance(self, one: Descriptor, other: Descriptor) -> float:
        """Euclidean distance, 0 to 2; NaN unless both are sound descriptors."""
        if one.shape != (LENGTH,) or other.shape != (LENGTH,):
            return math.nan
        return float(np.linalg.norm(one - other))

    def raw(self, face: Pixels) -> Descriptor:
        """The network's own numbers for an aligned face."""
        self._net.set_tensor(self._in, _tensor(face)[None])
        self._net.invoke()
        return np.asarray(self._net.get_tensor(self._out)[0], np.float64)

    def _own(self, numbers: Descriptor) -> Descriptor:
        """What is left without what all have in common, at length one."""
        whole = _unit(numbers)
        return _unit(whole - float(whole @ self._common) * self._common)

    def _check_equality(self, model: bytes) -> None:
        """Start only when the rewritten network answers like the one in the file."""
        face = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
        net = Interpreter(model_content=model, num_threads=1)
        net.allocate_tensors()
        net.set_tensor(net.get_input_details()[0]["index"], np.stack([_tensor(face)] * 2))
        net.invoke()
        own = np.asarray(net.get_tensor(net.get_output_details()[0]["index"])[0], np.float64)
        if not float(np.linalg.norm(_unit(own) - _unit(self.raw(face)))) <= MOST_DIFFERENCE:
            raise ModelRefused("the rewritten network does not give the file's descriptors")


def _tensor(face: Pixels) -> NDArray[np.float32]:
    return (face.astype(np.float32) - np.float32(127.5)) / np.float32(128)


def _unit(descriptor: Descriptor) -> Descriptor:
    return np.asarray(descriptor / np.linalg.norm(descriptor), np.float64)


def _direction(common: Sequence[float]) -> Descriptor:
    """The common direction at length one; none at all takes nothing out."""
    if not common:
        return np.zeros(LENGTH)
    if len(common) != LENGTH:
        raise ModelRefused(f"the common direction has {len(common)} numbers, not {LENGTH}")
    return _unit(np.array(common, np.float64))
