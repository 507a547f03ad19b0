"""Taking over loans 贷款入库: a member's contract with its history, booked as it happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from runtime.bootstrap import Product
from services.core.clock import SHANGHAI, shanghai_day
from services.core.identity import check_card_no
from services.loans.booking import own_card
from services.loans.contract import CoBorrower, House, NewLoan, RepaymentCard, draw
from services.loans.models import Loan
from services.loans.rules import RateStep, contract_steps, due_dates, rate_key
from services.loans.service import Order, fall_overdue, settle, take_over_history


def import_loans(session: Session, product: Product, account_id: UUID, member: Mapping[str, Any]) -> int:
    """Book the member's `fund_loans`: drawn, every instalment since on its day, settled or in arrears when so told."""
    loans = member.get("fund_loans", ())
    for record in loans:
        new = _new(session, product, record, shanghai_day(product.clock.now()))
        loan = draw(session, product.cipher, account_id, new, _noon(new.drawn_on))
        _history(session, product, loan, record)
    return len(loans)


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI)


def _new(session: Session, product: Product, record: Mapping[str, Any], today: date) -> NewLoan:
    months, home = int(record["months"]), str(record.get("home", "first"))
    drawn_on, day = date.fromisoformat(str(record["drawn_on"])), int(record["repayment_day"])
    house, card = record["house"], record["card"]
    policy = product.policies.on(session, today)
    return NewLoan(
        contract_no=str(record["contract_no"]),
        home=home,
        method="02" if record.get("method") == "02" else "01",
        principal_fen=int(record["principal_fen"]),
        months=months,
        repayment_day=day,
        signed_on=date.fromisoformat(str(record.get("signed_on", drawn_on))),
        drawn_on=drawn_on,
        bank_code=str(card["bank_code"]),
        bank_name=str(card["bank_name"]),
        penalty_percent=policy.integer("loan.penalty_percent"),
        grace_days=int(record.get("grace_days", policy.integer("loan.grace_days"))),
        due_shift=str(record.get("due_shift", policy.text("loan.due_shift"))),
        steps=_steps(session, product, drawn_on, rate_key(home, months), today),
        house=House(
            house_no=str(house.get("house_no", "")),
            contract_no=str(house["contract_no"]),
            address=str(house["address"]),
            city_code=str(house["city_code"]),
            price_fen=int(house["price_fen"]),
            down_payment_fen=int(house["down_payment_fen"]),
        ),
        card=RepaymentCard(
            str(card["bank_code"]), str(card["bank_name"]), check_card_no(str(card["card_no"]))
        ),
        co_borrowers=tuple(
            CoBorrower(str(one["name"]), str(one["id_no"]), str(one.get("relation", "spouse")))
            for one in record.get("co_borrowers", ())
        ),
    )


def _steps(session: Session, product: Product, drawn_on: date, key: str, today: date) -> tuple[RateStep, ...]:
    def in_force(day: date) -> int:
        return product.policies.on(session, day).integer(key)

    return contract_steps(drawn_on, today.year, in_force)


def _history(session: Session, product: Product, loan: Loan, record: Mapping[str, Any]) -> None:
    """Instalments paid on their days up to yesterday, but for the last `unpaid` ones."""
    today = shanghai_day(product.clock.now())
    settled_on = date.fromisoformat(str(record["settled_on"])) if "settled_on" in record else None
    end = settled_on or today
    due = [day for day in due_dates(loan.drawn_on, loan.repayment_day, loan.months) if day < end]
    unpaid = int(record.get("unpaid", 0))
    paid, late = due[: len(due) - unpaid], due[len(due) - unpaid :]
    take_over_history(session, loan.account_id, loan.loan_id, len(paid))
    for day in late:
        fall_overdue(session, loan.account_id, loan.loan_id, _noon(day + timedelta(days=1)))
    if settled_on:
        order = Order("takeover", own_card(loan.account_id))
        settle(session, loan.account_id, loan.loan_id, order, _noon(settled_on))
