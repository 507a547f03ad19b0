"""Messages between a worker and its judging child 判定进程报文: a JSON head, then the pictures as they are."""

import json
import math
import struct
from collections.abc import Sequence
from typing import IO, Any, get_args

from services.face.engine.types import Frame, Kind, Prompt, Verdict

MOST_BYTES = 48 * 1024 * 1024
HASH_DIGITS = 128
_SIZE = struct.Struct(">II")


class WireError(Exception):
    """The other side closed, or sent something that is no message."""


def send(stream: IO[bytes], head: dict[str, Any], blobs: Sequence[bytes] = ()) -> None:
    """Write one message."""
    text = json.dumps({**head, "sizes": [len(blob) for blob in blobs]}, allow_nan=False).encode()
    stream.write(_SIZE.pack(len(text), sum(len(blob) for blob in blobs)))
    stream.write(text)
    for blob in blobs:
        stream.write(blob)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    """Read one message; raises WireError."""
    head_size, body_size = _SIZE.unpack(_exactly(stream, _SIZE.size))
    if head_size + body_size > MOST_BYTES:
        raise WireError("message too large")
    try:
        head = json.loads(_exactly(stream, head_size))
        sizes = [int(size) for size in head["sizes"]]
    except (ValueError, TypeError, KeyError) as problem:
        raise WireError("head is not readable") from problem
    if min(sizes, default=0) < 0 or sum(sizes) != body_size:
        raise WireError("sizes do not add up")
    return head, [_exactly(stream, size) for size in sizes]


def job_message(
    frames: Sequence[Frame], prompts: Sequence[Prompt], reference: bytes
) -> tuple[dict[str, Any], list[bytes]]:
    """A judging job as head and pictures, the reference photo last."""
    head = {
        "frames": [[frame.seq, frame.at_ms, frame.prompt] for frame in frames],
        "prompts": [
            [item.index, item.kind, item.start_ms, item.hold_ms, list(item.colours)] for item in prompts
        ],
    }
    return head, [*(frame.jpeg for frame in frames), reference]


def job_of(head: dict[str, Any], blobs: Sequence[bytes]) -> tuple[list[Frame], list[Prompt], bytes]:
    """The job that a message carries."""
    *pictures, reference = blobs
    frames = [
        Frame(int(seq), int(at_ms), int(prompt), jpeg)
        for (seq, at_ms, prompt), jpeg in zip(head["frames"], pictures, strict=True)
    ]
    prompts = [
        Prompt(int(i), _kind(kind), int(start), int(hold), tuple(map(str, colours)))
        for i, kind, start, hold, colours in head["prompts"]
    ]
    return frames, prompts, reference


def verdict_message(verdict: Verdict) -> dict[str, Any]:
    """A verdict as a head."""
    return {
        "passed": verdict.passed,
        "reasons": list(verdict.reasons),
        "scores": dict(verdict.scores),
        "models": dict(verdict.models),
        "frame_hashes": list(verdict.frame_hashes),
        "picture_hashes": list(verdict.picture_hashes),
        "template": verdict.template.hex(),
    }


def verdict_of(head: dict[str, Any]) -> Verdict:
    """The verdict of a head; anything odd raises WireError, so that it cannot pass."""
    try:
        passed, reasons = head["passed"], tuple(str(reason) for reason in head["reasons"])
        scores = {str(name): float(value) for name, value in head["scores"].items()}
        models = {str(name): str(value) for name, value in head["models"].items()}
        hashes = tuple(str(value) for value in head["frame_hashes"])
        pictures = tuple(bytes.fromhex(value).hex() for value in head["picture_hashes"])
        template = bytes.fromhex(head["template"])
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise WireError("no verdict") from problem
    if passed is not (not reasons) or not all(math.isfinite(value) for value in scores.values()):
        raise WireError("verdict contradicts itself")
    if any(len(value) != HASH_DIGITS for value in pictures):
        raise WireError("picture hashes of another length")
    return Verdict(passed, reasons, scores, models, hashes, pictures, template)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if data is None or len(data) != size:
        raise WireError("the other side closed")
    return data


def _kind(value: Any) -> Kind:
    if value not in get_args(Kind):
        raise WireError("unknown prompt kind")
    kind: Kind = value
    return kind
