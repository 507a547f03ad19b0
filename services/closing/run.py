"""The day's end 日终: its steps in order, each recorded, run again until the day closes.

The statement and the comparison are worked for every day that waits; the rest, and the closing itself, for the oldest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import structlog
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.audit.service import CENTRE, record
from services.closing.annual_interest import AnnualInterest, due_on
from services.closing.days import LOOK_AGAIN, first_day, is_due, roll, waiting_days
from services.closing.models import BusinessDay, ClosingStep
from services.closing.states import DAY_STATES
from services.closing.steps import StepFailed, StepWaits
from services.closing.steps.bank_books import hold_against_bank
from services.closing.steps.control import check_control
from services.closing.steps.queues import age_queues
from services.closing.steps.seal import seal_chains
from services.closing.steps.trial import balance_day, is_balanced
from services.core.clock import SHANGHAI, Clock, shanghai_day
from services.core.db import Sessions, transaction
from services.core.jobs import Job, defer
from services.policies.service import PolicyBook
from services.reconciliation.matching import match_day
from services.reconciliation.models import BankBreak, BankStatement
from services.reconciliation.short_days import ShortDays
from services.reconciliation.statements import NotFinal, Statements
from services.settlement.ports import NodeUnavailable

log = structlog.get_logger(__name__)
QUEUE, JOB = "default", "closing.run"
EXPECTED_BY = time(9, 0)
"""By this hour of the next morning the bank's statement is there, or somebody is told."""
_PATIENCE = text("SET LOCAL statement_timeout = '300s'")
NAMES = {
    "statement": "取银行流水",
    "match": "三方对账",
    "interest": "年度结息",
    "control": "控制科目",
    "trial": "试算平衡",
    "bank": "银行与账面",
    "queues": "队列积压",
    "retention": "到期清理",
    "seal": "审计链封存",
    "close": "关账",
}
SHARED = ("statement", "match")
Sweep = Callable[[], Mapping[str, str]]
"""Deletes what its time is over for; returns what is wrong with it."""


