"""Choosing the figures of a day 按日取参数."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One dated figure."""

    key: str
    effective_from: date
    value: Any
    trust: str = "secondary"
    """How far its source is to be trusted; `assumed` is said to members wherever a trial rests on it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """All figures in force on one day; `version` changes when any of them does."""

    on: date
    values: Mapping[str, Any]
    version: str

    def integer(self, key: str) -> int:
        """A whole number (fen, months, hours); raises KeyError when the figure has no value on that day."""
        return int(self.values[key])

    def text(self, key: str) -> str:
        """A text such as the wording of an article."""
        return str(self.values[key])

    def names(self, key: str) -> frozenset[str]:
        """A set of names, such as items that share a rule."""
        return frozenset(self.values[key])


class NotedValues(Mapping[str, Any]):
    """Figures that remember which of them were looked at."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.used: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        self.used[key] = self._values[key]
        return self.used[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def policy_on(day: date, figures: Iterable[Figure]) -> Policy:
    """Figures in force on `day`: for each key the latest that began on or before it."""
    latest: dict[str, Figure] = {}
    for figure in sorted(figures, key=lambda figure: figure.effective_from):
        if figure.effective_from <= day:
            latest[figure.key] = figure
    values = {key: latest[key].value for key in sorted(latest)}
    canonical = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return Policy(day, values, hashlib.sha256(canonical.encode()).hexdigest()[:12])
