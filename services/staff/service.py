"""Staff accounts 工作人员账户: making them, and signing in by password and code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.audit.service import record
from services.core.crypto import FieldCipher
from services.core.errors import Conflict, Forbidden, Invalid, NotFound
from services.core.ids import new_id
from services.staff.models import ROLES, Staff
from services.staff.passwords import check_policy, hash_of_nobody, hash_password, verify_password
from services.staff.sessions import end_all
from services.staff.totp import code_at, matching_step, new_secret, provisioning_uri, step_of

MOST_FAILURES = 5
LOCK_FOR = timedelta(minutes=15)
ISSUER = "安居审核台"
_LOGIN = re.compile(r"[a-z][a-z0-9._-]{2,31}")
_SECRET = "staff.totp"  # noqa: S105 - the name of a column
Outcome = Literal["right", "wrong", "locked"]


class LoginTaken(Conflict):
    """Somebody has this login already."""

    code, detail = "staff.login_taken", "这个登录名已经有人用了。"


class PersonTaken(Conflict):
    """This person has a login already: with two they would be their own second pair of eyes."""

    code, detail = "staff.person_taken", "这个人已经有登录名了，一个人只能有一个。"


class RoleMissing(Forbidden):
    """The person's roles do not cover this act."""

    code, title, detail = "staff.role_missing", "没有权限", "您的岗位不能做这一步。"


@dataclass(frozen=True, slots=True)
class NewStaff:
    """A person to be added."""

    login: str
    display_name: str
    roles: Sequence[str]
    password: str
    id_no: str | None = None
    demo: bool = False
    totp_secret: bytes | None = None


def add_staff(session: Session, cipher: FieldCipher, new: NewStaff, at: datetime) -> str:
    """Add a person; returns the otpauth address of their code, which is shown once and never again.

    Raises LoginTaken, PersonTaken, Invalid.
    """
    _check(new)
    if find_staff(session, new.login) is not None:
        raise LoginTaken
    id_no_mac = cipher.look_up(new.id_no, "member.id_no") if new.id_no else None
    if id_no_mac is not None and _has_login(session, id_no_mac):
        raise PersonTaken
    secret = new.totp_secret or new_secret()
    row = Staff(
        staff_id=new_id(),
        login=new.login,
        display_name=new.display_name,
        roles=sorted(set(new.roles)),
        demo=new.demo,
        password_hash=hash_password(check_policy(new.password, new.login)),
        totp_sealed=cipher.seal_bytes(secret, _SECRET),
        totp_last_step=0,
        id_no_mac=id_no_mac,
        failures=0,
        locked_until=None,
        created_at=at,
        disabled_at=None,
    )
    session.add(row)
    session.flush()
    _note(session, row, "staff.added", at)
    return provisioning_uri(secret, row.login, ISSUER)


def _has_login(session: Session, id_no_mac: bytes) -> bool:
    active = select(Staff.staff_id).where(Staff.id_no_mac == id_no_mac, Staff.disabled_at.is_(None))
    return session.scalar(active.limit(1)) is not None


def _check(new: NewStaff) -> None:
    if _LOGIN.fullmatch(new.login) is None:
        raise Invalid(
            "登录名是 3 到 32 个小写字母、数字和 . _ -，以字母开头。", code="staff.login", field="login"
        )
    if not new.roles or not set(new.roles) <= set(ROLES):
        raise Invalid("岗位是 reviewer、approver 或两者。", code="staff.roles", field="roles")
    if not 1 <= len(new.display_name) <= 40:
        raise Invalid("姓名是 1 到 40 个字。", code="staff.name", field="display_name")


def find_staff(session: Session, login: str, *, lock: bool = False) -> Staff | None:
    """The person of a login, or None."""
    statement = select(Staff).where(Staff.login == login)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalar(statement)


def known_staff(session: Session, login: str) -> Staff:
    """The person of a login, locked; raises NotFound."""
    row = find_staff(session, login, lock=True)
    if row is None:
        raise NotFound("没有这个登录名。", code="staff.unknown")
    return row


def rotate_totp(session: Session, cipher: FieldCipher, login: str, at: datetime) -> str:
    """A new code secret; the old one and every session end. Returns the otpauth address, shown once."""
    row, secret = known_staff(session, login), new_secret()
    row.totp_sealed, row.totp_last_step = cipher.seal_bytes(secret, _SECRET), 0
    row.failures, row.locked_until = 0, None
    end_all(session, row.staff_id, at)
    _note(session, row, "staff.totp_rotated", at)
    return provisioning_uri(secret, login, ISSUER)


