"""Reasons 理由: why a case is refused, and why personal data is shown; lists, so that they can be counted."""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.core.errors import Invalid
from services.core.pii import scrub
from services.core.plain_text import seen


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """A reason from the list: what it is called, and what the member can do about it."""

    code: str
    label: str
    change: str


REFUSALS = {
    reason.code: reason
    for reason in (
        RefusalReason("documents_missing", "缺少材料", "补齐材料后可以重新申请"),
        RefusalReason("documents_unclear", "材料看不清", "重新拍清楚后可以再申请"),
        RefusalReason("documents_differ", "材料和登记信息对不上", "先到登记部门核对更正，再来申请"),
        RefusalReason("conditions_not_met", "不符合办理条件", "条件满足后可以再申请"),
        RefusalReason("amount_used", "夫妻合计额度已用完", "新的年度开始后可以再申请"),
        RefusalReason("not_own_wish", "核实不是本人意愿", "请本人带身份证到网点办理"),
        RefusalReason("other", "其他原因", "有疑问可以拨打 12329，或到网点当面核对"),
    )
}
REVEALS = {
    "check_documents": "核对材料上的姓名和证号",
    "check_registry": "向登记部门核对",
    "contact_member": "联系本人核实",
}
SENT_BACK_MOST = NOTE_MOST = 200
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def member_text(text: str) -> str:
    """What the member will read: 6 to 200 characters, and nobody's numbers. Raises Invalid."""
    text = plain_text(text, "member_text")
    if not 6 <= len(text) <= NOTE_MOST:
        raise Invalid(
            "请用 6 到 200 个字写清楚原因，本人会看到。", code="review.text_length", field="member_text"
        )
    return text


def note(text: str, *, needed: bool) -> str:
    """A remark for colleagues, at most 200 characters. Raises Invalid."""
    text = plain_text(text, "note")
    if len(text) > NOTE_MOST or (needed and len(text) < 4):
        raise Invalid("请写 4 到 200 个字，让同事知道为什么。", code="review.text_length", field="note")
    return text


def plain_text(text: str, field: str) -> str:
    """Text without control characters and without ID numbers, cards or phones; raises Invalid."""
    text = seen(text).replace("\r\n", "\n")
    if _CONTROL.search(text):
        raise Invalid("文字里有看不见的字符，请重新输入。", code="review.text", field=field)
    if scrub(text) != text:
        raise Invalid("不要写证件号、卡号和手机号。", code="review.text_private", field=field)
    return text


def refusal_reason(code: str) -> RefusalReason:
    """A reason of the list; raises Invalid."""
    if code not in REFUSALS:
        raise Invalid("请选一个理由。", code="review.reason", field="reason")
    return REFUSALS[code]


def reveal_reason(code: str) -> str:
    """Why somebody wants to see the whole number; raises Invalid."""
    if code not in REVEALS:
        raise Invalid("请先选查看理由。", code="review.reason", field="reason")
    return REVEALS[code]
