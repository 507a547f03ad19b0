"""Files of employers: what is read, and every way in which one is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.remittances.faults import TEXTS, FileRefused
from services.remittances.reading import read_file
from tests.support.remittance_files import Entry, sheet

ENTRIES = (
    Entry("9926010100001", "659999199003070014"),
    Entry("9926010100002", "65999919851020027X", 500_050, 40_004, 40_004),
)
GOOD = sheet("98000000000001", ENTRIES)
"""Two people: 1,000.00 and 400.04 a side; 1,400.04 and 1,400.04 make 2,800.08."""


def faults(data: bytes) -> list[tuple[int, str]]:
    """What is wrong with a file."""
    with pytest.raises(FileRefused) as refused:
        read_file(data)
    assert all(one.text.endswith("。") for one in refused.value.faults)
    return [(one.line_no, one.code) for one in refused.value.faults]


def with_line(old: str, new: str) -> bytes:
    """The good file with one thing written in another way."""
    assert old in GOOD
    return GOOD.replace(old, new, 1).encode()


@pytest.mark.parametrize(
    "data",
    [
        GOOD.encode(),
        GOOD.encode("gb18030"),
        GOOD.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.removesuffix("\n").encode(),
    ],
    ids=["utf-8", "gb18030", "crlf", "mark of byte order", "no last line end"],
)
def test_a_good_file(data: bytes) -> None:
    read = read_file(data)
    assert (read.employer_no, read.month, read.kind, read.percent) == (
        "98000000000001",
        date(2026, 11, 1),
        "01",
        10,
    )
    assert read.total_fen == 280_008
    assert [(one.account_no, one.id_no[-1], one.base_fen, one.unit_fen) for one in read.lines] == [
        ("9926010100001", "4", 1_000_000, 100_000),
        ("9926010100002", "X", 500_050, 40_004),
    ]


def edited(edit: Callable[[str], str]) -> bytes:
    """The good file, edited."""
    return edit(GOOD).encode()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"\xff\xfe" + GOOD.encode("utf-16-le"), "file_encoding"),
        (GOOD.encode("utf-16"), "file_encoding"),
        (b"\x80", "file_encoding"),
        (edited(lambda t: t.replace("10000.00", "10000.00\0")), "file_characters"),
        (edited(lambda t: t.replace("10000.00", "10000.00\t")), "file_characters"),
        (edited(lambda t: t.replace("9926010100001", "9926010100001\u200b")), "file_characters"),
        (edited(lambda t: t.replace("9926010100001", "\ufeff9926010100001")), "file_characters"),
        (edited(lambda t: "\ufeff\ufeff" + t), "file_characters"),
        (edited(lambda t: t.replace("9926010100001", "\u202e9926010100001")), "file_characters"),
        (edited(lambda t: t.replace("\n", "\r\n", 3)), "file_line_ends"),
        (edited(lambda t: t.replace("\n", "\r")), "file_line_ends"),
        (edited(lambda t: t.replace("\n", "\n\r")), "file_line_ends"),
        (edited(lambda t: "\n" + t), "header_format"),
        (edited(lambda t: t.replace("清册,1", "清册,2")), "header_format"),
        (edited(lambda t: t.replace("人数,2\n", "")), "header_format"),
        (edited(lambda t: t.replace("序号,个人账号", "个人账号,序号")), "header_format"),
        (b"PK\x03\x04", "file_characters"),
        (b"MZ", "header_format"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_such_file(data: bytes, code: str) -> None:
    assert [found for _, found in faults(data)] == [code]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("汇缴年月", "2026-13"), ("汇缴年月", "2026-00"), ("汇缴年月", "202611"), ("汇缴年月", "２０２６-11"),
        ("业务类型", "03"), ("业务类型", "1"), ("缴存比例", "0"), ("缴存比例", "10%"), ("缴存比例", "1e1"),
        ("缴存比例", "-5"), ("缴存比例", "100"), ("人数", "2.0"), ("人数", "+2"), ("人数", ""), ("人数", "２"),
        ("总额", "2800.8"), ("总额", "2,800.08"), ("总额", "2800.08元"), ("总额", "=1400.04+1400.04"),
        ("总额", "99999999999999999999.00"), ("账号校验和", "1"), ("账号校验和", "1e11"),
        ("单位账号", "9800000000000a"), ("单位账号", ""), ("单位账号", "9" * 21),
    ],
)  # fmt: skip
def test_a_header_that_says_something_odd(field: str, value: str) -> None:
    assert faults(sheet("98000000000001", ENTRIES, **{field: value}).encode()) == [(0, "header_value")]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("2,9926010100002", "3,9926010100002", "line_order"),
        ("2,9926010100002", "02,9926010100002", "line_order"),
        ("2,9926010100002", "２,9926010100002", "line_order"),
        ("9926010100002", "99260101000０2", "line_account"),
        ("9926010100002", "9.92601E+12", "line_account"),
        ("9926010100002", "'9926010100002", "line_account"),
        ("9926010100002", "=9926010100002", "line_account"),
        ("9926010100002", "", "line_account"),
        ("65999919851020027X", "65999919851020027x", "line_id_no"),
        ("65999919851020027X", "65999919851020027", "line_id_no"),
        ("65999919851020027X", " 65999919851020027X", "line_id_no"),
        ("5000.50", "5000.5", "line_amount"),
        ("5000.50", "5e3", "line_amount"),
        ("5000.50", "-5000.50", "line_amount"),
        ("5000.50", "+5000.50", "line_amount"),
        ("5000.50", "０.01", "line_amount"),
        ("5000.50", "0.00", "line_amount"),
        ("5000.50", "NaN", "line_amount"),
        ("5000.50", "00005000.50", "line_amount"),
        ("5000.50", "99999999999.00", "line_amount"),
        ("5000.50", "=HYPERLINK(1)", "line_amount"),
        ("5000.50", '"5000.50"', "line_amount"),
        ("5000.50", "5,000.50", "line_columns"),
        (",400.04,400.04", ",400.04", "line_columns"),
        (",400.04,400.04", ",400.04,400.04,", "line_columns"),
        (",400.04,400.04", ";400.04;400.04", "line_columns"),
    ],
)  # fmt: skip
def test_a_line_that_says_something_odd(old: str, new: str, code: str) -> None:
    assert faults(with_line(old, new)) == [(2, code)]


def test_a_line_that_is_too_long() -> None:
    assert faults(with_line("400.04,400.04", "400.04,400.04" + "0" * 200)) == [(2, "file_line_long")]


def test_an_empty_line_is_a_line_without_columns() -> None:
    assert faults((GOOD + "\n").encode()) == [(3, "line_columns")]


def test_a_file_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.remittances.reading.MOST_BYTES", len(GOOD.encode()) - 1)
    assert faults(GOOD.encode()) == [(0, "file_too_long")]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("人数", "3", "people_differ"),
        ("单位合计", "1400.05", "unit_total_differs"),
        ("个人合计", "1400.03", "member_total_differs"),
        ("总额", "2800.09", "total_differs"),
        ("账号校验和", "985202020020", "control_differs"),
    ],
)
def test_sums_that_do_not_agree(field: str, value: str, code: str) -> None:
    assert (0, code) in faults(sheet("98000000000001", ENTRIES, **{field: value}).encode())


def test_an_account_that_stands_there_twice() -> None:
    text = sheet("98000000000001", [*ENTRIES, ENTRIES[0], ENTRIES[1], ENTRIES[0]])
    assert faults(text.encode()) == [(line_no, "account_repeated") for line_no in (3, 4, 5)]


def test_two_digits_changed_places() -> None:
    """The control sum finds an account number that was typed over, though every other sum is right."""
    assert faults(with_line("9926010100002", "9926010010002")) == [(0, "control_differs")]


def test_every_wrong_line_is_told_at_once() -> None:
    text = GOOD.replace("10000.00", "1e4").replace("5000.50", "-1.00")
    assert faults(text.encode()) == [(1, "line_amount"), (2, "line_amount")]


def test_not_more_than_a_hundred() -> None:
    many = sheet("98000000000001", [ENTRIES[0]] * 150).replace("10000.00", "x")
    assert len(faults(many.encode())) == 100


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_refused_and_nothing_else_is_raised(data: bytes) -> None:
    with pytest.raises(FileRefused) as refused:
        read_file(data)
    assert {one.code for one in refused.value.faults} <= set(TEXTS)


@given(st.data())
def test_one_changed_byte_never_changes_what_is_booked(data: st.DataObject) -> None:
    """A file with another byte anywhere is refused, or says the same of accounts and amounts."""
    raw = bytearray(GOOD.encode())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255))
    try:
        read = read_file(bytes(raw))
    except FileRefused:
        return
    good = read_file(GOOD.encode())
    assert [(one.account_no, one.unit_fen, one.member_fen) for one in read.lines] == [
        (one.account_no, one.unit_fen, one.member_fen) for one in good.lines
    ]
