"""Loans of made-up people, taken over as the command line does."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from runtime.cli.loans import import_loans
from services.core.db import transaction
from services.loans.queries import loans_held
from tests.support.domain.persons import Person, card_number
from tests.support.domain.world import Member, World


def loan_record(**change: Any) -> dict[str, Any]:
    """600,000.00 at the first-home rate for 30 years, drawn on 2021-03-20, due on the 20th of each month."""
    return {
        "contract_no": "ZZGJJ2021000001",
        "principal_fen": 60_000_000,
        "months": 360,
        "repayment_day": 20,
        "drawn_on": "2021-03-20",
        "house": {
            "house_no": "430200000003GB00003F00051101",
            "contract_no": "ZZSP2021000001",
            "address": "示例大道3号",
            "city_code": "430200",
            "price_fen": 85_000_000,
            "down_payment_fen": 25_000_000,
        },
        "card": {"bank_code": "105000", "bank_name": "建设银行", "card_no": card_number(4_021)},
    } | change


def lend(world: World, member: Member, *co_borrowers: Person, **change: Any) -> UUID:
    """Give the member a loan with its history; returns the loan's id."""
    people = [{"name": person.name, "id_no": person.id_no} for person in co_borrowers]
    with transaction(world.sessions) as session:
        record = loan_record(co_borrowers=people, **change)
        import_loans(session, world.product, member.account_id, {"fund_loans": [record]})
    with transaction(world.sessions) as session:
        return loans_held(session, member.account_id)[0].loan.loan_id
