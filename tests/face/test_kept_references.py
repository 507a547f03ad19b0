"""With real networks: a kept template stands in for the photo; copies of a session's frames have near hashes."""

import io
from collections.abc import Callable

from PIL import Image

from services.face.engine.replay import distance
from services.face.engine.template import is_template
from services.face.engine.types import Verdict
from tests.face.conftest import Perform, filmed, reference

KINDS = ("turn_left", "open_mouth", "nod")


def compressed(jpeg: bytes, quality: int = 50) -> bytes:
    """The picture encoded anew."""
    file = io.BytesIO()
    Image.open(io.BytesIO(jpeg)).save(file, "JPEG", quality=quality)
    return file.getvalue()


def test_a_template_of_the_photo_serves_like_the_photo(
    perform: Perform, decide: Callable[..., Verdict]
) -> None:
    first = perform("obama", KINDS, seed=1)
    assert is_template(first.template)
    frames, prompts = filmed("obama", KINDS, seed=2)
    by_photo, by_template = (
        decide(frames, prompts, reference("obama")),
        decide(frames, prompts, first.template),
    )
    assert by_template.passed
    assert by_template.scores["match_distance"] == by_photo.scores["match_distance"]
    assert by_template.template == b""  # nothing new is made of what was kept


def test_somebody_elses_template_refuses(perform: Perform, decide: Callable[..., Verdict]) -> None:
    template = perform("biden", KINDS, seed=3).template
    frames, prompts = filmed("obama", KINDS, seed=4)
    verdict = decide(frames, prompts, template)
    assert verdict.reasons == ("match.other_person",)
    assert verdict.template == b""


def test_a_template_of_other_networks_is_no_reference(
    perform: Perform, decide: Callable[..., Verdict]
) -> None:
    template = bytearray(perform("obama", KINDS, seed=5).template)
    template[8] ^= 1  # the first byte of the networks' digest
    frames, prompts = filmed("obama", KINDS, seed=6)
    assert decide(frames, prompts, bytes(template)).reasons == ("match.no_reference",)


def test_frames_compressed_anew_are_near_and_another_sessions_are_not(decide: Callable[..., Verdict]) -> None:
    """At the shipped limits, 5 of 512 signs and 70 % of frames: the copy is over, the same person again is under."""
    frames, prompts = filmed("obama", KINDS, seed=7)
    again, _ = filmed("obama", KINDS, seed=8)
    old = decide(frames, prompts, reference("obama")).picture_hashes
    copies = [type(f)(f.seq, f.at_ms, f.prompt, compressed(f.jpeg)) for f in frames]
    assert share_of(decide(copies, prompts, reference("obama")).picture_hashes, old) > 0.9
    assert share_of(decide(again, prompts, reference("obama")).picture_hashes, old) < 0.5


def share_of(hashes: tuple[str, ...], earlier: tuple[str, ...]) -> float:
    """The part of the hashes that have an earlier one within five signs."""
    known = [bytes.fromhex(each) for each in earlier]
    near = [min(distance(bytes.fromhex(each), other) for other in known) <= 5 for each in hashes]
    return sum(near) / len(near)
