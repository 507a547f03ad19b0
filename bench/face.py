"""Who a face is, in figures 人脸比对测量: `make bench-face FACE=<folder> [LFW=<folder>]`.

FACE holds `<person>/<image>`. All unordered pairs are compared, without enrolment, by face_recognition at its default
tolerance and by the shipped matcher at the shipped threshold, the earlier image of a pair as the authority's photo and
the later one as a frame of the camera; an image that could not be acquired is a non-match in
both kinds of pairs. LFW holds the official `pairs.txt` and its images. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.face_figures import all_pairs, figures, pair_protocol
from bench.face_images import Way, default_way, described, images_of, shipped_way, speed
from runtime.cli.fetch_models import MODELS_DIR, fetch
from sandbox.actor.session import frames_for
from services.face.adapters.child import FaceJudge
from services.face.engine.calibration import load_calibration
from services.face.engine.types import Frame, Prompt

ROOT = Path(__file__).resolve().parents[1]
CALIBRATION = ROOT / "config" / "face_calibration.toml"
SPEED_IMAGES = 40
FPS, TURNS = 8, 5
CHALLENGE = ("neutral", "turn_left", "neutral", "blink", "neutral", "open_mouth")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description="figures of the face matcher")
    parser.add_argument("--face", type=Path, required=True, help="folder of <person>/<image>")
    parser.add_argument("--lfw", type=Path, help="folder with pairs.txt and <person>/<person>_<nnnn>.jpg")
    arguments = parser.parse_args(argv)
    paths = images_of(arguments.face)
    if len({path.parent for path in paths}) < 2 or (
        arguments.lfw and not _pairs_file(arguments.lfw).is_file()
    ):
        print("FACE needs <person>/<image> of two people or more; LFW needs pairs.txt", file=sys.stderr)
        return 2
    fetch()
    shipped, default = shipped_way(MODELS_DIR, load_calibration(CALIBRATION)), default_way()
    result = _compared([default, shipped], paths)
    result |= _speed(default, shipped, paths)
    if arguments.lfw:
        _say("official pairs ...")
        result["lfw"] = _official(shipped, arguments.lfw)
    print(json.dumps(result))
    return 0


def _compared(ways: Sequence[Way], paths: Sequence[Path]) -> dict[str, Any]:
    owners = [path.parent.name for path in paths]
    blocks, pairs = {}, None
    for way in ways:
        _say(f"{way.name}: {len(paths)} images ...")
        faces = list(described(way, paths).values())
        pairs = all_pairs(owners, way.distances(faces))
        blocks[way.name] = {
            **figures(pairs, way.tolerance),
            "acquire_failures": sum(face is None for face in faces),
        }
    assert pairs is not None
    return {
        "people": pairs.people,
        "images": len(paths),
        "acquire_failures": blocks["shipped"]["acquire_failures"],
        "genuine_pairs": int(pairs.genuine.sum()),
        "impostor_pairs": int((~pairs.genuine).sum()),
        "matchers": blocks,
    }


def _speed(default: Way, shipped: Way, paths: Sequence[Path]) -> dict[str, Any]:
    """Images a second of one core, the two ways by turns on the same canvases, and a whole verification."""
    _say("speed ...")
    chosen = [
        paths[place] for place in np.linspace(0, len(paths) - 1, min(SPEED_IMAGES, len(paths))).astype(int)
    ]
    steps, whole = speed([default, shipped], chosen)
    seconds, memory = _verification()
    return {
        "ms": {
            **steps,
            "default_image": round(whole[default.name], 2),
            "shipped_image": round(whole[shipped.name], 2),
        },
        "speedup_vs_default": round(whole[default.name] / whole[shipped.name], 2),
        "cpu_s_per_verification": round(seconds, 3),
        "judge_memory_mb": memory,
    }


def _verification() -> tuple[float, int]:
    """Processor seconds of judging one session of three actions, played by the demo actor, in the process that judges;
    and the most memory it had, in MB."""
    prompts, start_ms = [], 0
    for index, kind in enumerate(CHALLENGE):
        hold_ms = 2500 if kind != "neutral" else 1200
        prompts.append({"index": index, "kind": kind, "start_ms": start_ms, "hold_ms": hold_ms})
        start_ms += hold_ms + 100
    frames = [Frame(**frame) for frame in frames_for("obama", prompts, None, fps=FPS, seed=1)]
    photo = (ROOT / "sandbox" / "portraits" / "obama" / "reference.jpg").read_bytes()
    session = [Prompt(**prompt) for prompt in prompts]
    spent = []
    with FaceJudge(MODELS_DIR, CALIBRATION, timeout_s=300, start_timeout_s=300, processor_s=120) as judge:
        judge.start()
        for _ in range(TURNS):
            before = _cpu_s(judge.pid)
            verdict = judge.judge(frames, session, photo)
            spent.append(_cpu_s(judge.pid) - before)
        status = Path(f"/proc/{judge.pid}/status").read_text(encoding="ascii")
    if not verdict.passed:
        _say(f"the actor's session was refused: {verdict.reasons}")
    most = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return median(spent), int(most.split()[1]) // 1024


def _cpu_s(pid: int | None) -> float:
    """Processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _official(way: Way, folder: Path) -> dict[str, Any]:
    """The official pair protocol over the folds of which any image is there."""
    pairs = _official_pairs(_pairs_file(folder).read_text(encoding="utf-8"))
    found = {fold for one, other, _, fold in pairs if (folder / one).is_file() or (folder / other).is_file()}
    kept = [pair for pair in pairs if pair[3] in found]
    names = sorted({folder / name for one, other, _, _ in kept for name in (one, other)})
    faces = described(way, names)
    distances = [way.between(faces[folder / one], faces[folder / other]) for one, other, _, _ in kept]
    values = np.array([value if np.isfinite(value) else np.inf for value in distances])
    folds, same = np.array([pair[3] for pair in kept]), np.array([pair[2] for pair in kept])
    failures = sum(face is None for face in faces.values())
    return {**pair_protocol(values, same, folds), "acquire_failures": failures}


def _official_pairs(text: str) -> list[tuple[str, str, bool, int]]:
    """Names of both images, whether they are of one person, and the fold."""
    head, *lines = [line.split() for line in text.splitlines() if line.strip()]
    size = 2 * int(head[-1])
    pairs = []
    for place, words in enumerate(lines):
        owner, first, *rest = words
        other, second = (owner, rest[0]) if len(rest) == 1 else (rest[0], rest[1])
        pairs.append((_image(owner, first), _image(other, second), len(rest) == 1, place // size))
    return pairs


def _image(person: str, number: str) -> str:
    return f"{person}/{person}_{int(number):04d}.jpg"


def _pairs_file(folder: Path) -> Path:
    return folder / "pairs.txt"


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
