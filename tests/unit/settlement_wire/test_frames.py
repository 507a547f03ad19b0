"""Frames byte by byte, and frames that are not whole."""

from __future__ import annotations

import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.settlement.adapters.bdc.errors import BadFrame
from services.settlement.adapters.bdc.frames import Frame, encode, read_frame

# C 4 3 0 2 0, flag 0, nine zeros, length 5 in network order, then the payload.
BUSINESS = bytes.fromhex("4334333032303030303030303030303000000005") + b"hello"


def read(data: bytes, limit: int = 1000, patience_s: float = 0.2) -> Frame:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(data)
        return read_frame(ours, time.monotonic() + patience_s, limit)


def test_a_business_frame_to_the_byte():
    assert encode(Frame("C43020", "0", b"hello")) == BUSINESS


def test_a_sign_on_frame_has_flag_one():
    assert encode(Frame("D00000", "1", b"")) == b"D000001000000000" + bytes(4)


def test_the_length_is_in_network_order():
    assert encode(Frame("C43020", "0", b"x" * 0x010203))[16:20] == b"\x00\x01\x02\x03"


def test_a_frame_is_read_back():
    assert read(BUSINESS) == Frame("C43020", "0", b"hello")


@pytest.mark.parametrize("size", range(len(BUSINESS)))
def test_every_cut_frame_is_a_bad_frame(size):
    with pytest.raises(BadFrame) as fault:
        read(BUSINESS[:size])
    assert fault.value.code == ("frame.closed" if size in (0, 20) else "frame.cut")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"c43020" + BUSINESS[6:], "frame.head"),
        (b"C43020" + b"2" + BUSINESS[7:], "frame.head"),
        (BUSINESS[:7] + bytes(9) + BUSINESS[16:], "frame.head"),
        (BUSINESS[:16] + bytes(4), "frame.length"),
        (BUSINESS[:16] + b"\x00\x00\x03\xe9", "frame.length"),
        (BUSINESS[:16] + b"\xff\xff\xff\xff", "frame.length"),
    ],
)
def test_a_wrong_head_or_length_is_refused_before_reading_on(data, code):
    with pytest.raises(BadFrame) as fault:
        read(data)
    assert fault.value.code == code


def test_a_silent_peer_is_left_at_the_deadline():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(BUSINESS[:10])
        started = time.monotonic()
        with pytest.raises(BadFrame) as fault:
            read_frame(ours, started + 0.1)
        assert fault.value.code == "frame.timeout"
        assert time.monotonic() - started < 0.5


@given(st.binary(max_size=64))
def test_noise_is_a_bad_frame_or_a_frame_and_nothing_else(data):
    try:
        frame = read(data)
    except BadFrame:
        return
    assert encode(frame) == data[: 20 + len(frame.payload)]
