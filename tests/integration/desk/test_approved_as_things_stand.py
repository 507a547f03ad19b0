"""What people approve is judged once more as things stand: money that the rules would not give today does not leave."""

from __future__ import annotations

from typing import Any

from services.applications.models import Application
from services.core.db import transaction
from services.core.money import yuan_plain, yuan_text
from tests.integration.loans.test_fund_loan_items import FUND_FEN, apply, borrower, confirmed
from tests.support.domain.deductions import PREPAY, send, tell
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World

TAKEN_BACK_FEN = 10_002_167
"""Prepaid from the card, and put back on it by the bank: 100,021.67."""


def in_review(world: World, member: Member, item: str, form: dict[str, Any]) -> Application:
    """Asked for and confirmed by face: it waits for people."""
    done = confirmed(world, member, apply(world, member, item, form))
    with transaction(world.sessions) as session:
        case = session.get_one(Application, (member.account_id, done["application_id"]))
    assert case.state == "in_review"
    return case


def propose(colleague: Colleague, case: Application, amount: str) -> None:
    """An opinion in favour by who has the case."""
    assert colleague.act(case, "opinion", verdict="approve", amount=amount).status_code == 303


def decisions(world: World, case: Application) -> int:
    """How often a second person has decided."""
    return int(
        world.one(
            "SELECT count(*) AS n FROM review_decision WHERE application_id = :a", a=case.application_id
        ).n
    )


def test_what_the_bank_took_back_meanwhile_is_not_drawn(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    """Sixty instalments and 100,021.67 were repaid, and all of it is asked for; then 100,021.67 go back to the card.

    What may be drawn is what the instalments came to, to the fen; that the case itself is counted on the loan's cap is no
    reason against it.
    """
    member, _ = borrower(world, drawn_on="2021-11-20", months=360, principal_fen=60_000_000)
    own_fen = world.one(
        "SELECT repaid_principal_fen + repaid_interest_fen AS fen FROM loan WHERE account_id = :a",
        a=member.account_id,
    ).fen
    confirmed(world, member, apply(world, member, "partial-prepayment", PREPAY))
    send(world, member)
    tell(world)
    asked = {"way": "card", "amount_fen": own_fen + TAKEN_BACK_FEN, "card_id": str(member.card_id)}
    case = in_review(world, member, "fund-loan-withdrawal", asked)
    anna.act(case, "claim")
    propose(anna, case, yuan_plain(own_fen + TAKEN_BACK_FEN))
    assert "现在批不了" not in boris.page(case)
    world.later(days=1)
    tell(world, direction="debit")
    world.later(days=1)
    anna.sign_in()
    boris.sign_in()
    assert "现在批不了" in boris.page(case)
    answer = boris.act(case, "decision", outcome="confirm")
    assert answer.status_code == 409
    assert f"现在最多可办 {yuan_text(own_fen)} 元" in answer.get_data(as_text=True)
    assert (world.state(case), decisions(world, case)) == (("in_review", None), 0)
    assert world.balance(member) == (FUND_FEN, 0)
    assert boris.act(case, "decision", outcome="send_back", note="按现在能提的").status_code == 303
    propose(anna, case, yuan_plain(own_fen + 1))
    assert boris.act(case, "decision", outcome="confirm").status_code == 409
    assert boris.act(case, "decision", outcome="send_back", note="多提了一分钱").status_code == 303
    propose(anna, case, yuan_plain(own_fen))
    assert "现在批不了" not in boris.page(case)
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    assert world.balance(member) == (FUND_FEN - own_fen, own_fen)


def test_an_account_with_a_loan_since_is_not_closed(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    world.sharing.answers["social.status"] = ("unavailable", {})
    member = world.member(months=16)
    world.consent(member)
    case = in_review(world, member, "retirement-withdrawal", {"card_id": str(member.card_id)})
    anna.act(case, "claim")
    propose(anna, case, "32174.25")
    lend(world, member, contract_no="ZZGJJ2026990001")
    assert "现在批不了。</strong>不符合“没有未还清的公积金贷款”" in boris.page(case)
    answer = boris.act(case, "decision", outcome="confirm")
    assert answer.status_code == 409
    assert "没有未还清的公积金贷款" in answer.get_data(as_text=True)
    assert (world.state(case), decisions(world, case)) == (("in_review", None), 0)
    assert world.balance(member) == (3_200_000, 0)
    assert boris.act(case, "decision", outcome="send_back", note="还有贷款").status_code == 303


def test_a_year_that_ended_meanwhile_is_no_reason_against_it(
    world: World, desk: DeskWorld, anna: Colleague, boris: Colleague
) -> None:
    """Asked for on 23 November, approved on 2 February: months without contributions since do not count against it."""
    member, case = desk.in_review()
    world.later(days=71)
    anna.sign_in()
    boris.sign_in()
    anna.act(case, "claim")
    propose(anna, case, "3000.00")
    assert boris.act(case, "decision", outcome="confirm").status_code == 303
    assert world.balance(member) == (5_300_000, 300_000)
