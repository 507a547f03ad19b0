"""Two matchers as one 融合比对: the first decides, the second speaks against a pair it finds far apart."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.face.engine.types import Descriptor, Matcher, Pixels, Points


@dataclass(frozen=True, slots=True)
class FusedMatcher:
    """Distance of the first, plus what the second's distance exceeds `second_from` by, times `second_weight`."""

    first: Matcher
    second: Matcher
    first_length: int
    second_from: float
    second_weight: float

    @property
    def models(self) -> Mapping[str, str]:
        """Name and SHA-256 of each network in use."""
        return {**self.first.models, **self.second.models}

    def describe(self, rgb: Pixels, points: Points) -> Descriptor:
        """Both descriptors, one behind the other."""
        return np.concatenate([self.first.describe(rgb, points), self.second.describe(rgb, points)])

    def describe_photo(self, rgb: Pixels, points: Points) -> Descriptor:
        """Both descriptors of a photo."""
        return np.concatenate(
            [self.first.describe_photo(rgb, points), self.second.describe_photo(rgb, points)]
        )

    def distance(self, one: Descriptor, other: Descriptor) -> float:
        """The fused distance; NaN when either matcher cannot tell."""
        cut = self.first_length
        near = self.first.distance(one[:cut], other[:cut])
        far = self.second.distance(one[cut:], other[cut:])
        if math.isnan(near) or math.isnan(far):
            return math.nan
        return near + self.second_weight * max(0.0, far - self.second_from)
