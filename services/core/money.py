"""Money 金额: integer fen 分, parsed from text by one function, shown and spelt by two."""

from __future__ import annotations

import re

from services.core.errors import Invalid

_YUAN = re.compile(r"(0|[1-9][0-9]{0,9})\.([0-9]{2})")
_LOOKS_LIKE_SCALE_FAULT = re.compile(r"(0|[1-9][0-9]{0,9})(\.[0-9]*)?")
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿")


def parse_yuan(text: str, *, field: str = "amount") -> int:
    """Fen of a yuan text such as "1000.00": plain ASCII digits and exactly two decimals, more than zero.

    Raises Invalid with `amount.scale` (not two decimals), `amount.range` (not positive) or `amount.format`.
    """
    match = _YUAN.fullmatch(text)
    if match is None:
        raise _format_fault(text, field)
    fen = int(match[1]) * 100 + int(match[2])
    if fen <= 0:
        raise Invalid("金额要大于零。", code="amount.range", field=field)
    return fen


def _format_fault(text: str, field: str) -> Invalid:
    if _LOOKS_LIKE_SCALE_FAULT.fullmatch(text):
        return Invalid("金额要写到分，例如 1000.00。", code="amount.scale", field=field)
    if re.fullmatch(r"-[0-9]+\.[0-9]{2}", text, re.ASCII):
        return Invalid("金额要大于零。", code="amount.range", field=field)
    return Invalid("金额请只用数字和小数点，例如 1000.00。", code="amount.format", field=field)


def yuan_text(fen: int) -> str:
    """Yuan with thousands separators and two decimals: 1234567 → "12,345.67"."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def yuan_plain(fen: int) -> str:
    """Yuan with two decimals and no separators, as in messages and bank files: 1234567 → "12345.67"."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def yuan_words(fen: int) -> str:
    """Amount in words 大写金额 by the rule of 支付结算办法 annex 1: 300000 → "叁仟元整", 10023 → "壹佰元贰角叁分"."""
    if fen < 0:
        raise ValueError("amount in words is for amounts of zero and more")
    yuan, jiao, cents = fen // 100, fen // 10 % 10, fen % 10
    head = f"{_integer_words(yuan)}元" if yuan else ""
    if not jiao and not cents:
        return f"{head or '零元'}整"
    tail = f"{_DIGITS[jiao]}角" if jiao else ("零" if head else "")
    return head + tail + (f"{_DIGITS[cents]}分" if cents else "整")


def _integer_words(number: int) -> str:
    words, pending_zero = "", False
    for power in range(len(str(number)) - 1, -1, -1):
        digit = number // 10**power % 10
        if digit:
            words += ("零" if pending_zero else "") + _DIGITS[digit] + _UNITS[power % 4]
            pending_zero = False
        elif words:
            pending_zero = True
        if power % 4 == 0 and number // 10**power % 10**4:
            words += _GROUPS[power // 4]
    return words


def half_up(numerator: int, denominator: int) -> int:
    """Quotient rounded half up 四舍五入, for amounts of zero and more; exact, since no float is made."""
    if numerator < 0 or denominator <= 0:
        raise ValueError("half_up is for amounts of zero and more")
    return (2 * numerator + denominator) // (2 * denominator)
