"""`make items`: every example judged now, and an exit code that tells when one does not behave."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from runtime.cli import items as program
from services.items.registry import Registry, load_registry


def test_every_item_shows_an_accepted_and_a_refused_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main() == 0
    *lines, last = capsys.readouterr().out.splitlines()
    found = load_registry()
    counts = json.loads(last)
    beside_the_list = [item.code for item in found if item.number is None]
    assert sorted(beside_the_list) == ["limit-raise", "withdrawal-unlock"]
    assert counts["items"] == len({item.number for item in found if item.number}) + 2 == 16 + 2
    assert counts["examples"] == counts["ok"] == sum(len(item.examples) for item in found)
    assert len(lines) == 3 * len(found)


def test_one_wrong_example_fails_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, *rest = load_registry()
    wrong = replace(one, examples=(replace(one.examples[0], max_fen=1), *one.examples[1:]))
    monkeypatch.setattr(program, "load_registry", lambda: Registry([wrong, *rest]))
    assert program.main() == 1
    out = capsys.readouterr().out
    assert "WRONG" in out
    counts = json.loads(out.splitlines()[-1])
    assert counts["ok"] == counts["examples"] - 1
