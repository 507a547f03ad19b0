"""Only complete small JPEG pictures are decoded."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from services.face.engine.images import FRAME_LIMITS, REFERENCE_LIMITS, BadImage, decode_jpeg


def _picture(size: tuple[int, int] = (480, 360), mode: str = "RGB") -> Image.Image:
    across = np.linspace(0, 255, size[0], dtype=np.uint8)
    return Image.fromarray(np.tile(across, (size[1], 1))).convert(mode)


def _jpeg(picture: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85, **options)
    return out.getvalue()


def _bad(data: bytes, limits: object = FRAME_LIMITS) -> str:
    with pytest.raises(BadImage) as refused:
        decode_jpeg(data, limits)  # type: ignore[arg-type]
    return refused.value.code


def test_a_camera_picture_either_way_up() -> None:
    assert decode_jpeg(_jpeg(_picture())).shape == (360, 480, 3)
    assert decode_jpeg(_jpeg(_picture((480, 640)))).shape == (640, 480, 3)


def test_too_many_pixels_or_bytes_or_too_few() -> None:
    assert _bad(_jpeg(_picture((641, 480)))) == "face.image_size"
    assert _bad(_jpeg(_picture((640, 481)))) == "face.image_size"
    assert _bad(_jpeg(_picture((199, 360)))) == "face.image_size"
    assert _bad(_jpeg(_picture((1, 1)))) == "face.image_size"
    assert _bad(_jpeg(_picture()) + bytes(300 * 1024)) == "face.image_size"
    assert _bad(b"") == "face.image_size"


def test_a_cut_picture_even_after_the_flag_was_switched_on() -> None:
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    whole = _jpeg(_picture())
    assert _bad(whole[: len(whole) // 2]) == "face.image_unreadable"
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "TIFF", "BMP", "EPS", "PDF"])
def test_other_formats(kind: str) -> None:
    out = io.BytesIO()
    _picture((240, 200)).save(out, kind)
    assert _bad(out.getvalue()) == "face.image_unreadable"


@pytest.mark.parametrize("data", [b"<svg/>", b"<html>", b"\xff\xd8\xff", bytes(100), b"GIF89a"])
def test_what_is_no_picture(data: bytes) -> None:
    assert _bad(data) == "face.image_unreadable"


def test_a_png_bomb_is_not_even_opened() -> None:
    head = struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    assert _bad(b"\x89PNG\r\n\x1a\n" + chunk) == "face.image_unreadable"


def test_a_turned_picture_is_put_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = _picture((360, 480)).transpose(Image.Transpose.ROTATE_90)
    pixels = decode_jpeg(_jpeg(turned, exif=exif))
    assert pixels.shape == (480, 360, 3)
    upright = decode_jpeg(_jpeg(_picture((360, 480))))
    assert float(np.abs(pixels.astype(int) - upright).mean()) < 3


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_colours_become_rgb(mode: str) -> None:
    assert decode_jpeg(_jpeg(_picture(mode=mode))).shape == (360, 480, 3)


def test_the_authoritys_photo_may_be_small_or_upright() -> None:
    assert decode_jpeg(_jpeg(_picture((102, 126))), REFERENCE_LIMITS).shape == (126, 102, 3)
    assert decode_jpeg(_jpeg(_picture((358, 441))), REFERENCE_LIMITS).shape == (441, 358, 3)
    assert _bad(_jpeg(_picture((1700, 100))), REFERENCE_LIMITS) == "face.image_size"
