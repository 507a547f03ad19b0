"""Loading facts 取数: what an item needs, from our own tables and, with consent, from other departments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.accounts.rules import STATE_TEXTS
from services.accounts.service import account_of
from services.accounts.settlement_interest import closing_interest
from services.agreements.service import agreement_of
from services.applications.models import Application
from services.applications.service import money_applications
from services.contributions.rules import continuous_months
from services.contributions.service import months_paid
from services.core.clock import Clock, shanghai_day, shanghai_iso
from services.core.crypto import FieldCipher
from services.core.db import Sessions, transaction
from services.core.identity import one_spelling
from services.datasharing.service import DataSharing, Question
from services.items.declaration import Item
from services.items.facts import (
    SHARED,
    AccountFacts,
    AgreementFacts,
    CardCheckFacts,
    ClosingFacts,
    ContributionFacts,
    Fact,
    Facts,
    LoanFacts,
    PhoneFacts,
    SourceNote,
    TransferFacts,
    UsageFacts,
)
from services.items.local import LocalFacts
from services.items.own_controls import left_today_fen, with_controls
from services.items.phone_codes import number_of
from services.items.reading import read_fact, spouse_id_no
from services.items.usage import drawn_by_fen, lock_keys, unnamed_count, usage_of_keys
from services.ledger.queries import balance_of
from services.loans.queries import loan_facts, loans_held
from services.members.consents import ConsentRequired, consent_text, require_consent, require_given
from services.members.identity import account_of_mac, id_no_mac, person_of
from services.members.models import Consent
from services.policies.rules import Policy
from services.policies.service import PolicyBook
from services.transfers.queries import arrived_from, transferred_months, under_way
from services.withdrawals.states import COUNTED_STATES, LIVE_STATES

_SOURCES = {
    Fact.MARRIAGE: ("civil.marriage", "民政婚姻登记"),
    Fact.PROPERTY: ("estate.ownership", "不动产登记"),
    Fact.CARD_CHECK: ("bank.card_check", "开户银行核验"),
    Fact.PURCHASE: ("housing.contract", "住建部门购房合同备案"),
    Fact.DEED: ("tax.deed", "税务部门契税记录"),
    Fact.SOCIAL: ("social.status", "人社部门社保记录"),
    Fact.ELEVATOR: ("elevator.filing", "住建部门加装电梯登记"),
    Fact.HOME_LOAN: ("credit.loan", "征信和贷款银行"),
    Fact.PROPERTY_BILL: ("property.bill", "物业缴费平台"),
    Fact.HOUSEHOLD: ("police.household", "公安户籍登记"),
}
_PLACED = frozenset({Fact.PROPERTY, Fact.PURCHASE, Fact.DEED, Fact.ELEVATOR, Fact.PROPERTY_BILL})
"""Registers that are asked about one city."""


@dataclass(frozen=True, slots=True)
class SharedFacts:
    """What other departments said, and what could not be had. `spouse` finds the spouse's account; it is not stored."""

    parts: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[SourceNote, ...] = ()
    spouse: bytes | None = None

    def keys(self) -> frozenset[str]:
        """Every house and loan that these facts name."""
        lists = (getattr(part, f.name) for part in self.parts.values() if part for f in fields(part))
        return frozenset(one.key for many in lists if isinstance(many, tuple) for one in many if one.key)


