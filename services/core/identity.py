"""Identity fields 身份要素: ID numbers (GB 11643), names and phones, checked without normalising too much."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from services.core.errors import Invalid

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARS = "10X98765432"
_ID = re.compile(r"[0-9]{17}[0-9X]")
_AREAS = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)
_NAME_CATEGORIES = frozenset({"Lo", "Lu", "Ll", "Mn", "Mc"})
_NAME = re.compile(r"(?:Lm{0,4})+(?:·(?:Lm{0,4})+)*")
_UNSEEN = frozenset(map(chr, (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180F, 0x3164, 0xFFA0))) | frozenset(
    map(chr, (*range(0x180B, 0x180E), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
"""Letters and marks by their category that nobody can see."""
_PHONE = re.compile(r"1[3-9][0-9]{9}")
_LEAST_AGE = 16


def check_id_no(text: str, *, today: date, field: str = "id_no") -> str:
    """Normalised 18-character citizen ID number, or Invalid with a `id.*` code (GB 11643-1999 checksum)."""
    id_no = text.strip(" ")
    if id_no[-1:] == "x":
        id_no = id_no[:-1] + "X"
    if re.fullmatch(r"[0-9]{15}", id_no):
        raise Invalid("15 位身份证号已经停用，请用 18 位。", code="id.old_format", field=field)
    if _ID.fullmatch(id_no) is None:
        raise Invalid("身份证号是 18 位数字，最后一位可以是 X。", code="id.format", field=field)
    if id_no[:2] not in _AREAS:
        raise Invalid("身份证号的前六位不对，请核对。", code="id.area", field=field)
    _check_birth(id_no, today, field)
    if _CHECK_CHARS[sum(int(d) * w for d, w in zip(id_no[:17], _WEIGHTS, strict=True)) % 11] != id_no[17]:
        raise Invalid("身份证号有一位输错了，请核对。", code="id.checksum", field=field)
    return id_no


def _check_birth(id_no: str, today: date, field: str) -> None:
    try:
        born = birth_date(id_no)
    except ValueError:
        raise Invalid("身份证号里的出生日期不存在，请核对。", code="id.birthdate", field=field) from None
    if born > today or born.year < 1900:
        raise Invalid("身份证号里的出生日期不对，请核对。", code="id.birthdate", field=field)
    if _years_between(born, today) < _LEAST_AGE:
        raise Invalid("未满 16 周岁，请由监护人到网点办理。", code="id.underage", field=field)


def birth_date(id_no: str) -> date:
    """Date of birth written in an ID number; raises ValueError for an impossible date."""
    return date(int(id_no[6:10]), int(id_no[10:12]), int(id_no[12:14]))


def _years_between(start: date, end: date) -> int:
    return end.year - start.year - ((end.month, end.day) < (start.month, start.day))


def check_name(text: str, *, field: str = "name") -> str:
    """Name with outer spaces gone, in NFC: 2–50 Han, Latin or Uyghur letters and the middle dot ·."""
    name = unicodedata.normalize("NFC", text.strip(" \t\u3000"))
    if not 2 <= len(name) <= 50:
        raise Invalid("姓名是 2 到 50 个字。", code="name.length", field=field)
    if not all(_is_name_char(char) for char in name) or _NAME.fullmatch(_shape(name)) is None:
        raise Invalid("姓名里有不能用的字符，请按身份证填写。", code="name.charset", field=field)
    return name


def _is_name_char(char: str) -> bool:
    return char == "·" or (unicodedata.category(char) in _NAME_CATEGORIES and char not in _UNSEEN)


def _shape(name: str) -> str:
    """L for a letter, m for a mark on it, · for the dot."""
    return "".join(char if char == "·" else unicodedata.category(char)[0].replace("M", "m") for char in name)


def name_key(name: str) -> str:
    """Key under which two spellings of one name compare equal (compatibility forms, letter case)."""
    return unicodedata.normalize("NFKC", name).casefold().replace("•", "·")


def one_spelling(number: str) -> str:
    """A number of a person, a house or a contract as every register would write it: width, letter case, no spaces."""
    return "".join(unicodedata.normalize("NFKC", number).upper().split())


def check_phone(text: str, *, field: str = "phone") -> str:
    """Mainland mobile number of 11 digits; a leading +86 and inner spaces or hyphens are taken off."""
    phone = plain_phone(text)
    if _PHONE.fullmatch(phone) is None:
        raise Invalid("请填 11 位手机号。", code="phone.format", field=field)
    return phone


def plain_phone(text: str) -> str:
    """A number as it is typed, without +86, inner spaces and hyphens; not checked."""
    return text.strip(" ").removeprefix("+86").replace(" ", "").replace("-", "")


_DEBIT = re.compile(r"[0-9]{16,19}")


def check_card_no(text: str, *, field: str = "card_no") -> str:
    """Debit card number of 16–19 digits with a right Luhn digit; spaces are taken off. Raises Invalid `card.*`."""
    card_no = text.replace(" ", "")
    if _DEBIT.fullmatch(card_no) is None:
        raise Invalid("银行卡号是 16 到 19 位数字。", code="card.format", field=field)
    if not card_no.startswith("6") or card_no.startswith("625"):
        raise Invalid("请用您本人的储蓄卡，信用卡和境外卡不能收款。", code="card.not_debit", field=field)
    if not _luhn(card_no):
        raise Invalid("银行卡号有一位输错了，请核对。", code="card.luhn", field=field)
    return card_no


def _luhn(digits: str) -> bool:
    total = 0
    for position, char in enumerate(reversed(digits)):
        digit = int(char) * (1 + position % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0