def set_password(session: Session, login: str, password: str, at: datetime) -> None:
    """A new password; every session ends."""
    row = known_staff(session, login)
    row.password_hash = hash_password(check_policy(password, login))
    row.failures, row.locked_until = 0, None
    end_all(session, row.staff_id, at)
    _note(session, row, "staff.password_set", at)


def change_password(session: Session, staff_id: UUID, present: str, new: str, at: datetime) -> Outcome:
    """A person's own new password; every session ends, theirs too. The caller commits in every case.

    A wrong present one counts as a wrong sign-in: whoever finds a desk unlocked has five guesses. Raises Invalid for a
    new one that is too weak, or is the present one.
    """
    row = session.get_one(Staff, staff_id, with_for_update=True, populate_existing=True)
    if _locked(row, at):
        return "locked"
    if not verify_password(present, row.password_hash):
        _fail(session, row, "present_password", at)
        return "locked" if _locked(row, at) else "wrong"
    if verify_password(check_policy(new, row.login), row.password_hash):
        raise Invalid("新口令和现在的一样，请换一个。", code="password.same", field="password")
    row.password_hash = hash_password(new)
    row.failures, row.locked_until = 0, None
    end_all(session, row.staff_id, at)
    _note(session, row, "staff.password_changed", at)
    return "right"


def disable(session: Session, login: str, at: datetime) -> None:
    """The person works here no more: every session ends at once."""
    row = known_staff(session, login)
    row.disabled_at = at
    end_all(session, row.staff_id, at)
    _note(session, row, "staff.disabled", at)


def check_password(session: Session, login: str, password: str, at: datetime) -> tuple[Outcome, UUID | None]:
    """Whether the password is right. The caller commits in every case: a failure is counted."""
    row = find_staff(session, login, lock=True)
    right = verify_password(password, row.password_hash if row else hash_of_nobody())
    if row is None or row.disabled_at is not None:
        return "wrong", None
    if _locked(row, at):
        return "locked", None
    if not right:
        _fail(session, row, "password", at)
        return "wrong", None
    return "right", row.staff_id


def check_code(session: Session, cipher: FieldCipher, staff_id: UUID, code: str, at: datetime) -> Outcome:
    """Whether the authenticator's code is right and was not used before. The caller commits in every case."""
    row = session.get_one(Staff, staff_id, with_for_update=True, populate_existing=True)
    if _locked(row, at):
        return "locked"
    secret = cipher.open_bytes(row.totp_sealed, _SECRET)
    step = matching_step(secret, code, at, row.totp_last_step)
    if step is None:
        _fail(session, row, "code", at)
        return "wrong"
    row.totp_last_step, row.failures, row.locked_until = step, 0, None
    _note(session, row, "staff.signed_in", at)
    return "right"


def present_code(session: Session, cipher: FieldCipher, login: str, at: datetime) -> str:
    """The code of a demo person, who has no authenticator; raises Forbidden for a real one."""
    row = known_staff(session, login)
    if not row.demo:
        raise Forbidden("只有演示账户可以这样取口令。", code="staff.not_demo")
    return code_at(cipher.open_bytes(row.totp_sealed, _SECRET), max(step_of(at), row.totp_last_step + 1))


def _locked(row: Staff, at: datetime) -> bool:
    return row.locked_until is not None and at < row.locked_until


def _fail(session: Session, row: Staff, factor: str, at: datetime) -> None:
    row.failures += 1
    _note(session, row, "staff.sign_in_failed", at, {"factor": factor})
    if row.failures >= MOST_FAILURES:
        row.failures, row.locked_until = 0, at + LOCK_FOR
        if factor != "password":  # anybody can send wrong passwords: that must not throw out who works here
            end_all(session, row.staff_id, at)
        _note(session, row, "staff.locked", at)


def _note(
    session: Session, row: Staff, action: str, at: datetime, detail: dict[str, str] | None = None
) -> None:
    """Staff have an audit chain of their own, under their own id."""
    record(session, row.staff_id, action, actor=f"staff:{row.login}", subject=row.login, at=at, detail=detail)


def require_role(staff: Staff, role: str) -> None:
    """Raise RoleMissing unless the person has the role."""
    if role not in staff.roles:
        raise RoleMissing
