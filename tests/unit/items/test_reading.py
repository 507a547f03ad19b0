"""Answers of other departments: in the agreed shape, or no answer; never a fault of ours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.datasharing.ports import ShareAnswer
from services.items.facts import Fact
from services.items.reading import read_fact, spouse_id_no

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
FILING = {"house_no": "H1", "address": "示例路1号", "filing_no": "F1"} | {
    "cost_fen": 100,
    "subsidy_fen": 0,
    "share_per_10000": 650,
}


def read(fact: Fact, data: dict[str, Any]) -> Any:
    """What is made of an answer."""
    return read_fact(fact, ShareAnswer("ok", NOW, data), lambda kind, number: f"{kind}:{number}", "430200")


def test_a_day_in_its_one_form() -> None:
    found = read(Fact.ELEVATOR, {"filings": [FILING | {"accepted_on": "2026-08-25"}]})
    assert found.filings[0].accepted_on == "2026-08-25"


@pytest.mark.parametrize(
    "day",
    ["9999-12-31", "0001-01-01", "1899-12-31", "2200-01-01", "2026-W35-2", "20260825", "2026-08-25T00:00", "２０２６-０８-２５"],
)
def test_a_day_that_is_none_or_has_no_month_around_it_is_no_answer(day: str) -> None:
    """Rules count months from it: at the calendar's end that was a fault of ours to the member."""
    assert read(Fact.ELEVATOR, {"filings": [FILING | {"accepted_on": day}]}) is None


@pytest.mark.parametrize("reason", [["holder_mismatch"], {"code": 1}, 7, "", "x" * 201])
def test_a_reason_of_no_kind_is_no_answer(reason: object) -> None:
    assert read(Fact.CARD_CHECK, {"matched": False, "reason": reason}) is None


def test_a_card_that_matches_needs_no_reason() -> None:
    assert read(Fact.CARD_CHECK, {"matched": True, "reason": ""}).reason is None


def test_a_long_name_of_a_bank_fits_its_column() -> None:
    found = read(Fact.CARD_CHECK, {"matched": True, "reason": None, "bank_name": "行" * 5_000})
    assert (found.reason, len(found.bank_name)) == (None, 60)


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("65999919851020027X", "65999919851020027X"),
        ("65999919851020027x", "65999919851020027X"),
        (" ６５９９９９１９８５１０２００２７Ｘ ", "65999919851020027X"),
        ("  ", None),
        ("", None),
        (7, None),
    ],
)
def test_a_spouse_s_number_has_one_spelling(written: object, known: str | None) -> None:
    assert spouse_id_no(ShareAnswer("ok", NOW, {"status": "20", "spouse": {"id_no": written}})) == known


BILL = {"bill_no": "WY1", "house_no": "H1", "address": "示例路1号", "year": 2026, "paid_on": "2026-10-20"}


def test_a_bill_told_of_twice_is_added_up_once() -> None:
    bills = [BILL | {"amount_fen": 216_000}, BILL | {"amount_fen": 216_000}]
    other = BILL | {"bill_no": "WY2", "amount_fen": 100_000}
    found = read(Fact.PROPERTY_BILL, {"bills": [*bills, other]})
    assert [bill.amount_fen for bill in found.bills] == [216_000, 100_000]


def test_two_bills_under_one_number_are_no_answer() -> None:
    bills = [BILL | {"amount_fen": 216_000}, BILL | {"bill_no": " ｗｙ1", "amount_fen": 216_001}]
    assert read(Fact.PROPERTY_BILL, {"bills": bills}) is None