class FactLoader:
    """Collects facts; shared ones outside any transaction."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        sharing: DataSharing,
        policies: PolicyBook,
        cipher: FieldCipher,
        city_code: str,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._sharing = sharing
        self._policies = policies
        self._cipher = cipher
        self._city_code = city_code

    def shared(self, account_id: UUID, item: Item, form: Any, given: UUID | None = None) -> SharedFacts:
        """Ask the departments the item needs, under the present consent or the one `given` to what was signed.

        Raises ConsentRequired before anything is asked.
        """
        with transaction(self._sessions) as session:
            policy = self._policies.on(session, shanghai_day(self._clock.now()))
            wanted = sorted((item.needs & SHARED) - self._spared(session, account_id, item, form, policy))
            if not wanted:
                return SharedFacts()
            consent_id = _consent(session, account_id, given).consent_id
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

    def _spared(
        self, session: Session, account_id: UUID, item: Item, form: Any, policy: Policy
    ) -> frozenset[Fact]:
        if item.spares is None:
            return frozenset()
        own = self.local(session, account_id).facts(item, interest=False)
        return item.spares(own, form, policy)

    def _params(self, fact: Fact, form: Any) -> Mapping[str, Any] | None:
        if fact in _PLACED:
            return {"city_code": self._city_code}
        if fact is Fact.CARD_CHECK:
            card_no, bank_code = getattr(form, "card_no", None), getattr(form, "bank_code", None)
            return {"bank_code": bank_code, "card_no": card_no} if card_no and bank_code else None
        return {}

    def _ask(self, found: SharedFacts, fact: Fact, question: Question) -> SharedFacts:
        answer = self._sharing.ask(question)
        note = SourceNote(fact.value, _SOURCES[fact][1], shanghai_iso(answer.as_of), answer.status)
        value = read_fact(fact, answer, self._key, self._city_code)
        if value is None and answer.status == "ok":
            note = replace(note, status="unavailable")
        if isinstance(value, CardCheckFacts):
            value = replace(value, key=self._key("card", str(question.params["card_no"])))
        spouse = found.spouse
        if fact is Fact.MARRIAGE and (number := spouse_id_no(answer)) is not None:
            spouse = id_no_mac(self._cipher, number)
        return SharedFacts({**found.parts, fact.value: value}, (*found.sources, note), spouse)

    def _key(self, kind: str, number: str) -> str:
        return self._cipher.look_up(one_spelling(number), f"item_usage.{kind}").hex()[:32]

    def lock_shared_caps(self, session: Session, account_id: UUID, item: Item, shared: SharedFacts) -> None:
        """Hold every cap the member shares with others, so that two who ask at once are counted one after the other.

        The caller has locked the account.
        """
        held = loans_held(session, account_id) if _spends_loans(item) else []
        own = {self._key("loan", one.loan.contract_no) for one in held}
        spouse = account_of_mac(session, shared.spouse)
        couple = {f"couple:{min(account_id, spouse)}:{max(account_id, spouse)}"} if spouse else set()
        lock_keys(session, shared.keys() | own | couple)

    def complete(
        self,
        session: Session,
        account_id: UUID,
        item: Item,
        shared: SharedFacts,
        form: Any,
        case: Application | None = None,
    ) -> Facts:
        """Facts of our own tables, joined with the shared ones.

        For a `case` that is judged again its terms and caps are those of the day it was asked for, and it does not count
        against itself; the account and its loans are as they are now.
        """
        now = self._clock.now()
        today = shanghai_day(now)
        day = case.submitted_on if case else today
        needs = item.needs
        loans = (
            loan_facts(session, self._cipher, account_id, today, self._key) if Fact.LOANS in needs else None
        )
        keys = shared.keys() | (
            {loan.key for loan in loans.loans} if loans and _spends_loans(item) else set()
        )
        return Facts(
            today=day,
            account=_account(session, account_id, now),
            contributions=_contributions(session, account_id, day) if Fact.CONTRIBUTIONS in needs else None,
            usage=_usage(session, account_id, item, shared, keys, day, case)
            if Fact.USAGE in needs
            else None,
            loans=loans,
            agreement=_agreement(session, account_id) if Fact.AGREEMENT in needs else None,
            phone=self._phone(session, account_id, number_of(item, form)) if Fact.PHONE in needs else None,
            transfers=_transfers(session, account_id) if Fact.TRANSFERS in needs else None,
            closing=self._closing(session, account_id, today) if Fact.CLOSING in needs else None,
            **shared.parts,
            sources=(*_own_notes(item, now), *shared.sources),
            city_code=self._city_code,
        )

    def local(self, session: Session, account_id: UUID) -> LocalFacts:
        """Facts of our own tables for many items at a time; nobody outside is asked, and no table is read twice."""
        now = self._clock.now()
        today = shanghai_day(now)
        counted = cache(lambda: _counted(session, account_id))
        left_today = cache(lambda: left_today_fen(session, account_id, today))

        def usage(item: Item, loans: LoanFacts | None) -> UsageFacts:
            keys = sorted({loan.key for loan in loans.loans}) if loans and _spends_loans(item) else []
            keyed = usage_of_keys(session, account_id, item.one_cap, keys, today)
            return replace(_own_usage(counted(), item.code, today, left_today()), keyed=keyed)

        return LocalFacts(
            today=today,
            account=_account(session, account_id, now),
            readers={
                Fact.CONTRIBUTIONS: lambda: _contributions(session, account_id, today),
                Fact.LOANS: lambda: loan_facts(session, self._cipher, account_id, today, self._key),
                Fact.AGREEMENT: lambda: _agreement(session, account_id),
                Fact.TRANSFERS: lambda: _transfers(session, account_id),
                Fact.PHONE: lambda: self._phone(session, account_id),
                Fact.CLOSING: lambda: self._closing(session, account_id, today),
            },
            usage=usage,
        )

    def _phone(self, session: Session, account_id: UUID, wanted: str | None = None) -> PhoneFacts:
        own = person_of(session, self._cipher, account_id).phone
        money = any(a.state in LIVE_STATES for a in money_applications(session, account_id))
        return PhoneFacts(own[-4:], own == wanted, money)

    def _closing(self, session: Session, account_id: UUID, today: date) -> ClosingFacts:
        found = closing_interest(session, self._policies, account_id, today)
        return ClosingFacts(found.from_on.isoformat(), found.interest_fen)


def _consent(session: Session, account_id: UUID, given: UUID | None) -> Consent:
    """The consent to the words of today: those of yesterday named fewer departments. What was signed has its own."""
    if given is not None:
        return require_given(session, account_id, given)
    consent = require_consent(session, account_id, "data_sharing")
    if consent.text_version != consent_text("data_sharing").version:
        raise ConsentRequired(field="data_sharing")
    return consent


def _account(session: Session, account_id: UUID, at: datetime) -> AccountFacts:
    account, balance = account_of(session, account_id), balance_of(session, account_id)
    facts = AccountFacts(
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
        sealed_on=account.sealed_on.isoformat() if account.sealed_on else None,
    )
    return with_controls(session, account_id, facts, at)


def _agreement(session: Session, account_id: UUID) -> AgreementFacts:
    found = agreement_of(session, account_id)
    if found is None:
        return AgreementFacts()
    return AgreementFacts(found.kind, found.loan_ref, found.label, found.signed_on.isoformat())


def _contributions(session: Session, account_id: UUID, today: date) -> ContributionFacts:
    months = months_paid(session, account_id)
    first, last = (f"{months[-1]:%Y-%m}", f"{months[0]:%Y-%m}") if months else (None, None)
    here = continuous_months(months, today)
    elsewhere = transferred_months(session, account_id)
    both = continuous_months([*months, *elsewhere], today) if elsewhere else here
    return ContributionFacts(both, first, last, both - here)


def _transfers(session: Session, account_id: UUID) -> TransferFacts:
    found = under_way(session, account_id)
    return TransferFacts(found.centre_name if found else "", arrived_from(session, account_id))


def _spends_loans(item: Item) -> bool:
    """Whether applications draw on caps of the centre's own loans, which no other department names."""
    return item.spends is not None and Fact.LOANS in item.needs and not item.needs & SHARED


