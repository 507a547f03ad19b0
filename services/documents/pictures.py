"""Strict decoding of members' pictures 图片重绘; runs only in the confined process."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageFile, ImageOps

from services.documents.ports import CleanPicture

MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 16_000_000
LEAST_SIDE, MOST_RATIO = 100, 10
KEPT_SIDE, QUALITY = 2400, 85
_MOST_SCANS = 60
"""A progressive JPEG has about ten; thousands of tiny ones are decoded one after another."""
_START_OF_SCAN = b"\xff\xda"
_MAGIC = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}


class BadPicture(Exception):
    """Not a picture we take; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def redraw(data: bytes) -> CleanPicture:
    """The picture as a JPEG of ours: upright, RGB on white, at most 2400 pixels long; raises BadPicture."""
    kind = _kind(data)
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as picture:
            _check_size(picture.size)
            picture.load()
            return _drawn(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadPicture("image.pixels") from None
    except BadPicture:
        raise
    except Exception as problem:  # Pillow raises many kinds for a broken file; all of them mean unreadable
        raise BadPicture("image.unreadable") from problem


def _kind(data: bytes) -> str:
    if not data:
        raise BadPicture("image.empty")
    if len(data) > MOST_BYTES:
        raise BadPicture("image.too_large")
    kind = next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)
    if kind is None:
        raise BadPicture("image.type")
    if kind == "JPEG" and data.count(_START_OF_SCAN) > _MOST_SCANS:
        raise BadPicture("image.unreadable")
    return kind


def _check_size(size: tuple[int, int]) -> None:
    short, long = sorted(size)
    if short * long > MOST_PIXELS:
        raise BadPicture("image.pixels")
    if short < LEAST_SIDE or long > MOST_RATIO * short:
        raise BadPicture("image.dimensions")


def _of_eight_bits(picture: Image.Image) -> Image.Image:
    """A scan of 16 bits keeps its upper eight: Pillow would cut every shade above 255 off, and leave a white page."""
    return picture.point(lambda shade: shade / 256).convert("L") if picture.mode.startswith("I") else picture


def _drawn(picture: Image.Image) -> CleanPicture:
    upright = _of_eight_bits(ImageOps.exif_transpose(picture))
    upright.thumbnail((KEPT_SIDE, KEPT_SIDE))
    page = Image.new("RGB", upright.size, "white")
    if upright.has_transparency_data:
        coloured = upright.convert("RGBA")
        page.paste(coloured, mask=coloured.getchannel("A"))
    else:
        page.paste(upright.convert("RGB"))
    out = io.BytesIO()
    page.save(out, "JPEG", quality=QUALITY)
    return CleanPicture(out.getvalue(), *page.size)
