"""The judging child 判定子进程: confines itself, loads the networks, then answers jobs one by one."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from services.core import confinement
from services.face.adapters import wire
from services.face.adapters.engine import Decide, build

POLITE = 5
"""A member waits seconds for a verdict anyway; whoever reads a page meanwhile must not."""


def serve(source: BinaryIO, sink: BinaryIO, decide: Decide, processor_s: int) -> None:
    """Answer jobs until the worker closes its end."""
    while True:
        try:
            head, blobs = wire.receive(source)
        except wire.WireError:
            return
        confinement.allow_processor_seconds(processor_s)
        try:
            frames, prompts, reference = wire.job_of(head, blobs)
            answer = wire.verdict_message(decide(frames, prompts, reference))
        except Exception as problem:  # whatever it is, the answer is a closed failure
            answer = {"failed": type(problem).__name__}
        wire.send(sink, answer)


def main(arguments: Sequence[str]) -> int:
    """models_dir, calibration_path, name of the matcher, memory in bytes, processor seconds for a job."""
    models_dir, calibration_path, matcher, memory, processor_s = arguments
    os.nice(POLITE)
    source_fd, sink_fd = confinement.quiet_streams()
    network = confinement.confine(int(memory))
    with os.fdopen(source_fd, "rb") as source, os.fdopen(sink_fd, "wb") as sink:
        try:
            decide, models = build(Path(models_dir), Path(calibration_path), matcher)
        except Exception as problem:
            wire.send(sink, {"failed": type(problem).__name__})
            return 1
        wire.send(sink, {"ready": True, "models": models, "network": network})
        serve(source, sink, decide, int(processor_s))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
