"""Shares of a month by hand, and the sums that guard a file."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.remittances.rules import Limits, control_sum, share_fen

ZHUZHOU = Limits(220_000, 3_274_400, 5, 12, 785_800, 1, half_up=False)


@pytest.mark.parametrize(
    ("base_fen", "percent", "share"),
    [
        (1_000_000, 10, 100_000),  # 10,000.00 × 10 % = 1,000.00
        (220_000, 5, 11_000),  # the least: 110.00 a side, 220.00 a month
        (3_274_400, 12, 392_900),  # 3,929.28, but both sides together are 7,858.00 at most
        (3_274_400, 11, 360_184),  # 3,601.84, under the ceiling
        (555_555, 7, 38_888),  # 388.8885: what is under a fen falls away
        (333_333, 5, 16_666),  # 166.6665
    ],
)
def test_a_share_by_hand(base_fen: int, percent: int, share: int) -> None:
    assert share_fen(base_fen, percent, ZHUZHOU) == share


def test_half_up_and_whole_yuan() -> None:
    """388.8885 → 388.89; 333.33 × 5 = 166.6665 → 166.67; in yuan 388.8885 → 389.00 and 388.00."""
    half_up = replace(ZHUZHOU, half_up=True)
    assert share_fen(555_555, 7, half_up) == 38_889
    assert share_fen(333_333, 5, half_up) == 16_667
    assert share_fen(555_555, 7, replace(half_up, unit_fen=100)) == 38_900
    assert share_fen(555_555, 7, replace(ZHUZHOU, unit_fen=100)) == 38_800


@given(st.integers(220_000, 3_274_400), st.integers(5, 12), st.sampled_from((1, 10, 100)), st.booleans())
def test_a_share_is_never_more_than_a_unit_away(base_fen: int, percent: int, unit: int, up: bool) -> None:
    limits = replace(ZHUZHOU, unit_fen=unit, half_up=up, month_most_fen=10**9)
    share = share_fen(base_fen, percent, limits)
    away = 100 * share - base_fen * percent
    assert share % unit == 0
    assert (-50 * unit < away <= 50 * unit) if up else (-100 * unit < away <= 0)


def test_the_control_sum_keeps_twelve_digits() -> None:
    """9,999,999,999,999 + 2 = 10,000,000,000,001: the last twelve are 000000000001."""
    assert control_sum(["9999999999999", "2"]) == 1
