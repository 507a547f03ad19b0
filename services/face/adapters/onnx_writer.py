"""Writes a network in the ONNX format 网络格式: the few message fields ONNX Runtime needs, without another package."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

IR_VERSION, OPERATORS = 8, 13
_FLOAT, _INT64 = 1, 7
_INTS = 7


class OnnxWriter:
    """Collects nodes and weights; every method returns the name of what it added."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._count = 0

    def constant(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        """Add weights."""
        name = self._name("w")
        kind = _FLOAT if values.dtype == np.float32 else _INT64
        shape = b"".join(_number(1, size) for size in values.shape)
        self._parts.append(_field(5, shape + _number(2, kind) + _text(8, name) + _field(9, values.tobytes())))
        return name

    def node(self, operator: str, inputs: Sequence[str], **attributes: Sequence[int]) -> str:
        """Add an operation with whole-number lists as attributes."""
        name = self._name("t")
        body = b"".join(_text(1, item) for item in inputs) + _text(2, name) + _text(4, operator)
        for key, values in attributes.items():
            numbers = b"".join(_number(8, value) for value in values)
            body += _field(5, _text(1, key) + numbers + _number(20, _INTS))
        self._parts.append(_field(1, body))
        return name

    def model(self, source: tuple[str, Sequence[int]], result: tuple[str, Sequence[int]]) -> bytes:
        """The whole model, from one input to one output."""
        graph = b"".join(self._parts) + _text(2, "network")
        graph += _field(11, _described(*source)) + _field(12, _described(*result))
        return _number(1, IR_VERSION) + _field(7, graph) + _field(8, _text(1, "") + _number(2, OPERATORS))

    def _name(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, content: str) -> bytes:
    return _field(field, content.encode())


def _described(name: str, shape: Sequence[int]) -> bytes:
    sizes = b"".join(_field(1, _number(1, size)) for size in shape)
    return _text(1, name) + _field(2, _field(1, _number(1, _FLOAT) + _field(2, sizes)))
