"""The counter's pages as dictionaries 柜台页面内容: names and numbers masked, whoever looks."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.staff_desk.ports import DeskPorts
from app.staff_desk.queue import age_text, moment
from services.core.errors import NotFound
from services.core.pii import mask_id_no, mask_name, mask_phone
from services.counter.checks import refuse_own
from services.counter.models import CounterDecision, CounterProposal
from services.counter.proposing import NEW_PHONE
from services.counter.reading import decision_on, proposal_of, waiting
from services.counter.states import CHANNELS, COUNTER_STATES, KINDS
from services.members.binding import bindings_of
from services.members.identity import person_of
from services.members.models import Binding, Member
from services.reviews.queries import names_of
from services.staff.four_eyes import is_same_person
from services.staff.models import APPROVER, Staff


def waiting_rows(session: Session, own: DeskPorts, now: datetime) -> list[dict[str, Any]]:
    """What waits for a second person."""
    rows = [row for row in waiting(session) if now < row.lapses_at]
    names = names_of(session, {row.staff_id for row in rows})
    return [
        {
            "id": row.proposal_id,
            "member": mask_name(person_of(session, own.cipher, row.account_id).name),
            "kind": KINDS[row.kind],
            "by": names[row.staff_id],
            "age": age_text(now - row.proposed_at),
            "until": moment(row.lapses_at),
        }
        for row in rows
    ]


def member_view(session: Session, own: DeskPorts, staff: Staff, account_id: UUID) -> dict[str, Any]:
    """Who stands there, as far as it has to be seen. Raises NotFound, OwnAccount."""
    return {
        "account_id": account_id,
        **_person(session, own, staff, account_id),
        "bindings": [_binding(row) for row in bindings_of(session, account_id)],
    }


def proposal_view(session: Session, own: DeskPorts, staff: Staff, proposal_id: UUID) -> dict[str, Any]:
    """One proposal with what this person may do. Raises NotFound, OwnAccount."""
    row = proposal_of(session, proposal_id)
    decision, now = decision_on(session, row), own.clock.now()
    live = row.state == "proposed"
    late = live and now >= row.lapses_at
    same = is_same_person(session, row.staff_id, staff)
    names = names_of(session, {row.staff_id} | ({decision.staff_id} if decision else set()))
    return {
        "id": row.proposal_id,
        **_person(session, own, staff, row.account_id),
        "kind": KINDS[row.kind],
        "bindings": _named(session, row),
        "new_phone": _new_phone(own, row),
        "note": row.note,
        "by": names[row.staff_id],
        "at": moment(row.proposed_at),
        "until": moment(row.lapses_at),
        "state": row.state,
        "state_text": COUNTER_STATES.labels["lapsed" if late else row.state],
        "decision": _decision(decision, names),
        "own_proposal": live and not late and same,
        "may_decide": live and not late and not same and APPROVER in staff.roles,
    }


def _person(session: Session, own: DeskPorts, staff: Staff, account_id: UUID) -> dict[str, str]:
    member = session.get(Member, account_id)
    if member is None:
        raise NotFound
    refuse_own(staff, member)
    person = person_of(session, own.cipher, account_id)
    return {
        "name": mask_name(person.name),
        "id_no": mask_id_no(person.id_no),
        "phone": mask_phone(person.phone),
    }


def _named(session: Session, row: CounterProposal) -> list[dict[str, str]]:
    """The bindings it names, also when they have ended."""
    theirs = (Binding.account_id == row.account_id, Binding.binding_id.in_(row.binding_ids or []))
    return [_binding(one) for one in session.scalars(select(Binding).where(*theirs).order_by(Binding.bound_at))]


def _binding(row: Binding) -> dict[str, str]:
    return {
        "channel": row.channel,
        "name": CHANNELS[row.channel],
        "at": moment(row.bound_at),
        "ended": moment(row.ended_at) if row.ended_at else "",
    }


def _new_phone(own: DeskPorts, row: CounterProposal) -> str:
    """Masked while it waits; its last four digits once it is kept no more."""
    if row.phone_sealed is not None:
        return mask_phone(own.cipher.open(row.phone_sealed, NEW_PHONE))
    return f"尾号 {row.phone4}" if row.phone4 else ""


def _decision(decision: CounterDecision | None, names: dict[UUID, str]) -> dict[str, str] | None:
    if decision is None:
        return None
    return {"by": names[decision.staff_id], "at": moment(decision.decided_at), "note": decision.note}
