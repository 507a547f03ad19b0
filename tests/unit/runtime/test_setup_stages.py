"""安装步骤: a stage runs when, and only when, something has changed."""

import sys
from pathlib import Path

import pytest

from runtime.setup import stages
from runtime.setup.stages import Stage, StageFailed, digest_of, files_under


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stages, "STATE", tmp_path)
    return tmp_path


class _Counted:
    def __init__(self) -> None:
        self.runs = 0
        self.inputs = "a"
        self.output = True

    def stage(self) -> Stage:
        return Stage("some stage", lambda: self.inputs, lambda: self.output, self._run)

    def _run(self) -> None:
        self.runs += 1


def test_the_same_inputs_run_once() -> None:
    counted = _Counted()
    counted.stage().ensure()
    counted.stage().ensure()
    assert counted.runs == 1


def test_changed_inputs_and_a_lost_output_run_again() -> None:
    counted = _Counted()
    counted.stage().ensure()
    counted.inputs = "b"
    counted.stage().ensure()
    counted.output = False
    counted.stage().ensure()
    assert counted.runs == 3


def test_a_failed_stage_is_tried_again(state: Path) -> None:
    def fail() -> None:
        stages.run("failing", [sys.executable, "-c", "raise SystemExit('registry out of reach')"], cwd=state)

    counted = _Counted()
    counted.stage().ensure()
    with pytest.raises(StageFailed, match="registry out of reach"):
        Stage("some stage", lambda: "b", lambda: True, fail).ensure()
    counted.stage().ensure()
    assert counted.runs == 2


def test_a_digest_follows_names_contents_and_words(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("x")
    other.write_text("x")
    digests = {digest_of([one]), digest_of([other]), digest_of([one], "word")}
    one.write_text("y")
    assert len(digests | {digest_of([one])}) == 4


def test_left_out_folders_are_not_walked(tmp_path: Path) -> None:
    for name in ("src/a.ts", "node_modules/b.js", "src/deep/c.vue"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert {path.name for path in files_under(tmp_path, "node_modules")} == {"a.ts", "c.vue"}
