"""Batches 汇缴批次: filing one, checking it again, calling it off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.clock import Clock, shanghai_day
from services.core.crypto import FieldCipher
from services.core.db import Sessions, transaction
from services.core.errors import NotFound
from services.core.ids import new_id
from services.core.jobs import defer
from services.core.states import IllegalTransition
from services.policies.service import PolicyBook
from services.remittances.checking import check
from services.remittances.employers import employer_of
from services.remittances.faults import AlreadyFiled, Fault, NotNow
from services.remittances.missing import money_there
from services.remittances.models import Employer, RemittanceBatch, RemittanceFault, RemittanceReceipt
from services.remittances.reading import RemittanceFile, read_file
from services.remittances.staging import stage
from services.remittances.states import REMITTANCE_STATES

MODULE = "60"
QUEUE = "default"
POST = "remittances.post"
PATIENCE = text("SET LOCAL statement_timeout = '120s'")
"""A whole centre's file takes longer than a member's request."""


@dataclass(frozen=True, slots=True)
class Filed:
    """How a batch stands."""

    batch_id: UUID
    batch_no: str
    state: str
    people: int
    total_fen: int
    received_fen: int
    faults: tuple[Fault, ...]


class Remittances:
    """Use cases of the desk and of the command line; each is one transaction of its own."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        cipher: FieldCipher,
        policies: PolicyBook,
        next_number: Callable[[str, date], str],
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._cipher = cipher
        self._policies = policies
        self._next_number = next_number

    def file(self, data: bytes, *, actor: str) -> Filed:
        """Take a file: read, stage, check, and look for its money; raises FileRefused, EmployerUnknown, AlreadyFiled."""
        read = read_file(data)
        now = self._clock.now()
        number = self._next_number(MODULE, shanghai_day(now))
        with transaction(self._sessions) as session:
            session.execute(PATIENCE)
            employer = employer_of(session, read.employer_no, lock=True)
            batch = self._open(session, employer, read, number, now)
            stage(session, self._cipher, batch.batch_id, read.lines)
            right = check(session, self._policies, employer, batch, now)
            move(batch, "find_right" if right else "find_faults", now)
            detail = {"people": batch.people, "total_fen": batch.total_fen, "state": batch.state}
            record(
                session,
                employer.employer_id,
                "remittance.filed",
                actor=actor,
                subject=number,
                at=now,
                detail=detail,
            )
            if right:
                take_waiting_money(session, batch, now)
            return filed(session, batch)

    @staticmethod
    def _open(
        session: Session, employer: Employer, read: RemittanceFile, number: str, now: datetime
    ) -> RemittanceBatch:
        batch = RemittanceBatch(
            batch_id=new_id(),
            employer_id=employer.employer_id,
            batch_no=number,
            kind=read.kind,
            month=read.month,
            percent=read.percent,
            state=REMITTANCE_STATES.initial,
            people=len(read.lines),
            total_fen=read.total_fen,
            received_fen=0,
            posted_fen=0,
            reached=0,
            told=0,
            checked_at=now,
            file_hash=read.file_hash,
            created_at=now,
            updated_at=now,
        )
        session.add(batch)
        try:
            session.flush()
        except IntegrityError as fault:
            raise AlreadyFiled from fault
        return batch

    def recheck(self, batch_no: str, *, actor: str) -> Filed:
        """After the records were put right: check a held batch again, and go on with it."""
        now = self._clock.now()
        with transaction(self._sessions) as session:
            session.execute(PATIENCE)
            employer, batch = self._locked(session, batch_no)
            if batch.state != "held":
                raise NotNow
            if check(session, self._policies, employer, batch, now):
                move(batch, "find_right", now)
                defer_posting(session, batch.batch_id)
            self._note(session, batch, "remittance.rechecked", actor, now)
            return filed(session, batch)

    def cancel(self, batch_no: str, *, actor: str) -> Filed:
        """Call a batch off before anything of it is posted; its money waits for another one."""
        now = self._clock.now()
        with transaction(self._sessions) as session:
            _, batch = self._locked(session, batch_no)
            try:
                move(batch, "cancel", now)
            except IllegalTransition as refused:
                raise NotNow from refused
            set_money_free(session, batch)
            self._note(session, batch, "remittance.cancelled", actor, now)
            return filed(session, batch)

    def show(self, batch_no: str) -> Filed:
        """A batch with what is wrong with it."""
        with transaction(self._sessions) as session:
            return filed(session, batch_of(session, batch_no))

    @staticmethod
    def _locked(session: Session, batch_no: str) -> tuple[Employer, RemittanceBatch]:
        """The employer first, as every other way does."""
        employer_id = batch_of(session, batch_no).employer_id
        employer = session.get_one(Employer, employer_id, with_for_update=True, populate_existing=True)
        return employer, batch_of(session, batch_no, lock=True)

    @staticmethod
    def _note(session: Session, batch: RemittanceBatch, action: str, actor: str, now: datetime) -> None:
        subject, detail = batch.batch_no, {"state": batch.state}
        record(session, batch.employer_id, action, actor=actor, subject=subject, at=now, detail=detail)


