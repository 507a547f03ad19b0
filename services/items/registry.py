"""Registry 事项目录: finds every file of `catalog`, and refuses to start on a faulty declaration."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from pydantic import create_model

from services.core.errors import NotFound
from services.items import catalog
from services.items.declaration import Form, Item
from services.items.own_controls import guarded


class FaultyItem(Exception):
    """A declaration that cannot be used; said at start-up."""


class Registry:
    """All items, in the order members see them."""

    def __init__(self, items: list[Item]) -> None:
        self._items = {item.code: item for item in sorted(map(guarded, items), key=_place)}
        if len(self._items) != len(items):
            raise FaultyItem("two items share a code")
        for item in items:
            _check(item)
        self._partial = {item.code: _partial_form(item.form) for item in items}

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def get(self, code: str) -> Item:
        """The item with this code; raises NotFound."""
        if code not in self._items:
            raise NotFound
        return self._items[code]

    def partial_form(self, item: Item) -> type[Form]:
        """The item's form with every field optional, for a quote before all is filled in."""
        return self._partial[item.code]


def _place(item: Item) -> tuple[int, str]:
    return item.order, item.code


def _check(item: Item) -> None:
    if not item.code.replace("-", "").isalnum() or item.code != item.code.lower():
        raise FaultyItem(f"{item.code}: the code is lower-case words with hyphens")
    if {example.allowed for example in item.examples} != {True, False}:
        raise FaultyItem(f"{item.code}: an accepted and a refused example are needed")
    if (item.kind == "withdrawal") != (item.amount is not None and item.keep_fen is not None):
        raise FaultyItem(
            f"{item.code}: a withdrawal, and only a withdrawal, has an amount rule and what to keep"
        )
    if not item.private_fields <= set(item.form.model_fields):
        raise FaultyItem(f"{item.code}: a private field is not in the form")


def _partial_form(form: type[Form]) -> type[Form]:
    fields = {name: (info.rebuild_annotation() | None, None) for name, info in form.model_fields.items()}
    return create_model(f"Partial{form.__name__}", __base__=Form, **fields)  # type: ignore[call-overload, no-any-return]


def load_registry(package: ModuleType = catalog) -> Registry:
    """Import every module of the catalogue and collect its `ITEM`."""
    modules = [
        import_module(f"{package.__name__}.{info.name}") for info in pkgutil.iter_modules(package.__path__)
    ]
    return Registry([module.ITEM for module in modules])
