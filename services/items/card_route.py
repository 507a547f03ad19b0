"""Without a face 不刷脸: the bank confirms the card, a code goes to the phone on the centre's record, the payment waits.

For members who cannot or do not want to show their face. The proof is bound to member, WeChat user and operation.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.accounts.models import PayeeCard
from services.accounts.service import cards_of
from services.applications.models import Application
from services.applications.service import load
from services.audit.service import record
from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.core.db import Sessions, transaction
from services.core.errors import Conflict, DomainError, Forbidden, Unavailable
from services.core.money import yuan_plain
from services.datasharing.ports import ShareAnswer
from services.datasharing.service import DataSharing, Question
from services.items.engine import Engine
from services.items.models import CardSmsCheck
from services.items.standing import asked_of
from services.ledger.service import lock_balance
from services.members.codes import (
    Errand,
    OperationCodeExpired,
    count_try,
    issue_operation_code,
    use_code,
)
from services.members.consents import require_consent
from services.notices.service import Notices
from services.policies.rules import Policy
from services.withdrawals.origin import Origin
from services.withdrawals.risk import Assessment, assess
from services.withdrawals.risk_desk import Asked, card_of, decide, refuse_closed, risk_facts

CHECK_LIFE = timedelta(minutes=30)
_SAID = {
    "holder_mismatch": "银行说这张卡的户名和您的姓名、身份证不一致",
    "card_not_found": "银行没有查到这张卡",
    "card_frozen": "银行说这张卡现在不能收款",
    "not_class_one": "这张卡不是一类户",
    "not_debit": "这张卡不是储蓄卡",
}


class NoCard(Forbidden):
    """There is no card on the centre's record to check."""

    code, title = "route.no_card", "没有可以核对的银行卡"
    detail = "中心还没有登记过您的银行卡。请刷脸，或带身份证到任一网点办理。钱没有动。"


class CardRefused(Conflict):
    """The bank does not confirm the card."""

    code, title = "route.card_refused", "银行卡没有核对上"


class BankSilent(Unavailable):
    """The bank does not answer now."""

    code, title = "route.bank_silent", "银行现在没有回话"
    detail = "银行现在没有回话，您的卡没法核对，钱没有动。请过几分钟再试，或改用刷脸。"


@dataclass(frozen=True, slots=True)
class CodeSent:
    """A code is on its way."""

    challenge_id: UUID
    expires_at: datetime
    pay_from: datetime | None


@dataclass(frozen=True, slots=True)
class _Card:
    card_id: UUID
    bank_code: str
    card_no: str


