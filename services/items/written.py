"""What a member wrote 填写内容: the form of a case as rows of words, for the people who decide it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pydantic.fields import FieldInfo

from services.core.money import yuan_text
from services.items.declaration import Choice, Item
from services.items.facts import Facts
from services.policies.rules import Policy

_SHOWN_ELSEWHERE = frozenset({"card", "hidden", "agree"})
_MONEY = frozenset({"amount", "yuan"})


def written(item: Item, form: Any, facts: Facts, policy: Policy) -> list[tuple[str, str]]:
    """Title and value of every field that was filled in; a private field shows its last four characters."""
    return list(_rows(item, form, item.offered(facts, policy)))


def _rows(item: Item, form: Any, offered: Mapping[str, tuple[Choice, ...]]) -> Iterator[tuple[str, str]]:
    for name, info in item.form.model_fields.items():
        value, extra = getattr(form, name), _extra(info)
        if value is None or extra.get("x-widget") in _SHOWN_ELSEWHERE:
            continue
        text = _said(value, extra, offered.get(name, ()))
        yield info.title or name, f"尾号 {text[-4:]}" if name in item.private_fields else text


def _extra(info: FieldInfo) -> Mapping[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, Mapping) else {}


def _said(value: Any, extra: Mapping[str, Any], offered: tuple[Choice, ...]) -> str:
    chosen = next((choice.text for choice in offered if choice.value == str(value)), None)
    if chosen is not None:
        return chosen
    if extra.get("x-widget") in _MONEY:
        return f"{yuan_text(value)} 元"
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(extra.get("x-labels", {}).get(str(value), value))
