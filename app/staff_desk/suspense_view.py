"""A correction that stands, as the desk shows it 挂账展示."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.staff_desk.break_view import signed_yuan
from app.staff_desk.queue import moment
from services.ledger.chart import BANK_DIFFERENCE, NAMES, OTHER_RECEIVABLE
from services.reconciliation.standing import Standing, clearings_of, opposite
from services.reconciliation.states import CLEARING_STATES, KINDS, WAYS
from services.reconciliation.suspense_models import SuspenseClearing
from services.staff.four_eyes import is_same_person
from services.staff.models import APPROVER, REVIEWER, Staff


def standing_row(one: Standing) -> dict[str, Any]:
    """A correction in a list."""
    code = BANK_DIFFERENCE if one.fen > 0 else OTHER_RECEIVABLE
    state = ("calm", "已转出") if not one.left_fen else ("late", "待复核") if one.waits else ("calm", "挂账中")
    return {
        "id": one.break_id,
        "day": one.day.isoformat(),
        "kind": KINDS[one.kind],
        "number": one.instruction_no or "",
        "account": f"{code} {NAMES[code]}",
        "fen": signed_yuan(one.fen),
        "left": signed_yuan(one.left_fen) if one.left_fen else "0.00",
        "urgency": state[0],
        "state": state[1],
    }


def suspense_view(session: Session, staff: Staff, one: Standing) -> dict[str, Any]:
    """Everything the page needs."""
    proposals = clearings_of(session, one.break_id)
    last = proposals[-1] if proposals and proposals[-1].state == "proposed" else None
    own = last is not None and is_same_person(session, last.staff_id, staff)
    others = opposite(session, one.fen) if one.left_fen and last is None else []
    return {
        **standing_row(one),
        "proposals": [_proposal(session, row, one) for row in proposals],
        "ways": {code: text for code, text in WAYS.items() if code == "cancels" or one.fen > 0},
        "others": [standing_row(other) for other in others],
        "may_propose": bool(one.left_fen) and last is None and REVIEWER in staff.roles,
        "may_decide": last is not None and not own and APPROVER in staff.roles,
        "own_proposal": own,
    }


def _proposal(session: Session, row: SuspenseClearing, one: Standing) -> dict[str, Any]:
    decider = session.get(Staff, row.decided_by) if row.decided_by is not None else None
    other_id = row.break_id if row.other_break_id == one.break_id else row.other_break_id
    return {
        "id": row.clearing_id,
        "by": session.get_one(Staff, row.staff_id).display_name,
        "at": moment(row.proposed_at),
        "text": WAYS[row.way],
        "belongs_to": row.belongs_to,
        "other_id": other_id,
        "note": row.note,
        "outcome": CLEARING_STATES.labels[row.state],
        "decided_by": decider.display_name if decider is not None else None,
        "decided_at": moment(row.decided_at) if row.decided_at is not None else None,
        "decision_note": row.decision_note,
    }
