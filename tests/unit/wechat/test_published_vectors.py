"""Vectors WeChat published (developer pages and sample code), against the product and against the sandbox's double."""

from collections.abc import Mapping
from typing import Any

import pytest

from bench.wechat_conformance import CHECKS, holds, main, read_vectors
from sandbox.wechat import envelope

VECTORS = read_vectors()
BROKEN = {
    "A1": {"signature": "f" * 40},
    "A2": {"nonce": "486452657"},
    "A3": {"token": "AAAAB"},
    "B1": {"message": "{}"},
    "B2": {"salt": "707722b803182951"},
    "C1": {"content": "abcdteU"},
    "D1": {"url": "http://mp.weixin.qq.com?params=values"},
    "E1": {"session_key": "HyVFkGl5F5OQWJZZaNzBBh=="},
    "F1": {"openid": "oGZUI0egBJY1zhBYw2KhdUfwVJJF"},
    "G1": {"message": '{"foo": "bar"}'},
}


def test_all_ten_are_there() -> None:
    assert list(VECTORS) == ["A1", "A2", "A3", "B1", "B2", "C1", "D1", "E1", "F1", "G1"]
    assert {vector["check"] for vector in VECTORS.values()} == set(CHECKS)


@pytest.mark.parametrize("number", VECTORS)
def test_the_product_agrees(number: str) -> None:
    assert holds(VECTORS[number])


@pytest.mark.parametrize("number", VECTORS)
def test_a_changed_vector_does_not_hold(number: str) -> None:
    assert not holds({**VECTORS[number], **BROKEN[number]})


def test_the_command_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[-1]) == (11, '{"vectors": 10, "ok": 10}')


@pytest.mark.parametrize("number", ["A1", "A2", "A3"])
def test_the_double_signs_queries_alike(number: str) -> None:
    v = VECTORS[number]
    assert envelope.sign(v["token"], v["timestamp"], v["nonce"]) == v["signature"]


@pytest.mark.parametrize("number", ["B1", "B2", "C1"])
def test_the_double_signs_messages_alike(number: str) -> None:
    v = VECTORS[number]
    assert envelope.sign(v["token"], v["timestamp"], v["nonce"], v["encrypt"]) == v["msg_signature"]


def test_the_double_encrypts_and_decrypts_alike() -> None:
    v: Mapping[str, Any] = VECTORS["B2"]
    assert envelope.encrypt(v["aes_key"], v["appid"], v["message"], v["salt"].encode()) == v["encrypt"]
    v = VECTORS["B1"]
    assert envelope.decrypt(v["aes_key"], v["appid"], v["encrypt"]) == v["message"]
    with pytest.raises(envelope.BadEnvelope):
        envelope.decrypt(v["aes_key"], "wx0000000000000000", v["encrypt"])
