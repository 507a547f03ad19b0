"""What each event tells a member 通知内容: topic, template and fill-ins; no links, no names, last four digits only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from services.core.clock import SHANGHAI
from services.core.money import yuan_plain


@dataclass(frozen=True, slots=True)
class Telling:
    """How an event is told: its topic, its template (words in templates.toml) and its fill-ins."""

    topic: str
    template: str
    fields: Callable[[Mapping[str, Any], datetime], dict[str, str]]
    sms_to: Literal["member", "former_phone"] = "member"
    """Whose phone: the number on the record, or the one that was there before the change the event tells of."""


def short_day(at: datetime) -> str:
    """11月22日."""
    local = at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日"


def plain_day(day: date) -> str:
    """12月20日."""
    return f"{day.month}月{day.day}日"


def short_time(at: datetime) -> str:
    """11月22日14:05."""
    return f"{short_day(at)}{at.astimezone(SHANGHAI):%H:%M}"


def _payment(payload: Mapping[str, Any], at: datetime) -> dict[str, str]:
    return {
        "date": short_day(at),
        "item": str(payload["item_name"]),
        "amount": yuan_plain(int(payload["amount_fen"])),
        "card4": str(payload["tail4"]),
        "balance": yuan_plain(int(payload["balance_fen"])),
    }


def _sum(payload: Mapping[str, Any]) -> dict[str, str]:
    return {
        "item": str(payload["item_name"]),
        "amount": yuan_plain(int(payload["amount_fen"])),
        "card4": str(payload["tail4"]),
    }


def _without_balance(payload: Mapping[str, Any], at: datetime) -> dict[str, str]:
    fields = _payment(payload, at)
    del fields["balance"]
    return fields


def _credit(payload: Mapping[str, Any], at: datetime) -> dict[str, str]:
    return {
        "date": short_day(at),
        "amount": yuan_plain(int(payload["amount_fen"])),
        "balance": yuan_plain(int(payload["balance_fen"])),
    }


def _limit(payload: Mapping[str, Any]) -> str:
    """A daily limit in words; none at all where there is none of the member's own."""
    return f"{yuan_plain(int(payload['limit_fen']))}元" if payload["limit_fen"] else "不限额"


def _case(payload: Mapping[str, Any], at: datetime) -> dict[str, str]:
    return {"date": short_day(at), "item": str(payload["item_name"])}


def _month(text: str) -> str:
    """2026年10月, of 2026-10."""
    year, month = text.split("-")[:2]
    return f"{year}年{int(month)}月"


_RUNS = {"commercial": "每月自动转到您的卡", "offset": "还款日自动用公积金还"}


def _agreed(payload: Mapping[str, Any], at: datetime) -> dict[str, str]:
    """An agreement in few words: 工商银行房贷, of 工商银行房贷（合同尾号 0321）每月提取."""
    loan = re.split("（|还款日冲还|每月提取", str(payload["label"]))[0]
    return {"time": short_time(at), "label": loan[:12], "what": _RUNS[payload["kind"]]}