class CardRoute:
    """Use cases of the way without a face; the bank is asked outside any transaction."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        cipher: FieldCipher,
        engine: Engine,
        sharing: DataSharing,
        notices: Notices,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._cipher = cipher
        self._engine = engine
        self._sharing = sharing
        self._notices = notices

    def look(self, session: Session, account_id: UUID, application_id: UUID) -> Assessment:
        """Whether this way is open for an application, and how long the payment would wait; nothing is written."""
        application, policy = load(session, account_id, application_id), self._engine.policy(session)
        asked = self._asked(application, policy)
        return assess(risk_facts(session, account_id, "card_sms", asked, policy, self._clock.now()), policy)

    def _asked(self, application: Application, policy: Policy) -> Asked:
        return asked_of(self._engine.registry.get(application.item_code), application, policy)

    def begin(self, account_id: UUID, application_id: UUID, openid: str) -> CodeSent:
        """Check the card with the bank and send the code.

        Raises RouteClosed, ConsentRequired, NoCard, CardRefused, BankSilent, or Conflict when the application does
        not wait for its proof.
        """
        with transaction(self._sessions) as session:
            found = self._judged(session, account_id, application_id)
        refuse_closed(found)
        card, question = self._question(account_id, application_id)
        answer = self._sharing.ask(question)
        with transaction(self._sessions) as session:
            sent = self._send(session, account_id, application_id, card, answer, openid, found)
        if isinstance(sent, DomainError):
            raise sent
        return sent

    def _judged(self, session: Session, account_id: UUID, application_id: UUID) -> Assessment:
        lock_balance(session, account_id)
        application = load(session, account_id, application_id, lock=True)
        self._engine.require_verifying(application)
        policy = self._engine.policy(session)
        asked = self._asked(application, policy)
        return decide(session, application, asked, "card_sms", policy, self._clock.now())

    def _question(self, account_id: UUID, application_id: UUID) -> tuple[_Card, Question]:
        with transaction(self._sessions) as session:
            consent_id = require_consent(session, account_id, "data_sharing").consent_id
            application = load(session, account_id, application_id)
            card = self._card(session, application)
        purpose = f"{application.quote['item_name']}：不刷脸核验"
        params = {"bank_code": card.bank_code, "card_no": card.card_no}
        return card, Question(account_id, "bank.card_check", purpose, str(application_id), consent_id, params)

    def _card(self, session: Session, application: Application) -> _Card:
        """The card the money goes to; for what moves no money, a card on the centre's record."""
        wanted = card_of(application)
        for card in cards_of(session, application.account_id):
            if card.card_id == wanted or (wanted is None and self._on_record(card)):
                card_no = self._cipher.open(card.card_no_sealed, "payee_card.card_no")
                return _Card(card.card_id, card.bank_code, card_no)
        raise NoCard

    @staticmethod
    def _on_record(card: PayeeCard) -> bool:
        return card.source != "member"

    def _send(
        self,
        session: Session,
        account_id: UUID,
        application_id: UUID,
        card: _Card,
        answer: ShareAnswer,
        openid: str,
        found: Assessment,
    ) -> CodeSent | DomainError:
        """Write down what the bank said and, when the card fits, send the code; a fault is returned, to be committed."""
        now = self._clock.now()
        lock_balance(session, account_id)
        application = load(session, account_id, application_id, lock=True)
        self._engine.require_verifying(application)
        fault = _fault(answer)
        if answer.status == "ok":
            _write(session, application, card.card_id, answer, fault is None, now)
        if fault is not None:
            return fault
        errand = errand_of(application, openid)
        issued = issue_operation_code(session, self._cipher, errand, now)
        check = session.get_one(CardSmsCheck, (account_id, application_id), populate_existing=True)
        check.challenge_id = issued.challenge_id
        self._notices.send_operation_code(
            session, account_id, issued.challenge_id, issued.code, _what(application)
        )
        waits = application.amount_fen is not None and found.delay_hours
        pay_from = now + timedelta(hours=found.delay_hours) if waits else None
        return CodeSent(issued.challenge_id, issued.expires_at, pay_from)

    def count_try(
        self, account_id: UUID, application_id: UUID, challenge_id: UUID, code: str, openid: str
    ) -> None:
        """Count a try of the code, right or wrong, in a transaction of its own; raises when it is wrong."""
        with transaction(self._sessions) as session:
            application = load(session, account_id, application_id)
            fault = count_try(
                session,
                self._cipher,
                errand_of(application, openid),
                challenge_id,
                code,
                self._clock.now(),
            )
        if fault is not None:
            raise fault

    def confirm(
        self,
        session: Session,
        account_id: UUID,
        application_id: UUID,
        challenge_id: UUID,
        code: str,
        openid: str,
        origin: Origin | None = None,
    ) -> Application:
        """Use the code and approve, in one transaction; the payment waits. Call `count_try` before."""
        return self._engine.confirm_with(
            session,
            account_id,
            application_id,
            "card_sms",
            lambda application: self._prove(session, application, challenge_id, code, openid),
            origin,
        )

    def _prove(
        self, session: Session, application: Application, challenge_id: UUID, code: str, openid: str
    ) -> None:
        now = self._clock.now()
        use_code(session, self._cipher, errand_of(application, openid), challenge_id, code, now)
        key = (application.account_id, application.application_id)
        check = session.get(CardSmsCheck, key, with_for_update=True, populate_existing=True)
        wanted = card_of(application)
        if check is None or check.challenge_id != challenge_id or not check.matched:
            raise OperationCodeExpired
        if now - check.checked_at > CHECK_LIFE or (wanted is not None and check.card_id != wanted):
            raise OperationCodeExpired
        check.passed_at = now
        record(
            session,
            application.account_id,
            "route.code_used",
            actor="member",
            subject=str(challenge_id),
            at=now,
            detail={"case_no": application.case_no, "operation": application.operation_digest.hex()},
        )


def errand_of(application: Application, openid: str) -> Errand:
    """What a code for this application is bound to: this very application, with its amount and card."""
    operation = hashlib.sha256(application.application_id.bytes + application.operation_digest).digest()
    return Errand(application.account_id, openid, operation)


def _fault(answer: ShareAnswer) -> DomainError | None:
    if answer.status == "ok" and answer.data.get("matched") is True:
        return None
    if answer.status == "unavailable" or (
        answer.status == "ok" and not isinstance(answer.data.get("matched"), bool)
    ):
        return BankSilent()
    reason = _SAID.get(str(answer.data.get("reason")), "银行没有核对上这张卡")
    return CardRefused(f"{reason}。请换一张卡重新办，或刷脸，或带身份证到任一网点。钱没有动。")


def _write(
    session: Session,
    application: Application,
    card_id: UUID,
    answer: ShareAnswer,
    matched: bool,
    at: datetime,
) -> None:
    """One row for an application: the latest check counts, and an earlier code serves no more."""
    reason = answer.data.get("reason")
    said = {
        "card_id": card_id,
        "matched": matched,
        "reason": str(reason)[:40] if reason is not None else None,
        "as_of": answer.as_of,
        "checked_at": at,
        "challenge_id": None,
        "passed_at": None,
    }
    statement = insert(CardSmsCheck).values(
        account_id=application.account_id, application_id=application.application_id, **said
    )
    session.execute(
        statement.on_conflict_do_update(index_elements=["account_id", "application_id"], set_=said)
    )


def _what(application: Application) -> str:
    """What the code is for, in the words of the SMS: the member sees it before giving the code away."""
    name = str(application.quote["item_name"])
    return name if application.amount_fen is None else f"{name}{yuan_plain(application.amount_fen)}元"
