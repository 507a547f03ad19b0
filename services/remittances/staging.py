"""Staging 入中间表: the lines of a file copied in as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.members.identity import id_no_mac
from services.remittances.reading import Line

_COPY = "COPY remittance_line (batch_id, line_no, account_no, id_no_mac, base_fen, unit_fen, member_fen) FROM STDIN"
_AT_ONCE = 5_000
_WORTH_COUNTING = 50_000


def stage(session: Session, cipher: FieldCipher, batch_id: UUID, lines: Sequence[Line]) -> None:
    """Copy the lines, in the caller's transaction, and let the planner know of them.

    Every text of a line is digits by now: nothing has to be escaped.
    """
    connection = session.connection().connection.driver_connection
    assert connection is not None
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        batch = str(batch_id)
        for chunk in _chunks(lines):
            copy.write("".join([_written(cipher, batch, line) for line in chunk]))
    if len(lines) > _WORTH_COUNTING:
        session.execute(text("ANALYZE remittance_line"))


def _written(cipher: FieldCipher, batch: str, line: Line) -> str:
    line_no, account_no, id_no, base_fen, unit_fen, member_fen = line
    mac = id_no_mac(cipher, id_no).hex()
    return f"{batch}\t{line_no}\t{account_no}\t\\\\x{mac}\t{base_fen}\t{unit_fen}\t{member_fen}\n"


def _chunks(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    for start in range(0, len(lines), _AT_ONCE):
        yield lines[start : start + _AT_ONCE]
