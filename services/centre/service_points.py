"""Service points 服务网点: the counters of a day, from a dated file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class ServicePoint:
    """One counter. Position in degrees, as text, GCJ-02; `busy` is what staff know of waiting, not a live queue."""

    code: str
    name: str
    district: str
    address: str
    phone: str
    latitude: str
    longitude: str
    hours: tuple[str, ...]
    busy: str
    services: tuple[str, ...]
    access: str


@dataclass(frozen=True, slots=True)
class PointList:
    """The counters from a day on."""

    since: date
    trust: str
    points: tuple[ServicePoint, ...]


class ServicePoints:
    """Every list of the file."""

    def __init__(self, file: Path) -> None:
        document = tomllib.loads(file.read_text("utf-8"))
        self._lists = sorted((_list(facts) for facts in document["list"]), key=lambda found: found.since)

    def on(self, day: date) -> PointList:
        """The counters of a day: the latest list that has begun, or the first."""
        begun = [found for found in self._lists if found.since <= day]
        return begun[-1] if begun else self._lists[0]


def _list(facts: Mapping[str, Any]) -> PointList:
    points = tuple(
        ServicePoint(**{**point, "hours": tuple(point["hours"]), "services": tuple(point["services"])})
        for point in facts["point"]
    )
    return PointList(facts["from"], facts.get("trust", "secondary"), points)
