"""Jobs of settlement 结算任务: send, ask, read the statement, and take up what a crash left lying."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy import Case, case, or_, select
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.core.jobs import Job, unplanned
from services.core.sql import Statement
from services.settlement.models import PaymentInstruction
from services.settlement.ordering import QUEUE, defer_dispatch, defer_follow_up, defer_until_due
from services.settlement.ports import (
    AccountChange,
    NodeUnavailable,
    PaymentOrder,
    QueryReply,
    SettlementNode,
)
from services.settlement.service import Settlement
from services.settlement.statements import StatementReader
from services.settlement.states import OPEN_STATES

log = structlog.get_logger(__name__)
STATEMENT_AFTER_S = 60
FIRST_ASK_AFTER_S = 1
LONGEST_PAUSE_S = 60
LONGEST_STATEMENT_PAUSE_S = 900
_BATCH = 200
_PROGRESS = Statement(
    "SELECT state, due_at, attempts, updated_at FROM payment_instruction"
    " WHERE account_id = :account_id AND instruction_id = :instruction_id"
)
FOR_A_PERSON = frozenset({"break", "amount_differs", "payee_differs", "unbooked", "taken_back"})
"""Movements that bear one of our numbers and fit nothing we know of: money is somewhere it should not be."""


def _next_step() -> Case[str]:
    """The queueing lock of what an instruction waits for."""
    return case((PaymentInstruction.state.in_(("ready", "sending")), "pay:"), else_="ask:")


def statement_pause_s(age_s: float, *, heard: bool) -> float:
    """How long an accepted order waits for the next look at the statement: the longer, the older it is."""
    return min(max(age_s / 4, STATEMENT_AFTER_S), LONGEST_STATEMENT_PAUSE_S) if heard else STATEMENT_AFTER_S


class Progress(Protocol):
    """What the next step of an instruction depends on."""

    @property
    def state(self) -> str: ...

    @property
    def due_at(self) -> datetime | None: ...

    @property
    def attempts(self) -> int: ...

    @property
    def updated_at(self) -> datetime: ...


class SettlementJobs:
    """Handlers bound to the node; each commits before and after it speaks to the bank, never while."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        node: SettlementNode,
        settlement: Settlement,
        *,
        grace: timedelta,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._node = node
        self._settlement = settlement
        self._grace = grace
        self.statements = StatementReader(sessions, self.take_changes)

    def jobs(self) -> list[Job]:
        """What the settlement queue can do."""
        return [
            Job("settlement.dispatch", QUEUE, self.dispatch),
            Job("settlement.follow_up", QUEUE, self.follow_up),
        ]

    def dispatch(self, account_id: str, instruction_id: str) -> None:
        """Send one instruction by BDC101."""
        account, instruction = UUID(account_id), UUID(instruction_id)
        order = self._begin(account, instruction)
        if order is None:
            with transaction(self._sessions) as session:
                self._plan_from_row(session, account, instruction)
            return
        reply = self._node.pay(order)
        log.info("payment.reply", instruction_id=instruction_id, outcome=reply.outcome, code=reply.code)
        with transaction(self._sessions) as session:
            progress = self._settlement.record_reply(session, account, instruction, reply)
            self._plan(session, account, instruction, progress)

    def _begin(self, account: UUID, instruction: UUID) -> PaymentOrder | None:
        try:
            bank_day = self._node.sending_day()
        except NodeUnavailable as fault:
            log.warning("payment.node_unavailable", fault=str(fault))
            return None
        with transaction(self._sessions) as session:
            return self._settlement.begin_dispatch(session, account, instruction, bank_day)

    def follow_up(self, account_id: str, instruction_id: str) -> None:
        """Ask the bank about an instruction that is unknown, or accepted without notice."""
        account, instruction = UUID(account_id), UUID(instruction_id)
        with transaction(self._sessions) as session:
            row = session.get_one(PaymentInstruction, (account, instruction))
        heard = True
        try:
            self._ask_bank(row)
        except NodeUnavailable as fault:
            log.warning("payment.node_unavailable", fault=str(fault))
            heard = False
        with transaction(self._sessions) as session:
            self._plan_from_row(session, account, instruction, heard=heard)

    def _ask_bank(self, row: PaymentInstruction) -> None:
        if row.sent_on is None:
            return
        if row.state == "unknown":
            self._ask(row, row.sent_on)
        elif row.state == "accepted":
            self._look_for(row, row.sent_on)

    def _look_for(self, row: PaymentInstruction, sent_on: date) -> None:
        """Accepted, and not a word since: it stands on the statement, or after the cut-off its fate is asked for."""
        bank_day = self._node.business_day()
        self.statements.read(self._node, sent_on, bank_day)
        if bank_day > sent_on and self._state_of(row) == "accepted":
            self._ask(row, sent_on)

    def _state_of(self, row: PaymentInstruction) -> str:
        with transaction(self._sessions) as session:
            return session.get_one(PaymentInstruction, (row.account_id, row.instruction_id)).state

    def _ask(self, row: PaymentInstruction, sent_on: date) -> None:
        state, reply = self._query(row, sent_on)
        if state == "unknown" and reply.outcome == "no_record":  # what is pending may still be paid
            self._close_if_cut_off(row, sent_on)
        elif state == "accepted" and row.state == "accepted":
            log.error("payment.accepted_not_booked", instruction_id=str(row.instruction_id), code=reply.code)

    def _query(self, row: PaymentInstruction, sent_on: date) -> tuple[str, QueryReply]:
        reply = self._node.query(row.instruction_no, sent_on)
        log.info(
            "payment.query", instruction_id=str(row.instruction_id), outcome=reply.outcome, code=reply.code
        )
        with transaction(self._sessions) as session:
            state = self._settlement.record_query(session, row.account_id, row.instruction_id, reply)
        return state, reply

    def _close_if_cut_off(self, row: PaymentInstruction, sent_on: date) -> None:
        """After the node's cut-off its statement is final: paid if it stands there, else it never will be.

        It is asked again then: the order may have reached it after the first answer, and be pending over night.
        """
        bank_day = self._node.business_day()
        if bank_day <= sent_on or self._query(row, sent_on)[1].outcome != "no_record":
            return
        self.statements.read(self._node, sent_on, bank_day)
        with transaction(self._sessions) as session:
            self._settlement.give_up_after_cutoff(session, row.account_id, row.instruction_id)

    def read_since(self, first: date) -> None:
        """Fetch the movements of a day and of all days after it, up to the bank's own; raises NodeUnavailable.

        What was sent before a cut-off may be booked on the bank's next day.
        """
        self.statements.read(self._node, first, self._node.business_day())

    def take_changes(self, changes: Sequence[AccountChange]) -> None:
        """Store and apply movements, each in a transaction of its own; returns only when all are committed."""
        for change in changes:
            with transaction(self._sessions) as session:
                outcome = self._settlement.record_change(session, change)
            if outcome != "duplicate":
                tell = log.warning if outcome in FOR_A_PERSON else log.info
                tell("bank.change", outcome=outcome, direction=change.direction)

    def take_up(self) -> int:
        """Plan the next step of instructions that nobody has moved for a while and that have none planned."""
        cutoff = self._clock.now() - self._grace
        statement = (
            select(PaymentInstruction.account_id, PaymentInstruction.instruction_id, PaymentInstruction.state)
            .where(
                PaymentInstruction.state.in_(OPEN_STATES),
                PaymentInstruction.updated_at < cutoff,
                or_(PaymentInstruction.due_at.is_(None), PaymentInstruction.due_at < cutoff),
                unplanned(_next_step(), PaymentInstruction.instruction_id),
            )
            .order_by(PaymentInstruction.updated_at)
            .limit(_BATCH)
        )
        with transaction(self._sessions) as session:
            rows = session.execute(statement).all()
            for row in rows:
                self._plan_stale(session, row.account_id, row.instruction_id, row.state)
        return len(rows)

    def _plan_from_row(
        self, session: Session, account_id: UUID, instruction_id: UUID, *, heard: bool = True
    ) -> None:
        session.flush()
        row = _PROGRESS.first(session, {"account_id": account_id, "instruction_id": instruction_id})
        self._plan(session, account_id, instruction_id, row, heard=heard)

    def _plan(
        self, session: Session, account_id: UUID, instruction_id: UUID, row: Progress, *, heard: bool = True
    ) -> None:
        if row.state == "ready" and row.due_at is not None and row.due_at > self._clock.now():
            wait_s = (row.due_at - self._clock.now()).total_seconds()
            defer_until_due(session, account_id, instruction_id, wait_s)
        elif row.state == "ready" and row.due_at is not None and not row.attempts:
            defer_dispatch(session, account_id, instruction_id, LONGEST_PAUSE_S)
        elif row.state == "ready":
            defer_dispatch(session, account_id, instruction_id, min(2**row.attempts, LONGEST_PAUSE_S))
        elif row.state == "unknown":
            age_s = (self._clock.now() - row.updated_at).total_seconds()
            defer_follow_up(
                session, account_id, instruction_id, min(max(age_s / 2, FIRST_ASK_AFTER_S), LONGEST_PAUSE_S)
            )
        elif row.state == "accepted":
            age_s = (self._clock.now() - row.updated_at).total_seconds()
            defer_follow_up(session, account_id, instruction_id, statement_pause_s(age_s, heard=heard))

    @staticmethod
    def _plan_stale(session: Session, account_id: UUID, instruction_id: UUID, state: str) -> None:
        if state in ("ready", "sending"):
            defer_dispatch(session, account_id, instruction_id)
        else:
            defer_follow_up(
                session, account_id, instruction_id, STATEMENT_AFTER_S if state == "accepted" else None
            )
