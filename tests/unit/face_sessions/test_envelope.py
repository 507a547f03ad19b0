"""The challenge, and the envelope frames come in: MACs and signatures made here independently."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections import Counter
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from services.face.challenge import CHECKED_IN_DEPTH, TEXTS, draw_prompts
from services.face.engine.colours import colours_of
from services.face.engine.types import Frame
from services.face.envelope import (
    frame_mac,
    macs_right,
    pack,
    point_on_curve,
    signature_right,
    signed_text,
    unpack,
)

KEY, NONCE = bytes(range(32)), "0123456789abcdef0123456789abcdef"
FRAME = Frame(3, 1250, 1, b"\xff\xd8jpeg")
PHONE = ec.derive_private_key(20261123, ec.SECP256R1())
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Order of P-256 (SEC 2)."""


def mac(frame: Frame, key: bytes = KEY, nonce: str = NONCE) -> bytes:
    """As the API describes it: HMAC-SHA256 over nonce|seq|at_ms|prompt|sha256hex(jpeg)."""
    text = "|".join(
        [nonce, str(frame.seq), str(frame.at_ms), str(frame.prompt), hashlib.sha256(frame.jpeg).hexdigest()]
    )
    return hmac.new(key, text.encode("ascii"), hashlib.sha256).digest()


def point(key: ec.EllipticCurvePrivateKey = PHONE) -> tuple[bytes, bytes]:
    """The public half."""
    numbers = key.public_key().public_numbers()
    return numbers.x.to_bytes(32), numbers.y.to_bytes(32)


def sign(text: bytes, key: ec.EllipticCurvePrivateKey = PHONE) -> bytes:
    """Raw r‖s, as WebCrypto gives it."""
    r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def test_the_mac_is_the_described_one() -> None:
    assert frame_mac(KEY, NONCE, FRAME) == mac(FRAME)


@pytest.mark.parametrize(
    "other",
    [
        replace(FRAME, seq=4),
        replace(FRAME, at_ms=1251),
        replace(FRAME, prompt=2),
        replace(FRAME, jpeg=FRAME.jpeg + b"\0"),
        replace(FRAME, seq=31, at_ms=250),
    ],
)
def test_a_mac_holds_for_its_frame_alone(other: Frame) -> None:
    assert macs_right(KEY, NONCE, [FRAME], [mac(FRAME)])
    assert not macs_right(KEY, NONCE, [other], [mac(FRAME)])


def test_a_mac_holds_for_its_session_alone() -> None:
    assert not macs_right(bytes(32), NONCE, [FRAME], [mac(FRAME)])
    assert not macs_right(KEY, "f" * 32, [FRAME], [mac(FRAME)])
    assert not macs_right(KEY, NONCE, [FRAME, replace(FRAME, seq=4)], [mac(FRAME), mac(FRAME)])
    assert not macs_right(KEY, NONCE, [FRAME], [b""])


def test_the_signed_text_is_the_described_one() -> None:
    macs = [mac(FRAME), mac(replace(FRAME, seq=4))]
    joined = "".join(base64.urlsafe_b64encode(each).decode().rstrip("=") for each in macs)
    digest = hashlib.sha256(joined.encode()).hexdigest()
    assert signed_text("S1", 2, macs) == f"anju-frames-v1|S1|2|{digest}".encode()


def test_the_phones_signature_is_right_for_its_text_alone() -> None:
    text = signed_text("S1", 0, [mac(FRAME)])
    assert signature_right(*point(), sign(text), text)
    for wrong in (
        signed_text("S2", 0, [mac(FRAME)]),
        signed_text("S1", 1, [mac(FRAME)]),
        signed_text("S1", 0, [mac(replace(FRAME, seq=9))]),
    ):
        assert not signature_right(*point(), sign(text), wrong)


def test_another_phone_does_not_sign_for_this_one() -> None:
    other = ec.derive_private_key(7, ec.SECP256R1())
    text = b"anju-frames-v1|x"
    assert not signature_right(*point(), sign(text, other), text)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"\0" * 64,
        b"\xff" * 64,
        b"\0" * 63,
        b"\0" * 65,
        b"\0" * 32 + b"\1" * 32,
        b"\1" * 32 + b"\0" * 32,
        N.to_bytes(32) + b"\1" * 32,
    ],
)
def test_degenerate_signatures_are_wrong_and_break_nothing(signature: bytes) -> None:
    """r or s of zero or of the order (CVE-2022-21449 in another library)."""
    assert signature_right(*point(), signature, b"text") is False


def test_a_signature_in_der_is_not_taken() -> None:
    der = PHONE.sign(b"text", ec.ECDSA(hashes.SHA256()))
    assert signature_right(*point(), der, b"text") is False


@pytest.mark.parametrize(
    ("x", "y", "on"),
    [
        (*point(), True),
        (point()[0], (int.from_bytes(point()[1]) ^ 1).to_bytes(32), False),
        (bytes(32), bytes(32), False),
        (b"\xff" * 32, b"\xff" * 32, False),
        (b"\1" * 32, b"\2" * 32, False),
    ],
)
def test_only_points_of_the_curve_are_keys(x: bytes, y: bytes, on: bool) -> None:
    assert point_on_curve(x, y) is on


FRAMES = st.lists(
    st.builds(
        Frame, st.integers(0, 10**4), st.integers(0, 6 * 10**5), st.integers(0, 50), st.binary(max_size=300)
    ),
    max_size=10,
)


@given(FRAMES)
def test_packed_frames_come_out_as_they_went_in(frames: list[Frame]) -> None:
    assert list(unpack(pack(frames))) == frames


def test_a_challenge_begins_at_rest_and_asks_three_different_actions() -> None:
    for _ in range(200):
        nonce = secrets.token_hex(16)
        prompts = draw_prompts(nonce)
        kinds = [prompt["kind"] for prompt in prompts]
        actions = kinds[1::2]
        assert kinds[0::2] == ["neutral"] * 4
        assert len(set(actions)) == len(actions) == 3
        assert CHECKED_IN_DEPTH & set(actions)
        assert [prompt["index"] for prompt in prompts] == list(range(7))
        assert all(kind in TEXTS for kind in kinds)
        assert [prompt.get("colours") for prompt in prompts] == [list(colours_of(nonce)), *[None] * 6]
        assert (
            sum(prompt["hold_ms"] for prompt in prompts) <= 20_000
        )  # within the 90 seconds, with time to spare


def test_challenges_differ() -> None:
    """Every action comes in every place: nothing to prepare for."""
    places = Counter(
        (place, kind)
        for _ in range(600)
        for place, kind in enumerate(p["kind"] for p in draw_prompts(secrets.token_hex(16)))
    )
    for place in (1, 3, 5):
        for action in ("blink", "open_mouth", "turn_left", "turn_right", "nod"):
            assert places[place, action] > 30
    holds = {
        prompt["hold_ms"]
        for _ in range(100)
        for prompt in draw_prompts(secrets.token_hex(16))
        if prompt["kind"] != "neutral"
    }
    assert len(holds) > 50
