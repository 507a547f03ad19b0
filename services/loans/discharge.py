"""Discharge of the mortgage 解抵: asked of the real-estate registry when a loan is settled, until it has an end.

The member asked for it with the settlement itself, or with the agreement that paid the rest: that application is the
consent the question names.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.applications.models import Application
from services.audit.service import record
from services.core.clock import Clock
from services.core.crypto import FieldCipher
from services.core.db import Sessions, transaction
from services.core.jobs import Job, defer
from services.core.outbox import emit
from services.datasharing.ports import ShareAnswer
from services.datasharing.service import DataSharing, Question
from services.ledger.service import lock_balance
from services.loans.contract import house_of
from services.loans.models import Loan, MortgageDischarge
from services.loans.recovering import to_recover_fen
from services.loans.states import DISCHARGE_STATES

JOB, QUEUE = "loans.discharge", "default"
_EVENTS = {"accepted": "accept", "registered": "register", "refused": "refuse"}
_WHEN_SILENT, _WHEN_ACCEPTED = timedelta(minutes=10), timedelta(hours=1)
_BATCH = 50


def ask_for_discharge(session: Session, loan: Loan, application: Application, at: datetime) -> None:
    """Write down that the mortgage of a settled loan is to be discharged, and the job that asks; once for a loan."""
    made = session.execute(
        insert(MortgageDischarge)
        .values(
            account_id=loan.account_id,
            loan_id=loan.loan_id,
            application_id=application.application_id,
            case_no=application.case_no,
            state=DISCHARGE_STATES.initial,
            receipt_no="",
            asked_times=0,
            ask_again_at=at,
            created_at=at,
            updated_at=at,
        )
        .on_conflict_do_nothing()
        .returning(MortgageDischarge.loan_id)
    ).first()
    if made is not None:
        emit(session, loan.account_id, "mortgage.discharge_asked", {"case_no": application.case_no}, at)
        _defer(session, loan.account_id, loan.loan_id)


def discharge_of(session: Session, application: Application) -> MortgageDischarge | None:
    """The discharge that an application brought about."""
    return session.scalar(
        select(MortgageDischarge).where(MortgageDischarge.application_id == application.application_id)
    )


def _defer(session: Session, account_id: UUID, loan_id: UUID) -> None:
    lock = f"discharge:{loan_id}"
    defer(session, JOB, QUEUE, lock=lock, queueing_lock=lock, account_id=account_id, loan_id=loan_id)


class Discharges:
    """Asks the registry, and again until the mortgage is discharged or has to be dealt with at a counter."""

    def __init__(
        self, sessions: Sessions, clock: Clock, cipher: FieldCipher, sharing: DataSharing, centre: str
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._cipher = cipher
        self._sharing = sharing
        self._centre = centre

    def jobs(self) -> list[Job]:
        """What the default queue can do for discharges."""
        return [Job(JOB, QUEUE, self.ask)]

    def ask(self, account_id: str, loan_id: str) -> None:
        """Ask once, and write down the answer."""
        key = (UUID(account_id), UUID(loan_id))
        with transaction(self._sessions) as session:
            row = session.get_one(MortgageDischarge, key, with_for_update=True)
            now = self._clock.now()
            if row.ask_again_at is None or row.ask_again_at > now:
                return
            if to_recover_fen(session, *key):  # the bank took the money back: the house secures it again
                row.ask_again_at = now + _WHEN_SILENT
                return
            question = self._question(session, row)
        answer = self._sharing.ask(question)
        with transaction(self._sessions) as session:
            lock_balance(session, key[0])
            self._note(session, session.get_one(MortgageDischarge, key, with_for_update=True), answer)

    def _question(self, session: Session, row: MortgageDischarge) -> Question:
        loan = session.get_one(Loan, (row.account_id, row.loan_id))
        house = house_of(self._cipher, loan)
        params = {
            "house_no": house.house_no,
            "city_code": house.city_code,
            "loan_contract_no": loan.contract_no,
            "mortgagee": self._centre,
            "settled_on": loan.settled_on.isoformat() if loan.settled_on else "",
            "receipt_no": row.receipt_no,
        }
        purpose = "贷款结清，申请解除抵押"
        return Question(row.account_id, "estate.discharge", purpose, row.case_no, row.application_id, params)

    def _note(self, session: Session, row: MortgageDischarge, answer: ShareAnswer) -> None:
        if row.ask_again_at is None:
            return
        now, before = self._clock.now(), row.state
        said = str(answer.data.get("state")) if answer.status == "ok" else ""
        if said in _EVENTS and said != before:
            row.state = DISCHARGE_STATES.target(before, _EVENTS[said])
            row.receipt_no = str(answer.data.get("receipt_no", ""))[:40]
        row.asked_times, row.updated_at = row.asked_times + 1, now
        wait = _WHEN_ACCEPTED if row.state == "accepted" else _WHEN_SILENT
        row.ask_again_at = None if row.state in DISCHARGE_STATES.terminal else now + wait
        session.flush()
        if row.state != before:
            self._record(session, row, now)

    @staticmethod
    def _record(session: Session, row: MortgageDischarge, now: datetime) -> None:
        record(
            session,
            row.account_id,
            "mortgage.discharge",
            actor="registry",
            subject=row.case_no,
            at=now,
            detail={"state": row.state, "receipt_no": row.receipt_no},
        )

    def take_up(self) -> int:
        """Plan the questions that are due; returns how many."""
        due = (
            select(MortgageDischarge.account_id, MortgageDischarge.loan_id)
            .where(MortgageDischarge.ask_again_at <= self._clock.now())
            .limit(_BATCH)
        )
        with transaction(self._sessions) as session:
            rows = session.execute(due).all()
            for row in rows:
                _defer(session, row.account_id, row.loan_id)
        return len(rows)
