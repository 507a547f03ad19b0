"""A case as the desk shows it 办件展示: masked, every fact with its source, every rule with its article."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.member_api.views import facts_view
from app.staff_desk.ports import DeskPorts
from app.staff_desk.queue import age_text, moment
from services.applications.models import Application
from services.audit.models import AuditEntry
from services.core.money import yuan_plain, yuan_text
from services.core.pii import mask_id_no, mask_name, mask_phone
from services.documents.service import documents_of
from services.items.engine import state_table
from services.items.written import written
from services.members.identity import person_of
from services.reviews.as_things_stand import refused_now
from services.reviews.models import ReviewClaim, ReviewDecision, ReviewOpinion
from services.reviews.queries import live_claim, names_of, opinions_of
from services.reviews.reasons import REFUSALS, REVEALS
from services.reviews.replay import Replay, replay
from services.reviews.requests import request_of, requests_of
from services.staff.four_eyes import is_same_person
from services.staff.models import APPROVER, REVIEWER, Staff
from services.transfers.queries import desk_rows

_ACTS = {
    "application.submitted": "提交申请",
    "application.cancelled": "撤销申请",
    "application.refused": "刷脸不是本人，停办",
    "document.added": "上传了一张图片",
    "document.removed": "删除了一张图片",
    "review.viewed": "查看了这笔业务",
    "review.pictures_viewed": "查看了材料图片",
    "review.revealed": "查看了完整证件信息",
    "review.claimed": "领取",
    "review.released": "退回队列",
    "review.asked": "请本人补材料",
    "review.proposed": "提出初审意见",
    "review.sent_back": "复核退回",
    "review.confirmed": "复核确认",
    "withdrawal.approved": "核准付款",
    "withdrawal.paid": "到账",
    "withdrawal.returned": "退回账户",
    "withdrawal.called_back": "上锁，撤回付款",
    "loan.repaid": "还进贷款",
    "transfer.requested": "写了联系函",
    "transfer.moved": "转移有了进展",
}
_OUTCOMES = {"confirmed": "已确认", "sent_back": "已退回"}


def case_view(session: Session, own: DeskPorts, staff: Staff, case: Application) -> dict[str, Any]:
    """Everything the page needs."""
    claim = live_claim(session, case)
    opinions = opinions_of(session, case)
    names = _names(session, claim, opinions)
    decided = replay(own.engine, case)
    item = own.engine.registry.get(case.item_code)
    now = own.clock.now()
    return {
        "case_no": case.case_no,
        "item": item.name_zh,
        "state": case.state,
        "state_text": state_table(case).labels[case.state],
        "submitted": moment(case.created_at),
        "age": age_text(now - case.updated_at) if case.state == "in_review" else "",
        "amount": yuan_text(case.amount_fen) if case.amount_fen is not None else None,
        "amount_plain": yuan_plain(case.amount_fen) if case.amount_fen is not None else None,
        "most": yuan_text(decided.amount.max_fen) if decided.amount else None,
        "payee": case.payee,
        "policy": case.policy_version,
        "basis": item.legal_basis,
        "written": [
            *(
                []
                if decided.is_run
                else written(item, own.engine.stored_form(case), decided.facts, own.engine.policy(session))
            ),
            *desk_rows(session, case),
        ],
        "facts": _facts(decided),
        "refused_now": _refused_now(session, own, case, opinions),
        "rules": [_rule(result.name, result.refusal) for result in decided.rules],
        "member": _member(session, own, case),
        "pictures": [
            _picture(document) for document in documents_of(session, case.account_id, case.application_id)
        ],
        "requests": [
            {"at": moment(request.asked_at), "text": request.text} for request in requests_of(session, case)
        ],
        "asked": request_of(session, case.account_id, case.application_id) is not None,
        "opinions": [_opinion(opinion, decision, names) for opinion, decision in opinions],
        "history": _history(session, case),
        "reasons": list(REFUSALS.values()),
        "reveals": REVEALS,
        **_steps(session, staff, case, claim, opinions, names),
    }


def _refused_now(
    session: Session,
    own: DeskPorts,
    case: Application,
    opinions: list[tuple[ReviewOpinion, ReviewDecision | None]],
) -> str | None:
    waiting = opinions[-1][0] if opinions and opinions[-1][1] is None else None
    if waiting is not None and waiting.verdict == "refuse":
        return None
    return refused_now(own.engine, session, case, waiting)


def _names(
    session: Session,
    claim: ReviewClaim | None,
    opinions: list[tuple[ReviewOpinion, ReviewDecision | None]],
) -> dict[Any, str]:
    people = {opinion.staff_id for opinion, _ in opinions}
    people |= {decision.staff_id for _, decision in opinions if decision is not None}
    return names_of(session, people | ({claim.staff_id} if claim else set()))


def _steps(
    session: Session,
    staff: Staff,
    case: Application,
    claim: ReviewClaim | None,
    opinions: list[tuple[ReviewOpinion, ReviewDecision | None]],
    names: dict[Any, str],
) -> dict[str, Any]:
    """What this person may do now."""
    live = case.state == "in_review"
    pending = opinions[-1][0] if opinions and opinions[-1][1] is None else None
    own = pending is not None and is_same_person(session, pending.staff_id, staff)
    mine = claim is not None and claim.staff_id == staff.staff_id
    return {
        "holder": names.get(claim.staff_id) if claim else None,
        "mine": mine,
        "pending": pending is not None,
        "own_proposal": own,
        "may_claim": live and claim is None and REVIEWER in staff.roles,
        "may_propose": live and mine and pending is None and REVIEWER in staff.roles,
        "may_release": live and pending is None and claim is not None and (mine or APPROVER in staff.roles),
        "may_decide": live and pending is not None and not own and APPROVER in staff.roles,
    }


def _facts(decided: Replay) -> list[dict[str, Any]]:
    ok = {note.fact: note.status == "ok" for note in decided.facts.sources}
    rows = zip(facts_view(decided.facts), decided.facts.sources, strict=True)
    return [
        {**row, "as_of": moment(datetime.fromisoformat(row["as_of"])), "ok": ok[note.fact]}
        for row, note in rows
    ]


def _rule(name: str, refusal: Any) -> dict[str, Any]:
    return {
        "name": name,
        "ok": refusal is None,
        "text": refusal.text if refusal else "",
        "article": refusal.article if refusal else "",
    }


def _member(session: Session, own: DeskPorts, case: Application) -> dict[str, str]:
    person = person_of(session, own.cipher, case.account_id)
    return {
        "name": mask_name(person.name),
        "id_no": mask_id_no(person.id_no),
        "phone": mask_phone(person.phone),
    }


def _picture(document: Any) -> dict[str, Any]:
    return {
        "document_id": document.document_id,
        "width": document.width,
        "height": document.height,
        "at": moment(document.created_at),
    }


def _opinion(
    opinion: ReviewOpinion, decision: ReviewDecision | None, names: dict[Any, str]
) -> dict[str, Any]:
    return {
        "id": opinion.opinion_id,
        "by": names.get(opinion.staff_id, ""),
        "at": moment(opinion.proposed_at),
        "approve": opinion.verdict == "approve",
        "amount": yuan_text(opinion.amount_fen) if opinion.amount_fen is not None else None,
        "reason": REFUSALS[opinion.reason].label if opinion.reason else None,
        "member_text": opinion.member_text,
        "note": opinion.note,
        "outcome": _OUTCOMES[decision.outcome] if decision else "待复核",
        "decided_by": names.get(decision.staff_id, "") if decision else None,
        "decided_at": moment(decision.decided_at) if decision else None,
        "decision_note": decision.note if decision else "",
    }


def _history(session: Session, case: Application) -> list[dict[str, str]]:
    statement = select(AuditEntry).where(
        AuditEntry.account_id == case.account_id, AuditEntry.subject == str(case.application_id)
    )
    entries = session.scalars(statement.order_by(AuditEntry.seq.desc()).limit(60)).all()
    logins = {entry.actor.removeprefix("staff:") for entry in entries if entry.actor.startswith("staff:")}
    rows = session.execute(select(Staff.login, Staff.display_name).where(Staff.login.in_(logins)))
    names = {row.login: row.display_name for row in rows}
    return [_entry(entry, names) for entry in entries if entry.action in _ACTS]


def _entry(entry: AuditEntry, names: dict[str, str]) -> dict[str, str]:
    who = {"member": "本人", "bank": "银行"}.get(entry.actor, "系统")
    if entry.actor.startswith("staff:"):
        login = entry.actor.removeprefix("staff:")
        who = names.get(login, login)
    text = _ACTS[entry.action]
    if entry.action == "review.revealed":
        text = f"{text}（{REVEALS.get(str(entry.detail.get('reason')), '')}）"
    return {"at": moment(entry.at), "who": who, "text": text}
