"""Hashes that survive re-encoding: copies are near, other pictures are far, blinding changes neither."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from services.face.engine.replay import (
    BITS,
    bands,
    blinded,
    distance,
    matches_needed,
    picture_hash,
    probes,
)

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
HASHES = st.binary(min_size=64, max_size=64)


def picture(seed: int, size: tuple[int, int] = (480, 360)) -> Image.Image:
    """Blots of colour: a picture with slow and fast waves."""
    noise = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))


def encoded(image: Image.Image, quality: int) -> Image.Image:
    """The same picture out of a JPEG file."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


def of(image: Image.Image) -> bytes:
    """Its hash."""
    return picture_hash(np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("seed", range(4))
def test_copies_are_near_and_other_pictures_far(seed: int) -> None:
    """5 of 512 is the shipped limit; half of the signs differ between pictures that have nothing in common."""
    first = picture(seed)
    assert distance(of(first), of(encoded(first, 50))) <= 5
    assert distance(of(first), of(first.resize((240, 180)).resize((480, 360)))) <= 5
    assert distance(of(first), of(first.resize((640, 480)))) <= 5
    assert 180 <= distance(of(first), of(picture(seed + 100))) <= 330


def test_a_sign_is_that_of_its_wave() -> None:
    """Brightness rising to the left: the slowest wave along the width is positive, to the right negative."""
    ramp = np.linspace(255, 0, 480)[None, :, None].repeat(360, 0).repeat(3, 2).astype(np.uint8)
    left, right = picture_hash(ramp), picture_hash(ramp[:, ::-1].copy())
    assert (left[0] >> 7, right[0] >> 7) == (1, 0)  # that wave is the first of the lowest


@given(HASHES, HASHES)
def test_blinding_keeps_distances(one: bytes, other: bytes) -> None:
    assert distance(blinded(one, KEY), blinded(other, KEY)) == distance(one, other)


@given(HASHES)
def test_what_is_stored_depends_on_the_key(digest: bytes) -> None:
    assert blinded(digest, KEY) != digest
    assert blinded(digest, KEY) != blinded(digest, OTHER_KEY)


@given(HASHES, st.sets(st.integers(0, BITS - 1), max_size=3))
def test_three_changed_signs_leave_a_common_band(digest: bytes, changed: set[int]) -> None:
    """Four bands, three changes: one band is whole (pigeonhole), blinded or not."""
    bits = np.unpackbits(np.frombuffer(digest, np.uint8))
    bits[list(changed)] ^= 1
    near = np.packbits(bits).tobytes()
    assert any(a == b for a, b in zip(bands(digest), bands(near), strict=True))
    pairs = zip(bands(blinded(digest, KEY)), bands(blinded(near, KEY)), strict=True)
    assert any(a == b for a, b in pairs)


def test_bands_are_the_first_eight_bytes() -> None:
    assert bands(bytes(range(64))) == (0x0001, 0x0203, 0x0405, 0x0607)


def test_probes_are_distinct_and_spread() -> None:
    frames = [bytes([place]) for place in range(90)]
    assert probes(frames[:5] * 2, 24) == frames[:5]
    assert probes(frames, 3) == [frames[0], frames[30], frames[60]]


@pytest.mark.parametrize(("probed", "needed"), [(7, None), (8, 8), (11, 8), (12, 9), (20, 14), (24, 17)])
def test_most_of_the_probes_must_match_and_eight_at_least(probed: int, needed: int | None) -> None:
    """70 % of 11 is 7.7: eight; of 12 8.4: nine; of 20 exactly 14; of 24 16.8: seventeen."""
    assert matches_needed(probed, 0.7, 8) == needed
