"""Repayments by card that the bank puts back 退回: owed again, taken again, and not counted as paid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.core.clock import shanghai_day
from services.core.db import transaction
from services.loans.queries import loan_facts
from tests.integration.loans.test_fund_loan_items import (
    OWN_THREE_DAYS_FEN,
    apply,
    borrower,
    confirmed,
    owed,
    quote,
)
from tests.integration.loans.test_loan_certificates import drawn
from tests.support.domain.deductions import PREPAY, accounts, deduction, look, send, tell, told
from tests.support.domain.persons import card_number
from tests.support.domain.world import World

WHOLE = 52_946_865 + OWN_THREE_DAYS_FEN
"""529,468.65 and three days of interest, 114.72."""


@pytest.mark.parametrize("early", [False, True])
def test_what_the_bank_takes_back_is_owed_and_taken_again(world: World, early: bool) -> None:
    """Dr 119, Cr 101; the loan's books stand; the next round takes it again, Dr 101, Cr 119."""
    member, loan_id = borrower(world)
    confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))
    send(world, member)
    moves: list[Callable[[], None]] = [lambda: tell(world), lambda: tell(world, direction="debit")]
    for move in reversed(moves) if early else moves:
        move()
    assert owed(world, member, loan_id) == ("normal", 42_946_865)
    assert told(world, member, "deduction_taken_back")[0]["amount"] == "100021.67"
    assert accounts(world, member.account_id) == {"119": 10_002_167}
    world.later(hours=1)
    look(world)
    send(world, member)
    assert world.node.deducted[-1].amount_fen == 10_002_167
    tell(world)
    assert accounts(world, member.account_id) == {"119": 0}


def test_what_the_bank_put_back_was_not_repaid_out_of_one_s_own_pocket(world: World) -> None:
    """100,021.67 came from the card and went back to it: until it is taken again it cannot be drawn either."""
    member, _ = borrower(world)

    def repaid_own_fen() -> int:
        with transaction(world.sessions) as session:
            found = loan_facts(session, world.product.cipher, member.account_id, day, lambda kind, no: no)
        return found.loans[0].repaid_own_fen

    day = shanghai_day(world.clock.now())
    before_fen = repaid_own_fen()
    confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))
    send(world, member)
    tell(world)
    assert repaid_own_fen() == before_fen + 10_002_167
    tell(world, direction="debit")
    assert repaid_own_fen() == before_fen
    world.later(hours=1)
    look(world)
    send(world, member)
    tell(world)  # taken again
    assert repaid_own_fen() == before_fen + 10_002_167


def test_a_loan_whose_money_was_put_back_is_not_free_yet(world: World) -> None:
    """Settled in the books, owed all the same: no discharge, no certificate, no closing, until the card has paid again."""
    world.sharing.answers["estate.discharge"] = ("ok", {"state": "registered", "receipt_no": "R1"})
    world.sharing.answers["social.status"] = ("ok", {"status": "retired", "retired_on": "2026-10-01"})
    member, _ = borrower(world)
    world.consent(member)
    confirmed(world, member, apply(world, member, "loan-settlement", {"source": "card"}))
    send(world, member)
    tell(world)
    tell(world, direction="debit")

    def refused(item: str, form: dict[str, Any]) -> list[str]:
        return [refusal["code"] for refusal in quote(world, member, item, form)["refusals"]]

    def discharge() -> str:
        world.run_jobs(member.account_id, "loans.discharge")
        statement = "SELECT state FROM mortgage_discharge WHERE account_id = :a"
        return str(world.one(statement, a=member.account_id).state)

    retirement = {"card_id": str(member.card_id)}
    assert discharge() == "asked"
    assert "estate.discharge" not in [service for service, _ in world.sharing.asked]
    assert refused("loan-settled-certificate", {}) == ["settled_certificate.put_back"]
    assert refused("retirement-withdrawal", retirement) == ["loan.still_open"]
    world.later(hours=1)
    member.tokens = world.sign_in(member.person)[1]
    look(world)
    send(world, member)
    assert discharge() == "asked"
    tell(world)
    assert refused("loan-settled-certificate", {}) == []
    assert refused("retirement-withdrawal", retirement) == []
    world.later(minutes=11)
    world.product.discharges.take_up()
    assert discharge() == "registered"