class Closing:
    """Runs the steps; safe to run again at any point, and to be cut off at any."""

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        policies: PolicyBook,
        statements: Statements,
        sweep: Sweep = dict,
        interest: AnnualInterest | None = None,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._policies = policies
        self._statements = statements
        self._short_days = ShortDays(sessions, clock, statements)
        self._sweep = sweep
        self._interest = interest or AnnualInterest(sessions, clock, policies)
        self._steps: dict[str, Callable[[date], dict[str, Any]]] = {
            "statement": self._statement,
            "match": self._match,
            "interest": self._annual_interest,
            "control": lambda day: self._read(check_control, day),
            "trial": lambda day: self._read(balance_day, day),
            "bank": lambda day: self._read(hold_against_bank, day),
            "queues": lambda day: self._read(lambda session, _: age_queues(session, clock.now()), day),
            "retention": self._retention,
            "seal": lambda day: self._read(seal_chains, day),
            "close": self._close,
        }

    def jobs(self) -> list[Job]:
        """What the default queue can do for the day's end."""
        return [Job(JOB, QUEUE, self.work)]

    def work(self) -> None:
        """The job: one run."""
        for day in self.run():
            log.info("closing.closed", day=str(day))

    def take_up(self) -> int:
        """Cut over when the calendar has, and ask for a run when a day is to be looked at; every few seconds."""
        now = self._clock.now()
        with transaction(self._sessions) as session:
            opened = roll(session, now)
            if is_due(session, now):
                defer(session, JOB, QUEUE, lock="closing", queueing_lock="closing")
        return opened

    def run(self) -> list[date]:
        """Ask for what closed days lack, then work every day that waits, the oldest first; returns those that were closed."""
        self._short_days.complete()
        with transaction(self._sessions) as session:
            days = waiting_days(session)
        closed: list[date] = []
        for number, day in enumerate(days):
            if not self._work(day, oldest=number == len(closed)):
                continue
            closed.append(day)
        return closed

    def _work(self, day: date, *, oldest: bool) -> bool:
        """One day's steps; a step that does not come through lets the others run, but not the closing."""
        names = [name for name in NAMES if name != "close"] if oldest else list(SHARED)
        done = [self._step(day, name) for name in names]
        if oldest and all(done) and self._step(day, "close"):
            return True
        later = update(BusinessDay).where(BusinessDay.day == day, BusinessDay.state == "closing")
        with transaction(self._sessions) as session:
            session.execute(later.values(look_again_at=self._clock.now() + LOOK_AGAIN))
        return False

    def _step(self, day: date, name: str) -> bool:
        if not self._begin(day, name):
            return False
        state, result, fault = "done", {}, None
        try:
            result = self._steps[name](day)
        except StepWaits as wait:
            state, fault = "waits", str(wait)
        except StepFailed as failure:
            state, result, fault = "failed", failure.result, str(failure)
        except Exception as error:  # written down for the page; the next run tries again
            state, fault = "failed", type(error).__name__
            log.error("closing.step_broken", day=str(day), step=name, exc_info=error)
        self._end(day, name, state, result, fault)
        return state == "done"

    def _begin(self, day: date, name: str) -> bool:
        """Whether there is still something to do: another run may have closed the day between two steps of this one."""
        now = self._clock.now()
        fresh = {"state": "running", "began_at": now, "ended_at": None, "fault": None}
        made = insert(ClosingStep).values(day=day, name=name, attempts=1, result={}, **fresh)
        again = {**fresh, "attempts": ClosingStep.attempts + 1}
        with transaction(self._sessions) as session:
            if session.get_one(BusinessDay, day, with_for_update={"read": True}).state != "closing":
                return False
            session.execute(made.on_conflict_do_update(index_elements=["day", "name"], set_=again))
        return True

    def _end(self, day: date, name: str, state: str, result: dict[str, Any], fault: str | None) -> None:
        with transaction(self._sessions) as session:
            row = session.get_one(ClosingStep, (day, name))
            row.state, row.result, row.fault = state, result, fault
            row.ended_at = self._clock.now()
        if state == "failed":
            log.error("closing.step_failed", day=str(day), step=name, fault=fault)
        else:
            log.info("closing.step", day=str(day), step=name, state=state, fault=fault)

    def _read(self, step: Callable[[Session, date], dict[str, Any]], day: date) -> dict[str, Any]:
        with transaction(self._sessions) as session:
            session.execute(_PATIENCE)
            return step(session, day)

    # the steps that need more than the database

    def _statement(self, day: date) -> dict[str, Any]:
        with transaction(self._sessions) as session:
            began = first_day(session)
            before = session.get(BankStatement, day - timedelta(days=1))
        if before is None and began is not None and began.day != day:
            raise StepWaits("statement.before")
        try:
            found = self._statements.fetch(day)
        except (NotFinal, NodeUnavailable) as fault:
            reason = "bank.day_not_over" if isinstance(fault, NotFinal) else f"bank.unavailable:{fault}"[:80]
            if self._clock.now() >= _expected_at(day):
                log.error("closing.statement_late", day=str(day), reason=reason)
                raise StepFailed(f"late:{reason}"[:80]) from None
            raise StepWaits(reason) from None
        return {
            "lines": found.lines,
            "missing_fen": found.missing_fen,
            "closing_fen": found.closing_fen,
            "taken_in": found.taken_in,
        }

    def _match(self, day: date) -> dict[str, Any]:
        with transaction(self._sessions) as session:
            began = first_day(session)
            if session.get(ClosingStep, (day, "statement")) is None or began is None:
                raise StepWaits("statement")
            if session.get_one(ClosingStep, (day, "statement")).state != "done":
                raise StepWaits("statement")
            found = match_day(session, day, began.opened_at, self._clock.now())
        result = {"lines": found.lines, "movements": found.movements, "found": found.found}
        if found.unnamed:
            raise StepFailed("match.unnamed_difference", unnamed=found.unnamed, **result)
        return result

    def _annual_interest(self, day: date) -> dict[str, Any]:
        """On the day of the year the policy names; begun and gone on with here, told of afterwards."""
        with transaction(self._sessions) as session:
            due = due_on(day + timedelta(days=1), self._policies.on(session, day))
        if due != day:
            return {"due": False}
        done = self._interest.run(day)
        return {"due": True, "accounts": done.accounts, "interest_fen": done.interest_fen}

    def _retention(self, day: date) -> dict[str, Any]:
        faults = dict(self._sweep())
        if faults:
            log.error("closing.retention", faults=faults)
        return {"faults": faults}

    def _close(self, day: date) -> dict[str, Any]:
        now = self._clock.now()
        if shanghai_day(now) <= day:
            raise StepWaits("calendar")  # cut over early: what counts days by the calendar may still post
        with transaction(self._sessions) as session:
            open_breaks = session.scalar(
                select(func.count()).where(BankBreak.day <= day, BankBreak.state != "closed")
            )
            if open_breaks:
                raise StepWaits(f"breaks.open:{open_breaks}")
            if not is_balanced(session, day):  # two people booked a break since the trial balance was taken
                raise StepWaits("books.moved")
            row = session.get_one(BusinessDay, day, with_for_update=True)
            row.state, row.closed_at, row.look_again_at = DAY_STATES.target(row.state, "close"), now, None
            session.flush()
            seal = session.get_one(ClosingStep, (day, "seal")).result
            detail = {**seal, "bank_fen": row.bank_closing_fen, "book_fen": row.book_closing_fen}
            record(session, CENTRE, "day.closed", actor="system", subject=str(day), at=now, detail=detail)
        return {"closed": True}


def _expected_at(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), EXPECTED_BY, SHANGHAI)
