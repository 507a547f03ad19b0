"""Messages to and from the judging child."""

import io

import pytest

from services.face.adapters import wire
from services.face.engine.types import Frame, Prompt, Verdict

FRAMES = [Frame(0, 10, 0, b"one"), Frame(1, 130, 0, b""), Frame(2, 250, 1, b"three")]
PROMPTS = [Prompt(0, "neutral", 0, 1500), Prompt(1, "nod", 200, 2600)]


def _written() -> bytes:
    stream = io.BytesIO()
    wire.send(stream, *wire.job_message(FRAMES, PROMPTS, b"photo"))
    return stream.getvalue()


def test_a_job_comes_out_as_it_went_in() -> None:
    frames, prompts, photo = wire.job_of(*wire.receive(io.BytesIO(_written())))
    assert (frames, prompts, photo) == (FRAMES, PROMPTS, b"photo")


def test_a_verdict_comes_out_as_it_went_in() -> None:
    verdict = Verdict(False, ("liveness.no_nod",), {"nod": 0.4}, {"a.tflite": "00"}, ("aa",))
    assert wire.verdict_of(wire.verdict_message(verdict)) == verdict


@pytest.mark.parametrize("length", [0, 3, 8, 30, len(_written()) - 1])
def test_a_message_cut_short(length: int) -> None:
    with pytest.raises(wire.WireError):
        wire.receive(io.BytesIO(_written()[:length]))


@pytest.mark.parametrize(
    "data",
    [b"\xff" * 8, b"\0\0\0\2\0\0\0\0{}", b"\0\0\0\2\0\0\0\0[]", b'\0\0\0\x0d\0\0\0\1{"sizes":[2]}x'],
)
def test_what_is_no_message(data: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.receive(io.BytesIO(data))


def test_an_unknown_prompt_is_refused() -> None:
    head, blobs = wire.receive(io.BytesIO(_written()))
    head["prompts"][1][1] = "wink"
    with pytest.raises(wire.WireError):
        wire.job_of(head, blobs)
