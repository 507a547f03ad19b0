"""What is checked of a form at the counter 柜台表单核对, and of who fills it in."""

from __future__ import annotations

from services.core.errors import Invalid
from services.core.identity import check_phone
from services.core.pii import scrub
from services.counter.errors import OwnAccount
from services.members.models import Member
from services.staff.models import Staff

_NOTE = (4, 200)


def new_phone(phone: str, again: str) -> str:
    """A mobile number typed twice the same. Raises Invalid."""
    number = check_phone(phone)
    if check_phone(again, field="phone_again") != number:
        raise Invalid("两次填的手机号不一样，请和本人再核对。", code="counter.phone_twice", field="phone_again")
    return number


def remark(text: str) -> str:
    """Why, in 4 to 200 characters and without anybody's numbers. Raises Invalid."""
    text = text.strip().replace("\r\n", "\n")
    if not _NOTE[0] <= len(text) <= _NOTE[1] or not text.replace("\n", "").isprintable():
        raise Invalid("请写 4 到 200 个字，让同事知道为什么。", code="counter.note", field="note")
    if scrub(text) != text:
        raise Invalid("不要写证件号、卡号和手机号。", code="counter.note_private", field="note")
    return text


def refuse_own(staff: Staff, member: Member) -> None:
    """Raise OwnAccount when the account is the person's own."""
    if staff.id_no_mac is not None and member.id_no_mac == staff.id_no_mac:
        raise OwnAccount
