"""Taking over members 职工入库: accounts, cards and contribution history from a file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from runtime.bootstrap import Product
from runtime.cli.loans import import_loans
from services.accounts.service import NewAccount, NewCard, add_card, open_account
from services.audit.service import record
from services.contributions.rules import months_before, previous_month
from services.contributions.service import post_contribution
from services.core.clock import SHANGHAI, shanghai_day
from services.core.db import transaction
from services.core.identity import check_card_no, check_id_no, check_name, check_phone
from services.members.identity import enrol, find_by_id_no


def read_demo(path: Path) -> Sequence[Mapping[str, Any]]:
    """Members of a TOML file."""
    members: list[Mapping[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["member"]
    return members


def read_json(path: Path) -> Sequence[Mapping[str, Any]]:
    """Members of a JSON file `{"members": [...]}`."""
    members: list[Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["members"]
    return members


def import_members(product: Product, members: Sequence[Mapping[str, Any]]) -> int:
    """Open an account for each member whose ID number is new; returns how many were opened."""
    opened = 0
    for member in members:
        with transaction(product.sessions) as session:
            opened += _open(session, product, member)
    return opened


def _open(session: Session, product: Product, member: Mapping[str, Any]) -> int:
    now = product.clock.now()
    id_no = check_id_no(str(member["id_no"]), today=shanghai_day(now))
    if find_by_id_no(session, product.cipher, id_no) is not None:
        return 0
    name, phone = check_name(str(member["name"])), check_phone(str(member["phone"]))
    account_id = enrol(session, product.cipher, name=name, id_no=id_no, phone=phone, at=now)
    new = _account(member, now, account_id)
    open_account(session, account_id, new)
    record(session, account_id, "account.opened", actor="centre", subject=new.account_no, at=now)
    for card in member.get("cards", ()):
        card_no = check_card_no(str(card["card_no"]))
        add_card(
            session,
            product.cipher,
            account_id,
            NewCard(card["bank_code"], card["bank_name"], card_no, "record", now, now),
            now,
        )
    until = new.sealed_on or shanghai_day(now)
    months = int(member.get("months", 0))
    _post_history(session, account_id, months, new.monthly_contribution_fen, until)
    import_loans(session, product, account_id, member)
    return 1


def _account(member: Mapping[str, Any], now: datetime, account_id: UUID) -> NewAccount:
    opened_on = member.get("opened_on")
    return NewAccount(
        account_no=str(
            member.get("account_no") or f"99{shanghai_day(now):%y%m%d}{account_id.int % 100_000:05d}"
        ),
        employer=str(member.get("employer") or "株洲示例单位"),
        opened_on=date.fromisoformat(str(opened_on))
        if opened_on
        else shanghai_day(now) - timedelta(days=400),
        contribution_base_fen=int(member.get("base_fen", 800_000)),
        contribution_rate_percent=int(member.get("rate_percent", 10)),
        state=str(member.get("state", "01")),
        sealed_on=_sealed_on(member, shanghai_day(now)),
    )


def _sealed_on(member: Mapping[str, Any], today: date) -> date | None:
    """Given as a day, or as so many months ago: then the first of that month."""
    if "sealed_on" in member:
        return date.fromisoformat(str(member["sealed_on"]))
    ago = member.get("sealed_months_ago")
    return months_before(today, int(ago)) if ago is not None else None


def _post_history(session: Session, account_id: UUID, months: int, monthly_fen: int, until: date) -> None:
    """The last `months` monthly contributions before a day's month, each booked on the 15th of its month."""
    month = previous_month(until.replace(day=1))
    history = []
    for _ in range(months):
        history.append(month)
        month = previous_month(month)
    for paid in reversed(history):
        booked = datetime(paid.year, paid.month, 15, 10, tzinfo=SHANGHAI)
        post_contribution(session, account_id, paid, monthly_fen, booked)
