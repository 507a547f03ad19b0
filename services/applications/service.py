"""Opening applications and moving them along their edges 办件流转."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from services.applications.models import MONEY, Application
from services.core.errors import Conflict, NotFound
from services.core.sql import Statement, forget
from services.core.states import IllegalTransition, StateTable

_OPENED = Statement(
    "INSERT INTO transition (account_id, application_id, version, source, event, target, actor, at, note)"
    " VALUES (:account_id, :application_id, :version, NULL, :event, :target, :actor, :at, NULL)"
)
_MOVE = Statement(
    "WITH moved AS (UPDATE application SET state = :target, version = version + 1, updated_at = :at"
    "  WHERE account_id = :account_id AND application_id = :application_id AND state = :source AND version = :version"
    "  RETURNING account_id, application_id, version)"
    " INSERT INTO transition (account_id, application_id, version, source, event, target, actor, at, note)"
    " SELECT account_id, application_id, version, :source, :event, :target, :actor, :at, :note FROM moved"
)
_LOAD = select(Application).where(
    Application.account_id == bindparam("account_id"),
    Application.application_id == bindparam("application_id"),
)
_LOAD_LOCKED = _LOAD.with_for_update().execution_options(populate_existing=True)

_LOCK_STATE = Statement(
    "SELECT state, version, quote->>'item_name' AS item_name, payee FROM application WHERE account_id = :account_id AND application_id = :application_id"
    " FOR UPDATE"
)
_TAKEN = Statement(
    "SELECT target, at FROM transition WHERE account_id = :account_id AND application_id = :application_id"
    " ORDER BY version"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A change of state as it is shown: to which state, and when."""

    target: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """What is said of an application that was moved: the item, and the card as it is shown, if money goes to one."""

    item_name: str
    payee: dict[str, Any] | None


class InFlight(Conflict):
    """Another application of the same kind is not finished yet (同一业务同一时间只能办一笔)."""

    code = "application.in_flight"
    detail = "您有一笔同类业务还没办完，请先完成或撤销它。"


def open_application(
    session: Session, application: Application, at: datetime, *, actor: str = "member"
) -> Application:
    """Write a new application in its first state; raises InFlight when the account already has a live one."""
    try:
        with session.begin_nested():
            session.add(application)
    except IntegrityError as error:
        if "in_flight" in str(error.orig):
            raise InFlight from None
        raise
    opened = {
        "account_id": application.account_id,
        "application_id": application.application_id,
        "version": application.version,
        "event": "submit",
        "target": application.state,
        "actor": actor,
        "at": at,
    }
    _OPENED.run(session, opened)
    return application


def load(session: Session, account_id: UUID, application_id: UUID, *, lock: bool = False) -> Application:
    """The member's application; raises NotFound for one that is absent or another's."""
    key = {"account_id": account_id, "application_id": application_id}
    application = session.scalar(_LOAD_LOCKED if lock else _LOAD, key)
    if application is None:
        raise NotFound
    return application


def move(
    session: Session,
    application: Application,
    table: StateTable,
    event: str,
    *,
    actor: str,
    at: datetime,
    note: str | None = None,
) -> None:
    """Take one edge of `table` and write the transition; raises IllegalTransition when there is no such edge."""
    source = application.state
    target = table.target(source, event)
    key = {"account_id": application.account_id, "application_id": application.application_id}
    taken = {"source": source, "event": event, "target": target, "actor": actor, "at": at, "note": note}
    if not _MOVE.run(session, {**key, **taken, "version": application.version}):
        raise IllegalTransition
    set_committed_value(application, "state", target)
    set_committed_value(application, "version", application.version + 1)
    set_committed_value(application, "updated_at", at)


def advance(
    session: Session,
    account_id: UUID,
    application_id: UUID,
    table: StateTable,
    event: str,
    *,
    actor: str,
    at: datetime,
    note: str | None = None,
) -> Moved:
    """`load` with its lock, and `move`, where little of the application but its state is needed."""
    session.flush()
    key = {"account_id": account_id, "application_id": application_id}
    row = _LOCK_STATE.first(session, key)
    if row is None:
        raise NotFound
    target = table.target(row.state, event)
    taken = {"source": row.state, "event": event, "target": target, "actor": actor, "at": at, "note": note}
    _MOVE.run(session, {**key, **taken, "version": row.version})
    forget(session, Application, (account_id, application_id))
    return Moved(row.item_name, row.payee)


def transitions_of(session: Session, account_id: UUID, application_id: UUID) -> list[Taken]:
    """Every change of state, in order."""
    rows = _TAKEN.all(session, {"account_id": account_id, "application_id": application_id})
    return [Taken(row.target, row.at) for row in rows]


def applications_of(session: Session, account_id: UUID, *, limit: int = 50) -> list[Application]:
    """The member's applications, newest first."""
    statement = select(Application).where(Application.account_id == account_id)
    return list(session.scalars(statement.order_by(Application.application_id.desc()).limit(limit)))


def money_applications(session: Session, account_id: UUID, item_code: str | None = None) -> list[Application]:
    """The member's money applications (of one item), newest first."""
    statement = select(Application).where(Application.account_id == account_id, Application.kind == MONEY)
    if item_code is not None:
        statement = statement.where(Application.item_code == item_code)
    return list(session.scalars(statement.order_by(Application.application_id.desc())))
