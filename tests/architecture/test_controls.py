"""The table of `make controls`: each control's words are there once, and its test exists."""

from __future__ import annotations

import pytest

from bench.controls import ROOT, Control, read_controls, switched_off
from tests.support.node_ids import missing

CONTROLS = {control["name"]: control for control in read_controls()}


@pytest.mark.parametrize("control", CONTROLS.values(), ids=list(CONTROLS))
def test_a_control_can_be_switched_off(control: Control) -> None:
    text = (ROOT / control["file"]).read_text(encoding="utf-8")
    without = switched_off(text, control)
    assert without != text
    compile(without, control["file"], "exec")
    assert missing([control["test"]]) == []


def test_words_that_are_not_there_are_told() -> None:
    with pytest.raises(ValueError, match="stand 0 times"):
        switched_off("", next(iter(CONTROLS.values())))
