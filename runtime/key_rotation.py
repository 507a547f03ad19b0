"""Key rotation 密钥轮换: every sealed field under the newest key, beside those who work, some hundred rows a transaction.

A row says by its first byte which key it is under, so a rotation that was killed goes on where it stands, and what is
written meanwhile is under the new key already. Run with the owner's connection: no other role may change every table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import sleep

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.core.db import Sessions, transaction

BATCH = 200
SEALED: dict[tuple[str, str], str] = {
    ("application", "payee_sealed"): "payee",
    ("application", "private_sealed"): "application.private",
    ("bank_notice", "raw_sealed"): "bank_notice.raw",
    ("binding", "openid_sealed"): "binding.openid",
    ("case_rating", "added_sealed"): "case_rating.added",
    ("case_rating", "answer_sealed"): "case_rating.answer",
    ("case_rating", "words_sealed"): "case_rating.words",
    ("certificate", "contents_sealed"): "certificate.contents",
    ("certificate", "pdf_sealed"): "certificate.pdf",
    ("counter_proposal", "phone_sealed"): "counter_proposal.phone",
    ("deduction", "payer_sealed"): "payee",
    ("document", "picture_sealed"): "document.picture",
    ("face_batch", "frames_sealed"): "face_batch.frames",
    ("face_session", "challenge_key_sealed"): "face_session.key",
    ("face_verification", "openid_sealed"): "face_verification.openid",
    ("face_verification", "verify_id_sealed"): "face_verification.verify_id",
    ("loan", "house_sealed"): "loan.house",
    ("loan_card", "card_no_sealed"): "loan_card.card_no",
    ("loan_co_borrower", "id_no_sealed"): "loan_co_borrower.id_no",
    ("loan_co_borrower", "name_sealed"): "loan_co_borrower.name",
    ("login_session", "openid_sealed"): "session.openid",
    ("member", "id_no_sealed"): "member.id_no",
    ("member", "name_sealed"): "member.name",
    ("member", "phone_sealed"): "member.phone",
    ("mini_user", "session_key_sealed"): "mini_user.session_key",
    ("mini_user", "unionid_sealed"): "mini_user.unionid",
    ("notice_intent", "fields_sealed"): "notice.fields",
    ("notice_intent", "recipient_sealed"): "notice.recipient",
    ("payee_card", "card_no_sealed"): "payee_card.card_no",
    ("payment_instruction", "payee_sealed"): "payee",
    ("phone_change", "former_sealed"): "phone_change.former",
    ("risk_decision", "address_sealed"): "risk_decision.address",
    ("share_call", "data_sealed"): "share_call.data",
    ("staff", "totp_sealed"): "staff.totp",
    ("transfer_in", "former_sealed"): "transfer.former_account_no",
}
"""Column and the context it is sealed for."""
_TWIN = text(
    "SELECT p.ctid FROM payment_instruction p JOIN application a USING (account_id, application_id)"
    " WHERE a.ctid = CAST(:ctid AS tid) AND p.payee_sealed = a.payee_sealed"
)
_LOCK_TWIN = text(
    "SELECT ctid FROM payment_instruction WHERE ctid = CAST(:ctid AS tid) FOR UPDATE SKIP LOCKED"
)
_WITHOUT_TWIN = (
    " AND NOT EXISTS (SELECT FROM application a WHERE a.account_id = payment_instruction.account_id"
    " AND a.application_id = payment_instruction.application_id AND a.payee_sealed = payment_instruction.payee_sealed)"
)
_CASE, _ORDER = ("application", "payee_sealed"), ("payment_instruction", "payee_sealed")
"""An order's payee is its case's, byte for byte (invariant i11): the two change in one step, or neither does."""
_WRITE_TWIN = text("UPDATE payment_instruction SET payee_sealed = :sealed WHERE ctid = CAST(:ctid AS tid)")
_PAGES = text("SELECT pg_relation_size(CAST(:name AS regclass)) / current_setting('block_size')::int")
_STEP = 64
"""Pages looked through for one column at a time, so that nothing is read twice: what is sealed anew lies elsewhere."""


@dataclass(frozen=True, slots=True)
class Left:
    """How many rows of a column are under another key than the newest."""

    table: str
    column: str
    rows: int


def _older(column: str) -> str:
    """Condition: under another key. An empty field, as an erased session has, is under none."""
    return f"substring({column}, 1, 1) NOT IN ('', :current)"


def left_over(session: Session, current: int) -> Iterator[Left]:
    """What still needs an older key."""
    session.execute(text("SET LOCAL statement_timeout = '600s'"))
    for table, column in SEALED:
        statement = f"SELECT count(*) FROM {table} WHERE {_older(column)}"  # noqa: S608 - our own names
        rows = session.scalar(text(statement), {"current": bytes([current])}) or 0
        if rows:
            yield Left(table, column, int(rows))


def rotate(
    sessions: Sessions, cipher: FieldCipher, batch: int = BATCH, *, rounds: int = 40, pause_s: float = 0.25
) -> int:
    """Seal everything under the current key; returns how many fields were changed.

    Rows that somebody is working on are left for a later round. It never waits for a lock while it has one, so that
    it can stop nobody for longer than a batch takes, and is in no deadlock.
    """
    changed = 0
    for number in range(rounds):
        some = sum(_column(sessions, cipher, place, batch) for place in SEALED.items())
        changed += some
        with transaction(sessions) as session:
            if not any(left_over(session, cipher.current)):
                break
        if not some and number:
            sleep(pause_s)
    return changed


def _column(sessions: Sessions, cipher: FieldCipher, place: tuple[tuple[str, str], str], batch: int) -> int:
    with transaction(sessions) as session:
        pages = session.scalar(_PAGES, {"name": place[0][0]}) or 0
    changed = 0
    for first in range(0, pages, _STEP):
        span = {"first": f"({first},0)", "last": f"({first + _STEP},0)"}
        while (some := _batch(sessions, cipher, place, batch, span)) == batch:
            changed += some
        changed += some
    return changed


def _batch(
    sessions: Sessions,
    cipher: FieldCipher,
    place: tuple[tuple[str, str], str],
    batch: int,
    span: Mapping[str, str],
) -> int:
    (table, column), context = place
    find = text(
        f"SELECT ctid, {column} AS sealed FROM {table} WHERE {_older(column)}"  # noqa: S608
        " AND ctid >= CAST(:first AS tid) AND ctid < CAST(:last AS tid)"
        f"{_WITHOUT_TWIN if place[0] == _ORDER else ''} LIMIT :batch FOR UPDATE SKIP LOCKED"
    )
    write = text(f"UPDATE {table} SET {column} = :sealed WHERE ctid = CAST(:ctid AS tid)")  # noqa: S608
    changed = 0
    with transaction(sessions) as session:
        rows = session.execute(find, {"current": bytes([cipher.current]), "batch": batch, **span}).all()
        for row in rows:  # the row is locked: its place stays its place
            twins = _twins(session, row.ctid) if place[0] == _CASE else []
            if twins is None:
                continue
            sealed = cipher.reseal(bytes(row.sealed), context)
            session.execute(write, {"sealed": sealed, "ctid": row.ctid})
            for ctid in twins:
                session.execute(_WRITE_TWIN, {"sealed": sealed, "ctid": ctid})
            changed += 1
    return changed


def _twins(session: Session, ctid: str) -> list[str] | None:
    """Orders with this case's payee, locked; None while somebody else has one of them."""
    found = session.scalars(_TWIN, {"ctid": ctid}).all()
    locked = [one for one in found if session.scalar(_LOCK_TWIN, {"ctid": one}) is not None]
    return locked if len(locked) == len(found) else None


def retire(session: Session, cipher: FieldCipher, number: int, at: datetime) -> list[Left]:
    """Say that a key is no longer needed, unless something is still sealed under another than the newest."""
    left = [] if number != cipher.current else [Left("field_key", "the key in use", 1)]
    left += list(left_over(session, cipher.current))
    if not left:
        session.execute(
            text("UPDATE field_key SET retired_at = :at WHERE number = :number"), {"at": at, "number": number}
        )
    return left
