"""Values that pass between the parts of the face check 人脸核验数据."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Kind = Literal["neutral", "blink", "open_mouth", "turn_left", "turn_right", "nod"]
Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]
Descriptor = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frame:
    """One camera picture: `at_ms` counts from the moment prompt 0 was shown; not mirrored."""

    seq: int
    at_ms: int
    prompt: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Prompt:
    """One instruction to the member; left and right are the member's own. `colours` light the face, in turn."""

    index: int
    kind: Kind
    start_ms: int
    hold_ms: int
    colours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer: passed only when `reasons` is empty. Picture hashes stay near when a picture is encoded anew."""

    passed: bool
    reasons: tuple[str, ...]
    scores: Mapping[str, float]
    models: Mapping[str, str]
    frame_hashes: tuple[str, ...]
    picture_hashes: tuple[str, ...] = ()
    template: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A face found in a picture, in pixels."""

    x: float
    y: float
    width: float
    height: float
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """What the networks saw in one picture; points are 468 x 3 in pixels of the picture."""

    faces: tuple[FaceBox, ...]
    points: Points | None
    presence: float
    lids: tuple[float, float] | None


class Analyser(Protocol):
    """Finds faces and their points in one RGB picture."""

    @property
    def models(self) -> Mapping[str, str]:
        """Name and SHA-256 of each network in use."""

    def look(self, rgb: Pixels, *, lids: bool) -> Sighting:
        """Analyse one picture; the lids only when asked, for they cost as much as the rest."""


class Matcher(Protocol):
    """Describes a face so that two faces can be compared."""

    @property
    def models(self) -> Mapping[str, str]:
        """Name and SHA-256 of each network in use."""

    def describe(self, rgb: Pixels, points: Points) -> Descriptor:
        """The descriptor of the face whose points are given, in a frame of the camera."""

    def describe_photo(self, rgb: Pixels, points: Points) -> Descriptor:
        """The same for the authority's photo, which every frame is compared with: worth more time."""

    def distance(self, one: Descriptor, other: Descriptor) -> float:
        """How far apart two faces are; NaN when it cannot be known."""
