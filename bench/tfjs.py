"""Reads a TF.js graph model 网络格式, for measuring: one branch from one picture to one row of numbers, as ONNX."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from services.face.adapters.onnx_writer import OnnxWriter

PLAIN = {"Relu", "Sigmoid", "Softmax", "Identity"}
KINDS = {"float16": "<f2", "float32": "<f4", "int32": "<i4"}


class TfjsGraph:
    """A model.json and its weights."""

    def __init__(self, model: dict[str, Any], raw: bytes) -> None:
        self._nodes = {node["name"]: node for node in model["modelTopology"]["node"]}
        self._weights = _weights(model["weightsManifest"][0]["weights"], raw)
        self._source = next(name for name, node in self._nodes.items() if node["op"] == "Placeholder")
        self.side = int(self._nodes[self._source]["attr"]["shape"]["shape"]["dim"][1]["size"])
        self._writer = OnnxWriter()
        self._outputs = 0  # of the last dense layer; 0 while the numbers are still planes

    def to_onnx(self) -> bytes:
        """The same network for ONNX Runtime; planes first."""
        last = next(name for name, node in self._nodes.items() if node["op"] == "Identity")
        result = self._step(last)
        return self._writer.model(("face", (1, 3, self.side, self.side)), (result, (1, self._outputs)))

    def _step(self, name: str) -> str:
        if name == self._source:
            return "face"
        node = self._nodes[name]
        source, *rest = node["input"]
        before, weights = self._step(source), [self._weights[item] for item in rest]
        operator = node["op"].strip("_")
        if operator == "FusedConv2D":
            done = self._convolution(before, weights, _text(node["attr"]["padding"]["s"]) == "SAME")
        elif operator == "FusedMatMul":
            self._outputs = weights[0].shape[1]
            product = self._writer.node("MatMul", [before, self._put(weights[0])])
            done = self._writer.node("Add", [product, self._put(weights[1])])
        elif operator == "MaxPool":
            size = [int(value) for value in node["attr"]["ksize"]["list"]["i"]][1:3]
            done = self._writer.node("MaxPool", [before], kernel_shape=size, strides=size)
        elif operator == "Reshape":
            done = self._writer.node("Flatten", [self._writer.node("Transpose", [before], perm=[0, 2, 3, 1])])
        elif operator in ("Add", "AddV2", "Mul"):
            done = self._writer.node(
                operator.removesuffix("V2"), [before, self._put(self._spread(weights[0]))]
            )
        elif operator in PLAIN:
            done = self._writer.node(operator, [before])
        else:
            raise ValueError(f"operation {operator} is not known here")
        fused = node.get("attr", {}).get("fused_ops", {}).get("list", {}).get("s", [])
        return self._writer.node("Relu", [done]) if "Relu" in map(_text, fused) else done

    def _convolution(self, before: str, weights: list[np.ndarray], same: bool) -> str:
        filters, bias = weights
        size, edge = list(filters.shape[:2]), filters.shape[0] // 2 if same else 0
        inputs = [before, self._put(filters.transpose(3, 2, 0, 1)), self._put(bias)]
        return self._writer.node("Conv", inputs, kernel_shape=size, strides=[1, 1], pads=[edge] * 4)

    def _spread(self, values: np.ndarray) -> np.ndarray:
        """One number for each plane, or for each place of a row."""
        return values if self._outputs else values.reshape(-1, 1, 1)

    def _put(self, values: np.ndarray) -> str:
        return self._writer.constant(np.ascontiguousarray(values, np.float32))


def _weights(entries: list[dict[str, Any]], raw: bytes) -> dict[str, np.ndarray]:
    """The weights by name, in the order of the manifest; halves are widened."""
    found, place = {}, 0
    for entry in entries:
        kind = KINDS[entry.get("quantization", {}).get("dtype", entry["dtype"])]
        values = np.frombuffer(raw, kind, int(np.prod(entry["shape"])), place)
        found[entry["name"]] = values.reshape(entry["shape"]).astype(np.float32)
        place += values.nbytes
    return found


def _text(value: str) -> str:
    return base64.b64decode(value).decode()
