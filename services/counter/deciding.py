"""The second person at the counter 复核: confirms what was proposed, and it is done in the same transaction; or refuses."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.core.clock import Clock, shanghai_day
from services.core.crypto import FieldCipher
from services.counter.checks import refuse_own
from services.counter.errors import BindingMoved, Lapsed, MovedOn, OwnProposal, PhoneMoved, ProposerGone
from services.counter.models import CounterDecision, CounterProposal
from services.counter.moving import move
from services.counter.proposing import NEW_PHONE
from services.counter.reading import proposal_of
from services.counter.states import UNBIND
from services.items.phone_changing import PHONE_CHANGE, put_number
from services.items.taking_back import take_back
from services.ledger.service import lock_balance
from services.members.models import Member
from services.members.unbinding import NotBoundThere, end_bindings
from services.policies.service import PolicyBook
from services.staff.four_eyes import is_same_person
from services.staff.models import APPROVER, Staff
from services.staff.remarks import remark
from services.staff.service import require_role


class Deciding:
    """What the second person does, in the caller's transaction."""

    def __init__(self, clock: Clock, cipher: FieldCipher, policies: PolicyBook) -> None:
        self._clock = clock
        self._cipher = cipher
        self._policies = policies

    def refuse(self, session: Session, staff: Staff, proposal_id: UUID, words: str) -> None:
        """It is not done; the reason stays. Raises Invalid, OwnProposal, OwnAccount, MovedOn, Lapsed."""
        at = self._clock.now()
        row = self._for_second(session, staff, proposal_id, at)
        self._decide(session, staff, row, "refused", remark(words, "counter"), at)
        move(session, row, "refuse", actor=f"staff:{staff.login}", at=at)

    def confirm(self, session: Session, staff: Staff, proposal_id: UUID) -> None:
        """It is done now, all of it or nothing, and the member is told.

        Raises ProposerGone, BindingMoved, PhoneMoved, SamePhone, MoneyUnderWay and what `refuse` raises.
        """
        at = self._clock.now()
        row = self._for_second(session, staff, proposal_id, at)
        if session.get_one(Staff, row.staff_id).disabled_at is not None:
            raise ProposerGone
        self._decide(session, staff, row, "confirmed", "", at)
        actor = f"staff:{staff.login}"
        take_back(session, row.account_id, PHONE_CHANGE, actor, at)  # perhaps not the member's, or older than this
        if row.kind == UNBIND:
            self._unbind(session, row, actor, at)
        else:
            self._change_phone(session, row, actor, at)
        move(session, row, "confirm", actor=actor, at=at)

    def _for_second(
        self, session: Session, staff: Staff, proposal_id: UUID, at: datetime
    ) -> CounterProposal:
        """The proposal that waits, under the account's lock; a second pair of eyes, and not the member's own."""
        require_role(staff, APPROVER)
        row = proposal_of(session, proposal_id)
        refuse_own(staff, session.get_one(Member, row.account_id))
        lock_balance(session, row.account_id)
        session.refresh(row, with_for_update=True)
        if row.state != "proposed":
            raise MovedOn
        if at >= row.lapses_at:
            raise Lapsed
        if is_same_person(session, row.staff_id, staff):
            raise OwnProposal
        return row

    @staticmethod
    def _decide(
        session: Session, staff: Staff, row: CounterProposal, outcome: str, words: str, at: datetime
    ) -> None:
        session.add(
            CounterDecision(
                account_id=row.account_id,
                proposal_id=row.proposal_id,
                proposer_id=row.staff_id,
                staff_id=staff.staff_id,
                outcome=outcome,
                note=words,
                decided_at=at,
            )
        )
        session.flush()

    @staticmethod
    def _unbind(session: Session, row: CounterProposal, actor: str, at: datetime) -> None:
        try:
            end_bindings(session, row.account_id, row.binding_ids or (), actor=actor, at=at)
        except NotBoundThere:
            raise BindingMoved from None

    def _change_phone(self, session: Session, row: CounterProposal, actor: str, at: datetime) -> None:
        member = session.get_one(Member, row.account_id, with_for_update=True, populate_existing=True)
        if member.phone_changed_at is not None and member.phone_changed_at > row.proposed_at:
            raise PhoneMoved
        assert row.phone_sealed is not None  # a check of the table
        put_number(
            session,
            self._cipher,
            row.account_id,
            row.proposal_id,
            self._cipher.open(row.phone_sealed, NEW_PHONE),
            self._policies.on(session, shanghai_day(at)),
            subject={"change_id": str(row.proposal_id)},
            actor=actor,
            at=at,
        )
