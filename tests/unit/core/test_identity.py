"""ID numbers (GB 11643), names, phones and cards: the rows D, NM, PH and BK of the bad inputs, on 2026-11-23."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Invalid
from services.core.identity import (
    check_card_no,
    check_id_no,
    check_name,
    check_phone,
    name_key,
    one_spelling,
)
from tests.support.domain.persons import card_number, id_number

TODAY = date(2026, 11, 23)


def refusal(check: object, *args: object, **kwargs: object) -> str:
    """The code by which a check refuses."""
    with pytest.raises(Invalid) as refused:
        check(*args, **kwargs)  # type: ignore[operator]
    assert refused.value.status == 422
    for value in args:
        assert len(str(value)) < 4 or str(value) not in refused.value.detail + str(refused.value)
    return refused.value.code


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("659999199003070014", "659999199003070014"),
        ("65999919851020027X", "65999919851020027X"),
        ("65999919851020027x", "65999919851020027X"),
        ("  659999199003070014 ", "659999199003070014"),
        ("65999919881120002X", "65999919881120002X"),
        ("659999200002290037", "659999200002290037"),  # leap day
        ("659999190701010106", "659999190701010106"),  # 119 years old: a matter for staff, not for the form
        (id_number(date(1990, 1, 1), 14, "810000"), id_number(date(1990, 1, 1), 14, "810000")),
        (id_number(date(1990, 1, 1), 14, "820000"), id_number(date(1990, 1, 1), 14, "820000")),
        (id_number(date(1990, 1, 1), 14, "830000"), id_number(date(1990, 1, 1), 14, "830000")),
    ],
)
def test_right_numbers_are_kept_in_one_form(text: str, kept: str) -> None:
    assert check_id_no(text, today=TODAY) == kept


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("659999199003070010", "id.checksum"),
        ("659999190002290049", "id.birthdate"),  # 1900 was no leap year
        ("659999200102290050", "id.birthdate"),
        ("659999202304310063", "id.birthdate"),
        ("659999199013010154", "id.birthdate"),
        ("65999919900100016X", "id.birthdate"),
        ("659999209912310077", "id.birthdate"),  # the future
        ("659999201306010086", "id.underage"),  # 13
        ("65999920110601009X", "id.underage"),  # 15
        ("659999900307001", "id.old_format"),
        ("659999199003070014\n", "id.format"),
        ("６59999199003070014", "id.format"),
        ("65999919900307001", "id.format"),
        ("6599991990030700145", "id.format"),
        ("65999919900307001Y", "id.format"),
        ("000000199001010149", "id.area"),
        ("E12345678", "id.format"),
        ("军字第1234567号", "id.format"),
        ("", "id.format"),
        ("' OR 1=1 --", "id.format"),
    ],
)
def test_wrong_numbers_say_what_is_wrong(text: str, code: str) -> None:
    assert refusal(check_id_no, text, today=TODAY) == code


def test_sixteen_is_old_enough_on_the_birthday_itself() -> None:
    """劳动法: 16 is the lawful age of work."""
    birthday = id_number(date(2010, 11, 23), 1)
    assert check_id_no(birthday, today=TODAY) == birthday
    assert refusal(check_id_no, birthday, today=TODAY - timedelta(days=1)) == "id.underage"


def test_the_checksum_finds_every_single_wrong_digit() -> None:
    """GB 11643: MOD 11-2 finds all single errors; 11010519491231002X is the standard's own sample."""
    sample = "11010519491231002X"
    assert check_id_no(sample, today=TODAY) == sample
    for place in range(17):
        for digit in "0123456789":
            changed = sample[:place] + digit + sample[place + 1 :]
            if changed != sample:
                with pytest.raises(Invalid):
                    check_id_no(changed, today=TODAY)


