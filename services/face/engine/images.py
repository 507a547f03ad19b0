"""Strict decoding of camera pictures 图像解码: JPEG only, small, complete, upright."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFile, ImageOps

from services.face.engine.types import Pixels


@dataclass(frozen=True, slots=True)
class Limits:
    """What a picture may measure, either way up."""

    most_bytes: int
    long_side: int
    short_side: int
    least_side: int

    def check(self, size: tuple[int, int]) -> None:
        """Raise BadImage unless the size in pixels is allowed."""
        short, long = sorted(size)
        if long > self.long_side or short > self.short_side or short < self.least_side:
            raise BadImage("face.image_size")


FRAME_LIMITS = Limits(most_bytes=300 * 1024, long_side=640, short_side=480, least_side=200)
# The authority's photo is small, but its shape is not ours to choose.
REFERENCE_LIMITS = Limits(most_bytes=300 * 1024, long_side=1600, short_side=1600, least_side=100)


_START_OF_SCAN = b"\xff\xda"
_MOST_SCANS = 40
"""A camera writes one, a progressive picture about ten; 300 KB have room for 24,000, decoded one after another."""


class BadImage(Exception):
    """The picture cannot be used; `code` is a reason code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def decode_jpeg(data: bytes, limits: Limits = FRAME_LIMITS) -> Pixels:
    """RGB pixels of a complete small JPEG, turned upright; raises BadImage."""
    if not 0 < len(data) <= limits.most_bytes:
        raise BadImage("face.image_size")
    if data.count(_START_OF_SCAN) > _MOST_SCANS:
        raise BadImage("face.image_unreadable")
    # face_recognition switches this on for the whole process when it is imported.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            limits.check(picture.size)
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            return np.asarray(upright.convert("RGB"))
    except BadImage:
        raise
    except Exception as problem:  # Pillow raises many kinds for a broken file; all of them mean unreadable
        raise BadImage("face.image_unreadable") from problem
