"""Key rotation 密钥轮换: every sealed field under the newest key, a few hundred rows a transaction.

A row says by its first byte which key it is under, so a rotation that was killed goes on where it stands, and what is
written meanwhile is under the new key already. Run with the owner's connection: no other role may change every table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.core.db import Sessions, transaction

BATCH = 500
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
_TWINS: dict[tuple[str, str], str] = {
    ("application", "payee_sealed"): (
        "UPDATE payment_instruction p SET payee_sealed = :sealed FROM application a WHERE a.ctid = CAST(:ctid AS tid)"
        " AND p.account_id = a.account_id AND p.application_id = a.application_id AND p.payee_sealed = a.payee_sealed"
    )
}
"""What holds the same bytes as a proof that nothing was exchanged (invariant i11): it changes in the same step."""


@dataclass(frozen=True, slots=True)
class Left:
    """How many rows of a column are under another key than the newest."""

    table: str
    column: str
    rows: int


def left_over(session: Session, current: int) -> Iterator[Left]:
    """What still needs an older key."""
    for table, column in SEALED:
        statement = f"SELECT count(*) FROM {table} WHERE get_byte({column}, 0) <> :current"  # noqa: S608 - our own names
        rows = session.scalar(text(statement), {"current": current}) or 0
        if rows:
            yield Left(table, column, int(rows))


def rotate(sessions: Sessions, cipher: FieldCipher, batch: int = BATCH) -> int:
    """Seal everything under the current key; returns how many fields were changed."""
    changed = 0
    for (table, column), context in SEALED.items():
        while some := _batch(sessions, cipher, (table, column, context), batch):
            changed += some
    return changed


def _batch(sessions: Sessions, cipher: FieldCipher, place: tuple[str, str, str], batch: int) -> int:
    table, column, context = place
    find = text(
        f"SELECT ctid, {column} AS sealed FROM {table} WHERE get_byte({column}, 0) <> :current"  # noqa: S608
        " LIMIT :batch FOR UPDATE"
    )
    write = text(f"UPDATE {table} SET {column} = :sealed WHERE ctid = CAST(:ctid AS tid)")  # noqa: S608
    with transaction(sessions) as session:
        rows = session.execute(find, {"current": cipher.current, "batch": batch}).all()
        for row in rows:  # the row is locked: its place stays its place
            values = {"sealed": cipher.reseal(bytes(row.sealed), context), "ctid": row.ctid}
            if twin := _TWINS.get((table, column)):
                session.execute(text(twin), values)
            session.execute(write, values)
    return len(rows)


def retire(session: Session, cipher: FieldCipher, number: int, at: datetime) -> list[Left]:
    """Say that a key is no longer needed, unless something is still sealed under another than the newest."""
    left = [] if number != cipher.current else [Left("field_key", "the key in use", 1)]
    left += list(left_over(session, cipher.current))
    if not left:
        session.execute(
            text("UPDATE field_key SET retired_at = :at WHERE number = :number"), {"at": at, "number": number}
        )
    return left
