"""Rules are shown to staff by the first line of their description."""

from __future__ import annotations

import pytest

from services.items.declaration import Item
from services.items.registry import load_registry


@pytest.mark.parametrize("item", list(load_registry()), ids=lambda item: item.code)
def test_every_rule_is_named_in_chinese(item: Item) -> None:
    for rule in item.eligibility:
        first = (rule.__doc__ or "").strip()[:1]
        assert "\u4e00" <= first <= "\u9fff", rule.__name__
