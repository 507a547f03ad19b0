"""Loading facts 取数: what an item needs, from our own tables and, with consent, from other departments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.accounts.rules import STATE_TEXTS
from services.accounts.service import account_of
from services.applications.models import Application
from services.applications.service import money_applications
from services.contributions.rules import continuous_months
from services.contributions.service import months_paid
from services.core.clock import Clock, shanghai_day, shanghai_iso
from services.core.db import Sessions, transaction
from services.datasharing.ports import ShareAnswer
from services.datasharing.service import DataSharing, Question
from services.items.declaration import Item
from services.items.facts import (
    SHARED,
    AccountFacts,
    CardCheckFacts,
    ContributionFacts,
    Fact,
    Facts,
    MarriageFacts,
    PropertyFacts,
    SourceNote,
    UsageFacts,
)
from services.ledger.queries import balance_of
from services.members.consents import require_consent
from services.withdrawals.states import COUNTED_STATES

_IN_FLIGHT = frozenset(COUNTED_STATES) - {"paid"}
_SOURCES = {
    Fact.MARRIAGE: ("civil.marriage", "民政婚姻登记"),
    Fact.PROPERTY: ("estate.ownership", "不动产登记"),
    Fact.CARD_CHECK: ("bank.card_check", "开户银行核验"),
}


@dataclass(frozen=True, slots=True)
class SharedFacts:
    """What other departments said, and what could not be had."""

    marriage: MarriageFacts | None = None
    property: PropertyFacts | None = None
    card_check: CardCheckFacts | None = None
    sources: tuple[SourceNote, ...] = ()


class FactLoader:
    """Collects facts; shared ones outside any transaction."""

    def __init__(self, sessions: Sessions, clock: Clock, sharing: DataSharing, city_code: str) -> None:
        self._sessions = sessions
        self._clock = clock
        self._sharing = sharing
        self._city_code = city_code

    def shared(self, account_id: UUID, item: Item, form: Any) -> SharedFacts:
        """Ask the departments the item needs. Raises ConsentRequired before anything is asked."""
        wanted = sorted(item.needs & SHARED)
        if not wanted:
            return SharedFacts()
        with transaction(self._sessions) as session:
            consent_id = require_consent(session, account_id, "data_sharing").consent_id
        found = SharedFacts()
        for fact in wanted:
            params = self._params(fact, form)
            if params is not None:
                found = self._ask(
                    found,
                    fact,
                    Question(account_id, _SOURCES[fact][0], item.name_zh, item.code, consent_id, params),
                )
        return found

    def _params(self, fact: Fact, form: Any) -> Mapping[str, Any] | None:
        if fact is Fact.PROPERTY:
            return {"city_code": self._city_code}
        if fact is Fact.CARD_CHECK:
            card_no, bank_code = getattr(form, "card_no", None), getattr(form, "bank_code", None)
            return {"bank_code": bank_code, "card_no": card_no} if card_no and bank_code else None
        return {}

    def _ask(self, found: SharedFacts, fact: Fact, question: Question) -> SharedFacts:
        answer = self._sharing.ask(question)
        note = SourceNote(fact.value, _SOURCES[fact][1], shanghai_iso(answer.as_of), answer.status)
        value = _read(fact, answer)
        if value is None and answer.status == "ok":
            note = replace(note, status="unavailable")
        return replace(found, sources=(*found.sources, note), **{fact.value: value})  # type: ignore[arg-type]

    def complete(self, session: Session, account_id: UUID, item: Item, shared: SharedFacts) -> Facts:
        """Facts of our own tables, joined with the shared ones."""
        now = self._clock.now()
        today = shanghai_day(now)
        return Facts(
            today=today,
            account=_account(session, account_id),
            contributions=_contributions(session, account_id, today)
            if Fact.CONTRIBUTIONS in item.needs
            else None,
            usage=_usage(session, account_id, item, today) if Fact.USAGE in item.needs else None,
            marriage=shared.marriage,
            property=shared.property,
            card_check=shared.card_check,
            sources=(*_own_notes(item, now), *shared.sources),
        )


def _read(fact: Fact, answer: ShareAnswer) -> MarriageFacts | PropertyFacts | CardCheckFacts | None:
    """The answer as a fact; None for one that is missing or not in the agreed shape."""
    if answer.status != "ok":
        return None
    data = answer.data
    if fact is Fact.MARRIAGE and isinstance(data.get("status"), str):
        return MarriageFacts(data["status"])
    if fact is Fact.PROPERTY and isinstance(data.get("houses"), list):
        return PropertyFacts(len(data["houses"]))
    if fact is Fact.CARD_CHECK and isinstance(data.get("matched"), bool):
        return CardCheckFacts(
            data["matched"],
            data.get("reason"),
            str(data.get("bank_code", "")),
            str(data.get("bank_name", "")),
        )
    return None


def _account(session: Session, account_id: UUID) -> AccountFacts:
    account, balance = account_of(session, account_id), balance_of(session, account_id)
    return AccountFacts(
        state=account.state,
        state_text=STATE_TEXTS[account.state],
        balance_fen=balance.balance_fen,
        frozen_fen=balance.frozen_fen,
        held_fen=balance.held_fen,
        account_no=account.account_no,
        employer=account.employer,
        opened_on=account.opened_on.isoformat(),
        contribution_base_fen=account.contribution_base_fen,
        monthly_contribution_fen=account.monthly_contribution_fen,
    )


def _contributions(session: Session, account_id: UUID, today: date) -> ContributionFacts:
    months = months_paid(session, account_id)
    first, last = (f"{months[-1]:%Y-%m}", f"{months[0]:%Y-%m}") if months else (None, None)
    return ContributionFacts(continuous_months(months, today), first, last)


def _usage(session: Session, account_id: UUID, item: Item, today: date) -> UsageFacts:
    counted = [a for a in money_applications(session, account_id) if a.state in COUNTED_STATES]
    same = [a for a in counted if a.item_code == item.code and a.submitted_on.year == today.year]
    return UsageFacts(
        year_fen=_sum(same),
        year_count=len(same),
        month_count=sum(1 for a in same if a.submitted_on.month == today.month),
        today_fen=_sum([a for a in counted if a.submitted_on == today]),
        in_flight=any(a.state in _IN_FLIGHT for a in counted),
    )


def _sum(applications: list[Application]) -> int:
    return sum(application.amount_fen or 0 for application in applications)


def _own_notes(item: Item, now: datetime) -> tuple[SourceNote, ...]:
    own = sorted(item.needs - SHARED)
    return tuple(SourceNote(fact.value, "公积金中心", shanghai_iso(now), "ok") for fact in own)
