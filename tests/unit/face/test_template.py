"""Descriptors as bytes, and the file of their keys."""

import numpy as np
import pytest

from services.face.engine.template import is_template, pack, unpack
from services.face.templates import KeysUnreadable, read_keys

MODELS = {"one": "aa", "two": "bb"}
FACE = np.array([0.25, -1.5, 3.0])


def test_what_was_packed_comes_back() -> None:
    found = unpack(pack(FACE, MODELS), dict(reversed(MODELS.items())))
    assert found is not None
    assert found.tolist() == [0.25, -1.5, 3.0]


def test_another_network_cannot_read_it() -> None:
    assert unpack(pack(FACE, MODELS), {**MODELS, "two": "bc"}) is None


@pytest.mark.parametrize("cut", [0, 1, 8, 39, 40, 41, 47])
def test_a_damaged_one_is_none(cut: int) -> None:
    """8 bytes of mark, 32 of digest, then numbers of 8 bytes: 40 bytes hold none."""
    assert unpack(pack(FACE, MODELS)[:cut], MODELS) is None


def test_numbers_that_are_none_are_refused() -> None:
    assert unpack(pack(np.array([0.5, np.nan]), MODELS), MODELS) is None


def test_a_picture_is_no_template() -> None:
    assert not is_template(b"\xff\xd8\xff\xe0JFIF")
    assert is_template(pack(FACE, MODELS))


def test_keys_by_number() -> None:
    assert read_keys(f"1:{'0a' * 32}\n\n 12:{'ff' * 32} \n") == {1: b"\x0a" * 32, 12: b"\xff" * 32}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 64,
        f"0:{'a' * 64}",
        f"1:{'a' * 63}",
        f"1:{'A' * 64}",
        f"256:{'a' * 64}",
        f"1:{'a' * 64}\n1:{'b' * 64}",
    ],
)
def test_a_key_file_with_any_doubt_is_refused(text: str) -> None:
    with pytest.raises(KeysUnreadable):
        read_keys(text)