TELLINGS: dict[str, Telling] = {
    "withdrawal.paid": Telling("settlement", "settlement_paid", _payment),
    "withdrawal.returned": Telling("settlement", "settlement_returned", _without_balance),
    "loan.repaid": Telling(
        "settlement",
        "loan_repaid",
        lambda p, at: {
            "date": short_day(at),
            "item": str(p["item_name"]),
            "amount": yuan_plain(int(p["amount_fen"])),
            "owed": yuan_plain(int(p["owed_fen"])),
            "balance": yuan_plain(int(p["balance_fen"])),
        },
    ),
    "card.added": Telling(
        "security",
        "card_changed",
        lambda p, at: {
            "bank": str(p["bank_name"]),
            "card4": str(p["tail4"]),
            "usable_from": short_time(datetime.fromisoformat(p["usable_from"])),
        },
    ),
    "loan.card_changed": Telling(
        "security",
        "loan_card_changed",
        lambda p, at: {
            "bank": str(p["bank_name"]),
            "card4": str(p["tail4"]),
            "from": plain_day(date.fromisoformat(p["from_on"])) if p["from_on"] else short_day(at),
        },
    ),
    "phone.changed": Telling(
        "security",
        "phone_changed",
        lambda p, at: {
            "phone4": str(p["phone4"]),
            "money_from": short_time(datetime.fromisoformat(p["money_from"])),
        },
    ),
    "phone.left": Telling(
        "security",
        "phone_left",
        lambda p, at: {"money_from": short_time(datetime.fromisoformat(p["money_from"]))},
        sms_to="former_phone",
    ),
    "withdrawal.waiting": Telling(
        "security",
        "payment_waiting",
        lambda p, at: {**_sum(p), "time": short_time(datetime.fromisoformat(p["pay_from"]))},
    ),
    "withdrawal.stopped": Telling(
        "security", "payment_stopped", lambda p, at: {**_sum(p), "time": short_time(at)}
    ),
    "face.stranger": Telling(
        "security",
        "face_stranger",
        lambda p, at: {"item": str(p["item_name"]), "time": short_time(at)},
    ),
    "member.bound": Telling("security", "bound", lambda p, at: {"time": short_time(at)}),
    "member.unbound": Telling("security", "unbound", lambda p, at: {"time": short_time(at)}),
    "lock.closed": Telling("security", "lock_closed", lambda p, at: {"time": short_time(at)}),
    "lock.opening": Telling(
        "security",
        "lock_opening",
        lambda p, at: {"time": short_time(datetime.fromisoformat(p["opens_at"]))},
    ),
    "lock.opened": Telling("security", "lock_opened", lambda p, at: {"time": short_time(at)}),
    "limit.lowered": Telling(
        "security", "limit_lowered", lambda p, at: {"time": short_time(at), "limit": _limit(p)}
    ),
    "limit.raised": Telling(
        "security",
        "limit_raised",
        lambda p, at: {"time": short_time(datetime.fromisoformat(p["limit_from"])), "limit": _limit(p)},
    ),
    "relative.joined": Telling(
        "security", "relative_joined", lambda p, at: {"time": short_time(at), "who": str(p["label"])[:8]}
    ),
    "review.asked": Telling("review", "review_asked", _case),
    "rating.answered": Telling("review", "rating_answered", _case),
    "review.refused": Telling(
        "review",
        "review_refused",
        lambda p, at: {"date": short_day(at), "item": str(p["item_name"]), "reason": str(p["reason"])},
    ),
    "certificate.issued": Telling(
        "certificate",
        "certificate_issued",
        lambda p, at: {"name": str(p["name"]), "number": str(p["number"])},
    ),
    "transfer.asked": Telling(
        "transfer",
        "transfer_asked",
        lambda p, at: {"date": short_day(at), "item": str(p["item_name"]), "centre": str(p["centre"])},
    ),
    "transfer.refused": Telling(
        "transfer",
        "transfer_refused",
        lambda p, at: {
            "date": short_day(at),
            "item": str(p["item_name"]),
            "centre": str(p["centre"]),
            "reason": str(p["reason"]),
        },
    ),
    "transfer.silent": Telling(
        "transfer",
        "transfer_silent",
        lambda p, at: {
            "date": short_day(at),
            "item": str(p["item_name"]),
            "centre": str(p["centre"]),
            "days": str(p["days"]),
        },
    ),
    "transfer.arrived": Telling(
        "settlement",
        "transfer_arrived",
        lambda p, at: {
            "date": short_day(at),
            "centre": str(p["centre"]),
            "amount": yuan_plain(int(p["amount_fen"])),
            "balance": yuan_plain(int(p["balance_fen"])),
        },
    ),
    "loan.repaid_by_card": Telling(
        "settlement",
        "loan_repaid_by_card",
        lambda p, at: {
            "date": short_day(at),
            **_sum(p),
            "card": yuan_plain(int(p["card_fen"])),
            "owed": yuan_plain(int(p["owed_fen"])),
        },
    ),
    "loan.uncollected": Telling(
        "settlement",
        "card_not_collected",
        lambda p, at: {
            "date": short_day(at),
            "item": str(p["item_name"]),
            "card4": str(p["tail4"]),
            "reason": str(p["reason"]),
        },
    ),
    "instalment.due_soon": Telling(
        "instalment_due",
        "instalment_due",
        lambda p, at: {
            "due": plain_day(date.fromisoformat(p["due_on"])),
            "amount": yuan_plain(int(p["amount_fen"])),
            "card4": str(p["tail4"]),
        },
    ),
    "instalment.paid": Telling(
        "settlement",
        "instalment_paid",
        lambda p, at: {"date": short_day(at), **_sum(p), "owed": yuan_plain(int(p["owed_fen"]))},
    ),
    "instalment.failed": Telling(
        "instalment_failed",
        "instalment_failed",
        lambda p, at: {
            "date": short_day(at),
            "amount": yuan_plain(int(p["amount_fen"])),
            "card4": str(p["tail4"]),
            "reason": str(p["reason"]),
        },
    ),
    "deduction.taken_back": Telling(
        "settlement",
        "deduction_taken_back",
        lambda p, at: {
            "date": short_day(at),
            "amount": yuan_plain(int(p["amount_fen"])),
            "card4": str(p["tail4"]),
        },
    ),
    "agreement.signed": Telling("security", "agreement_signed", _agreed),
    "agreement.changed": Telling("security", "agreement_changed", _agreed),
    "agreement.short": Telling(
        "instalment_due",
        "agreement_short",
        lambda p, at: {
            "date": short_day(at),
            "label": str(p["label"])[:12],
            "needed": yuan_plain(int(p["needed_fen"])),
            "fund": yuan_plain(int(p["fund_fen"])),
        },
    ),
    "agreement.ended": Telling(
        "instalment_due",
        "agreement_ended",
        lambda p, at: {"date": short_day(at), "label": str(p["label"])[:12], "reason": str(p["reason"])},
    ),
    "contribution.posted": Telling(
        "contribution",
        "contribution_posted",
        lambda p, at: {"month": _month(str(p["month"])), **_credit(p, at)},
    ),
    "interest.posted": Telling("interest", "interest_posted", lambda p, at: _credit(p, at)),
    "circular.sent": Telling(
        "news",
        "policy_news",
        lambda p, at: {"title": str(p["title"]), "text": str(p["text"]), "date": short_day(at)},
    ),
}
OPERATION_CODE_TELLING = Telling(
    "code",
    "operation_code",
    lambda p, at: {"what": str(p["what"]), "code": str(p["code"]), "minutes": "10"},
)
CODE_TELLING = Telling("code", "sms_code", lambda p, at: {"code": str(p["code"]), "minutes": "10"})