def test_another_city_is_told_of_what_was_put_back(world: World) -> None:
    """Settled in the books, and 529,468.65 with 114.72 of interest are owed: the other centre must not read "all repaid"."""
    member, _ = borrower(world)
    confirmed(world, member, apply(world, member, "loan-settlement", {"source": "card"}))
    send(world, member)
    tell(world)
    tell(world, direction="debit")
    text = drawn(world, member, apply(world, member, "other-city-certificate", {"centre": "长沙市"}))[2]
    assert "用过 1 次公积金贷款，其中 1 笔没有还清，尚欠 529,583.37 元" in text


def test_what_was_put_back_after_the_settlement_is_paid_by_another_card(world: World) -> None:
    """The card that settled the loan is closed: the borrower names another, which pays what the bank put back."""
    world.sharing.answers["social.status"] = ("ok", {"status": "retired", "retired_on": "2026-10-01"})
    member, loan_id = borrower(world)
    world.consent(member)
    confirmed(world, member, apply(world, member, "loan-settlement", {"source": "card"}))
    send(world, member)
    tell(world)
    form = {"card_no": card_number(9_301), "bank_code": "105000"}
    assert quote(world, member, "repayment-account-change", form)["refusals"][0]["code"] == "fund_loan.none_open"
    tell(world, direction="debit")
    retirement = {"card_id": str(member.card_id)}
    said = quote(world, member, "retirement-withdrawal", retirement)["refusals"][0]
    assert (said["code"], "还款账号变更" in said["text"]) == ("loan.still_open", True)
    changed = confirmed(world, member, apply(world, member, "repayment-account-change", form))
    assert changed["state"] == "completed"
    world.later(hours=1)
    member.tokens = world.sign_in(member.person)[1]
    look(world)
    send(world, member)
    order = world.node.deducted[-1]
    assert (order.payer_account_no, order.amount_fen) == (form["card_no"], WHOLE)
    tell(world)
    assert owed(world, member, loan_id) == ("settled", 0)
    assert accounts(world, member.account_id) == {"119": 0}
    assert quote(world, member, "retirement-withdrawal", retirement)["refusals"] == []
    assert world.new_violations() == {}


def outcomes(world: World) -> dict[str, str]:
    """How each movement of the last deduction was classified, by the bank's number."""
    statement = "SELECT json_object_agg(host_seq_no, outcome) AS all FROM bank_notice WHERE instruction_no = :n"
    return dict(world.one(statement, n=world.node.deducted[-1].instruction_no).all)


def test_what_undoes_a_second_collection_is_not_owed(world: World) -> None:
    """Collected twice under one number, the second undone: the first stands, nothing is owed or charged again."""
    member, loan_id = borrower(world)
    confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))
    send(world, member)
    tell(world, host_seq_no="K81")
    tell(world, host_seq_no="K82")
    tell(world, direction="debit", host_seq_no="Z82")
    assert outcomes(world) == {"K81": "collected", "K82": "break", "Z82": "break"}
    assert (deduction(world, member).state, owed(world, member, loan_id)) == ("collected", ("normal", 42_946_865))
    assert accounts(world, member.account_id) == {"119": 0}
    world.later(hours=1)
    look(world)
    send(world, member)
    assert len(world.node.deducted) == 1
    assert told(world, member, "deduction_taken_back") == []
    tell(world, direction="debit", host_seq_no="Z81")  # this one puts the first back on the card
    assert deduction(world, member).state == "taken_back"
    assert accounts(world, member.account_id) == {"119": 10_002_167}


def test_a_debit_that_was_undone_before_the_collection_is_not_owed(world: World) -> None:
    """A debit under the number, and the reversal that undoes it; then the card pays, and what it paid stands."""
    member, loan_id = borrower(world)
    confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))
    send(world, member)
    tell(world, direction="debit", host_seq_no="Z91")
    tell(world, host_seq_no="U91", reversal=True)
    tell(world, host_seq_no="K91")
    assert outcomes(world) == {"Z91": "break", "U91": "break", "K91": "collected"}
    assert (deduction(world, member).state, owed(world, member, loan_id)) == ("collected", ("normal", 42_946_865))
    assert accounts(world, member.account_id) == {"119": 0}