@given(st.dates(date(1927, 1, 1), date(2010, 1, 1)), st.integers(0, 999))
def test_any_number_made_by_the_standard_is_right(birth: date, sequence: int) -> None:
    number = id_number(birth, sequence)
    assert check_id_no(number.lower(), today=TODAY) == number


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("阿卜杜拉·买买提", "阿卜杜拉·买买提"),
        ("𠮷田", "𠮷田"),
        ("李𬭎", "李𬭎"),
        ("\uf900张", "豈张"),  # compatibility ideograph, NFC
        (" 张三 ", "张三"),
        ("\u3000张三\u3000", "张三"),
        ("Anna", "Anna"),
        ("张" * 50, "张" * 50),
    ],
)
def test_names_people_have(text: str, kept: str) -> None:
    assert check_name(text) == kept


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *((f"张{char}三", "name.charset") for char in "\u200b\u202e\ufeff\u3000 \t\n"),
        ("张三\u200b", "name.charset"),
        ("张  三", "name.charset"),
        ("", "name.length"),
        ("张", "name.length"),
        ("张" * 51, "name.length"),
        ("张" * 10_000, "name.length"),
        ("<script>", "name.charset"),
        ("';drop", "name.charset"),
        ('=HYPERLINK("x")', "name.charset"),
        ("{{7*7}}", "name.charset"),
        ("%n%n", "name.charset"),
        ("张\ud842", "name.charset"),
        ("a\0b", "name.charset"),
        ("张三1", "name.charset"),
        ("😀😀", "name.charset"),
    ],
)
def test_names_nobody_has(text: str, code: str) -> None:
    assert refusal(check_name, text) == code


def test_two_spellings_of_a_name_have_one_key() -> None:
    assert name_key("\uf900张") == name_key("豈张")
    assert name_key("ANNA") == name_key("Anna")
    assert name_key("买买提•阿") == name_key("买买提·阿")
    assert name_key("张三") != name_key("张叁")


def test_a_number_of_a_register_has_one_spelling() -> None:
    assert one_spelling("湘（2026）株洲不动产权第０００1号") == one_spelling("湘(2026) 株洲不动产权第0001号 ")
    assert one_spelling("65999919851020027x") == "65999919851020027X"
    assert one_spelling("icbc-1") == "ICBC-1" != one_spelling("icbc1")


@pytest.mark.parametrize(
    "text", ["13800000000", "+8613800000000", "+86 138-0000-0000", " 13800000000 ", "138 0000 0000"]
)
def test_phones_have_one_form(text: str) -> None:
    assert check_phone(text) == "13800000000"


@pytest.mark.parametrize(
    "text",
    [
        "8613800000000",
        "86 138-0000-0000",
        "1380000000",
        "138000000000",
        "12800000000",
        "10086",
        "95588",
        "073128888888",
        "+85291234567",
        "+85366123456",
        "１3800000000",
        "13800000000\n",
        "1380000000a",
        "",
    ],
)
def test_what_is_no_mainland_mobile_number(text: str) -> None:
    assert refusal(check_phone, text) == "phone.format"


@pytest.mark.parametrize("text", ["17012345678", "17112345678", "16212345678", "16512345678", "19912345678"])
def test_numbers_of_virtual_operators_are_numbers(text: str) -> None:
    assert check_phone(text) == text


@pytest.mark.parametrize("text", ["6217000000000000012", "6217 0000 0000 0000 012"])
def test_a_right_card_is_kept_without_spaces(text: str) -> None:
    assert check_card_no(text) == "6217000000000000012"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("6217000000000000013", "card.luhn"),
        ("621700000000012", "card.format"),
        ("62170000000000000120", "card.format"),
        ("621700000012", "card.format"),
        ("621700000000000001a", "card.format"),
        ("6217-0000-0000-0000-012", "card.format"),
        ("６217000000000000012", "card.format"),
        ("6217000000000000012\n", "card.format"),
        ("4000000000000010", "card.not_debit"),
        ("6250000000000012", "card.not_debit"),
        ("", "card.format"),
    ],
)
def test_cards_that_cannot_receive(text: str, code: str) -> None:
    assert refusal(check_card_no, text) == code


@given(st.integers(0, 10**14 - 1), st.integers(0, 18), st.integers(1, 9))
def test_luhn_finds_a_wrong_digit(number: int, place: int, shift: int) -> None:
    """ISO/IEC 7812-1 annex B."""
    card = card_number(number)
    assert check_card_no(card) == card
    wrong = card[:place] + str((int(card[place]) + shift) % 10) + card[place + 1 :]
    with pytest.raises(Invalid):
        check_card_no(wrong)
