"""检查: linters, types, import rules, the client's own tests, then pytest; `python -m runtime.checks`."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runtime.setup import node_env
from runtime.setup.stages import ROOT, say

_BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Part:
    """One check."""

    name: str
    command: Sequence[str]
    cwd: Path = ROOT
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)


def _python_parts() -> Iterator[Part]:
    yield Part("ruff", [str(_BIN / "ruff"), "check", "--quiet", "."])
    yield Part("mypy", [str(_BIN / "mypy"), "--no-error-summary"])
    yield Part("import rules", [str(_BIN / "lint-imports"), "--no-cache"])


def _client_parts() -> Iterator[Part]:
    node = node_env.find()
    if node is None:
        return
    for script in sorted(node_env.client_scripts() & {"typecheck", "test", "test:mini"}):
        yield Part(f"client {script}", [*node.npm, "run", script], node_env.CLIENT, node.env())


def _passes(part: Part) -> bool:
    """Run a check; its output is shown only when it fails."""
    started = time.monotonic()
    done = subprocess.run(
        list(part.command),
        cwd=part.cwd,
        env=dict(part.env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    ok = done.returncode == 0
    say(f"{part.name}: {'ok' if ok else 'FAILED'} {time.monotonic() - started:.1f} s")
    if not ok:
        say(done.stdout.rstrip())
    return ok


def _pytest() -> bool:
    """All tests, in a process for each core and one more: that of the running system, in order, which mostly waits."""
    workers = 1 + max(2, min(4, os.cpu_count() or 2))
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "--dist", "loadgroup", "tests"]
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode == 0


def main(words: list[str]) -> int:
    """Run every check, even after one has failed; the exit code tells whether all passed."""
    if not (ROOT / "client" / "package.json").exists():
        say("client: not there yet")
    failed = [part.name for part in (*_python_parts(), *_client_parts()) if not _passes(part)]
    if "--no-tests" not in words and not _pytest():
        failed.append("pytest")
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
