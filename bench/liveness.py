"""What passes for a living member, in figures 活体测量: `make bench-liveness [DATA=<folder>]`.

DATA holds `live/<sequence>/*.jpg` and `print/<sequence>/*.jpg`. Every action detector and every passive check runs over
every sequence, generously to the attacker: any picture may be held as the rest, any other shown as the action, in any
order, one frame of it being enough. A print passes the verdict if some challenge could be answered by it. A check has
"fired" on a print when it took it for life. Then every kind of the attack kit goes the whole way, through the service's
own `Faces.add` (its rows in memory) to the judge with its networks. The last line is one JSON object; without DATA it
holds the attack kit alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.face_figures import clopper_pearson_upper
from bench.liveness_kit import Tally, run_kit, tried
from bench.liveness_sequences import Best, Pad, Seen, best_of, blinks, seen, sequences
from bench.pad import pads
from runtime.cli.fetch_models import MODELS_DIR, fetch
from services.face.adapters.engine import Decide, build
from services.face.adapters.landmarks import LandmarkAnalyser
from services.face.adapters.model_files import load_model_files
from services.face.engine.calibration import Calibration, load_calibration
from services.face.engine.signals import ACTIONS
from services.face.engine.types import Pixels, Points

ROOT = Path(__file__).resolve().parents[1]
CALIBRATION = ROOT / "config" / "face_calibration.toml"
TRIES = 3
SHIPPED_PADS: tuple[str, ...] = ()
"""Passive checks that the product uses: none has proved itself (docs/adr/0013-passive-pad.md)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description="figures of liveness: prints, living people, the attack kit")
    parser.add_argument(
        "--data", type=Path, help="folder of live/<sequence>/*.jpg and print/<sequence>/*.jpg"
    )
    parser.add_argument("--tries", type=int, default=TRIES, help="tries of each kind of attack")
    arguments = parser.parse_args(argv)
    if arguments.data and not (sequences(arguments.data / "print") or sequences(arguments.data / "live")):
        print("DATA needs print/<sequence>/*.jpg or live/<sequence>/*.jpg", file=sys.stderr)
        return 2
    fetch()
    result = _measured(arguments.data, load_calibration(CALIBRATION)) if arguments.data else {}
    decide, _ = build(MODELS_DIR, CALIBRATION)
    result |= _kit(arguments.tries, decide)
    print(json.dumps(result))
    return 0


def pads_present() -> Mapping[str, Pad]:
    """Networks that `python -m bench.pad` has fetched; half of their scale is their threshold."""

    def on_scale(score: Callable[[Pixels, Points], float]) -> Pad:
        return lambda rgb, sighting: 2 * score(rgb, sighting.points) if sighting.points is not None else 0.0

    return {f"pad_{name}": on_scale(score) for name, score in pads().items()}


def _measured(data: Path, limits: Calibration) -> dict[str, Any]:
    analyser, present = LandmarkAnalyser(load_model_files(MODELS_DIR)), pads_present()
    result: dict[str, Any] = {}
    for kind, told in (("print", _prints), ("live", _living)):
        _say(f"{kind}: {len(sequences(data / kind))} sequences ...")
        every = [seen(folder, analyser, present, limits) for folder in sequences(data / kind)]
        result[kind] = told(every, limits)
        alive = {name: sum(one.taken_for_alive(name) for one in every) for name in present}
        if alive:
            _say(f"  taken for alive by networks that do not ship: {alive} of {len(every)}")
    return result


def _prints(every: Sequence[Seen], limits: Calibration) -> dict[str, Any]:
    best = [(one, best_of(one, limits)) for one in every]
    _tell_nearest(best)
    fired: dict[str, int] = {kind: sum(found.strongest[kind] >= 1 for _, found in best) for kind in ACTIONS}
    fired |= {name: sum(one.taken_for_alive(name) for one in every) for name in SHIPPED_PADS}
    return {
        "sequences": len(every),
        "passed_verdict": sum(
            found.answers and all(one.taken_for_alive(pad) for pad in SHIPPED_PADS) for one, found in best
        ),
        "by_check": {check: _rate(hits, len(every)) for check, hits in fired.items()},
    }


def _living(every: Sequence[Seen], limits: Calibration) -> dict[str, Any]:
    counts = {one.name: blinks(one, limits) for one in every}
    _say("  blinks: " + ", ".join(f"{name} {count}" for name, count in counts.items() if count))
    refused = sum(not all(one.taken_for_alive(pad) for pad in SHIPPED_PADS) for one in every)
    return {
        "sequences": len(every),
        "blink_seen": sum(count > 0 for count in counts.values()),
        "pad_refused": refused,
    }


def _kit(tries: int, decide: Decide) -> dict[str, Any]:
    _say(f"attack kit: {tries} tries of each kind ...")
    kit = run_kit(tries, decide, _say)
    beside = {}
    for name, kind in (("genuine", None), ("fake_camera_on_bound_phone", "animated")):
        tally = Tally()
        for number in range(tries):
            tally.count(tried(kind, number, decide))
        beside[name] = tally.told()
    _say(f"  beside it: {beside}")
    return {"attack_kit": kit, "beside": beside}


def _tell_nearest(best: Sequence[tuple[Seen, Best]]) -> None:
    """How near the strongest prints come to each threshold, which is 1."""
    for kind in ACTIONS:
        ranked = sorted(((found.strongest[kind], one.name) for one, found in best), reverse=True)[:3]
        _say(f"  {kind}: nearest " + ", ".join(f"{value:.2f} ({name})" for value, name in ranked))


def _rate(hits: int, tries: int) -> dict[str, Any]:
    rate = hits / tries if tries else 0.0
    return {
        "fired": hits,
        "rate": round(rate, 5),
        "upper95": round(clopper_pearson_upper(hits, tries), 5) if tries else 1.0,
    }


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
