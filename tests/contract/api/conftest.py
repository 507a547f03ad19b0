"""Fixtures of the API tests, and the long ones among them."""

from __future__ import annotations

import pytest

from tests.support.domain.fixtures import member, world, world_of_process

__all__ = ["member", "world", "world_of_process"]


def pytest_configure(config: pytest.Config) -> None:
    """The marker of tests that are too long for each commit."""
    config.addinivalue_line("markers", "nightly: runs only when asked for by -m nightly")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long ones out unless they are asked for."""
    if "nightly" in (config.option.markexpr or ""):
        return
    long = [item for item in items if item.get_closest_marker("nightly")]
    if long:
        items[:] = [item for item in items if item not in long]
        config.hook.pytest_deselected(items=long)
