"""Use of shared caps 额度占用: which houses and loans an application draws on, counted over everybody who does."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    Index,
    Select,
    String,
    Uuid,
    column,
    func,
    insert,
    select,
    table,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.applications.models import Application
from services.core.db import Base
from services.items.facts import KeyUsage
from services.items.rules import plus_months
from services.withdrawals.states import COUNTED_STATES


class ItemUsage(Base):
    """One application draws on one house or loan; `key` is a keyed hash of its number."""

    __tablename__ = "item_usage"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    __table_args__ = (Index("ix_item_usage_key", "key"),)


_USE = table(
    "shared_use",
    column("key", String),
    column("account_id", Uuid),
    column("item_code", String),
    column("state", String),
    column("amount_fen", BigInteger),
    column("submitted_on", Date),
)
"""Views of the owner's: the only places where the member zone sees what others drew, by house, loan or as a couple."""
_DRAWN = table(
    "money_drawn",
    column("account_id", Uuid),
    column("item_code", String),
    column("state", String),
    column("amount_fen", BigInteger),
    column("submitted_on", Date),
)
_UNNAMED = table(
    "money_unnamed",
    column("account_id", Uuid),
    column("item_code", String),
    column("state", String),
    column("submitted_on", Date),
)
"""Another of them: withdrawals that name no house or loan, because no register knew it then."""
_Draw = tuple[UUID, int, date]
"""Who drew, how much, and the day it was asked for."""
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('item_usage:' || :key, 0))")


def lock_keys(session: Session, keys: Iterable[str]) -> None:
    """Hold the caps of these keys until the transaction ends. After the account's lock, and in one order for all."""
    for key in sorted(set(keys)):
        session.execute(_LOCK, {"key": key})


def spend(session: Session, account_id: UUID, application_id: UUID, keys: Iterable[str]) -> None:
    """Write down that an application draws on these keys; it counts for as long as its state does."""
    rows = [
        {"account_id": account_id, "application_id": application_id, "key": key} for key in sorted(set(keys))
    ]
    if rows:
        session.execute(insert(ItemUsage), rows)


def usage_of_keys(
    session: Session,
    account_id: UUID,
    item_codes: Collection[str],
    keys: Sequence[str],
    today: date,
    but: Application | None = None,
) -> tuple[KeyUsage, ...]:
    """What all members drew on each key by these items, paid and pending.

    Without the member's own application `but`, and without what was asked for after its day: that was judged with it.
    """
    if not keys:
        return ()
    statement = select(_USE.c.key, _USE.c.account_id, _USE.c.amount_fen, _USE.c.submitted_on).where(
        _USE.c.key.in_(keys), _USE.c.item_code.in_(item_codes), _USE.c.state.in_(COUNTED_STATES)
    )
    drawn: dict[str, list[_Draw]] = {key: [] for key in keys}
    for key, owner, fen, on in session.execute(statement):
        drawn[key].append((owner, fen or 0, on))
    if but is not None:
        drawn = _before(drawn, but, _keys_of(session, but))
    return tuple(_sum(key, rows, account_id, today) for key, rows in drawn.items())


def _keys_of(session: Session, application: Application) -> set[str]:
    """The keys an application draws on."""
    statement = select(ItemUsage.key).where(
        ItemUsage.account_id == application.account_id,
        ItemUsage.application_id == application.application_id,
    )
    return set(session.scalars(statement))


def _before(drawn: Mapping[str, list[_Draw]], but: Application, spent: set[str]) -> dict[str, list[_Draw]]:
    own = (but.account_id, but.amount_fen or 0, but.submitted_on)
    kept = {key: [row for row in rows if row[2] <= but.submitted_on] for key, rows in drawn.items()}
    for key in spent & kept.keys():
        if own in kept[key]:
            kept[key].remove(own)
    return kept


def last_drawn_on(session: Session, key: str, item_code: str) -> date | None:
    """The day anybody last drew on a key by an item, paid or pending."""
    statement = select(func.max(_USE.c.submitted_on)).where(
        _USE.c.key == key, _USE.c.item_code == item_code, _USE.c.state.in_(COUNTED_STATES)
    )
    found: date | None = session.scalar(statement)
    return found


def drawn_by_fen(session: Session, account_id: UUID, item_code: str, year: int) -> int:
    """What another member, the spouse, drew by an item in a calendar year, paid and pending."""
    statement = select(func.coalesce(func.sum(_DRAWN.c.amount_fen), 0)).where(
        _DRAWN.c.account_id == account_id,
        _DRAWN.c.item_code == item_code,
        _DRAWN.c.state.in_(COUNTED_STATES),
        _DRAWN.c.submitted_on.between(date(year, 1, 1), date(year, 12, 31)),
    )
    return int(session.scalar(statement) or 0)


def unnamed_count(session: Session, account_ids: Collection[UUID], item_codes: Collection[str]) -> int:
    """How many counted withdrawals of these members by these items name no house or loan."""
    return session.scalar(_unnamed(func.count(), account_ids, item_codes)) or 0


def last_unnamed_on(session: Session, account_id: UUID, item_code: str) -> date | None:
    """The day a member last drew by an item without naming a house or loan."""
    found: date | None = session.scalar(
        _unnamed(func.max(_UNNAMED.c.submitted_on), (account_id,), (item_code,))
    )
    return found


def _unnamed(what: Any, account_ids: Collection[UUID], item_codes: Collection[str]) -> Select[Any]:
    """What went to the member's own loan (`repaid`) drew on no cap and needs no name."""
    return select(what).where(
        _UNNAMED.c.account_id.in_(account_ids),
        _UNNAMED.c.item_code.in_(item_codes),
        _UNNAMED.c.state.in_(set(COUNTED_STATES) - {"repaid"}),
    )


def _sum(key: str, rows: list[_Draw], account_id: UUID, today: date) -> KeyUsage:
    own = [fen for owner, fen, _ in rows if owner == account_id]
    return KeyUsage(
        key,
        own_fen=sum(own),
        own_count=len(own),
        all_fen=sum(fen for _, fen, _ in rows),
        year_fen=sum(fen for _, fen, on in rows if on.year == today.year),
        rolling_fen=sum(fen for _, fen, on in rows if plus_months(on, 12) > today),
    )
