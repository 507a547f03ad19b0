"""Jobs of deductions 扣款任务: send, ask, and take up what a crash left lying."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Case, case, select
from sqlalchemy.orm import Session

from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.core.jobs import Job, unplanned
from services.settlement.deductions.models import Deduction
from services.settlement.deductions.ports import DeductionNode, DeductionOrder
from services.settlement.deductions.service import QUEUE, Deductions, defer_deduction, defer_question
from services.settlement.deductions.states import OPEN_STATES
from services.settlement.jobs import (
    FIRST_ASK_AFTER_S,
    LONGEST_PAUSE_S,
    STATEMENT_AFTER_S,
    statement_pause_s,
)
from services.settlement.ports import NodeUnavailable, QueryReply

log = structlog.get_logger(__name__)
_BOOK_AGAIN = timedelta(minutes=10)
_BATCH = 200


def _next_step() -> Case[str]:
    """The queueing lock of what a deduction waits for."""
    return case((Deduction.state.in_(("ready", "sending")), "deduct:"), else_="ask_deduction:")


class DeductionJobs:
    """Handlers bound to the node; each commits before and after it speaks to the bank, never while."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        node: DeductionNode,
        deductions: Deductions,
        read_since: Callable[[date], None],
        *,
        grace: timedelta,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._node = node
        self._deductions = deductions
        self._read_since = read_since
        self._grace = grace

    def jobs(self) -> list[Job]:
        """What the settlement queue can do for deductions."""
        return [
            Job("settlement.deduct", QUEUE, self.deduct),
            Job("settlement.ask_deduction", QUEUE, self.ask),
        ]

    def deduct(self, account_id: str, deduction_id: str) -> None:
        """Send one deduction by BDC105."""
        account, deduction = UUID(account_id), UUID(deduction_id)
        order = self._begin(account, deduction)
        if order is not None:
            reply = self._node.deduct(order)
            log.info("deduction.reply", deduction_id=deduction_id, outcome=reply.outcome, code=reply.code)
            with transaction(self._sessions) as session:
                self._deductions.record_reply(session, account, deduction, reply)
        with transaction(self._sessions) as session:
            self._plan(session, account, deduction)

    def _begin(self, account: UUID, deduction: UUID) -> DeductionOrder | None:
        try:
            bank_day = self._node.business_day()
        except NodeUnavailable as fault:
            log.warning("deduction.node_unavailable", fault=str(fault))
            return None
        with transaction(self._sessions) as session:
            return self._deductions.begin(session, account, deduction, bank_day)

    def ask(self, account_id: str, deduction_id: str) -> None:
        """Ask the bank about a deduction that is unknown, or accepted without notice."""
        key = (UUID(account_id), UUID(deduction_id))
        with transaction(self._sessions) as session:
            row = session.get_one(Deduction, key)
        heard = True
        try:
            self._ask_bank(row)
        except NodeUnavailable as fault:
            log.warning("deduction.node_unavailable", fault=str(fault))
            heard = False
        with transaction(self._sessions) as session:
            self._plan(session, *key, heard=heard)

    def _ask_bank(self, row: Deduction) -> None:
        if row.sent_on is None:
            return
        if row.state == "accepted":
            self._look_for(row, row.sent_on)
        elif row.state == "unknown":
            self._ask(row, row.sent_on)

    def _look_for(self, row: Deduction, sent_on: date) -> None:
        """Accepted, and not a word since: it stands on the statement, or after the cut-off its fate is asked for."""
        bank_day = self._node.business_day()
        self._read_since(sent_on)
        with transaction(self._sessions) as session:
            state = session.get_one(Deduction, (row.account_id, row.deduction_id)).state
        if bank_day > sent_on and state == "accepted":
            self._ask(row, sent_on)

    def _ask(self, row: Deduction, sent_on: date) -> None:
        state, reply = self._query(row, sent_on)
        if state == "accepted" and row.state == "accepted":
            log.error("deduction.accepted_not_booked", deduction_id=str(row.deduction_id), code=reply.code)
        if state != "unknown" or reply.outcome != "no_record":
            return
        if (
            self._node.business_day() > sent_on
        ):  # past its cut-off the statement is final, and so is its word now
            if self._query(row, sent_on)[1].outcome != "no_record":
                return
            self._read_since(sent_on)
            with transaction(self._sessions) as session:
                self._deductions.give_up_after_cutoff(session, row.account_id, row.deduction_id)

    def _query(self, row: Deduction, sent_on: date) -> tuple[str, QueryReply]:
        reply = self._node.query(row.instruction_no, sent_on)
        log.info(
            "deduction.query", deduction_id=str(row.deduction_id), outcome=reply.outcome, code=reply.code
        )
        with transaction(self._sessions) as session:
            state = self._deductions.record_query(session, row.account_id, row.deduction_id, reply)
        return state, reply

    def take_up(self) -> int:
        """Plan the next step of deductions nobody has moved for a while; try to book what could not be booked."""
        now = self._clock.now()
        with transaction(self._sessions) as session:
            rows = session.execute(
                select(Deduction.account_id, Deduction.deduction_id, Deduction.state)
                .where(
                    Deduction.state.in_(OPEN_STATES),
                    Deduction.updated_at < now - self._grace,
                    unplanned(_next_step(), Deduction.deduction_id),
                )
                .order_by(Deduction.updated_at)
                .limit(_BATCH)
            ).all()
            for row in rows:
                self._plan_stale(session, row.account_id, row.deduction_id, row.state)
            stranded = session.execute(
                select(Deduction.account_id, Deduction.deduction_id)
                .where(Deduction.state == "unbooked", Deduction.updated_at < now - _BOOK_AGAIN)
                .limit(_BATCH)
            ).all()
        for account_id, deduction_id in stranded:
            self._book_again(account_id, deduction_id)
        return len(rows) + len(stranded)

    def _book_again(self, account_id: UUID, deduction_id: UUID) -> None:
        with transaction(self._sessions) as session:
            booked = self._deductions.book_again(session, account_id, deduction_id)
        if not booked:
            log.error("deduction.unbooked", deduction_id=str(deduction_id))

    def _plan(self, session: Session, account_id: UUID, deduction_id: UUID, *, heard: bool = True) -> None:
        row = session.get_one(Deduction, (account_id, deduction_id))
        if row.state == "ready":
            defer_deduction(session, account_id, deduction_id, min(2**row.attempts, LONGEST_PAUSE_S))
        elif row.state == "unknown":
            age_s = (self._clock.now() - row.updated_at).total_seconds()
            wait_s = min(max(age_s / 2, FIRST_ASK_AFTER_S), LONGEST_PAUSE_S)
            defer_question(session, account_id, deduction_id, wait_s)
        elif row.state == "accepted":
            age_s = (self._clock.now() - row.updated_at).total_seconds()
            defer_question(session, account_id, deduction_id, statement_pause_s(age_s, heard=heard))

    @staticmethod
    def _plan_stale(session: Session, account_id: UUID, deduction_id: UUID, state: str) -> None:
        if state in ("ready", "sending"):
            defer_deduction(session, account_id, deduction_id)
        else:
            wait_s = STATEMENT_AFTER_S if state == "accepted" else None
            defer_question(session, account_id, deduction_id, wait_s)
