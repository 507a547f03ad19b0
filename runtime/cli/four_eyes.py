"""Two people at the command line 双人复核: each proves who they are, the second sees what it is before the yes."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable

from sqlalchemy.orm import Session

from runtime.bootstrap import Product
from services.core.clock import shanghai_iso
from services.core.db import transaction
from services.core.errors import DomainError
from services.core.money import yuan_text
from services.remittances.second_look import Waiting
from services.staff.models import Staff
from services.staff.service import check_code, check_password, known_staff

YES = "yes"


class NotSignedIn(DomainError):
    """Login, password or code are not right."""

    code, status, detail = "staff.sign_in", 401, "登录名、口令或验证码不对。"


class NotAgreed(DomainError):
    """The second person saw what it is and did not say yes."""

    code, status, detail = "staff.not_agreed", 409, "没有输入 yes，什么也没有办，仍在等复核。"


def signed_in(product: Product, login: str) -> Staff:
    """Two people move such money, so each proves who they are: password and code, as at the desk."""
    password, code = _hidden("password: "), _hidden("code: ")
    now = product.clock.now()
    with transaction(product.sessions) as session:
        outcome, staff_id = check_password(session, login, password, now)
    right = False
    if outcome == "right" and staff_id is not None:
        with transaction(product.sessions) as session:
            right = check_code(session, product.cipher, staff_id, code, now) == "right"
    if not right:
        raise NotSignedIn
    with transaction(product.sessions) as session:
        return known_staff(session, login)


def agree(product: Product, look: Callable[[Session], Waiting]) -> Waiting:
    """Show what is to be approved, and go on only after a yes. Raises NotAgreed. Standard output is for the answer.

    Returns what was shown.
    """
    with transaction(product.sessions) as session:
        waiting = look(session)
    told = (
        ("事项", waiting.what),
        ("单位", waiting.employer),
        ("批次", waiting.batch_no or "无"),
        ("金额", f"{yuan_text(waiting.amount_fen)} 元"),
        ("提出", f"{waiting.asked_by} {shanghai_iso(waiting.asked_at)}"),
        ("原因", waiting.reason),
    )
    for name, value in told:
        print(f"{name}：{value}", file=sys.stderr)
    print(f"approve? {YES}/no: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != YES:
        raise NotAgreed
    return waiting


def _hidden(prompt: str) -> str:
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
