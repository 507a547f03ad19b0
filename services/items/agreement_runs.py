"""Runs of agreements 约定执行: each opens a withdrawal case of its own on its day; run again, it changes nothing.

The day of a bank's loan is dated policy; that of the centre's own loan is its due day. A day on which nothing could be
decided (a source is silent, another case is open) is looked at again every few minutes; what was missed is made up for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.accounts.models import PayeeCard
from services.accounts.restored import books_behind
from services.accounts.rules import FROZEN, PAYING_STATES
from services.accounts.service import account_of
from services.agreements.models import AgreementRun, LoanAgreement
from services.agreements.rules import Share, months_owed, run_day, share
from services.agreements.service import end, months_covered, note_fault
from services.applications.models import MONEY, Application
from services.core.clock import SHANGHAI, Clock, shanghai_day
from services.core.db import Sessions, transaction
from services.core.errors import DomainError
from services.core.ids import new_id
from services.core.outbox import emit
from services.core.workdays import shifted
from services.items.cooling import cooling_until
from services.items.effects import Effects
from services.items.engine import Engine, Prepared
from services.items.facts import Fact, Facts
from services.items.fund_loans import open_loans
from services.items.judging import Quote
from services.items.payees import payee_shown
from services.items.repaying import finish_repaid, note_booked
from services.items.rules import available_fen, truncated
from services.items.run_asking import prepared_run
from services.items.run_opening import open_run
from services.items.run_rules import FIGURES
from services.items.usage import last_drawn_on, last_unnamed_on, lock_keys, spend
from services.ledger.service import lock_balance
from services.loans.booking import Payer
from services.loans.discharge import ask_for_discharge
from services.loans.facts import LoanFact
from services.loans.queries import loan_held
from services.loans.service import fall_overdue, pay_instalment, pay_overdue
from services.loans.standing import standing_of
from services.members.consents import ConsentRequired
from services.members.models import Consent

log = structlog.get_logger(__name__)
ITEM, YEARLY = "repayment-agreement", "commercial-loan-withdrawal"
_AGAIN, _BATCH = timedelta(minutes=10), 100


@dataclass(frozen=True, slots=True)
class Due:
    """What a run is to do: its day, and how much for which months."""

    on: date
    paid: Share


class AgreementRuns:
    """Looks for agreements whose day has come."""

    def __init__(self, sessions: Sessions, clock: Clock, engine: Engine, effects: Effects) -> None:
        self._sessions = sessions
        self._effects = effects
        self._clock = clock
        self._engine = engine

    def take_up(self) -> int:
        """Run what is due; returns how many agreements were looked at. Restored books wait for the bank."""
        now = self._clock.now()
        statement = (
            select(LoanAgreement.account_id, LoanAgreement.agreement_id)
            .where(
                LoanAgreement.state == "active",
                or_(LoanAgreement.look_again_at.is_(None), LoanAgreement.look_again_at <= now),
            )
            .limit(_BATCH)
        )
        with transaction(self._sessions) as session:
            if books_behind(session):
                return 0
            rows = session.execute(statement).all()
        for row in rows:
            self._isolated(row.account_id, row.agreement_id)
        return len(rows)

    def _isolated(self, account_id: UUID, agreement_id: UUID) -> None:
        """One agreement that cannot be run must not stop the others: it stays in sight and is looked at ever later."""
        try:
            self.run(account_id, agreement_id)
        except Exception as fault:
            name, now = type(fault).__name__, self._clock.now()
            with transaction(self._sessions) as session:
                attempts = note_fault(session, (account_id, agreement_id), name, now)
            log.error("agreement_run.failed", agreement_id=str(agreement_id), fault=name, attempts=attempts)

    def run(self, account_id: UUID, agreement_id: UUID) -> None:
        """One agreement: facts are asked for outside the transaction, the rest is in one."""
        with transaction(self._sessions) as session:
            agreement = session.get_one(LoanAgreement, (account_id, agreement_id))
            if not self._due_today(session, agreement):
                return
            frozen = account_of(session, account_id).state == FROZEN
        prepared = None if frozen else self._prepared(agreement)
        try:
            with transaction(self._sessions) as session:
                lock_balance(session, account_id)
                key = (account_id, agreement_id)
                agreement = session.get_one(LoanAgreement, key, with_for_update=True, populate_existing=True)
                if agreement.state == "active":
                    self._run(session, agreement, prepared)
                    agreement.attempts, agreement.fault = 0, None
        except DomainError:
            with transaction(self._sessions) as session:
                self._later(session.get_one(LoanAgreement, (account_id, agreement_id)), _AGAIN)

    def _prepared(self, agreement: LoanAgreement) -> Prepared | None:
        """What is known of it, others asked; None once the consent to ask them is withdrawn."""
        try:
            return prepared_run(self._engine, self._engine.registry.get(ITEM), agreement)
        except ConsentRequired:
            return None

    def _due_today(self, session: Session, agreement: LoanAgreement) -> bool:
        """Whether the last run day has no run yet; else the agreement is left alone until tomorrow."""
        if agreement.kind == "offset":
            return True
        due_on = self._day_of_banks(session)
        if due_on >= agreement.signed_on and not _ran(session, agreement, due_on):
            return True
        self._until_tomorrow(agreement)
        return False

    def _day_of_banks(self, session: Session) -> date:
        policy = self._engine.policy(session)
        today, day = shanghai_day(self._clock.now()), policy.integer("agreement.run_day")
        shift = policy.text("agreement.run_shift")
        due_on = run_day(today, day)
        if shifted(due_on, shift) > today:  # a holiday: this month's day has not come yet
            return run_day(due_on - timedelta(days=1), day)
        return due_on

    def _later(self, agreement: LoanAgreement, by: timedelta) -> None:
        agreement.look_again_at = self._clock.now() + by

    def _until_tomorrow(self, agreement: LoanAgreement) -> None:
        tomorrow = shanghai_day(self._clock.now()) + timedelta(days=1)
        agreement.look_again_at = datetime.combine(tomorrow, time(0), SHANGHAI)

    def _run(self, session: Session, agreement: LoanAgreement, prepared: Prepared | None) -> None:
        now = self._clock.now()
        consent = session.get(Consent, (agreement.account_id, agreement.consent_id))
        if consent is None or consent.withdrawn_at is not None:
            return end(session, agreement, "consent_withdrawn", now, actor="系统")
        if prepared is None or account_of(session, agreement.account_id).state == FROZEN:
            return self._until_tomorrow(agreement)  # a freeze passes: what was missed is made up for then
        quote = self._engine.quote(session, agreement.account_id, prepared)
        facts = quote.facts
        if facts.account.state not in PAYING_STATES:
            return end(session, agreement, "account_closed", now, actor="系统")
        if facts.usage is not None and facts.usage.in_flight:
            return self._later(agreement, _AGAIN)
        if agreement.kind == "offset":
            self._offset(session, agreement, quote, now)
        else:
            self._withdraw(session, agreement, quote, now)
        return None

    def _withdraw(self, session: Session, agreement: LoanAgreement, quote: Quote, now: datetime) -> None:
        facts = quote.facts
        if facts.account.locked_since and quote.policy.values["lock.pauses_agreed_withdrawals"]:
            return self._later(agreement, _AGAIN)  # nothing goes to a card; made up for once the lock is open
        cooling = cooling_until(session, agreement.account_id, now)
        if cooling is not None:
            return self._later(agreement, cooling - now)  # money waits, whoever set it going; made up for then
        if open_loans(facts):  # one of these stands in the way of signing, too
            return end(session, agreement, "fund_loan", now, actor="系统")
        if facts.missing(Fact.HOME_LOAN) or facts.home_loan is None:
            return self._later(agreement, _AGAIN)
        loan = next((one for one in facts.home_loan.loans if one.key == agreement.loan_ref), None)
        if loan is None:
            return end(session, agreement, "loan_settled", now, actor="系统")
        due_on = self._day_of_banks(session)
        lock_keys(session, [loan.key])  # others may draw on this loan too, by agreement or once a year
        covered = months_covered(session, agreement)
        owed = months_owed(agreement.signed_on, due_on, covered, _drawn_on(session, agreement))
        keep = quote.policy.integer("agreement.retain_fen")
        most = min(available_fen(facts, keep), quote.policy.integer("withdrawal.case_limit_fen"))
        found = share(loan.monthly_fen if loan.normal else 0, owed, most)
        fen = truncated(found.amount_fen, quote.policy.integer("withdrawal.precision_fen"))
        due = Due(due_on, Share(fen, found.months if fen else ()))
        card = session.get(PayeeCard, (agreement.account_id, agreement.card_id))
        if loan.normal and fen < loan.monthly_fen * len(owed):
            self._tell_short(session, agreement, loan.monthly_fen * len(owed), fen, now)
        if not fen or card is None or card.ended_at is not None:
            return self._note(session, agreement, Due(due_on, Share(0, ())), None)
        application = self._open(session, agreement, quote, due, card)
        spend(session, agreement.account_id, application.application_id, [loan.key])
        self._effects.pay_run(session, application, application.quote["item_name"], quote.policy, keep)
        return self._note(session, agreement, due, application)

    def _offset(self, session: Session, agreement: LoanAgreement, quote: Quote, now: datetime) -> None:
        facts = quote.facts
        loan = facts.loans.of(agreement.loan_ref) if facts.loans else None
        if loan is None or not loan.is_open:
            return end(session, agreement, "loan_settled", now, actor="系统")
        due = self._instalment_due(session, agreement.account_id, facts, loan)
        if due is None or _ran(session, agreement, due.on):
            return self._until_tomorrow(agreement)
        keep = quote.policy.integer("loan.offset_leave_fen")
        if due.paid.amount_fen > available_fen(facts, keep):
            self._tell_short(session, agreement, due.paid.amount_fen, available_fen(facts, keep), now)
            return self._note(session, agreement, Due(due.on, Share(0, ())), None)
        held = loan_held(session, agreement.account_id, UUID(loan.loan_id)).loan
        standing_of(session, held.account_id, held.loan_id, lock=True)  # first: the chain's head is locked last
        application = self._open(session, agreement, quote, due, None)
        self._book(session, application, loan, now)
        return self._note(session, agreement, due, application)

    @staticmethod
    def _instalment_due(session: Session, account_id: UUID, facts: Facts, loan: LoanFact) -> Due | None:
        """Today's instalment; or what is overdue, penalty and all, when its day was missed.

        Its month is the one it was due in, which may be over.
        """
        today = facts.today
        if loan.is_overdue:
            late = loan.overdue_principal_fen + loan.overdue_interest_fen + loan.penalty_fen
            held = loan_held(session, account_id, UUID(loan.loan_id)).loan
            rows = standing_of(session, held.account_id, held.loan_id).overdue(today)
            return Due(today, Share(late, tuple(f"{row.due_on:%Y-%m}" for row in rows)))
        if loan.next_due_on is not None and loan.next_due_on <= today.isoformat():
            return Due(today, Share(loan.instalment_fen, (loan.next_due_on[:7],)))
        return None

    def _book(self, session: Session, application: Application, fact: LoanFact, now: datetime) -> None:
        account_id = application.account_id
        loan = loan_held(session, account_id, UUID(fact.loan_id)).loan
        payer = Payer("fund", account_id)
        if fact.is_overdue:
            fall_overdue(session, loan.account_id, loan.loan_id, now)
            booked = pay_overdue(session, loan.account_id, loan.loan_id, payer, now)
        else:
            booked = [pay_instalment(session, loan.account_id, loan.loan_id, payer, now)]
        fen = sum(row.principal_fen + row.interest_fen + row.penalty_fen for row in booked)
        note_booked(application, fen, [row.business_ref for row in booked])
        settled = loan.state == "settled"
        made = {"loan_id": fact.loan_id, "balance_fen": loan.balance_fen, "settled": settled}
        application.result = {**application.result, "repaid": made}
        session.flush()
        finish_repaid(session, application, event="agreed", actor="系统", at=now)
        if settled:
            ask_for_discharge(session, loan, application, now)

    @staticmethod
    def _tell_short(
        session: Session, agreement: LoanAgreement, needed_fen: int, fund_fen: int, now: datetime
    ) -> None:
        """The fund does not cover it: said on the day, so that the card can."""
        payload = {"label": agreement.label, "needed_fen": needed_fen, "fund_fen": fund_fen}
        emit(session, agreement.account_id, "agreement.short", payload, now)

    def _open(
        self,
        session: Session,
        agreement: LoanAgreement,
        quote: Quote,
        due: Due,
        card: PayeeCard | None,
    ) -> Application:
        now = self._clock.now()
        account_id, run = agreement.account_id, {"agreement_id": str(agreement.agreement_id)}
        digest = hashlib.sha256(f"{agreement.agreement_id}|{due.on}".encode()).digest()
        application = Application(
            account_id=account_id,
            application_id=new_id(),
            case_no=self._engine.case_no(ITEM),
            item_code=ITEM,
            kind=MONEY,
            state="submitted",
            version=1,
            form={"action": "end"},
            facts=quote.facts.to_json(),
            quote={
                **quote.to_json(),
                "allowed": True,
                "refusals": [],
                "approval": "instant",
                "figures": {**quote.figures, **{key: quote.policy.values[key] for key in FIGURES}},
            },
            policy_version=quote.policy.version,
            amount_fen=due.paid.amount_fen,
            payee_sealed=self._engine.payee(session, account_id, card, quote.policy) if card else None,
            payee=payee_shown(card) if card else None,
            private_sealed=None,
            operation_digest=digest,
            submitted_on=shanghai_day(now),
            created_at=now,
            updated_at=now,
            expires_at=None,
            result={"agreement": run | {"months": list(due.paid.months)}},
        )
        return open_run(session, application, agreement, card, now)

    def _note(
        self, session: Session, agreement: LoanAgreement, due: Due, application: Application | None
    ) -> None:
        session.add(
            AgreementRun(
                account_id=agreement.account_id,
                agreement_id=agreement.agreement_id,
                due_on=due.on,
                outcome="case" if application else "short",
                months=list(due.paid.months),
                application_id=application.application_id if application else None,
                ran_at=self._clock.now(),
            )
        )
        self._until_tomorrow(agreement)


def _drawn_on(session: Session, agreement: LoanAgreement) -> date | None:
    """The day of the last yearly draw for this loan; the member's own that names none may have been for it."""
    named = last_drawn_on(session, agreement.loan_ref, YEARLY)
    unnamed = last_unnamed_on(session, agreement.account_id, YEARLY)
    return max((day for day in (named, unnamed) if day), default=None)


def _ran(session: Session, agreement: LoanAgreement, due_on: date) -> bool:
    """Whether a day has its run, under this agreement or one for the same loan before a change."""
    statement = (
        select(AgreementRun.due_on)
        .join(
            LoanAgreement,
            (LoanAgreement.account_id == AgreementRun.account_id)
            & (LoanAgreement.agreement_id == AgreementRun.agreement_id),
        )
        .where(
            AgreementRun.account_id == agreement.account_id,
            LoanAgreement.loan_ref == agreement.loan_ref,
            AgreementRun.due_on == due_on,
        )
    )
    return session.execute(statement).first() is not None