def batch_of(session: Session, batch_no: str, *, lock: bool = False) -> RemittanceBatch:
    """The batch of a number; raises NotFound."""
    statement = select(RemittanceBatch).where(RemittanceBatch.batch_no == batch_no)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(statement)
    if found is None:
        raise NotFound
    return found


def filed(session: Session, batch: RemittanceBatch) -> Filed:
    """How a batch stands, with its faults in the order of the lines."""
    session.flush()
    statement = select(RemittanceFault).where(RemittanceFault.batch_id == batch.batch_id)
    rows = session.scalars(statement.order_by(RemittanceFault.line_no, RemittanceFault.code))
    return Filed(
        batch.batch_id,
        batch.batch_no,
        batch.state,
        batch.people,
        batch.total_fen,
        batch.received_fen,
        tuple(Fault(row.line_no, row.code) for row in rows),
    )


def move(batch: RemittanceBatch, event: str, at: datetime) -> None:
    """Along an edge of the table; raises IllegalTransition."""
    batch.state, batch.updated_at = REMITTANCE_STATES.target(batch.state, event), at


def take_waiting_money(session: Session, batch: RemittanceBatch, at: datetime) -> None:
    """Money nobody could place pays for the batch where one sum, or all of them together, is exactly what it lacks."""
    statement = (
        select(RemittanceReceipt)
        .where(
            RemittanceReceipt.employer_id == batch.employer_id,
            RemittanceReceipt.direction == "credit",
            RemittanceReceipt.state == "open",
        )
        .order_by(RemittanceReceipt.at, RemittanceReceipt.notice_key)
        .with_for_update()
    )
    waiting = list(session.scalars(statement))
    lacking_fen = batch.total_fen - batch.received_fen
    fitting = [money for money in waiting if money.amount_fen == lacking_fen][:1]
    if not fitting and sum(money.amount_fen for money in waiting) == lacking_fen:
        fitting = waiting
    for money in fitting:
        allot(session, batch, money, at)


def allot(session: Session, batch: RemittanceBatch, money: RemittanceReceipt, at: datetime) -> None:
    """This money pays for the batch; when all of it is there, it is posted."""
    money.batch_id, money.state = batch.batch_id, "allotted"
    batch.received_fen += money.amount_fen
    if batch.state == "waiting" and batch.received_fen >= batch.total_fen:
        move(batch, "fund", at)
        defer_posting(session, batch.batch_id)


def set_money_free(session: Session, batch: RemittanceBatch) -> None:
    """The batch is off: what paid for it waits for another one of the employer's.

    But for what the bank took back when it was posted already: that stays with the batch until a person has looked.
    """
    for money in money_there(session, batch):
        money.batch_id, money.state = None, "open"
        batch.received_fen -= money.amount_fen


def defer_posting(session: Session, batch_id: UUID, delay_s: float | None = None) -> None:
    """Ask for the batch to be posted, or gone on with."""
    lock = f"remittance:{batch_id}"
    defer(session, POST, QUEUE, lock=lock, queueing_lock=lock, delay_s=delay_s, batch_id=batch_id)
