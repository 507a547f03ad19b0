"""From domain objects to answers 展示: progress lines, texts, masks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from app.member_api.fact_texts import FACT_LABELS, KIND_TEXTS, fact_text
from app.member_api.other_way_views import changed_words, pay_from, timing_view, waiting_words
from app.member_api.transfer_views import (
    cancellable,
    has_transfer,
    transfer_steps,
    transfer_waiting,
)
from app.ports import Ports
from services.accounts.models import PayeeCard
from services.applications.models import MONEY, Application
from services.applications.service import Taken
from services.certificates.models import Certificate
from services.core.clock import shanghai_iso
from services.core.money import yuan_text, yuan_words
from services.items.catalog.transfer_in import CODE as TRANSFER
from services.items.declaration import Approval, Item, Part
from services.items.engine import state_table
from services.items.facts import Facts
from services.items.judging import Quote
from services.items.timing import PayTiming
from services.ledger.queries import FundMovement
from services.loans.models import MortgageDischarge

_WAITING = {
    "submitted": "正在办理，请稍等几秒。",
    "verifying": "等您刷脸确认。",
    "in_review": "工作人员正在审核，3 个工作日内告诉您结果。",
    "forwarded": "已经转给对方中心办理。",
    "waiting": "已经批准，到时间自动付款。",
    "approved": "已经批准，正在通知银行付款，一般几秒钟。",
    "paying": "银行正在付款，一般 1 分钟内到账。",
    "accepted": "银行已受理，正在把钱转到您的卡上，一般 1 分钟内到账。",
    "paid": "钱已经转到您的银行卡。",
    "collecting": "正在从还款卡扣款，一般几分钟有结果。扣成了才入账；没扣成，贷款和账户都不变。不用重新提交。",
    "uncollected": "还款卡没有扣成，贷款和公积金账户都没有变动。可以存够钱或换一张还款卡后再办。",
    "repaid": "钱已经还进贷款。",
    "unknown": "银行还没有回话。您的钱安全，我们在查，有结果马上通知您，不用重新提交。",
    "returned": "这笔钱没有转成功，已经退回您的公积金账户。请核对银行卡后再办。",
    "refused": "这次没有办成，钱没有动。",
    "expired": "超过时间没有完成核验，这笔业务已经失效，钱没有动。可以重新办理。",
    "cancelled": "您已经撤销了这笔业务，钱没有动。",
    "completed": "已经办好。",
}
_NEXT = {
    "verifying": "face",
    "in_review": "wait",
    "forwarded": "wait",
    "approved": "wait",
    "waiting": "wait",
    "paying": "wait",
    "accepted": "wait",
    "unknown": "wait",
    "submitted": "wait",
    "paid": "done",
    "collecting": "wait",
    "repaid": "done",
    "completed": "done",
}


def movement_view(movement: FundMovement) -> dict[str, Any]:
    """A movement of the fund."""
    return {
        "posting_id": str(movement.journal_id),
        "on": movement.on.isoformat(),
        "kind": movement.kind,
        "kind_text": KIND_TEXTS.get(movement.kind, movement.kind),
        "amount_fen": movement.amount_fen,
        "summary": movement.summary,
    }


def card_view(card: PayeeCard, now: datetime) -> dict[str, Any]:
    """A payee card by its last four digits."""
    return {
        "card_id": str(card.card_id),
        "bank_code": card.bank_code,
        "bank_name": card.bank_name,
        "tail4": card.tail4,
        "usable": now >= card.usable_from,
        "usable_from": shanghai_iso(card.usable_from),
        "source": card.source,
    }


def quote_view(
    quote: Quote, form: Any, cards: list[dict[str, Any]], timing: PayTiming | None = None
) -> dict[str, Any]:
    """The answer to "may I, and how much"."""
    next_on = quote.item.next_on(quote.facts, quote.policy) if quote.item.next_on else None
    return {
        "allowed": quote.allowed,
        "max_fen": quote.amount.max_fen if quote.amount and quote.allowed else None,
        "headline": _headline(quote),
        "explanation": quote.amount.headline if quote.amount and quote.allowed else "",
        "breakdown": parts_view(quote.amount.parts) if quote.allowed and quote.amount else [],
        "preview": parts_view(quote.amount.preview) if quote.allowed and quote.amount else [],
        "verb": quote.amount.verb if quote.amount else "提",
        "refusals": [refusal.to_json() for refusal in quote.refusals],
        "facts": facts_view(quote.facts),
        "next_on": day_or_none(_earliest(quote) if not quote.allowed else next_on),
        "cards": cards,
        "verification": quote.verification.value,
        "approval": quote.approval.value,
        "asks": _asks(quote, form) if quote.allowed else [],
        "choices": _choices(quote) if quote.allowed else {},
        "timing": timing_view(timing, quote.policy) if quote.allowed else None,
    }


def _asks(quote: Quote, form: Any) -> list[str]:
    """Fields left to fill in, in the order of the form."""
    asked = quote.item.asked(quote.facts, form, quote.policy)
    return [name for name in quote.item.form.model_fields if name in asked]


def _choices(quote: Quote) -> dict[str, list[dict[str, str]]]:
    """Answers taken from the facts, by field; the member picks one instead of typing."""
    offered = quote.item.offered(quote.facts, quote.policy)
    return {name: [{"value": c.value, "text": c.text} for c in choices] for name, choices in offered.items()}


def _headline(quote: Quote) -> str:
    if not quote.allowed:
        return quote.refusals[0].text
    if quote.amount is None:
        return quote.item.allowed_text
    sentence = f"您现在可{quote.amount.verb} {yuan_text(quote.amount.max_fen)} 元。"
    return (
        sentence
        if quote.approval is Approval.INSTANT
        else sentence + "提交后由工作人员审核，3 个工作日内告诉您结果。"
    )


def _earliest(quote: Quote) -> date | None:
    """The day by which every dated refusal is over; None when one of them has no date."""
    days = [refusal.next_on for refusal in quote.refusals]
    return None if not days or None in days else max(day for day in days if day)


def parts_view(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [{"label": p.label, "amount_fen": p.amount_fen, "text": p.text, "source": p.source} for p in parts]


def facts_view(facts: Facts) -> list[dict[str, Any]]:
    """Every fact with its value in words, its source and its time."""
    return [
        {
            "label": FACT_LABELS[note.fact],
            "value_text": fact_text(facts, note.fact, note.status),
            "source": note.source,
            "as_of": note.as_of,
        }
        for note in facts.sources
    ]


def application_view(
    application: Application,
    transitions: list[Taken],
    item: Item,
    certificate: dict[str, Any] | None,
    balance_fen: int | None,
    next_on: date | None,
    discharge: MortgageDischarge | None = None,
) -> dict[str, Any]:
    """An application with its progress line."""
    table = state_table(application)
    payee = application.payee
    return {
        "application_id": str(application.application_id),
        "case_no": application.case_no,
        "item_code": application.item_code,
        "item_name": item.name_zh,
        "kind": application.kind,
        "state": application.state,
        "state_text": table.labels[application.state],
        "version": application.version,
        "amount_fen": application.amount_fen,
        "amount_words": yuan_words(application.amount_fen) if application.amount_fen is not None else None,
        "card": {"bank_name": payee["bank_name"], "tail4": payee["tail4"]} if payee else None,
        "next_step": _NEXT.get(application.state, "none"),
        "waiting_text": _waiting_text(application, transitions) + _discharge_text(discharge),
        "steps": [*progress(application, transitions), *_discharge_step(discharge)],
        "refusals": application.result.get("refusals", []),
        "certificate": certificate,
        "result": application.result,
        "next_available_on": day_or_none(next_on),
        "created_at": shanghai_iso(application.created_at),
        "updated_at": shanghai_iso(application.updated_at),
        "account_balance_fen": balance_fen,
        "pay_from": pay_from(application),
        "cancellable": cancellable(application, table),
    }


def _waiting_text(application: Application, transitions: list[Taken]) -> str:
    if has_transfer(application):
        return transfer_waiting(application)
    if application.state == "waiting":
        return waiting_words(application)
    if application.state == "cancelled" and any(taken.target == "approved" for taken in transitions):
        return "这笔业务已经撤销，没有付款，钱已回到您的公积金账户。"
    return changed_words(application) or _WAITING[application.state]


_DISCHARGE = {
    "asked": "房子的抵押，我们已经替您申请解除，在等不动产登记中心回话。",
    "accepted": "不动产登记中心已经受理解除抵押，办好后这里会显示。",
    "registered": "房子的抵押已经解除。",
    "refused": "解除抵押要您到不动产登记窗口办一次，请带身份证和不动产权证书。",
}
_DISCHARGE_STEP = {"asked": "current", "accepted": "current", "registered": "done", "refused": "failed"}


def _discharge_text(discharge: MortgageDischarge | None) -> str:
    return _DISCHARGE[discharge.state] if discharge else ""


def _discharge_step(discharge: MortgageDischarge | None) -> list[dict[str, Any]]:
    """What has become of the mortgage, after a settlement."""
    if discharge is None:
        return []
    ended = discharge.ask_again_at is None
    return [
        {
            "key": "discharge",
            "label": "解除抵押",
            "actor": "不动产登记中心",
            "at": shanghai_iso(discharge.updated_at) if ended else None,
            "state": _DISCHARGE_STEP[discharge.state],
        }
    ]


_MONEY_STEPS = (
    ("submitted", "提交", "您"),
    ("verified", "刷脸", "您"),
    ("approved", "批准", "公积金中心"),
    ("paying", "付款", "银行"),
    ("paid", "到账", "银行"),
)
_REPAY_STEPS = (
    ("submitted", "提交", "您"),
    ("verified", "刷脸", "您"),
    ("approved", "批准", "公积金中心"),
    ("repaid", "还进贷款", "公积金中心"),
)
_CARD_STEPS = (*_REPAY_STEPS[:3], ("collecting", "从还款卡扣款", "银行"), _REPAY_STEPS[3])
_MONEY_REACHED = {
    "submitted": 1,
    "verifying": 1,
    "in_review": 2,
    "approved": 3,
    "waiting": 3,
    "paying": 3,
    "unknown": 3,
    "accepted": 4,
    "paid": 5,
    "collecting": 3,
    "repaid": 5,
    "returned": 4,
    "uncollected": 4,
}
_FAILED = {
    "returned": "已退回",
    "uncollected": "没有扣成",
    "refused": "没有通过",
    "expired": "已失效",
    "cancelled": "已撤销",
}


def progress(application: Application, transitions: list[Taken]) -> list[dict[str, Any]]:
    """Every step with who acts and when: done, current, still to come, or failed."""
    if application.kind == MONEY:
        return _money_progress(application, transitions)
    if application.item_code == TRANSFER:
        return transfer_steps(application, transitions)
    return _plain_progress(application, transitions)


def _money_progress(application: Application, transitions: list[Taken]) -> list[dict[str, Any]]:
    at = {transition.target: transition.at for transition in transitions}
    approved = at.get("approved")
    begun = (at.get("submitted"), approved or at.get("in_review"), approved)
    inside = application.payee is None
    shape: tuple[tuple[str, str, str], ...]
    times: tuple[datetime | None, ...]
    if "collecting" in application.result:
        shape, times = _CARD_STEPS, (*begun, at.get("repaid"), at.get("repaid"))
    elif inside:
        shape, times = _REPAY_STEPS, (*begun, at.get("repaid"))
    else:
        shape, times = _MONEY_STEPS, (*begun, at.get("paying"), at.get("paid"))
    steps = tuple(_named(step, application) for step in shape)
    if application.state in _FAILED:
        return _failed_line(application, steps, times, at)
    reached = _MONEY_REACHED[application.state]
    return [
        _step(step, time, index, reached) for index, (step, time) in enumerate(zip(steps, times, strict=True))
    ]


def _named(step: tuple[str, str, str], application: Application) -> tuple[str, str, str]:
    """A step by the name of what was really done."""
    by_card = step[0] == "verified" and application.result.get("verified_by") == "card_sms"
    return (step[0], "银行卡和短信", step[2]) if by_card else step


def _plain_progress(application: Application, transitions: list[Taken]) -> list[dict[str, Any]]:
    at = {transition.target: transition.at for transition in reversed(transitions)}
    faced = "verifying" in at
    steps = [
        ("submitted", "提交", "您"),
        *([_named(("verified", "刷脸", "您"), application)] if faced else []),
        ("completed", "办好", "公积金中心"),
    ]
    times = (at.get("submitted"), *((at.get("completed"),) if faced else ()), at.get("completed"))
    if application.state in _FAILED:
        return _failed_line(application, tuple(steps), times, at)
    reached = {"completed": len(steps), "submitted": 1 + faced}.get(application.state, 1)
    return [
        _step(step, time, index, reached) for index, (step, time) in enumerate(zip(steps, times, strict=True))
    ]


def _step(step: tuple[str, str, str], at: datetime | None, index: int, reached: int) -> dict[str, Any]:
    state = "done" if index < reached else "current" if index == reached else "todo"
    shown = at if state == "done" else None
    return {
        "key": step[0],
        "label": step[1],
        "actor": step[2],
        "at": shanghai_iso(shown) if shown else None,
        "state": state,
    }


def _failed_line(
    application: Application,
    steps: tuple[tuple[str, str, str], ...],
    times: tuple[datetime | None, ...],
    at: dict[str, datetime],
) -> list[dict[str, Any]]:
    done = [_step(step, time, 0, 1) for step, time in zip(steps, times, strict=True) if time is not None]
    ended = at.get(application.state)
    actor = (
        "您"
        if application.state == "cancelled"
        else "银行"
        if application.state in ("returned", "uncollected")
        else "公积金中心"
    )
    last = {
        "key": application.state,
        "label": _FAILED[application.state],
        "actor": actor,
        "at": shanghai_iso(ended) if ended else None,
        "state": "failed",
    }
    return [*done, last]


def certificate_view(certificate: Certificate, own: Ports) -> dict[str, Any]:
    """A certificate with its file and public check."""
    base = own.settings.public_base_url
    return {
        "certificate_id": str(certificate.certificate_id),
        "number": certificate.number,
        "name": certificate.name,
        "issued_on": certificate.issued_on.isoformat(),
        "valid_until": certificate.valid_until.isoformat(),
        "pdf_url": f"/api/v1/certificates/{certificate.certificate_id}/pdf",
        "verify_url": f"{base}/verify/{certificate.number}?c={certificate.check_code}",
    }


def day_or_none(day: date | None) -> str | None:
    return day.isoformat() if day else None
