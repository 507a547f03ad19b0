"""One-time codes against the vectors of RFC 6238, and codes that serve once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.staff.totp import code_at, matching_step, new_secret, provisioning_uri, step_of

RFC_SECRET = b"12345678901234567890"
NOW = datetime(2026, 11, 23, 2, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_rfc_6238_appendix_b_sha1(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert code_at(RFC_SECRET, step_of(at), digits=8) == code
    assert code_at(RFC_SECRET, step_of(at)) == code[2:]


@pytest.mark.parametrize(
    ("drift_s", "found"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_phone_may_be_half_a_minute_off(drift_s: int, found: bool) -> None:
    code = code_at(RFC_SECRET, step_of(NOW + timedelta(seconds=drift_s)))
    assert (matching_step(RFC_SECRET, code, NOW, 0) is not None) == found


def test_a_code_serves_once_and_no_earlier_one_after_it() -> None:
    step = step_of(NOW)
    used = matching_step(RFC_SECRET, code_at(RFC_SECRET, step), NOW, 0)
    assert used == step
    assert matching_step(RFC_SECRET, code_at(RFC_SECRET, step), NOW, used) is None
    assert matching_step(RFC_SECRET, code_at(RFC_SECRET, step - 1), NOW, used) is None
    assert matching_step(RFC_SECRET, code_at(RFC_SECRET, step + 1), NOW, used) == step + 1


@pytest.mark.parametrize("text", ["", "12345", "1234567", "１２３４５６", "12345\n", " 123456", "abcdef"])
def test_what_is_no_code_is_refused(text: str) -> None:
    assert matching_step(RFC_SECRET, text, NOW, 0) is None


@given(st.binary(min_size=20, max_size=20), st.integers(min_value=0, max_value=2**40))
def test_codes_have_six_digits(secret: bytes, step: int) -> None:
    code = code_at(secret, step)
    assert (len(code), code.isdigit()) == (6, True)


def test_the_address_an_authenticator_reads() -> None:
    """Key URI format: secret in base32 without padding; 20 bytes are 32 characters."""
    parts = urlsplit(provisioning_uri(RFC_SECRET, "shenhe", "安居审核台"))
    values = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert values["secret"] == ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"]
    assert values["issuer"] == ["安居审核台"]
    assert (values["digits"], values["period"], values["algorithm"]) == (["6"], ["30"], ["SHA1"])


def test_secrets_are_random() -> None:
    assert len({new_secret() for _ in range(20)}) == 20
    assert len(new_secret()) == 20
