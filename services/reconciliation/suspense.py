"""Moving corrections on 挂账转出: what two people booked on 21903 or 119, two people move on.

The break stays closed, since no closed day stands over an open one: the correction is undone and the claim booked in one
transaction, on the day that is open, so that 101 moves by nothing. Two corrections that cancel never touch 101.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from services.audit.service import CENTRE, record
from services.core.clock import Clock
from services.core.ids import new_id
from services.reconciliation.errors import NotAReturn, OwnProposal, ProposerGone
from services.reconciliation.ports import Claims
from services.reconciliation.standing import standing_of, waiting
from services.reconciliation.states import CLEARING_STATES
from services.reconciliation.suspense_booking import cancel, refuse_cancelling, refuse_claiming, undo
from services.reconciliation.suspense_errors import ClearingMoved, NotStanding
from services.reconciliation.suspense_holding import Held, Way, hold
from services.reconciliation.suspense_models import SuspenseClearing
from services.staff.four_eyes import is_same_person
from services.staff.models import APPROVER, REVIEWER, Staff
from services.staff.remarks import remark
from services.staff.service import require_role


class Suspense:
    """What people do with corrections that stand; each act in one transaction, and in the centre's audit chain."""

    def __init__(self, clock: Clock, claims: Sequence[Claims]) -> None:
        self._clock = clock
        self._claims = claims

    def propose(self, session: Session, staff: Staff, break_id: UUID, way: Way, note: str) -> None:
        """Say where it goes and why. Raises Invalid, OwnMoney, NotAReturn, and the refusals of suspense."""
        require_role(staff, REVIEWER)
        words, held = remark(note, "break"), hold(session, staff, break_id, way, self._claims)
        if any(waiting(session, one) for one in (break_id, way.other_break_id) if one is not None):
            raise NotStanding
        self._check(session, held)
        row = SuspenseClearing(
            clearing_id=new_id(),
            break_id=break_id,
            way=way.way,
            belongs_to=way.belongs_to,
            other_break_id=way.other_break_id,
            state=CLEARING_STATES.initial,
            staff_id=staff.staff_id,
            note=words,
            proposed_at=self._clock.now(),
            decision_note="",
        )
        session.add(row)
        session.flush()
        self._note(session, row, staff, "propose")

    def send_back(
        self, session: Session, staff: Staff, break_id: UUID, seen_id: UUID | None, note: str
    ) -> None:
        """Second person: look again."""
        _, clearing = self._for_second(session, staff, break_id, seen_id)
        clearing.decision_note = remark(note, "break")
        self._move(session, clearing, staff, "send_back")

    def confirm(self, session: Session, staff: Staff, break_id: UUID, seen_id: UUID | None) -> None:
        """Second person: as proposed in what they saw; booked in this transaction."""
        held, clearing = self._for_second(session, staff, break_id, seen_id)
        if session.get_one(Staff, clearing.staff_id).disabled_at is not None:
            raise ProposerGone
        self._check(session, held)
        self._move(session, clearing, staff, "confirm")
        if held.other is not None:
            cancel(session, held.row, held.other, self._clock.now())
        elif held.claims is not None and held.row.notice_key is not None:
            undo(session, held.row, self._clock.now())
            held.claims.claim(session, held.row.notice_key, clearing.belongs_to or "")

    # inside

    @staticmethod
    def _check(session: Session, held: Held) -> None:
        ids = [one.break_id for one in (held.row, held.other) if one is not None]
        stand = standing_of(session, ids)
        if len(stand) < len(ids) or not all(one.left_fen for one in stand.values()):
            raise NotStanding
        if held.other is not None:
            refuse_cancelling(session, held.row, held.other)
        else:
            refuse_claiming(session, held.row)
            if held.claims is None:
                raise NotAReturn

    def _for_second(
        self, session: Session, staff: Staff, break_id: UUID, seen_id: UUID | None
    ) -> tuple[Held, SuspenseClearing]:
        require_role(staff, APPROVER)
        found = waiting(session, break_id)
        if found is None:
            raise ClearingMoved
        way = Way(found.way, found.belongs_to, found.other_break_id)
        held = hold(session, staff, found.break_id, way, self._claims)
        clearing = waiting(session, break_id)
        if clearing is None or clearing.clearing_id != found.clearing_id:
            raise ClearingMoved
        if is_same_person(session, clearing.staff_id, staff):
            raise OwnProposal
        if clearing.clearing_id != seen_id:
            raise ClearingMoved
        return held, clearing

    def _move(self, session: Session, row: SuspenseClearing, staff: Staff, event: str) -> None:
        row.state = CLEARING_STATES.target(row.state, event)
        row.decided_by, row.decided_at = staff.staff_id, self._clock.now()
        session.flush()
        self._note(session, row, staff, event)

    def _note(self, session: Session, row: SuspenseClearing, staff: Staff, event: str) -> None:
        detail = {"way": row.way, "state": row.state, "other": str(row.other_break_id or "")}
        actor, subject = f"staff:{staff.login}", str(row.break_id)
        at = self._clock.now()
        record(session, CENTRE, f"suspense.{event}", actor=actor, subject=subject, at=at, detail=detail)
