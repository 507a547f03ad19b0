"""Working off breaks 差错处理: one person takes and proposes, another confirms; a correction is a journal of its own.

Nothing of the sort is ever done by the system itself, least of all the reversal of a payment the statement lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.audit.service import CENTRE, record
from services.core.clock import Clock
from services.core.errors import Invalid, NotFound
from services.core.ids import new_id
from services.core.states import IllegalTransition
from services.ledger.service import lock_balance
from services.members.models import Member
from services.reconciliation.correcting import correct, refuse_correction, refuse_untaken
from services.reconciliation.errors import (
    BreakTaken,
    NotAReturn,
    NotTheOrders,
    NotYourBreak,
    OwnMoney,
    OwnProposal,
    ProposalMoved,
    ProposerGone,
)
from services.reconciliation.models import BankBreak, BreakDecision, BreakEvent, BreakProposal
from services.reconciliation.ports import Claims, GivesUp, OnClosed
from services.reconciliation.states import BREAK_STATES, RESOLUTIONS
from services.reconciliation.unpaid import refuse_unpaid
from services.staff.four_eyes import is_own, is_same_person
from services.staff.models import APPROVER, REVIEWER, Staff
from services.staff.remarks import remark
from services.staff.service import require_role


class Breaks:
    """What people do with breaks; each act in one transaction, in the break's history and the centre's audit chain."""

    def __init__(
        self, clock: Clock, claims: Sequence[Claims], orders: Sequence[GivesUp], on_closed: OnClosed
    ) -> None:
        self._clock = clock
        self._claims = claims
        self._orders = orders
        self._on_closed = on_closed

    def take(self, session: Session, staff: Staff, break_id: UUID) -> None:
        """Take a break nobody has."""
        require_role(staff, REVIEWER)
        row = self._locked(session, staff, break_id)
        self._move(session, row, staff, "take")

    def release(self, session: Session, staff: Staff, break_id: UUID) -> None:
        """Give it back; an approver may free a colleague's."""
        row = self._locked(session, staff, break_id)
        if row.owner_id != staff.staff_id and APPROVER not in staff.roles:
            raise NotYourBreak
        self._move(session, row, staff, "release")

    def propose(
        self,
        session: Session,
        staff: Staff,
        break_id: UUID,
        resolution: str,
        note: str,
        belongs_to: str | None = None,
    ) -> None:
        """Say how it is to be closed and why.

        Raises NotYourBreak, NotAReturn, Invalid, and what `refuse_correction` and `refuse_unpaid` raise.
        """
        require_role(staff, REVIEWER)
        row = self._locked(session, staff, break_id)
        if row.owner_id != staff.staff_id:
            raise NotYourBreak
        if resolution not in RESOLUTIONS:
            raise Invalid("请选择处理结论。", code="break.resolution", field="resolution")
        belongs_to = (belongs_to or "").strip().removeprefix("C") if resolution == "belongs" else None
        self._check(session, staff, row, resolution, belongs_to)
        proposal = BreakProposal(
            proposal_id=new_id(),
            break_id=row.break_id,
            staff_id=staff.staff_id,
            resolution=resolution,
            belongs_to=belongs_to,
            note=remark(note, "break"),
            proposed_at=self._clock.now(),
        )
        session.add(proposal)
        session.flush()
        self._move(session, row, staff, "propose", f"{RESOLUTIONS[resolution]}：{proposal.note}")

    def send_back(
        self, session: Session, staff: Staff, break_id: UUID, seen_id: UUID | None, note: str
    ) -> None:
        """Second person: look again."""
        row, proposal = self._for_second(session, staff, break_id, seen_id)
        words = remark(note, "break")
        self._decide(session, staff, proposal, "sent_back", words)
        self._move(session, row, staff, "send_back", words)

    def confirm(self, session: Session, staff: Staff, break_id: UUID, seen_id: UUID | None) -> None:
        """Second person: as proposed in what they saw. What was proposed is booked in this transaction, on the break's own day."""
        row, proposal = self._for_second(session, staff, break_id, seen_id)
        if session.get_one(Staff, proposal.staff_id).disabled_at is not None:
            raise ProposerGone
        self._check(session, staff, row, proposal.resolution, proposal.belongs_to)
        self._decide(session, staff, proposal, "confirmed", "")
        now = self._clock.now()
        if proposal.resolution == "booked":
            correct(session, row, now)
        elif proposal.resolution == "belongs":
            assert row.notice_key is not None
            assert proposal.belongs_to is not None
            claims, _ = self._claimed(session, row, proposal.belongs_to)
            claims.claim(session, row.notice_key, proposal.belongs_to)
        elif proposal.resolution == "unpaid":
            self._give_up(session, row.instruction_no or "", f"staff:{staff.login}")
        row.resolution, row.closed_at = proposal.resolution, now
        self._move(session, row, staff, "confirm", RESOLUTIONS[proposal.resolution])
        self._on_closed(session, now)

    # inside

    def _locked(self, session: Session, staff: Staff, break_id: UUID) -> BankBreak:
        """The break, after its member's account: the order everybody takes locks in."""
        found = session.get(BankBreak, break_id)
        if found is None:
            raise NotFound("没有这笔差错。")
        if found.member_account_id is not None:
            refuse_own(session, staff, found.member_account_id)
            lock_balance(session, found.member_account_id)
        return session.get_one(BankBreak, break_id, with_for_update=True, populate_existing=True)

    def _for_second(
        self, session: Session, staff: Staff, break_id: UUID, seen_id: UUID | None
    ) -> tuple[BankBreak, BreakProposal]:
        require_role(staff, APPROVER)
        row = self._locked(session, staff, break_id)
        proposal = last_proposal(session, break_id)
        if row.state != "proposed" or proposal is None:
            raise BreakTaken
        if is_same_person(session, proposal.staff_id, staff):
            raise OwnProposal
        if proposal.proposal_id != seen_id:
            raise ProposalMoved
        return row, proposal

    def _check(
        self, session: Session, staff: Staff, row: BankBreak, resolution: str, belongs_to: str | None
    ) -> None:
        if resolution == "booked":
            refuse_correction(session, row)
        if resolution == "unpaid":
            refuse_unpaid(session, row)
        if resolution == "belongs":
            refuse_untaken(session, row)
            refuse_own(session, staff, self._claimed(session, row, belongs_to or "")[1])

    def _claimed(self, session: Session, row: BankBreak, number: str) -> tuple[Claims, UUID]:
        """What the money is said to belong to, and whose it then is. Raises NotAReturn."""
        if row.kind == "bank_only" and row.bank_fen > 0 and row.notice_key is not None:
            for claims in self._claims:
                owner = claims.may_claim(session, number, row.bank_fen)
                if owner is not None:
                    return claims, owner
        raise NotAReturn

    def _give_up(self, session: Session, number: str, actor: str) -> None:
        if not any(orders.give_up(session, number, actor) for orders in self._orders):
            raise NotTheOrders

    def _decide(
        self, session: Session, staff: Staff, proposal: BreakProposal, outcome: str, note: str
    ) -> None:
        session.add(
            BreakDecision(
                proposal_id=proposal.proposal_id,
                break_id=proposal.break_id,
                proposer_id=proposal.staff_id,
                staff_id=staff.staff_id,
                outcome=outcome,
                note=note,
                decided_at=self._clock.now(),
            )
        )
        session.flush()

    def _move(self, session: Session, row: BankBreak, staff: Staff, event: str, note: str = "") -> None:
        try:
            row.state = BREAK_STATES.target(row.state, event)
        except IllegalTransition:
            raise BreakTaken from None
        if event == "take":
            row.owner_id = staff.staff_id
        elif event == "release":
            row.owner_id = None
        row.updated_at = self._clock.now()
        session.flush()
        last = (
            session.scalar(select(func.max(BreakEvent.seq)).where(BreakEvent.break_id == row.break_id)) or 0
        )
        session.add(
            BreakEvent(
                break_id=row.break_id,
                seq=last + 1,
                event=event,
                staff_id=staff.staff_id,
                note=note,
                at=row.updated_at,
            )
        )
        detail = {
            "kind": row.kind,
            "day": row.day.isoformat(),
            "state": row.state,
            "resolution": row.resolution,
        }
        record(
            session,
            CENTRE,
            f"break.{event}",
            actor=f"staff:{staff.login}",
            subject=str(row.break_id),
            at=row.updated_at,
            detail=detail,
        )


def last_proposal(session: Session, break_id: UUID) -> BreakProposal | None:
    """The newest proposal."""
    statement = select(BreakProposal).where(BreakProposal.break_id == break_id)
    return session.scalar(statement.order_by(BreakProposal.proposed_at.desc()).limit(1))


def refuse_own(session: Session, staff: Staff, account_id: UUID) -> None:
    """Raise OwnMoney when the account is the person's own."""
    member = session.get(Member, account_id)
    if member is not None and is_own(staff, member.id_no_mac):
        raise OwnMoney
