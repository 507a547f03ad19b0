"""Crash points name functions of the product: one that is gone would end each process of the fault run at its start."""

from __future__ import annotations

import pytest

from bench.faults.points import POINTS, Point


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_a_crash_point_is_there(point: Point) -> None:
    assert callable(getattr(point.owner, point.function))
