"""Money: one parser, and amounts in words by 支付结算办法 annex 1 (正确填写票据和结算凭证的基本规定)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Invalid
from services.core.money import parse_yuan, yuan_plain, yuan_text, yuan_words


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("1000.00", 100_000),
        ("0.01", 1),
        ("0.10", 10),
        ("1.05", 105),
        ("10.00", 1_000),
        ("9999999999.99", 999_999_999_999),
    ],
)
def test_plain_yuan_with_two_decimals_is_read(text: str, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0.00", "amount.range"),
        ("-1.00", "amount.range"),
        ("-0.00", "amount.range"),
        ("0.001", "amount.scale"),
        ("1.005", "amount.scale"),
        ("1000", "amount.scale"),
        ("1000.", "amount.scale"),
        ("1000.0", "amount.scale"),
        *(
            (text, "amount.format")
            for text in (
                "1e3 1E+2 1e309 NaN Infinity -Infinity sNaN １０００.００ 1000.０0 1_000.00 1,000.00 ¥1000.00 一千"
                " +1000.00 01000.00 0x10 .50 10000000000.00"
            ).split()
        ),
        (" 1000.00", "amount.format"),
        ("1000.00 ", "amount.format"),
        ("1000.00\n", "amount.format"),
        ("", "amount.format"),
        ("9" * 400 + ".00", "amount.format"),
        ("9" * 5000, "amount.format"),
    ],
)
def test_everything_else_is_refused_with_its_reason(text: str, code: str) -> None:
    """Rows A3–A6 and A8 of the amounts."""
    with pytest.raises(Invalid) as refused:
        parse_yuan(text, field="amount")
    assert (refused.value.code, refused.value.status, refused.value.field) == (code, 422, "amount")


@given(st.text(max_size=30))
def test_no_text_breaks_the_parser(text: str) -> None:
    """Either the plain form, read exactly, or Invalid."""
    plain = re.fullmatch(r"(0|[1-9][0-9]{0,9})\.([0-9]{2})", text, re.ASCII)
    try:
        fen = parse_yuan(text)
    except Invalid:
        assert plain is None or set(text) <= set("0.")
    else:
        assert plain is not None
        assert fen == int(plain[1] + plain[2]) > 0


@given(st.integers(1, 999_999_999_999))
def test_what_is_written_plainly_is_read_back(fen: int) -> None:
    assert parse_yuan(yuan_plain(fen)) == fen


@given(st.integers(-(10**12), 10**12))
def test_separators_change_nothing_but_the_look(fen: int) -> None:
    shown = yuan_text(fen)
    assert shown.replace(",", "") == yuan_plain(fen)
    assert re.fullmatch(r"-?[0-9]{1,3}(,[0-9]{3})*\.[0-9]{2}", shown)


def test_yuan_as_people_read_them() -> None:
    assert [yuan_text(fen) for fen in (1_234_567, 5, -123_456_789, 0)] == [
        "12,345.67",
        "0.05",
        "-1,234,567.89",
        "0.00",
    ]


@pytest.mark.parametrize(
    ("fen", "allowed"),
    [
        # The seven examples of the rule; where it allows two ways of writing, either is right.
        (140_950, {"壹仟肆佰零玖元伍角", "壹仟肆佰零玖元伍角整"}),
        (600_714, {"陆仟零柒元壹角肆分"}),
        (168_032, {"壹仟陆佰捌拾元零叁角贰分", "壹仟陆佰捌拾元叁角贰分"}),
        (10_700_053, {"壹拾万柒仟元零伍角叁分", "壹拾万零柒仟元伍角叁分"}),
        (1_640_902, {"壹万陆仟肆佰零玖元零贰分"}),
        (32_504, {"叁佰贰拾伍元零肆分"}),
        # "大写金额数字到元为止的，在元之后应写整".
        (300_000, {"叁仟元整"}),
        (100, {"壹元整"}),
        (1_000, {"壹拾元整"}),
        (10_000_00, {"壹万元整"}),
        (100_000_000_00, {"壹亿元整"}),
        # "中间连续有几个0时，可以只写一个零字".
        (1_000_100, {"壹万零壹元整"}),
        (100_010_000_00, {"壹亿零壹万元整"}),
        (100_000_001_00, {"壹亿零壹元整"}),
        (5, {"伍分"}),
        (50, {"伍角", "伍角整"}),
        (0, {"零元整"}),
    ],
)
def test_amounts_in_words(fen: int, allowed: set[str]) -> None:
    assert yuan_words(fen) in allowed


_DIGITS = {char: value for value, char in enumerate("零壹贰叁肆伍陆柒捌玖")}
_SMALL = {"拾": 10, "佰": 100, "仟": 1000}


def _read_words(words: str) -> int:
    """An accountant's reading of an amount in words, in fen."""
    total = section = digit = fen = 0
    for char in words:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _SMALL:
            section, digit = section + digit * _SMALL[char], 0
        elif char in "万亿":
            total, section, digit = total + (section + digit) * {"万": 10**4, "亿": 10**8}[char], 0, 0
        elif char == "元":
            total, section, digit = total + section + digit, 0, 0
        elif char in "角分":
            fen, digit = fen + digit * {"角": 10, "分": 1}[char], 0
    return total * 100 + fen


@given(st.integers(0, 99_999_999_999))
def test_words_mean_the_amount(fen: int) -> None:
    words = yuan_words(fen)
    assert _read_words(words) == fen
    assert "零零" not in words
    assert words.endswith(("整", "分"))


def test_a_negative_amount_has_no_words() -> None:
    with pytest.raises(ValueError, match="zero and more"):
        yuan_words(-1)
