"""Colour echo 屏幕色光: whether the face reflects the colours that the phone's screen showed, in their order.

The page lights the face with colours drawn from the nonce. A camera that looks at a real face before this very
screen sees a little of them in the skin; pictures made elsewhere or earlier do not. How strong the echo is depends on
the room and the phone and was not measured on real phones: the score is kept with the verdict, and refuses nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.face.engine.types import Pixels, Points

COLOURS = ("red", "green", "blue")
COUNT = 4
_LAGS_MS = (0, 100, 200, 300, 400)
_LEAST_LOOKS = 6
_INNER = 0.3  # of the face's width and height to each side of its middle: skin, not hair or wall


@dataclass(frozen=True, slots=True)
class Glance:
    """The mean red, green and blue of the face in one picture."""

    at_ms: int
    mean: tuple[float, float, float]


def colours_of(nonce: str) -> tuple[str, ...]:
    """The colours that belong to a nonce: `COUNT` of them, no two neighbours alike."""
    stream = hashlib.sha256(f"colours|{nonce}".encode()).digest()
    shown: list[str] = []
    for byte in stream[:COUNT]:
        choice = [colour for colour in COLOURS if not shown or colour != shown[-1]]
        shown.append(choice[byte % len(choice)])
    return tuple(shown)


def glance(at_ms: int, rgb: Pixels, points: Points) -> Glance:
    """Look at the middle of the face."""
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    centre, reach = (low + high) / 2, (high - low) * _INNER
    left, top = np.maximum(centre - reach, 0).astype(int)
    right, bottom = np.ceil(centre + reach).astype(int)
    red, green, blue = rgb[top : bottom + 1, left : right + 1].reshape(-1, 3).mean(axis=0).tolist()
    return Glance(at_ms, (red, green, blue))


def echo(glances: Sequence[Glance], colours: Sequence[str], start_ms: int, hold_ms: int) -> float:
    """How well the skin follows the screen, −1 to 1: the best mean correlation over the delays a phone may have.

    NaN when there are too few pictures, or nothing in them changes.
    """
    seen = [one for one in glances if start_ms <= one.at_ms < start_ms + hold_ms]
    if len(seen) < _LEAST_LOOKS or not colours:
        return float("nan")
    light = np.array([one.mean for one in seen])
    skin = light / np.maximum(light.sum(axis=1, keepdims=True), 1e-9)
    found = [_agreement(skin, _screen(seen, colours, start_ms + lag, hold_ms)) for lag in _LAGS_MS]
    return max(found) if np.isfinite(found).all() else float("nan")


def _screen(
    glances: Sequence[Glance], colours: Sequence[str], start_ms: int, hold_ms: int
) -> NDArray[np.float64]:
    """What the screen sent out when each picture was taken: one row a picture, one column a colour."""
    each_ms = hold_ms / len(colours)
    rows = np.zeros((len(glances), len(COLOURS)))
    for row, one in zip(rows, glances, strict=True):
        place = min(max(0, int((one.at_ms - start_ms) // each_ms)), len(colours) - 1)
        row[COLOURS.index(colours[place])] = 1.0
    return rows


def _agreement(skin: NDArray[np.float64], screen: NDArray[np.float64]) -> float:
    """Mean correlation over the colours that were shown at all."""
    one, other = skin - skin.mean(axis=0), screen - screen.mean(axis=0)
    shown = (other**2).sum(axis=0) > 0
    scale = np.sqrt((one**2).sum(axis=0) * (other**2).sum(axis=0))[shown]
    if not (scale > 0).all():
        return float("nan")
    return float(((one * other).sum(axis=0)[shown] / scale).mean())
