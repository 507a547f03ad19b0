"""Clones 复制办件: one member's rows, written by the product itself, copied to as many members as a bench needs."""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from services.applications.case_numbers import CaseNumbers
from services.applications.models import Application
from services.audit.models import AuditHead
from services.audit.service import GENESIS, entry_hash
from services.core.db import Base
from services.core.ids import new_id
from services.face.models import FaceTemplate

Row = dict[str, Any]
Swap = Mapping[Any, Any]
Varying = Mapping[Table, list[list[str]]]
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_RANDOM = {
    ("member", "id_no_mac"),
    ("member", "phone_mac"),
    ("binding", "openid_mac"),
    ("login_session", "openid_mac"),
    ("device", "x"),
    ("device", "y"),
    ("payee_card", "card_no_mac"),
}
"""A phone, a WeChat user and a card of their own: members who share one are looked at by people."""
ENTRY = ("account_id", "seq", "at", "actor", "action", "subject", "detail")


@dataclass(frozen=True, slots=True)
class Original:
    """Every row of one account, by table."""

    account_id: UUID
    rows: Mapping[Table, list[Row]]

    @property
    def ids(self) -> frozenset[UUID]:
        """Every id in the rows."""
        return frozenset(
            value
            for rows in self.rows.values()
            for row in rows
            for value in row.values()
            if isinstance(value, UUID)
        )

    @property
    def case_no(self) -> str:
        """The number of its one application."""
        return str(self.rows[Application.__table__][0]["case_no"])  # type: ignore[index]


def read(session: Session, account_id: UUID) -> Original:
    """Read an account from every table that has one."""
    rows: dict[Table, list[Row]] = {}
    for table in Base.metadata.sorted_tables:
        if "account_id" in table.c and table is not FaceTemplate.__table__:  # only the judge may read that
            found = session.execute(select(table).where(table.c.account_id == account_id))
            rows[table] = [dict(row) for row in found.mappings()]
    return Original(account_id, rows)


def copies(
    original: Original, count: int, numbers: CaseNumbers
) -> Iterator[tuple[Swap, dict[Table, list[Row]]]]:
    """Rows of `count` new members, and what stands in them for what of the original's."""
    module, day = original.case_no[:2], original.rows[Application.__table__][0]["submitted_on"]  # type: ignore[index]
    ids, varying = original.ids, _varying(original)
    for number in range(count):
        swap: dict[Any, Any] = {old: new_id() for old in ids}
        swap[original.case_no] = numbers.next(module, day)
        rows = _copy(original, varying, swap, f"97{number:011d}")
        swap[_head(original.rows)] = _head(rows)
        yield swap, rows


def _head(rows: Mapping[Table, list[Row]]) -> bytes:
    return bytes(rows[AuditHead.__table__][0]["hash"])  # type: ignore[index]


def _varying(original: Original) -> Varying:
    """The columns of each row that differ from copy to copy; everything else is taken as it is."""
    swap = {old: new_id() for old in original.ids} | {original.case_no: ""}
    return {
        table: [[name for name, value in row.items() if swapped(value, swap) != value] for row in found]
        for table, found in original.rows.items()
    }


def _copy(original: Original, varying: Varying, swap: Swap, account_no: str) -> dict[Table, list[Row]]:
    rows = {
        table: [
            row | {name: swapped(row[name], swap) for name in names}
            for row, names in zip(found, varying[table], strict=True)
        ]
        for table, found in original.rows.items()
    }
    by_name = {table.name: found for table, found in rows.items()}
    by_name["provident_fund_account"][0]["account_no"] = account_no
    for table_name, column in _RANDOM:
        for row in by_name[table_name]:
            row[column] = secrets.token_bytes(32)
    _chain(by_name["audit_entry"], by_name["audit_head"][0])
    return rows


def swapped(value: Any, swap: Swap) -> Any:
    """`value` with the original's ids and numbers replaced, inside texts and JSON as well."""
    if isinstance(value, dict):
        return {name: swapped(part, swap) for name, part in value.items()}
    if isinstance(value, list):
        return [swapped(part, swap) for part in value]
    if isinstance(value, str):
        text = str(swap.get(value, value))
        return _UUID.sub(lambda found: str(swap.get(UUID(found[0]), found[0])), text)
    return swap.get(value, value) if isinstance(value, UUID) else value


def _chain(entries: list[Row], head: Row) -> None:
    previous = GENESIS
    for entry in sorted(entries, key=lambda one: one["seq"]):
        entry["previous_hash"] = previous
        previous = entry["hash"] = entry_hash(previous, **{name: entry[name] for name in ENTRY})
    head["hash"] = previous


def write(connection: psycopg.Connection[Any], made: list[dict[Table, list[Row]]]) -> None:
    """Write copies by COPY, table by table, in one transaction."""
    together: dict[Table, list[Row]] = defaultdict(list)
    for rows in made:
        for table, found in rows.items():
            together[table].extend(found)
    with connection.transaction(), connection.cursor() as cursor:
        for table in Base.metadata.sorted_tables:
            if together[table]:
                _copy_in(cursor, table, together[table])


def analyse(connection: psycopg.Connection[Any], original: Original) -> None:
    """Statistics of the tables that were filled; what is empty is taken for unknown, not for empty for ever."""
    names = ", ".join(f'"{table.name}"' for table, rows in original.rows.items() if rows)
    connection.execute(f"ANALYZE {names}".encode())


def _copy_in(cursor: psycopg.Cursor[Any], table: Table, rows: list[Row]) -> None:
    columns = list(table.c)
    names = ", ".join(f'"{column.name}"' for column in columns)
    json_columns = {column.name for column in columns if isinstance(column.type, JSONB)}
    with cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as out:  # type: ignore[arg-type]
        for row in rows:
            out.write_row(
                [
                    Jsonb(row[column.name]) if column.name in json_columns else row[column.name]
                    for column in columns
                ]
            )
