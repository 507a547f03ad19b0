"""Engine 办件引擎: quotes, submits, confirms and cancels any item by its declaration."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.accounts.models import PayeeCard
from services.accounts.service import usable_card
from services.applications.case_numbers import CaseNumbers
from services.applications.models import MONEY, Application
from services.applications.service import load, move, open_application
from services.applications.states import PLAIN_STATES
from services.audit.service import record
from services.core.clock import Clock, shanghai_day
from services.core.crypto import FieldCipher
from services.core.errors import Conflict, NotFound
from services.core.ids import new_id
from services.core.money import yuan_text
from services.core.states import StateTable
from services.face.service import Faces, Operation
from services.items.asking import operation_digest, what_was_asked
from services.items.cooling import refuse_cooling
from services.items.declaration import (
    Approval,
    CloseAccount,
    Effect,
    Item,
    RepayLoan,
    StartWithdrawal,
    Verification,
    absent_text,
)
from services.items.effects import Effects
from services.items.facts import facts_from_json
from services.items.judging import Quote, judge, refuse_unanswered
from services.items.loading import FactLoader, SharedFacts
from services.items.moved import closing_fen, refuse_moved
from services.items.own_controls import refuse_controlled, refuse_kept_back
from services.items.payees import payee_shown
from services.items.phone_codes import use_phone_code
from services.items.registry import Registry
from services.items.standing import asked_of
from services.items.usage import spend
from services.ledger.service import lock_balance
from services.members.identity import person_of
from services.policies.rules import Policy
from services.policies.service import PolicyBook
from services.settlement.payees import Payee, seal_payee
from services.transfers.moving import transfer_of
from services.transfers.service import withdraw as withdraw_transfer
from services.withdrawals.origin import Origin
from services.withdrawals.risk import Outcome, Route
from services.withdrawals.risk_desk import PASSED, decide, note_route, refuse_closed
from services.withdrawals.service import stop_waiting
from services.withdrawals.states import WITHDRAWAL_STATES


class ItemRefused(Conflict):
    """The rules say no; carries every refusal."""

    code, title = "item.refused", "暂时不能办理"


class AmountOver(Conflict):
    """More than may be drawn."""

    code, title = "withdrawal.amount_over", "超过可提金额"


class ItemAbsent(NotFound):
    """The item is not there yet, or no more."""

    code, title, detail = "item.not_open", "这项业务现在不办", "这项业务现在不办。"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A complete form with the shared facts it needs, ready to be submitted in one transaction."""

    item: Item
    form: Any
    shared: SharedFacts
    openid: str | None = None
    """The WeChat user who asks, where the form holds a code that they were sent."""


def state_table(application: Application) -> StateTable:
    """The edge table an application's kind follows."""
    return WITHDRAWAL_STATES if application.kind == MONEY else PLAIN_STATES


