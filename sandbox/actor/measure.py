"""Measure a portrait once: `python -m sandbox.actor.measure obama 0.45 0.42 0.30` writes its points.json.

The three numbers say where the face is: its middle (across, down) and its width, as parts of the picture.
"""

import json
import sys
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SIDE = 192


def mesh(picture: Image.Image, left: float, top: float, side: float) -> np.ndarray:
    """468 points of the face in a square of the picture."""
    net = Interpreter(str(ROOT / "models" / "face_landmark.tflite"), num_threads=1)
    net.allocate_tensors()
    square = picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=(left, top, left + side, top + side))
    net.set_tensor(net.get_input_details()[0]["index"], np.asarray(square, np.float32)[None] / 255)
    net.invoke()
    outputs = (net.get_tensor(item["index"]).ravel() for item in net.get_output_details())
    raw = next(values for values in outputs if values.size == 468 * 3).reshape(468, 3)
    found: np.ndarray = raw * side / SIDE + np.array([left, top, 0])
    return found


def measure(portrait: str, across: float, down: float, width: float) -> None:
    """Find the points, look again at the place found, write them."""
    folder = ROOT / "sandbox" / "portraits" / portrait
    picture = Image.open(folder / "actor.jpg").convert("RGB")
    side = width * picture.width * 1.5
    points = mesh(picture, across * picture.width - side / 2, down * picture.height - side / 2, side)
    for _ in range(2):
        low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
        side = float((high - low).max()) * 1.5
        left, top = (low + high - side) / 2
        points = mesh(picture, float(left), float(top), side)
    text = json.dumps([[round(float(value), 1) for value in point] for point in points])
    (folder / "points.json").write_text(text.replace("], ", "],\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    measure(sys.argv[1], *(float(value) for value in sys.argv[2:5]))
