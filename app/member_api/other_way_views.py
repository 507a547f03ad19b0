"""Words 展示 for when a payment goes out, and for the ways without a face."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.applications.models import Application
from services.core.clock import shanghai_iso
from services.core.money import yuan_text
from services.items.controlling import LIMIT_FROM, OPENS_AT
from services.items.timing import PayTiming
from services.notices.texts import short_time
from services.policies.rules import Policy
from services.withdrawals.risk import Assessment, Outcome

COUNTER = {
    "code": "counter",
    "label": "到网点办",
    "text": "带身份证到任一网点当场办理，没有这个限额，也不用等。",
    "available": True,
    "limit_fen": None,
    "delay_hours": 0,
    "reasons": [],
}


def timing_view(timing: PayTiming | None, policy: Policy) -> dict[str, Any] | None:
    """When the money would go out."""
    if timing is None:
        return None
    found = timing.with_face
    review = timing.review or found.outcome is Outcome.REVIEW
    return {
        "at_once": found.outcome is Outcome.ALLOW and not review and timing.cooling_until is None,
        "review": review,
        "delay_hours": found.delay_hours,
        "cooling_until": shanghai_iso(timing.cooling_until) if timing.cooling_until else None,
        "text": _timing_text(timing, review),
        "reasons": _why(found),
        "other_way": card_sms_view(timing.without_face, policy, moves_money=True),
    }


def _timing_text(timing: PayTiming, review: bool) -> str:
    if timing.cooling_until is not None:
        return f"绑定或手机号变更后要等一等，{short_time(timing.cooling_until)} 起可以提取。"
    if review:
        return "刷脸通过后由工作人员审核，3 个工作日内告诉您结果。"
    if timing.with_face.outcome is Outcome.ALLOW:
        return "刷脸通过后马上付款，一般 1 分钟内到账。"
    reasons = "，".join(reason.text for reason in timing.with_face.reasons)
    return f"{reasons}。刷脸通过后等 {timing.with_face.delay_hours} 小时付款，其间可以撤销。"


def card_sms_view(found: Assessment, policy: Policy, *, moves_money: bool) -> dict[str, Any]:
    """The way by card and SMS: open or not, and on what terms."""
    available = found.outcome <= Outcome.REVIEW
    limit_fen = policy.integer("route.card_sms.case_limit_fen") if moves_money else None
    return {
        "code": "card_sms",
        "label": "银行卡核验加短信",
        "text": _card_sms_text(found, limit_fen) if available else _closed_text(found),
        "available": available,
        "limit_fen": limit_fen,
        "delay_hours": found.delay_hours if moves_money else 0,
        "reasons": _why(found) if not available else [],
    }


def _card_sms_text(found: Assessment, limit_fen: int | None) -> str:
    how = "向银行核对您的银行卡，再填一次发到登记手机上的验证码。"
    if limit_fen is None:
        return how
    if found.outcome is Outcome.REVIEW:
        return f"{how}一笔最多 {yuan_text(limit_fen)} 元，由工作人员审核，3 个工作日内告诉您结果。"
    return f"{how}一笔最多 {yuan_text(limit_fen)} 元，{found.delay_hours} 小时后付款，其间可以撤销。"


def _closed_text(found: Assessment) -> str:
    turn_to = {
        Outcome.TOO_MUCH: "可以改少一点重新办，或者刷脸，也可以到网点办理。",
        Outcome.FACE_NEEDED: "为了您的资金安全，这一次要刷脸，或到网点办理。",
    }
    return f"{found.reasons[0].text}。{turn_to.get(found.outcome, '为了您的资金安全，今天请到网点办理。')}"


def _why(found: Assessment) -> list[dict[str, str]]:
    return [{"code": reason.code, "text": reason.text} for reason in found.reasons]


def pay_from(application: Application) -> str | None:
    """From when a payment that waits may go out; None when none waits."""
    return application.result.get("pay_from") if application.state == "waiting" else None


def waiting_words(application: Application) -> str:
    """When the waiting payment goes out, to where, why it waits, and that it can be stopped."""
    payee, kept = application.payee or {}, application.result
    when = short_time(datetime.fromisoformat(kept["pay_from"]))
    reasons = "，".join(kept.get("wait_reasons", ()))
    why = f"{reasons}。" if reasons else ""
    return f"将于 {when} 付款到{payee.get('bank_name', '')}尾号 {payee.get('tail4', '')}。{why}付款以前随时可以撤销。"


def _soon(application: Application, key: str) -> str:
    return short_time(datetime.fromisoformat(application.result[key]))


def changed_words(application: Application) -> str | None:
    """What a finished change of phone number, lock or limit came to; None for anything else."""
    if application.state != "completed":
        return None
    if OPENS_AT in application.result:
        return f"提取锁 {_soon(application, OPENS_AT)} 打开，到时候告诉您。想再锁上，随时可以。"
    if LIMIT_FROM in application.result:
        limit_fen = application.result["limit_fen"]
        limit = f"一天最多可以提 {yuan_text(limit_fen)} 元" if limit_fen else "不再有您自己设的限额"
        return f"{_soon(application, LIMIT_FROM)} 起，{limit}。"
    if "phone4" not in application.result:
        return None
    money_from = short_time(datetime.fromisoformat(application.result["money_from"]))
    return f"已经换成尾号 {application.result['phone4']} 的手机号，{money_from} 起可以提取。"
