"""What is checked of a form at the counter 柜台表单核对, and of who fills it in."""

from __future__ import annotations

from services.core.errors import Invalid
from services.core.identity import check_phone
from services.counter.errors import OwnAccount
from services.members.models import Member
from services.staff.four_eyes import is_own
from services.staff.models import Staff


def new_phone(phone: str, again: str) -> str:
    """A mobile number typed twice the same. Raises Invalid."""
    number = check_phone(phone)
    if check_phone(again, field="phone_again") != number:
        raise Invalid("两次填的手机号不一样，请和本人再核对。", code="counter.phone_twice", field="phone_again")
    return number


def refuse_own(staff: Staff, member: Member) -> None:
    """Raise OwnAccount when the account is the person's own."""
    if is_own(staff, member.id_no_mac):
        raise OwnAccount
