"""Fixtures of the item tests: every item of the registry, and the figures that come with the product."""

from __future__ import annotations

import pytest

from services.items.registry import Registry, load_registry


@pytest.fixture(scope="session")
def registry() -> Registry:
    """All items."""
    return load_registry()
