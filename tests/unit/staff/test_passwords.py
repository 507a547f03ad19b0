"""Which passwords are taken, and that hashes tell right from wrong."""

from __future__ import annotations

import pytest

from services.core.errors import Invalid
from services.staff.passwords import check_policy, hash_password, verify_password


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password.length"),
        ("short-one1!", "password.length"),  # 11 characters
        ("x" * 129, "password.length"),
        ("aaaaaaaaaaaa", "password.guessable"),
        ("abababababab", "password.guessable"),
        ("shenhe-is-my-name", "password.guessable"),
        ("Password1234", "password.guessable"),
        ("password123456", "password.guessable"),
        ("admin888888qwerty", "password.guessable"),
    ],
)
def test_what_is_easy_to_guess_is_refused(password: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_policy(password, "shenhe")
    assert refused.value.code == code


@pytest.mark.parametrize(
    "password", ["demo-desk-first-eyes", "清风明月本无价近水远山皆有情", "p@ss phrase of mine"]
)
def test_a_long_phrase_is_taken(password: str) -> None:
    assert check_policy(password, "shenhe") == password


def test_a_hash_tells_right_from_wrong() -> None:
    phc = hash_password("demo-desk-first-eyes")
    assert phc.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert verify_password("demo-desk-first-eyes", phc)
    assert not verify_password("demo-desk-first-eye", phc)
    assert not verify_password("x" * 10_000, phc)
    assert hash_password("demo-desk-first-eyes") != phc


def test_one_character_may_be_typed_in_two_ways() -> None:
    """é as one character, and as e with an accent."""
    assert verify_password("caf\u0065\u0301-au-lait-hier", hash_password("caf\u00e9-au-lait-hier"))
