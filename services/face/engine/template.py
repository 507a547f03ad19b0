"""A face descriptor as bytes 人脸特征: bound to the networks that made it; another network cannot read it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from services.face.engine.types import Descriptor

_MARK = b"ANJUFT1\n"
_HEAD = len(_MARK) + 32


def pack(descriptor: Descriptor, models: Mapping[str, str]) -> bytes:
    """Mark, digest of the networks, numbers."""
    return _MARK + _digest(models) + descriptor.astype("<f8").tobytes()


def is_template(reference: bytes) -> bool:
    """Whether a reference is a descriptor and not a picture; no JPEG begins like this."""
    return reference.startswith(_MARK)


def unpack(template: bytes, models: Mapping[str, str]) -> Descriptor | None:
    """The descriptor; None when it is damaged or other networks made it."""
    numbers = template[_HEAD:]
    if not is_template(template) or template[len(_MARK) : _HEAD] != _digest(models) or len(numbers) % 8:
        return None
    descriptor = np.frombuffer(numbers, "<f8").astype(np.float64)
    return descriptor if descriptor.size and np.isfinite(descriptor).all() else None


def _digest(models: Mapping[str, str]) -> bytes:
    named = "\n".join(f"{name} {models[name]}" for name in sorted(models))
    return hashlib.sha256(named.encode()).digest()
