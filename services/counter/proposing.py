"""The first person at the counter 提出: has the ID card before them, looks the member up, says what is to be done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.clock import Clock, shanghai_day
from services.core.crypto import FieldCipher
from services.core.errors import NotFound
from services.core.identity import check_id_no
from services.core.ids import new_id
from services.counter.checks import new_phone, refuse_own
from services.counter.errors import Nobody, NothingBound, NotYours, ProposalOpen
from services.counter.models import CounterProposal
from services.counter.moving import lapse, live_proposal, move, note
from services.counter.reading import proposal_of
from services.counter.states import PHONE, UNBIND
from services.items.phone_changing import refuse_while_money_moves
from services.ledger.service import lock_balance
from services.members.binding import bindings_of
from services.members.identity import find_by_id_no, phone_of
from services.members.models import Member
from services.members.phones import SamePhone
from services.policies.service import PolicyBook
from services.staff.four_eyes import is_same_person
from services.staff.models import REVIEWER, Staff
from services.staff.remarks import remark
from services.staff.service import require_role

NEW_PHONE = "counter_proposal.phone"


class Proposing:
    """What the first person does, in the caller's transaction."""

    def __init__(self, clock: Clock, cipher: FieldCipher, policies: PolicyBook) -> None:
        self._clock = clock
        self._cipher = cipher
        self._policies = policies

    def look(self, session: Session, staff: Staff, id_no: str) -> UUID:
        """Whose ID card it is; the member sees that it was looked up. Raises Invalid, Nobody, OwnAccount."""
        require_role(staff, REVIEWER)
        at = self._clock.now()
        member = find_by_id_no(session, self._cipher, check_id_no(id_no, today=shanghai_day(at)))
        if member is None:
            raise Nobody
        refuse_own(staff, member)
        self.shown(session, staff, member.account_id)
        return member.account_id

    def shown(self, session: Session, staff: Staff, account_id: UUID) -> None:
        """The member's page is shown to this person: the member sees that, too."""
        require_role(staff, REVIEWER)
        actor, at = f"staff:{staff.login}", self._clock.now()
        record(session, account_id, "counter.looked", actor=actor, subject="counter", at=at)

    def unbinding(
        self, session: Session, staff: Staff, account_id: UUID, channel: str | None, words: str
    ) -> UUID:
        """End the member's binding of a channel, or all of them; just those that are there now. Raises NothingBound."""

        def bound(row: CounterProposal) -> None:
            active = bindings_of(session, account_id)
            row.binding_ids = [one.binding_id for one in active if channel in (None, one.channel)]
            if not row.binding_ids:
                raise NothingBound

        return self._propose(session, staff, account_id, UNBIND, words, bound)

    def phone(
        self, session: Session, staff: Staff, account_id: UUID, phone: str, again: str, words: str
    ) -> UUID:
        """Put another number on the member's record. Raises Invalid, SamePhone, MoneyUnderWay."""
        number = new_phone(phone, again)

        def numbered(row: CounterProposal) -> None:
            if phone_of(session, self._cipher, account_id) == number:
                raise SamePhone
            refuse_while_money_moves(session, account_id)
            row.phone_sealed, row.phone4 = self._cipher.seal(number, NEW_PHONE), number[-4:]

        return self._propose(session, staff, account_id, PHONE, words, numbered)

    def take_back(self, session: Session, staff: Staff, proposal_id: UUID) -> None:
        """Who proposed thinks better of it. Raises NotYours, MovedOn."""
        row = proposal_of(session, proposal_id)
        lock_balance(session, row.account_id)
        session.refresh(row, with_for_update=True)
        if not is_same_person(session, row.staff_id, staff):
            raise NotYours
        move(session, row, "take_back", actor=f"staff:{staff.login}", at=self._clock.now())

    def _propose(
        self,
        session: Session,
        staff: Staff,
        account_id: UUID,
        kind: str,
        words: str,
        fill: Callable[[CounterProposal], None],
    ) -> UUID:
        """Write it down under the account's lock. Raises OwnAccount, ProposalOpen and what `fill` raises."""
        require_role(staff, REVIEWER)
        at = self._clock.now()
        self._lock_member(session, staff, account_id)
        self._refuse_second(session, account_id, at)
        row = CounterProposal(
            account_id=account_id,
            proposal_id=new_id(),
            kind=kind,
            staff_id=staff.staff_id,
            note=remark(words, "counter"),
            state="proposed",
            proposed_at=at,
            lapses_at=at + self._life(session, at),
        )
        fill(row)
        session.add(row)
        session.flush()
        note(session, row, actor=f"staff:{staff.login}", at=at)
        return row.proposal_id

    @staticmethod
    def _lock_member(session: Session, staff: Staff, account_id: UUID) -> None:
        member = session.get(Member, account_id)
        if member is None:
            raise NotFound
        refuse_own(staff, member)
        lock_balance(session, account_id)

    @staticmethod
    def _refuse_second(session: Session, account_id: UUID, at: datetime) -> None:
        waiting = live_proposal(session, account_id)
        if waiting is not None and not lapse(session, waiting, at):
            raise ProposalOpen

    def _life(self, session: Session, at: datetime) -> timedelta:
        policy = self._policies.on(session, shanghai_day(at))
        return timedelta(hours=policy.integer("counter.proposal_hours"))
