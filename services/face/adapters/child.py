"""Judging in a process of its own 判定进程: a crash, a hang or nonsense is a closed failure, never a pass."""

import hashlib
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from services.face.adapters import wire
from services.face.engine.calibration import FUSED
from services.face.engine.types import Frame, Prompt, Verdict

ROOT = Path(__file__).resolve().parents[3]
ENGINE_FAILED = "face.engine_failed"
DEFAULT_MEMORY = 1024**3


class EngineUnavailable(Exception):
    """The child did not start: a model file, the calibration or a library is not as it should be."""


class FaceJudge:
    """One child for one worker, kept between jobs and replaced after a failure; safe for threads."""

    def __init__(
        self,
        models_dir: Path,
        calibration_path: Path,
        matcher: str = FUSED,
        *,
        timeout_s: float = 20.0,
        start_timeout_s: float = 60.0,
        memory_bytes: int = DEFAULT_MEMORY,
        processor_s: int = 15,
        program: Sequence[str] = (sys.executable, "-m", "services.face.adapters.judge_process"),
    ) -> None:
        self._command = [
            *program, str(Path(models_dir).resolve()), str(Path(calibration_path).resolve()), matcher,
            str(memory_bytes), str(processor_s),
        ]  # fmt: skip
        self._timeout_s, self._start_timeout_s = timeout_s, start_timeout_s
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._ready: dict[str, Any] = {}

    def start(self) -> Mapping[str, str]:
        """Start the child now; digests of its models, or EngineUnavailable."""
        with self._lock:
            self._ensure()
            return dict(self._ready["models"])

    @property
    def network(self) -> str:
        """How the running child is cut off the network."""
        return str(self._ready.get("network", ""))

    @property
    def pid(self) -> int | None:
        """Process number of the running child."""
        return self._child.pid if self._child else None

    def judge(self, frames: Sequence[Frame], prompts: Sequence[Prompt], reference_jpeg: bytes) -> Verdict:
        """Verdict on a session; whatever goes wrong is `face.engine_failed`."""
        hashes = tuple(hashlib.sha256(frame.jpeg).hexdigest() for frame in frames)
        with self._lock:
            try:
                self._ensure()
                verdict = self._ask(*wire.job_message(frames, prompts, reference_jpeg))
                if verdict.frame_hashes != hashes:
                    raise wire.WireError("verdict on other frames")
            except (OSError, ValueError, wire.WireError, EngineUnavailable):
                self._stop()
                return Verdict(False, (ENGINE_FAILED,), {}, {}, hashes)
            return verdict

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ensure(self) -> None:
        if self._child is not None and self._child.poll() is None:
            return
        self._stop()
        self._child = subprocess.Popen(  # noqa: S603 - our own module, fixed arguments
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=_environment(),
            close_fds=True,
        )
        try:
            ready = self._exchange(None, self._start_timeout_s)
        except (OSError, wire.WireError) as problem:
            self._stop()
            raise EngineUnavailable("the judging process did not start") from problem
        if ready.get("ready") is not True:
            self._stop()
            raise EngineUnavailable(f"the judging process refused to start: {ready.get('failed')}")
        self._ready = ready

    def _ask(self, head: dict[str, Any], blobs: list[bytes]) -> Verdict:
        return wire.verdict_of(self._exchange((head, blobs), self._timeout_s))

    def _exchange(self, message: tuple[dict[str, Any], list[bytes]] | None, seconds: float) -> dict[str, Any]:
        """Send and receive under a watchdog that kills a child which takes too long."""
        child = self._child
        if child is None or child.stdin is None or child.stdout is None:
            raise wire.WireError("no child")
        watchdog = threading.Timer(seconds, child.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            if message is not None:
                wire.send(child.stdin, *message)
            return wire.receive(child.stdout)[0]
        finally:
            watchdog.cancel()

    def _stop(self) -> None:
        child, self._child, self._ready = self._child, None, {}
        if child is None:
            return
        child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue  # what was not yet sent is lost with the child


def _environment() -> dict[str, str]:
    """Nothing of the worker's environment reaches the child, least of all its secrets."""
    return {
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