def _usage(
    session: Session,
    account_id: UUID,
    item: Item,
    shared: SharedFacts,
    keys: Set[str],
    today: date,
    but: Application | None = None,
) -> UsageFacts:
    spouse, counted = account_of_mac(session, shared.spouse), _counted(session, account_id)
    couple = [one for one in (account_id, spouse) if one]
    others = [one for one in counted if but is None or one.application_id != but.application_id]
    return replace(
        _own_usage(others, item.code, today, left_today_fen(session, account_id, today)),
        spouse_year_fen=drawn_by_fen(session, spouse, item.code, today.year) if spouse else 0,
        keyed=usage_of_keys(session, account_id, item.one_cap, sorted(keys), today, but),
        unnamed_count=unnamed_count(session, couple, item.one_cap) if item.spends else 0,
    )


def _counted(session: Session, account_id: UUID) -> list[Application]:
    return [a for a in money_applications(session, account_id) if a.state in COUNTED_STATES]


def _own_usage(
    counted: Sequence[Application], item_code: str, today: date, left_today_fen: int
) -> UsageFacts:
    """What the member's own applications come to for one item."""
    same = [a for a in counted if a.item_code == item_code]
    this_year = [a for a in same if a.submitted_on.year == today.year]
    last = {a.item_code: a.submitted_on.isoformat() for a in sorted(counted, key=lambda a: a.submitted_on)}
    return UsageFacts(
        year_fen=_sum(this_year),
        year_count=len(this_year),
        month_count=sum(1 for a in this_year if a.submitted_on.month == today.month),
        today_fen=left_today_fen,
        in_flight=any(a.state in LIVE_STATES for a in counted),
        last_on=last.get(item_code),
        last_by_item=last,
    )


def _sum(applications: list[Application]) -> int:
    return sum(application.amount_fen or 0 for application in applications)


def _own_notes(item: Item, now: datetime) -> tuple[SourceNote, ...]:
    own = sorted(item.needs - SHARED)
    return tuple(SourceNote(fact.value, "公积金中心", shanghai_iso(now), "ok") for fact in own)
