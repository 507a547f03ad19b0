"""People of the fault run 演练职工: bound members, each with one withdrawal that only needs to be confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import text

from bench import clones
from bench.notices_people import openid_of
from bench.people import person
from bench.prepare import Preparer
from runtime.embedded_pg import plain
from runtime.supervisor.system import System
from services.applications.case_numbers import CaseNumbers
from services.core.crypto import FieldCipher
from services.core.db import transaction
from services.members.models import LoginSession

AMOUNT_FEN = 300_000
_SERVE = timedelta(hours=8)
_CHUNK = 400
_KEEP_OPEN = text("UPDATE application SET expires_at = expires_at + :serve WHERE application_id = :id")


@dataclass(frozen=True, slots=True)
class Case:
    """One member's withdrawal, and what the member's phone needs to confirm it."""

    number: int
    account_id: UUID
    application_id: UUID
    face_session_id: UUID
    session_id: UUID
    case_no: str
    opening_fen: int


def made_cases(system: System, preparer: Preparer, count: int) -> list[Case]:
    """One member through the services, copied; each copy has a phone and a WeChat user of its own.

    The faces have passed already and the applications stay open for hours: the run tries money, not cameras.
    """
    product = preparer.product
    made = preparer.member(person(0), openid="bench-openid")
    application_id = preparer.application(made, AMOUNT_FEN)
    face_id = preparer.passed_face(made.account_id, application_id, serve=_SERVE)
    with transaction(product.sessions) as session:
        session.execute(_KEEP_OPEN, {"serve": _SERVE, "id": application_id})
    with transaction(product.sessions) as session:
        original = clones.read(session, made.account_id)
    rows = {table.name: found for table, found in original.rows.items()}
    first = Case(
        0,
        made.account_id,
        application_id,
        face_id,
        original.rows[LoginSession.__table__][0]["session_id"],  # type: ignore[index]
        original.case_no,
        rows["member_balance"][0]["balance_fen"],
    )
    with psycopg.connect(plain(system.urls.owner), autocommit=True) as connection:
        cases = list(
            _copied(connection, product.cipher, CaseNumbers(product.sessions), original, first, count)
        )
        clones.analyse(connection, original)
    return cases


def _copied(
    connection: psycopg.Connection[Any],
    cipher: FieldCipher,
    numbers: CaseNumbers,
    original: clones.Original,
    first: Case,
    count: int,
) -> Iterator[Case]:
    waiting = []
    for number, (swap, rows) in enumerate(clones.copies(original, count, numbers)):
        _reach(cipher, {table.name: found for table, found in rows.items()}, number)
        yield Case(
            number,
            swap[first.account_id],
            swap[first.application_id],
            swap[first.face_session_id],
            swap[first.session_id],
            swap[first.case_no],
            first.opening_fen,
        )
        waiting.append(rows)
        if len(waiting) == _CHUNK or number == count - 1:
            clones.write(connection, waiting)
            waiting = []


def _reach(cipher: FieldCipher, rows: dict[str, list[dict[str, Any]]], number: int) -> None:
    """Give a copy its own phone and WeChat user."""
    one = person(number)
    member, binding = rows["member"][0], rows["binding"][0]
    openid = openid_of(one["key"])
    member["phone_sealed"] = cipher.seal(one["phone"], "member.phone")
    member["phone_mac"] = cipher.look_up(one["phone"], "member.phone")
    binding["openid_sealed"] = cipher.seal(openid, "binding.openid")
    binding["openid_mac"] = cipher.look_up(openid, "openid")
