"""Pictures made to keep the decoder busy."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from services.face.engine.images import BadImage, decode_jpeg


def progressive() -> bytes:
    """A small progressive JPEG: ten scans."""
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((640, 480)).save(file, "JPEG", progressive=True)
    return file.getvalue()


def test_a_progressive_picture_is_read() -> None:
    assert decode_jpeg(progressive()).shape == (480, 640, 3)


def test_a_picture_of_thousands_of_scans_is_not_decoded() -> None:
    """Each scan costs a pass over the whole picture: 24,000 of them 0.7 s, and a session has 120 pictures."""
    picture = progressive()
    scan = bytes.fromhex("ffda0008010100010502") + b"\x00\x00"
    bomb = picture[:-2] + scan * 24_000 + picture[-2:]
    with pytest.raises(BadImage) as refused:
        decode_jpeg(bomb)
    assert refused.value.code == "face.image_unreadable"
