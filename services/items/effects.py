"""Effects 办理结果: what an approved item does; a new kind of effect is added here and in declaration.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.accounts.service import NewCard, add_card, require_paying
from services.accounts.settlement_interest import post_closing_interest
from services.applications.models import Application
from services.applications.service import move
from services.applications.states import PLAIN_STATES
from services.certificates.service import Certificates, Contents
from services.core.clock import Clock, shanghai_day
from services.core.crypto import FieldCipher
from services.core.identity import check_card_no
from services.core.outbox import emit
from services.core.pii import mask_id_no
from services.items.agreeing import keep_agreement
from services.items.collecting import start_collecting
from services.items.controlling import open_lock, raise_limit
from services.items.declaration import (
    AddPayeeCard,
    ChangeLoanCard,
    ChangePhone,
    CloseAccount,
    IssueCertificate,
    Item,
    KeepAgreement,
    OpenLock,
    RaiseLimit,
    RepayLoan,
    RequestTransfer,
    StartWithdrawal,
)
from services.items.facts import Facts, facts_from_json
from services.items.fund_loans import chosen
from services.items.loan_cards import change_loan_card
from services.items.phone_changing import change_member_phone
from services.items.repaying import Wish, finish_repaid, fund_covers, repay, settles_for
from services.items.transferring import carry_transfer, refuse_under_way
from services.ledger.queries import balance_of
from services.loans.charging import Cards
from services.loans.discharge import ask_for_discharge
from services.members.identity import person_of
from services.policies.rules import Policy
from services.policies.service import PolicyBook
from services.withdrawals.service import PaymentTerms, approve, close_with
from services.withdrawals.states import WITHDRAWAL_STATES

_SAME_BANK, _OTHER_BANK, _OTHER_BANK_LATER = "1", "2", "3"


class Effects:
    """Carries out effects in the caller's transaction."""

    def __init__(
        self,
        cipher: FieldCipher,
        clock: Clock,
        policies: PolicyBook,
        certificates: Certificates,
        pay_bank_code: str,
        cards: Cards,
        node: str,
    ) -> None:
        self.pay_bank_code = pay_bank_code
        self._node = node
        self._cards = cards
        self._cipher = cipher
        self._clock = clock
        self._policies = policies
        self._certificates = certificates

    def pay(
        self,
        session: Session,
        application: Application,
        item: Item,
        policy: Policy,
        *,
        event: str,
        actor: str,
    ) -> None:
        """Approve a withdrawal that the member has just confirmed, or that two people have looked at."""
        assert isinstance(item.effect, StartWithdrawal)
        assert item.keep_fen is not None
        terms = PaymentTerms(
            settle_type=self._settle_type(application, policy),
            bus_type=item.effect.bus_type,
            keep_fen=item.keep_fen(policy),
            item_name=item.name_zh,
        )
        approve(session, application, terms, event=event, actor=actor, at=self._clock.now())

    def pay_run(
        self, session: Session, application: Application, item_name: str, policy: Policy, keep_fen: int
    ) -> None:
        """Approve a run of an agreement: the member has agreed to it beforehand."""
        settle_type = self._settle_type(application, policy)
        terms = PaymentTerms(settle_type=settle_type, bus_type="02", keep_fen=keep_fen, item_name=item_name)
        approve(session, application, terms, event="agreed", actor="系统", at=self._clock.now())

    def close(
        self,
        session: Session,
        application: Application,
        item: Item,
        policy: Policy,
        *,
        event: str,
        actor: str,
    ) -> None:
        """Approve a withdrawal of everything: interest to today is booked, all is held, the account is closed."""
        assert isinstance(item.effect, CloseAccount)
        now, account_id = self._clock.now(), application.account_id
        require_paying(session, account_id)
        refuse_under_way(session, account_id)
        interest = post_closing_interest(session, self._policies, account_id, now)
        application.amount_fen = balance_of(session, account_id).balance_fen
        session.flush()  # the state is moved by a statement of its own
        terms = PaymentTerms(
            settle_type=self._settle_type(application, policy),
            bus_type=item.effect.bus_type,
            keep_fen=0,
            item_name=item.name_zh,
            interest_fen=interest.interest_fen,
        )
        approve(session, application, terms, event=event, actor=actor, at=now)
        close_with(session, application, item.effect.reason, now)

    def repay(
        self,
        session: Session,
        application: Application,
        effect: RepayLoan,
        form: Any,
        *,
        event: str,
        actor: str,
    ) -> None:
        """Repay the loan of the form; a loan that is settled by it has its mortgage discharged.

        From the fund it is booked at once; a card is charged, and booked when it has paid.
        """
        now = self._clock.now()
        if effect.source != "card":
            require_paying(session, application.account_id)
        loan = chosen(facts_from_json(application.facts), form)
        assert loan is not None  # the rules refused otherwise
        keep = self._policies.on(session, shanghai_day(now)).integer("loan.offset_leave_fen")
        wish = Wish(UUID(loan.loan_id), effect.how, getattr(form, "change", "term"), keep)
        if effect.source == "card" or (
            effect.source == "both" and not fund_covers(session, application, wish, now)
        ):
            move(session, application, WITHDRAWAL_STATES, event, actor=actor, at=now)
            return start_collecting(session, self._cards, application, wish, effect.source, now)
        booked = repay(session, application, wish, now)
        finish_repaid(session, application, event=event, actor=actor, at=now)
        if booked.state == "settled":
            ask_for_discharge(session, booked, application, now)
        return None

    def settles_for(
        self, session: Session, application: Application, effect: RepayLoan, form: Any
    ) -> int | None:
        """What settles the loan of the form today, if that is what is asked for."""
        loan = chosen(facts_from_json(application.facts), form)
        if loan is None:
            return None
        asked_fen, today = application.amount_fen or 0, shanghai_day(self._clock.now())
        return settles_for(session, application.account_id, UUID(loan.loan_id), effect.how, asked_fen, today)

    def _settle_type(self, application: Application, policy: Policy) -> str:
        if (application.payee or {}).get("bank_code") == self.pay_bank_code:
            return _SAME_BANK
        limit = policy.integer("withdrawal.other_bank_realtime_fen")
        return _OTHER_BANK if (application.amount_fen or 0) <= limit else _OTHER_BANK_LATER

    def complete(
        self,
        session: Session,
        application: Application,
        item: Item,
        facts: Facts | None,
        form: Any,
        *,
        actor: str = "member",
    ) -> None:
        """Carry out an effect that moves no money."""
        if isinstance(item.effect, IssueCertificate):
            assert facts is not None
            contents = self._contents(session, application, item.effect, facts, form)
            if (
                application.state != PLAIN_STATES.initial
            ):  # proven or approved once, not again while it is drawn
                move(session, application, PLAIN_STATES, "issue", actor=actor, at=self._clock.now())
            self._certificates.issue(session, application, contents)
        elif isinstance(item.effect, AddPayeeCard):
            self._add_card(session, application, form, actor)
        elif isinstance(item.effect, KeepAgreement):
            assert facts is not None
            now = self._clock.now()
            policy = self._policies.on(session, shanghai_day(now))
            keep_agreement(session, application, facts, form, policy, now)
            move(session, application, PLAIN_STATES, "complete", actor=actor, at=now)
        elif isinstance(item.effect, ChangeLoanCard):
            change_loan_card(session, self._cipher, application, form, actor, self._clock.now())
        elif isinstance(item.effect, ChangePhone):
            now = self._clock.now()
            policy = self._policies.on(session, shanghai_day(now))
            change_member_phone(session, self._cipher, application, item, form, policy, actor=actor, at=now)
        elif isinstance(item.effect, OpenLock | RaiseLimit):
            self._control(session, application, form, item.effect, actor)
        elif isinstance(item.effect, RequestTransfer):
            now = self._clock.now()
            policy = self._policies.on(session, shanghai_day(now))
            carry_transfer(session, self._cipher, application, form, policy, self._node, actor=actor, at=now)
        else:
            raise TypeError(f"{item.code}: an effect that moves money is not completed here")

    def _control(
        self, session: Session, application: Application, form: Any, effect: OpenLock | RaiseLimit, actor: str
    ) -> None:
        now = self._clock.now()
        policy = self._policies.on(session, shanghai_day(now))
        if isinstance(effect, OpenLock):
            open_lock(session, application, policy, actor=actor, at=now)
        else:
            raise_limit(session, application, form, policy, actor=actor, at=now)

    def _contents(
        self, session: Session, application: Application, effect: IssueCertificate, facts: Facts, form: Any
    ) -> Contents:
        person = person_of(session, self._cipher, application.account_id)
        policy = self._policies.on(session, shanghai_day(self._clock.now()))
        saying = effect.says(facts, form)
        return Contents(
            kind=effect.kind,
            name=effect.name,
            holder=person.name,
            opening=saying.opening,
            rows=[
                ["姓名", person.name],
                ["身份证号", mask_id_no(person.id_no)],
                *(list(row) for row in saying.rows),
            ],
            closing=saying.closing,
            valid_days=policy.integer("certificate.valid_days"),
        )

    def _add_card(self, session: Session, application: Application, form: Any, actor: str) -> None:
        now = self._clock.now()
        hours = self._policies.on(session, shanghai_day(now)).integer("cooling.card_hours")
        usable_from = now + timedelta(hours=hours)
        bank_name = application.facts["card_check"]["bank_name"]
        card = add_card(
            session,
            self._cipher,
            application.account_id,
            NewCard(form.bank_code, bank_name, check_card_no(form.card_no), "member", usable_from, now),
            now,
        )
        added = {"card_id": str(card.card_id), "tail4": card.tail4, "bank_name": bank_name}
        application.result = {**application.result, **added}
        session.flush()  # the state is moved by a statement of its own
        move(session, application, PLAIN_STATES, "complete", actor=actor, at=now)
        payload = {
            "application_id": str(application.application_id),
            "bank_name": bank_name,
            "tail4": card.tail4,
            "usable_from": usable_from.isoformat(),
        }
        emit(session, application.account_id, "card.added", payload, now)
