"""What people write for others: nothing hidden in it, and nothing that only looks empty."""

from __future__ import annotations

import pytest

from services.core.plain_text import seen


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("女儿", "女儿"),
        (" 女 儿\n", "女 儿"),
        ("女\u200b儿", "女儿"),
        ("\u202e儿女", "儿女"),
        ("\ufeff女儿\u2060", "女儿"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("مۇھەممەت", "مۇھەممەت"),
    ],
)
def test_what_is_written_is_what_is_seen(text: str, shown: str) -> None:
    assert seen(text) == shown


@pytest.mark.parametrize(
    "text", ["", "  ", "\u200b", "\u3164", "\u2800 \u2800", "\u200d", "\ufe0f\ufe0f", "\u2066\u2069", "\u180b"]
)
def test_what_nobody_sees_is_nothing(text: str) -> None:
    assert seen(text) == ""
