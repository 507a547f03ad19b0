"""A TF.js graph read for measuring: numbers worked out by hand, and order of the flattened places."""

import base64

import numpy as np
import onnxruntime
import pytest

from bench.tfjs import TfjsGraph


def _node(name: str, op: str, *inputs: str, **attr: object) -> dict[str, object]:
    return {"name": name, "op": op, "input": list(inputs), "attr": attr}


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SHAPE = {"shape": {"dim": [{"size": size} for size in ("-1", "2", "2", "3")]}}
RELU = {"list": {"s": [_b64("BiasAdd"), _b64("Relu")]}}
NODES = [
    _node("face", "Placeholder", shape=SHAPE),
    _node("conv", "_FusedConv2D", "face", "filters", "bias", padding={"s": _b64("VALID")}, fused_ops=RELU),
    _node("scaled", "Mul", "conv", "scale"),
    _node("row", "Reshape", "scaled", "shape"),
    _node("dense", "_FusedMatMul", "row", "matrix", "offset"),
    _node("Identity", "Identity", "dense"),
]
# Two planes: red - green, and blue doubled; then plane 0 tenfold; then places weighed 1 to 8.
WEIGHTS = {
    "filters": np.array([[[[1, 0], [-1, 0], [0, 2]]]], "<f2"),
    "bias": np.array([0, 1], "<f2"),
    "scale": np.array([10, 1], "<f4"),
    "shape": np.array([-1, 8], "<i4"),
    "matrix": np.arange(1, 9, dtype="<f4").reshape(8, 1),
    "offset": np.array([0.5], "<f4"),
}


def _graph(nodes: list[dict[str, object]]) -> TfjsGraph:
    entries = [
        {
            "name": name,
            "shape": list(values.shape),
            "dtype": "int32" if values.dtype.kind == "i" else "float32",
            **({"quantization": {"dtype": "float16"}} if values.dtype == np.dtype("<f2") else {}),
        }
        for name, values in WEIGHTS.items()
    ]
    model = {"modelTopology": {"node": nodes}, "weightsManifest": [{"weights": entries}]}
    return TfjsGraph(model, b"".join(values.tobytes() for values in WEIGHTS.values()))


def test_every_step_and_the_order_of_places() -> None:
    graph = _graph(NODES)
    assert graph.side == 2
    session = onnxruntime.InferenceSession(graph.to_onnx(), providers=["CPUExecutionProvider"])
    face = np.zeros((1, 3, 2, 2), np.float32)
    face[0, 0] = [[3, 0], [0, 0]]  # red at the first place: plane 0 is 3, tenfold 30, weight 1
    face[0, 1] = [[0, 5], [0, 0]]  # green at the second: below zero, so nothing
    face[0, 2] = [
        [0, 0],
        [0, 4],
    ]  # blue at the last: 2 * 4 + 1 = 9, weight 8; elsewhere the bias 1, weights 2, 4, 6
    assert session.run(None, {"face": face})[0].tolist() == [[30 + 2 + 4 + 6 + 72 + 0.5]]


def test_an_unknown_operation_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="Tanh"):
        _graph([*NODES[:-1], _node("odd", "Tanh", "dense"), _node("Identity", "Identity", "odd")]).to_onnx()
