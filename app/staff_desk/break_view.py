"""A break as the desk shows it 差错展示: what the bank, the order and the books say, side by side."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.staff_desk.queue import age_text, moment
from services.core.crypto import FieldCipher
from services.core.money import yuan_text
from services.reconciliation.borne_out import is_borne_out
from services.reconciliation.correcting import is_taken_in, is_the_statements
from services.reconciliation.models import BankBreak, BreakDecision, BreakProposal
from services.reconciliation.queries import Told, history_of, proposals_of, sides
from services.reconciliation.states import BREAK_STATES, EVENTS, KINDS, RESOLUTIONS
from services.reconciliation.unpaid import is_the_orders
from services.staff.four_eyes import is_same_person
from services.staff.models import APPROVER, REVIEWER, Staff

_LATE = timedelta(days=1)
_WHAT = {
    "bank_only": "银行有这笔进出，我方没有记账。先弄清是谁的钱，再处理。",
    "ours_only": "银行发过通知，流水上却没有；我方记没记账，看下面。先向银行查询，系统不会自动冲正。",
    "amount_differs": "业务流水号对得上，金额对不上，没有自动记账。",
    "duplicate_line": "流水上同一笔出现了不止一次，或单位来款、转入款和前后三天内的一笔流水号、金额都相同。确认银行是真的收付了两次，还是同一笔重复。",
    "status_differs": "银行和我方对这笔业务的结果说法不一样。",
    "late_return": "钱退回来了，但我方那笔业务不在“已付款”，或者同一流水号还有一笔不明的付款，没有自动入账。",
    "payee_differs": "银行把钱付给了和指令不同的账户。先向银行查询。这里只处理付错的这笔钱；职工没有收到的那笔，在指令自己的差错里处理。",
    "reference_differs": "同一笔进出，通知和流水上的业务流水号不同。",
    "shifted_day": "通知和流水不在同一天，金额相同。两天的差错会互相抵消。",
    "unbooked": "扣款已到账，但没能记进贷款账。",
    "books_differ": "为这笔进出记的账和金额不符。",
    "transfer_open": "转入款在暂收款里，要退回或另行处理。",
    "control_differs": "流水的逐笔合计和余额对不上，缺笔或改动过。系统没有按它记账。先向银行要完整的流水，补来的各笔系统会自己记账，这里不调账。",
}
_NOT_TAKEN_IN = "这一天的流水还没有采信：先处理“流水控制总额不符”那笔差错，再处理这一笔。"
_NOT_BORNE_OUT = "流水没有证实这笔差错：流水后来已经改正，或者余额还对不上。等完整的流水，或选“已查明，不用记账”。"


def signed_yuan(fen: int) -> str:
    """+3,000.00 or -3,000.00."""
    return f"{'+' if fen > 0 else '-' if fen < 0 else ''}{yuan_text(abs(fen))}"


def break_row(row: BankBreak, owner: str | None, staff: Staff, now: datetime) -> dict[str, Any]:
    """A break in a list."""
    age = (row.closed_at or now) - row.found_at
    return {
        "id": row.break_id,
        "day": row.day.isoformat(),
        "kind": KINDS[row.kind],
        "number": row.instruction_no or "",
        "bank": signed_yuan(row.bank_fen),
        "books": signed_yuan(row.book_fen),
        "difference": signed_yuan(row.difference_fen) if row.difference_fen else "0.00",
        "age": age_text(age),
        "urgency": "late" if row.state != "closed" and age > _LATE else "calm",
        "state": row.state,
        "state_text": BREAK_STATES.labels[row.state],
        "owner": owner,
        "mine": row.owner_id == staff.staff_id,
    }


def break_view(
    session: Session, cipher: FieldCipher, staff: Staff, row: BankBreak, now: datetime
) -> dict[str, Any]:
    """Everything the page needs."""
    found = sides(session, cipher, row)
    history = history_of(session, row.break_id)
    owner = next((name for event, name in reversed(history) if event.staff_id == row.owner_id and name), None)
    proposals = proposals_of(session, row.break_id)
    names = {event.staff_id: name for event, name in history}
    taken_in, borne_out = is_taken_in(session, row), is_borne_out(session, row)
    return {
        **break_row(row, owner, staff, now),
        "what": _WHAT[row.kind] + _in_doubt(row, taken_in, borne_out),
        "found": moment(row.found_at),
        "stands": row.resolution == "booked",
        "told": [_told(one) for one in found.told],
        "order": _order(found.order),
        "journals": [
            {
                "on": one.accounting_on.isoformat(),
                "at": moment(one.created_at),
                "summary": one.summary,
                "fen": signed_yuan(int(one.fen or 0)),
            }
            for one in found.journals
        ],
        "history": [
            {"at": moment(event.at), "who": name or "系统", "text": _event_text(event.event, event.note)}
            for event, name in history
        ],
        "proposals": [_proposal(proposal, decision, names) for proposal, decision in proposals],
        "resolutions": _choices(row, taken_in, borne_out),
        **_steps(session, staff, row, proposals),
    }


def _event_text(event: str, note: str) -> str:
    return f"{EVENTS[event]}（{note}）" if note else EVENTS[event]


def _in_doubt(row: BankBreak, taken_in: bool, borne_out: bool) -> str:
    """Why nothing is booked for it yet, or any more."""
    if not taken_in:
        return _NOT_TAKEN_IN
    return "" if borne_out or row.state == "closed" or not row.difference_fen else _NOT_BORNE_OUT


def _choices(row: BankBreak, taken_in: bool, borne_out: bool) -> dict[str, str]:
    """What may be proposed for a break of its kind; for a line of a doubtful statement nothing that books."""
    fits = {
        "explained": True,
        "booked": taken_in and borne_out and bool(row.difference_fen) and not is_the_statements(row),
        "belongs": taken_in and row.kind == "bank_only" and row.bank_fen > 0,
        "unpaid": is_the_orders(row),
    }
    return {code: text for code, text in RESOLUTIONS.items() if fits[code]}


def _told(one: Told) -> dict[str, str]:
    seen = []
    if one.noticed_at is not None:
        seen.append(f"{moment(one.noticed_at)} 收到")
    seen.append(f"{one.statement_on.isoformat()} 流水上有" if one.statement_on else "流水上没有")
    return {
        "fen": signed_yuan(one.fen),
        "on": f"{one.on.isoformat()} {one.time}".strip(),
        "host_seq_no": one.host_seq_no,
        "counterparty": one.counterparty,
        "words": one.words,
        "seen": "，".join(seen),
        "missing": "" if one.statement_on else "1",
    }


def _order(order: Any) -> dict[str, str] | None:
    if order is None:
        return None
    return {
        "kind": order.kind,
        "number": order.number,
        "fen": signed_yuan(order.fen) if order.fen is not None else "",
        "state": order.state,
        "sent_on": order.sent_on.isoformat() if order.sent_on else "没有发出",
        "host_seq_no": order.host_seq_no or "",
        "reply": order.reply or "",
    }


def _proposal(
    proposal: BreakProposal, decision: BreakDecision | None, names: dict[Any, str | None]
) -> dict[str, Any]:
    outcomes = {"confirmed": "已确认", "sent_back": "已退回"}
    return {
        "id": proposal.proposal_id,
        "by": names.get(proposal.staff_id) or "",
        "at": moment(proposal.proposed_at),
        "text": RESOLUTIONS[proposal.resolution],
        "belongs_to": proposal.belongs_to,
        "note": proposal.note,
        "outcome": outcomes[decision.outcome] if decision else "待复核",
        "decided_by": names.get(decision.staff_id) if decision else None,
        "decided_at": moment(decision.decided_at) if decision else None,
        "decision_note": decision.note if decision else "",
    }


def _steps(
    session: Session,
    staff: Staff,
    row: BankBreak,
    proposals: list[tuple[BreakProposal, BreakDecision | None]],
) -> dict[str, bool]:
    """What this person may do now."""
    waits = row.state == "proposed"
    own = waits and is_same_person(session, proposals[-1][0].staff_id, staff)
    mine = row.owner_id == staff.staff_id
    return {
        "may_take": row.state == "found" and REVIEWER in staff.roles,
        "may_propose": row.state == "taken" and mine and REVIEWER in staff.roles,
        "may_release": row.state == "taken" and (mine or APPROVER in staff.roles),
        "may_decide": waits and not own and APPROVER in staff.roles,
        "own_proposal": own,
    }
