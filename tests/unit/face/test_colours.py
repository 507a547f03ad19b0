"""Colour echo: skin that follows the screen scores high, skin that does not scores low, and nothing is made up."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.face.engine.colours import COLOURS, COUNT, Glance, colours_of, echo, glance

SHOWN = ("red", "green", "blue", "red")
START, HOLD = 0, 2400
TIMES = range(100, 2400, 150)


def lit(
    colours: tuple[str, ...], *, strength: float = 6.0, lag_ms: int = 0, noise: float = 0.0
) -> list[Glance]:
    """A face of one skin colour under a screen; `strength` is the grey levels that the screen adds."""
    rng = np.random.default_rng(7)
    seen = []
    for at_ms in TIMES:
        place = min(max(0, (at_ms - lag_ms) // (HOLD // len(colours))), len(colours) - 1)
        mean = [170.0, 130.0, 110.0]
        mean[COLOURS.index(colours[place])] += strength
        red, green, blue = (value + float(rng.normal(0, noise)) for value in mean)
        seen.append(Glance(at_ms, (red, green, blue)))
    return seen


@given(st.text("0123456789abcdef", min_size=32, max_size=32))
def test_colours_belong_to_the_nonce(nonce: str) -> None:
    """The same nonce gives the same colours; two neighbours differ, or one could not be told from the other."""
    shown = colours_of(nonce)
    assert shown == colours_of(nonce)
    assert len(shown) == COUNT
    assert set(shown) <= set(COLOURS)
    assert all(one != other for one, other in itertools.pairwise(shown))


def test_another_nonce_gives_other_colours() -> None:
    """Of a hundred nonces no colour order comes more than twelve times; 24 orders are possible."""
    orders = [colours_of(f"{number:032x}") for number in range(100)]
    assert max(orders.count(order) for order in set(orders)) <= 12
    assert len(set(orders)) >= 15


@pytest.mark.parametrize("lag_ms", [0, 200, 400])
def test_a_lit_face_answers(lag_ms: int) -> None:
    """A phone's delay of up to 0.4 s is allowed for."""
    assert echo(lit(SHOWN, lag_ms=lag_ms), SHOWN, START, HOLD) > 0.95


def test_a_weak_answer_is_still_one() -> None:
    """Three grey levels under half a level of noise."""
    assert echo(lit(SHOWN, strength=3.0, noise=0.5), SHOWN, START, HOLD) > 0.8


def test_another_order_does_not_answer() -> None:
    """Pictures made for other colours."""
    assert echo(lit(("blue", "red", "green", "blue")), SHOWN, START, HOLD) < 0.5


def test_a_face_that_nothing_lights() -> None:
    """Noise alone stays far from what a lit face reaches; no change at all is no score."""
    assert echo(lit(SHOWN, strength=0.0, noise=0.5), SHOWN, START, HOLD) < 0.6
    assert math.isnan(echo(lit(SHOWN, strength=0.0), SHOWN, START, HOLD))


def test_too_few_pictures_are_no_score() -> None:
    """Five pictures cannot tell, nor can pictures of another time."""
    assert math.isnan(echo(lit(SHOWN)[:5], SHOWN, START, HOLD))
    assert math.isnan(echo(lit(SHOWN), SHOWN, 60_000, HOLD))


def test_the_middle_of_the_face_is_looked_at() -> None:
    """Skin in the middle counts, the wall around it does not."""
    rgb = np.zeros((100, 100, 3), np.uint8)
    rgb[30:70, 30:70] = (200, 100, 50)
    points = np.array([[20.0, 20.0, 0.0], [80.0, 80.0, 0.0], [50.0, 50.0, 0.0]])
    assert glance(5, rgb, points) == Glance(5, (200.0, 100.0, 50.0))
