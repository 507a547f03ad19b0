"""What a member wrote, as the people who decide read it."""

from __future__ import annotations

from datetime import date

from services.items.catalog import (
    elevator_withdrawal,
    payee_card_change,
    property_fee_withdrawal,
    repayment_agreement,
)
from services.items.written import written
from services.policies.rules import Policy
from tests.unit.items.test_every_item import policy

POLICY: Policy = policy(date(2026, 11, 23))


def test_sums_are_in_yuan_and_the_card_is_left_to_its_own_row() -> None:
    item = property_fee_withdrawal.ITEM
    form = item.form.model_validate(
        dict(property_fee_withdrawal._FORM) | {"bill_fen": 123_405, "amount_fen": 100_000}
    )
    rows = dict(written(item, form, property_fee_withdrawal._FACTS, POLICY))
    assert rows["今年交了多少物业费"] == "1,234.05 元"
    assert rows["提多少"] == "1,000.00 元"
    assert "收款卡" not in rows


def test_a_home_is_named_as_it_was_offered() -> None:
    item = elevator_withdrawal.ITEM
    facts = elevator_withdrawal._FACTS
    offered = item.offered(facts, POLICY)["house"][0]
    form = item.form.model_validate(dict(elevator_withdrawal._FORM) | {"house": offered.value})
    assert (item.form.model_fields["house"].title, offered.text) in written(item, form, facts, POLICY)


def test_labels_stand_for_codes() -> None:
    item = repayment_agreement.ITEM
    example = next(e for e in item.examples if e.form.get("action") == "sign")
    rows = written(item, item.form.model_validate(dict(example.form)), example.facts, POLICY)
    assert "sign" not in [value for _, value in rows]


def test_private_fields_show_four_characters() -> None:
    item = payee_card_change.ITEM
    example = next(e for e in item.examples if e.allowed)
    number = str(example.form["card_no"])
    said = " ".join(
        value
        for _, value in written(item, item.form.model_validate(dict(example.form)), example.facts, POLICY)
    )
    assert f"尾号 {number[-4:]}" in said
    assert number not in said
