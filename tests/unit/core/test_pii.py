"""Nothing that names a person gets into a log line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core import pii
from services.core.pii import mask_account_no, mask_id_no, mask_name, mask_phone, scrub

CANARIES = [
    "659999199003070014",
    "65999919851020027X",
    "65999919851020027x",
    "6217000000000000012",
    "6217000000000012",
    "13800000001",
    "+8613800000001",
    "8613800000001",
    "o000000000000000000000000012",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "A" * 400,
]
SENTENCES = ["{}", "value={}", "用户{}登录", '{{"field": "{}"}}', "({})", "a,{},b", "x {} y", "'{}'"]


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_canary_does_not_get_through(canary: str, sentence: str) -> None:
    cleaned = scrub(sentence.format(canary))
    assert canary not in cleaned
    assert canary[-8:] not in cleaned
    assert canary[:12] not in cleaned


@pytest.mark.parametrize(
    "text", ["secret=abc123", "code=041xyz", "access_token=55_abc", "js_code=0a1b", "x?code=abc&state=1"]
)
def test_secrets_in_addresses_are_hidden(text: str) -> None:
    assert "=<hidden>" in scrub(text)
    assert text.partition("=")[2].partition("&")[0] not in scrub(text)


@pytest.mark.parametrize(
    "text",
    ["case 202611230000001 paid", "2026-11-23T10:00:00", "amount_fen=300000", "request 7KQ2MXYZ", "租房提取"],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert scrub(text) == text


_PIECES = [
    "1",
    "86",
    "138",
    "0" * 5,
    "9" * 8,
    "x",
    "X",
    "o",
    "A" * 13,
    "B" * 190,
    "eyJ",
    ".",
    "_",
    "=",
    "code",
    "+",
    " ",
    "租",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=16).map("".join))
def test_the_first_look_lets_nothing_go_that_a_pattern_fits(text: str) -> None:
    expected = text
    for pattern, mark in pii._LOG_PATTERNS:
        expected = pattern.sub(mark, expected)
    assert scrub(text) == expected


def test_masks_keep_what_a_member_recognises_and_no_more() -> None:
    assert [mask_name(name) for name in ("李", "李四", "张三丰", "阿卜杜拉·买买提")] == [
        "李*",
        "李*",
        "张*丰",
        "阿******提",
    ]
    assert mask_id_no("659999199003070014") == "659999********0014"
    assert mask_phone("13800000001") == "138****0001"
    assert mask_account_no("9920030100001") == "****0001"
