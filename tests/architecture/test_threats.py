"""The table of threats: none is left out, and what its rows point to is there."""

from __future__ import annotations

import ast

from config.settings import ROOT
from runtime.cli.security_page import threats
from tests.support.node_ids import missing

THREATS = {row["id"]: row for row in threats()}


def test_every_threat_has_its_row() -> None:
    assert list(THREATS) == [f"T{number:02d}" for number in range(1, 43)]
    assert len(threats()) == len(THREATS)


def test_every_row_says_what_is_done_and_shows_it() -> None:
    """A control with its place and a test, or a word of what is not met."""
    for row in THREATS.values():
        assert row.keys() <= {"id", "name", "control", "at", "tests", "open"}
        assert len(row["control"]) > 20
        assert row["at"]
        assert row["tests"]


def test_tests_named_are_there() -> None:
    assert {key: lost for key, row in THREATS.items() if (lost := missing(row["tests"]))} == {}


def test_places_named_are_there() -> None:
    lost = [place for row in THREATS.values() for place in row["at"] if not _is_there(place)]
    assert lost == []


def _is_there(place: str) -> bool:
    path, _, symbol = place.partition(":")
    if not symbol:
        return (ROOT / path).exists()
    return (ROOT / path).is_file() and symbol in _symbols(path)


def _symbols(path: str) -> set[str]:
    names: set[str] = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names