class Engine:
    """Use cases of items. What asks the outside world opens its own transactions; the rest runs in the caller's."""

    def __init__(
        self,
        registry: Registry,
        loader: FactLoader,
        effects: Effects,
        faces: Faces,
        policies: PolicyBook,
        numbers: CaseNumbers,
        cipher: FieldCipher,
        clock: Clock,
    ) -> None:
        self.registry = registry
        self.local = loader.local
        self.loader = loader
        self._effects = effects
        self._faces = faces
        self.policies = policies
        self._numbers = numbers
        self._cipher = cipher
        self._clock = clock

    def policy(self, session: Session) -> Policy:
        """The figures in force today."""
        return self.policies.on(session, shanghai_day(self._clock.now()))

    def prepare(self, account_id: UUID, item: Item, form: Any, openid: str | None = None) -> Prepared:
        """Ask the departments the item needs, outside any transaction. Raises ConsentRequired, ItemAbsent."""
        self.require_open(item)
        return Prepared(item, form, self.loader.shared(account_id, item, form), openid)

    def require_open(self, item: Item) -> None:
        """Raises ItemAbsent for an item that is not there today."""
        if not item.exists_on(shanghai_day(self._clock.now())):
            raise ItemAbsent(absent_text(item))

    def items(self) -> list[Item]:
        """The items there are today, as lists show them."""
        today = shanghai_day(self._clock.now())
        return [item for item in self.registry if item.listed and item.exists_on(today)]

    def quote(self, session: Session, account_id: UUID, prepared: Prepared) -> Quote:
        """Judge the item for the member as things stand."""
        item, form = prepared.item, prepared.form
        facts = self.loader.complete(session, account_id, item, prepared.shared, form)
        return judge(item, facts, form, self.policy(session))

    def submit(self, session: Session, account_id: UUID, prepared: Prepared) -> Application:
        """Open an application: judged again under the account's lock, facts and quote stored with it.

        Raises ItemRefused with every refusal, AmountOver, CardCooling, StillCooling or InFlight.
        """
        now = self._clock.now()
        lock_balance(session, account_id)
        refuse_kept_back(session, account_id, prepared.item, prepared.item.effect_for(prepared.form), now)
        self.loader.lock_shared_caps(session, account_id, prepared.item, prepared.shared)
        quote = self.quote(session, account_id, prepared)
        if not quote.allowed:
            raise ItemRefused(
                quote.refusals[0].text, extra={"refusals": [refusal.to_json() for refusal in quote.refusals]}
            )
        refuse_unanswered(quote, prepared.form)
        use_phone_code(
            session, self._cipher, self._clock, account_id, prepared.item, prepared.form, prepared.openid
        )
        card = self._card(session, account_id, quote, prepared.form, now)
        application = open_application(
            session, self._new(session, account_id, quote, prepared.form, card, now), now
        )
        if prepared.item.spends is not None:
            keys = prepared.item.spends(quote.facts, prepared.form)
            spend(session, account_id, application.application_id, keys)
        record(
            session,
            account_id,
            "application.submitted",
            actor="member",
            subject=str(application.application_id),
            at=now,
            detail={
                "item": prepared.item.code,
                "case_no": application.case_no,
                "policy": quote.policy.version,
                **what_was_asked(application, card),
            },
        )
        if quote.verification is Verification.FACE:
            move(session, application, state_table(application), "require_face", actor="系统", at=now)
        elif quote.approval is Approval.REVIEW:
            move(session, application, state_table(application), "require_review", actor="系统", at=now)
        else:
            self._effects.complete(session, application, prepared.item, quote.facts, prepared.form)
        return application

    @staticmethod
    def _card(session: Session, account_id: UUID, quote: Quote, form: Any, now: datetime) -> PayeeCard | None:
        if quote.amount is None:
            return None
        if getattr(form, "amount_fen", 0) > quote.amount.max_fen:
            raise AmountOver(
                f"您现在最多可{quote.amount.verb} {yuan_text(quote.amount.max_fen)} 元，请改一下金额。",
                field="amount_fen",
                extra={"max_fen": quote.amount.max_fen},
            )
        return None if quote.item.repays(form) else usable_card(session, account_id, form.card_id, now)

    def _new(
        self,
        session: Session,
        account_id: UUID,
        quote: Quote,
        form: Any,
        card: PayeeCard | None,
        now: datetime,
    ) -> Application:
        item = quote.item
        stored = form.model_dump(mode="json")
        private = {name: stored.pop(name) for name in sorted(item.private_fields)}
        amount_fen = getattr(form, "amount_fen", quote.amount.max_fen) if quote.amount is not None else None
        today = shanghai_day(now)
        return Application(
            account_id=account_id,
            application_id=new_id(),
            case_no=self._numbers.next(item.module, today),
            item_code=item.code,
            kind=item.kind,
            state="submitted",
            version=1,
            form=stored,
            facts=quote.facts.to_json(),
            quote=quote.to_json(),
            policy_version=quote.policy.version,
            amount_fen=amount_fen,
            payee_sealed=self.payee(session, account_id, card, quote.policy) if card else None,
            payee=payee_shown(card) if card else None,
            private_sealed=self._cipher.seal(json.dumps(private, ensure_ascii=False), "application.private")
            if private
            else None,
            operation_digest=operation_digest(account_id, item.code, amount_fen, card, private),
            submitted_on=today,
            created_at=now,
            updated_at=now,
            expires_at=now + timedelta(minutes=quote.policy.integer("application.verify_minutes")),
            result={},
        )

    def payee(self, session: Session, account_id: UUID, card: PayeeCard, policy: Policy) -> bytes:
        """Name and card a payment goes to, sealed."""
        card_no = self._cipher.open(card.card_no_sealed, "payee_card.card_no")
        name = person_of(session, self._cipher, account_id).name
        same_bank = card.bank_code == self._effects.pay_bank_code
        interbank_no = "" if same_bank else policy.values["settlement.interbank_no"].get(card.bank_code, "")
        payee = Payee(card_no, name, card.bank_code, card.bank_name, same_bank, interbank_no)
        return seal_payee(self._cipher, payee)

    def confirm(
        self,
        session: Session,
        account_id: UUID,
        application_id: UUID,
        face_session_id: UUID,
        origin: Origin | None = None,
    ) -> Application:
        """Use a passed face session for exactly this application and carry out its effect, in one transaction.

        Raises FaceNotPassed, IllegalTransition, BalanceInsufficient; nothing is changed then.
        """
        return self.confirm_with(
            session,
            account_id,
            application_id,
            "face",
            lambda application: self._faces.consume(
                session, Operation(account_id, application_id, application.operation_digest), face_session_id
            ),
            origin,
        )

    def confirm_with(
        self,
        session: Session,
        account_id: UUID,
        application_id: UUID,
        route: Route,
        prove: Callable[[Application], object],
        origin: Origin | None = None,
    ) -> Application:
        """Confirm by any route: `prove` uses up the proof or raises, then risk says at once, later, or to a person.

        `origin` is from where it is asked for. Raises RouteClosed when risk does not let this route serve,
        StillCooling when the member was bound anew since, AmountMoved when a closing would pay another sum; nothing is
        changed then.
        """
        now = self._clock.now()
        lock_balance(session, account_id)
        application = load(session, account_id, application_id, lock=True)
        self.require_verifying(application)
        item = self.registry.get(application.item_code)
        refuse_cooling(session, account_id, item, now)
        refuse_moved(session, self.policies, application, self._effect(application), shanghai_day(now))
        prove(application)
        policy = self.policy(session)
        asked = asked_of(item, application, policy)
        found = decide(session, application, asked, route, policy, now, origin)
        refuse_closed(found)
        if self._repays(application):
            found = replace(found, delay_hours=0)
        note_route(session, application, route, found, now)
        cannot_wait = asked.standing or self._repays(application)
        looked_at = {Outcome.REVIEW} | ({Outcome.DELAY} if cannot_wait else set())
        if application.quote["approval"] == Approval.REVIEW.value or found.outcome in looked_at:
            refuse_kept_back(session, account_id, item, self._effect(application), now)
            move(session, application, state_table(application), "require_review", actor="系统", at=now)
        else:
            self.carry_out(session, application, event=PASSED[route], actor="member")
        return application

    def _effect(self, application: Application) -> Effect:
        item = self.registry.get(application.item_code)
        return item.effect_for(self.stored_form(application) if item.effects else None)

    def _repays(self, application: Application) -> bool:
        """A repayment is to the day and cannot wait: where a payment would, a person looks instead."""
        return isinstance(self._effect(application), RepayLoan)

    def case_no(self, item_code: str) -> str:
        """A new case number of an item."""
        return self._numbers.next(self.registry.get(item_code).module, shanghai_day(self._clock.now()))

    def require_verifying(self, application: Application) -> None:
        """Raises Conflict unless the application waits for its proof, in time."""
        if application.state != "verifying" or self._too_late(application):
            raise Conflict("这笔业务现在不用确认，请刷新看最新进度。", code="application.state_changed")

    def carry_out(self, session: Session, application: Application, *, event: str, actor: str) -> None:
        """Do what was asked for, once the member (or, for a case under review, a second person) has said so.

        The caller holds the account's lock. `event` is the edge a withdrawal takes. Raises BalanceInsufficient.
        """
        item = self.registry.get(application.item_code)
        effect = self._effect(application)
        refuse_controlled(session, application, effect, self.due_fen(session, application), self._clock)
        if isinstance(effect, StartWithdrawal):
            self._effects.pay(session, application, item, self.policy(session), event=event, actor=actor)
        elif isinstance(effect, RepayLoan):
            form = self.stored_form(application)
            self._effects.repay(session, application, effect, form, event=event, actor=actor)
        elif isinstance(effect, CloseAccount):
            self._effects.close(session, application, item, self.policy(session), event=event, actor=actor)
        else:
            facts, form = facts_from_json(application.facts), self.stored_form(application)
            self._effects.complete(session, application, item, facts, form, actor=actor)

    def due_fen(self, session: Session, application: Application) -> int | None:
        """What an item that pays everything pays today, interest and all; None where the amount is the application's."""
        effect = self._effect(application)
        if isinstance(effect, RepayLoan):
            return self._effects.settles_for(session, application, effect, self.stored_form(application))
        if not isinstance(effect, CloseAccount):
            return None
        return closing_fen(session, self.policies, application.account_id, shanghai_day(self._clock.now()))

    def _too_late(self, application: Application) -> bool:
        return application.expires_at is not None and self._clock.now() >= application.expires_at

    def stored_form(self, application: Application) -> Any:
        """The form as the member sent it, its private fields opened."""
        private = (
            json.loads(self._cipher.open(application.private_sealed, "application.private"))
            if application.private_sealed
            else {}
        )
        item = self.registry.get(application.item_code)
        return item.form.model_validate_json(json.dumps(application.form | private))

    def operation(self, session: Session, account_id: UUID, application_id: UUID) -> Operation:
        """What a face session for this application is bound to; raises Conflict when it needs no face now."""
        application = load(session, account_id, application_id)
        if application.state != "verifying":
            raise Conflict("这笔业务现在不用刷脸。", code="application.state_changed")
        return Operation(account_id, application_id, application.operation_digest)

    def cancel(self, session: Session, account_id: UUID, application_id: UUID) -> Application:
        """The member withdraws an application that is not approved yet, or whose payment has not gone out."""
        lock_balance(session, account_id)
        application = load(session, account_id, application_id, lock=True)
        now = self._clock.now()
        if application.state == "waiting":
            stop_waiting(session, application, actor="member", at=now)
        elif transfer_of(session, application) is not None:
            withdraw_transfer(session, application, now)
        else:
            move(session, application, state_table(application), "cancel", actor="member", at=now)
        record(
            session, account_id, "application.cancelled", actor="member", subject=str(application_id), at=now
        )
        return application
