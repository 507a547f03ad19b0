"""The judging child: cut off from the network, replaced when it fails, never a pass by accident."""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.face.adapters.child import EngineUnavailable, FaceJudge
from services.face.engine.types import Frame, Prompt
from tests.face.conftest import CALIBRATION, ROOT, filmed, reference

FAILED = ("face.engine_failed",)
PROMPTS = [Prompt(0, "neutral", 0, 1000), Prompt(1, "blink", 1100, 2000)]
FRAMES = [Frame(0, 10, 0, b"a"), Frame(1, 150, 0, b"b")]


@pytest.fixture(scope="module")
def judge(models_dir: Path) -> Iterator[FaceJudge]:
    with FaceJudge(models_dir, CALIBRATION) as running:
        yield running


def test_it_judges_and_survives_what_it_is_given(judge: FaceJudge) -> None:
    frames, prompts = filmed("obama", ("turn_left", "blink", "open_mouth"), seed=5)
    assert judge.judge(frames, prompts, reference("obama")).passed
    spoilt = [
        *frames[:20],
        Frame(frames[20].seq, frames[20].at_ms, frames[20].prompt, b"\xff\xd8junk"),
        *frames[21:],
    ]
    first = judge.pid
    assert judge.judge(spoilt, prompts, reference("obama")).reasons == ("face.image_unreadable",)
    assert judge.judge(frames, prompts, b"no photo").reasons == ("match.no_reference",)
    assert judge.judge([], prompts, reference("obama")).reasons == ("liveness.no_frames",)
    assert judge.pid == first


def test_a_killed_child_is_replaced(judge: FaceJudge) -> None:
    judge.start()
    first = judge.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert judge.judge(FRAMES, PROMPTS, b"").reasons in (FAILED, ("liveness.gaps",))
    assert judge.judge(FRAMES, PROMPTS, b"").reasons == ("liveness.gaps",)
    assert judge.pid != first


def test_the_network_is_cut_off(judge: FaceJudge) -> None:
    judge.start()
    assert "audit" in judge.network
    tried = subprocess.run(
        [sys.executable, "-c", _TRIES], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(tried.stdout) == {"socket": "refused", "program": "refused", "file": "refused"}


_TRIES = """
import json, os, socket, subprocess, tempfile
from services.core.confinement import confine
confine(1 << 30)
answers = {}
def attempt(name, act):
    try:
        act()
        answers[name] = "allowed"
    except OSError:
        answers[name] = "refused"
attempt("socket", lambda: socket.create_connection(("127.0.0.1", 9), timeout=1))
attempt("program", lambda: subprocess.run(["/bin/true"], check=True))
def write():
    handle, name = tempfile.mkstemp()
    try:
        os.write(handle, b"x")
    finally:
        os.unlink(name)
attempt("file", write)
print(json.dumps(answers))
"""


def test_a_changed_model_keeps_the_child_from_starting(models_dir: Path, tmp_path: Path) -> None:
    for path in [*models_dir.glob("*.tflite"), models_dir / "manifest.toml"]:
        shutil.copy(path, tmp_path / path.name)
    (tmp_path / "face_landmark.tflite").write_bytes(b"another")
    with FaceJudge(tmp_path, CALIBRATION) as judge:
        with pytest.raises(EngineUnavailable):
            judge.start()
        assert judge.judge(FRAMES, PROMPTS, b"").reasons == FAILED


def test_an_unknown_matcher_keeps_the_child_from_starting(models_dir: Path) -> None:
    with FaceJudge(models_dir, CALIBRATION, "something else") as judge:
        with pytest.raises(EngineUnavailable, match="ValueError"):
            judge.start()
        assert judge.judge(FRAMES, PROMPTS, b"").reasons == FAILED


_READY = {"ready": True, "models": {}, "network": "", "sizes": []}


def _pretender(answer: Any, after: str = "") -> tuple[str, ...]:
    """A child that says it is ready and then answers what it likes."""

    def message(head: Any) -> bytes:
        text = json.dumps(head).encode()
        return struct.pack(">II", len(text), 0) + text

    program = (
        f"import sys, time, os; out = sys.stdout.buffer; out.write({message(_READY)!r}); out.flush();"
        f"sys.stdin.buffer.read(40); {after or 'pass'}; out.write({message(answer)!r}); out.flush(); time.sleep(30)"
    )
    return (sys.executable, "-c", program)


_PASS = {"passed": True, "reasons": [], "scores": {}, "models": {}, "frame_hashes": ["0" * 64], "sizes": []}


@pytest.mark.parametrize(
    "program",
    [
        _pretender(_PASS, after="time.sleep(30)"),
        _pretender(_PASS, after="os.abort()"),
        _pretender(_PASS),
        _pretender({**_PASS, "reasons": ["liveness.no_blink"]}),
        _pretender({**_PASS, "passed": 1}),
        _pretender({**_PASS, "scores": {"match_distance": float("nan")}}),
        _pretender({"passed": True, "sizes": []}),
        _pretender({"failed": "MemoryError", "sizes": []}),
    ],
    ids=["hangs", "crashes", "other frames", "contradicts", "not a truth", "nan", "half", "failed"],
)
def test_nothing_but_a_sound_verdict_counts(program: tuple[str, ...], tmp_path: Path) -> None:
    with FaceJudge(tmp_path, CALIBRATION, timeout_s=1.0, program=program) as judge:
        verdict = judge.judge(FRAMES, PROMPTS, b"")
    assert verdict.reasons == FAILED
    assert not verdict.passed
