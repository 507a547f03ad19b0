"""What each event tells a member 通知内容: logical template and fill-ins; no links, no names, last four digits only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from services.core.clock import SHANGHAI
from services.core.money import yuan_plain


@dataclass(frozen=True, slots=True)
class Telling:
    """How an event is told: topic for the member's list, template, fill-ins, channels."""

    topic: str
    template: str
    fields: Callable[[Mapping[str, Any], datetime], dict[str, str]]
    title: str
    body: Callable[[Mapping[str, str]], str]
    channels: tuple[str, ...] = ("sms", "wechat")
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


TELLINGS: dict[str, Telling] = {
    "withdrawal.paid": Telling(
        "settlement",
        "settlement_paid",
        _payment,
        "提取到账",
        lambda f: (
            f"{f['date']}{f['item']}{f['amount']}元已转入尾号{f['card4']}银行卡，账户余额{f['balance']}元。"
        ),
    ),
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
        "公积金还贷",
        lambda f: (
            f"{f['date']}{f['item']}：{f['amount']}元已从公积金账户还进贷款，贷款还欠{f['owed']}元，账户余额{f['balance']}元。"
        ),
    ),
    "withdrawal.returned": Telling(
        "settlement",
        "settlement_returned",
        _without_balance,
        "提取未到账",
        lambda f: (
            f"{f['date']}{f['item']}{f['amount']}元没有转入尾号{f['card4']}银行卡，钱已退回公积金账户，请核对银行卡。"
        ),
    ),
    "card.added": Telling(
        "security",
        "card_changed",
        lambda p, at: {
            "bank": str(p["bank_name"]),
            "card4": str(p["tail4"]),
            "usable_from": short_time(datetime.fromisoformat(p["usable_from"])),
        },
        "收款卡变更",
        lambda f: (
            f"您添加了{f['bank']}尾号{f['card4']}的收款卡，{f['usable_from']}起可以收款。不是您本人操作请立即拨打12329。"
        ),
    ),
    "loan.card_changed": Telling(
        "security",
        "loan_card_changed",
        lambda p, at: {
            "bank": str(p["bank_name"]),
            "card4": str(p["tail4"]),
            "from": plain_day(date.fromisoformat(p["from_on"])) if p["from_on"] else short_day(at),
        },
        "还款卡变更",
        lambda f: (
            f"您的贷款还款卡已改为{f['bank']}尾号{f['card4']}，{f['from']}这一期起从这张卡还。"
            "不是您本人操作请立即拨打12329。"
        ),
    ),
    "phone.changed": Telling(
        "security",
        "phone_changed",
        lambda p, at: {
            "phone4": str(p["phone4"]),
            "money_from": short_time(datetime.fromisoformat(p["money_from"])),
        },
        "手机号变更",
        lambda f: (
            f"您的公积金账户手机号已改为尾号{f['phone4']}的号码，{f['money_from']}以后可以提取。"
            "不是您本人操作请立即拨打12329。"
        ),
    ),
    "phone.left": Telling(
        "security",
        "phone_left",
        lambda p, at: {"money_from": short_time(datetime.fromisoformat(p["money_from"]))},
        "手机号变更（发到原号码）",
        lambda f: (
            f"您的公积金账户不再用这个手机号，{f['money_from']}以前不能提取。不是您本人操作请立即拨打12329。"
        ),
        ("sms",),
        sms_to="former_phone",
    ),
    "certificate.issued": Telling(
        "certificate",
        "certificate_issued",
        lambda p, at: {"name": str(p["name"]), "number": str(p["number"])},
        "证明已开具",
        lambda f: f"{f['name']}已开具，编号{f['number']}。",
        ("wechat",),
    ),
    "withdrawal.waiting": Telling(
        "security",
        "payment_waiting",
        lambda p, at: {**_sum(p), "time": short_time(datetime.fromisoformat(p["pay_from"]))},
        "提取等待付款",
        lambda f: (
            f"您申请的{f['item']}{f['amount']}元将于{f['time']}付款到尾号{f['card4']}银行卡，"
            "付款前可在“我的办理”里撤销。不是您本人操作请立即撤销并拨打12329。"
        ),
    ),
    "withdrawal.stopped": Telling(
        "security",
        "payment_stopped",
        lambda p, at: {**_sum(p), "time": short_time(at)},
        "提取已撤销",
        lambda f: (
            f"您的{f['item']}{f['amount']}元已于{f['time']}撤销，没有付款，钱已回到公积金账户。"
            "不是您本人操作请立即拨打12329。"
        ),
    ),
    "face.stranger": Telling(
        "security",
        "face_stranger",
        lambda p, at: {"item": str(p["item_name"]), "time": short_time(at)},
        "刷脸不是本人",
        lambda f: (
            f"{f['time']}办理{f['item']}时几次刷脸都不是您本人，这次申请已停办，钱没有动。"
            "不是您本人操作请立即拨打12329。"
        ),
    ),
    "review.refused": Telling(
        "review",
        "review_refused",
        lambda p, at: {"date": short_day(at), "item": str(p["item_name"]), "reason": str(p["reason"])},
        "审核结果",
        lambda f: f"{f['date']}{f['item']}没有通过审核：{f['reason']}。钱没有动，详细原因请看“我的办理”。",
    ),
    "transfer.asked": Telling(
        "review",
        "transfer_asked",
        lambda p, at: {"date": short_day(at), "item": str(p["item_name"]), "centre": str(p["centre"])},
        "联系函已发出",
        lambda f: f"{f['date']}{f['item']}：联系函已发给{f['centre']}，等对方答复。",
        ("wechat",),
    ),
    "transfer.refused": Telling(
        "review",
        "transfer_refused",
        lambda p, at: {
            "date": short_day(at),
            "item": str(p["item_name"]),
            "centre": str(p["centre"]),
            "reason": str(p["reason"]),
        },
        "异地转移没有办成",
        lambda f: f"{f['date']}{f['item']}没有办成，{f['centre']}答复：{f['reason']}。您原账户的钱没有动。",
    ),
    "transfer.silent": Telling(
        "review",
        "transfer_silent",
        lambda p, at: {
            "date": short_day(at),
            "item": str(p["item_name"]),
            "centre": str(p["centre"]),
            "days": str(p["days"]),
        },
        "对方中心还没有答复",
        lambda f: (
            f"{f['item']}：{f['centre']}过了{f['days']}天还没有答复，我们已再次催问。"
            "您可以继续等，也可以在“我的办理”里撤销。"
        ),
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
        "异地转移到账",
        lambda f: (
            f"{f['date']}{f['centre']}转来{f['amount']}元，已记入您的公积金账户，账户余额{f['balance']}元。"
        ),
    ),
    "member.bound": Telling(
        "security",
        "bound",
        lambda p, at: {"time": short_time(at)},
        "绑定成功",
        lambda f: f"{f['time']}您的公积金账户绑定了微信。不是您本人操作请立即拨打12329。",
    ),
}
OPERATION_CODE_TELLING = Telling(
    "code",
    "operation_code",
    lambda p, at: {"what": str(p["what"]), "code": str(p["code"]), "minutes": "10"},
    "办理验证码",
    lambda f: "验证码短信",
    ("sms",),
)
CODE_TELLING = Telling(
    "code",
    "sms_code",
    lambda p, at: {"code": str(p["code"]), "minutes": "10"},
    "短信验证码",
    lambda f: "验证码短信",
    ("sms",),
)
