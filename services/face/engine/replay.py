"""Hashes that survive re-encoding 防重放感知哈希: signs of the picture's low frequencies; near hashes, near pictures.

512 signs of the cosine transform of the whole frame. Copies that were compressed again or resized differ
in a few signs; pictures of another moment differ in many, even of the same person before the same wall.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.face.engine.types import Pixels

BITS, WAVES = 512, 32
INDEXED, BAND = 64, 16
"""The lowest 64 frequencies change least; they make four bands to find candidates by."""

_Floats = NDArray[np.float32]


@lru_cache(maxsize=8)
def _cosines(length: int) -> _Floats:
    """The WAVES slowest waves over a side of this many pixels."""
    k, x = np.arange(WAVES)[:, None], np.arange(length)[None]
    rows: _Floats = np.cos(np.pi * (2 * x + 1) * k / (2 * length)).astype(np.float32)
    return rows


def _lowest() -> NDArray[np.int64]:
    """The BITS lowest frequencies without the mean, from the corner outwards."""
    places = ((row, column) for row in range(WAVES) for column in range(WAVES))
    return np.array(sorted(places, key=lambda place: (sum(place), place[0]))[1 : BITS + 1])


_LOWEST = _lowest()


def picture_hash(rgb: Pixels) -> bytes:
    """64 bytes of a picture."""
    grey = np.asarray(Image.fromarray(rgb).convert("L"), np.float32)
    waves = _cosines(grey.shape[0]) @ grey @ _cosines(grey.shape[1]).T
    return np.packbits(waves[_LOWEST[:, 0], _LOWEST[:, 1]] > 0).tobytes()


def blinded(digest: bytes, key: bytes) -> bytes:
    """The hash with its signs in a secret order and partly turned: distances stay, the picture cannot be drawn."""
    bits = np.unpackbits(np.frombuffer(digest, np.uint8))
    order, turned = _secret(key)
    return np.packbits(bits[order] ^ turned).tobytes()


def _secret(key: bytes) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """An order that keeps the indexed signs in front, and which signs are turned; both from the key alone."""
    stream = np.frombuffer(hashlib.shake_256(b"anju-replay\0" + key).digest(8 * BITS + BITS // 8), np.uint8)
    ranks = stream[: 8 * BITS].copy().view("<u8")
    front = np.argsort(ranks[:INDEXED])
    return np.concatenate([front, INDEXED + np.argsort(ranks[INDEXED:])]), np.unpackbits(stream[8 * BITS :])


def bands(digest: bytes) -> tuple[int, ...]:
    """Four numbers of 16 bits: hashes with at most three different signs among the first 64 share one of them."""
    width = BAND // 8
    return tuple(int.from_bytes(digest[place : place + width]) for place in range(0, INDEXED // 8, width))


def distance(one: bytes, other: bytes) -> int:
    """How many signs differ."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def probes(digests: Sequence[bytes], most: int) -> list[bytes]:
    """The hashes to look up: each once, at most `most`, evenly spread over the session."""
    distinct = list(dict.fromkeys(digests))
    if len(distinct) <= most:
        return distinct
    return [distinct[place * len(distinct) // most] for place in range(most)]


def matches_needed(probed: int, share: float, least: int) -> int | None:
    """How many probes must match one earlier session for a replay; None when there are too few to say."""
    return None if probed < least else max(least, -int(-probed * share // 1))
