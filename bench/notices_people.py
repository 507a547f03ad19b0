"""People of the notices bench 通知压测的职工: bound members with a case on its way to the bank, copied from one."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import text

from bench import clones
from bench.people import person
from bench.prepare import Preparer
from config.settings import SANDBOX
from runtime.bootstrap import Product
from runtime.embedded_pg import plain
from runtime.supervisor.system import System
from sandbox.store import Store
from services.applications.case_numbers import CaseNumbers
from services.core.crypto import FieldCipher
from services.core.db import transaction

_CHUNK = 400


@dataclass(frozen=True, slots=True)
class Case:
    """A member's case, and where the member is reached."""

    account_id: UUID
    application_id: UUID
    phone: str
    openid: str


def openid_of(key: str) -> str:
    """The openid the sandbox gives a person (its rule is written down in docs/sandbox.md)."""
    digest = hashlib.sha256(f"{SANDBOX['wechat']['appid']}/{key}".encode()).digest()
    return "o" + base64.urlsafe_b64encode(digest).decode()[:27]


def write_people(path: Path, count: int) -> None:
    """A members file for the sandbox."""
    lines: list[str] = []
    for number in range(count):
        made = person(number)
        lines += ["[[member]]"]
        lines += [f"{name} = {json.dumps(made[name], ensure_ascii=False)}" for name in ("key", "name", "id_no", "phone")]  # fmt: skip
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def made_cases(system: System, product: Product, count: int) -> list[Case]:
    """One member through the services, copied; each copy gets a phone and a WeChat user of its own, who follows."""
    preparer = Preparer(product)
    made = preparer.member(person(0), openid="bench-openid")
    application_id = preparer.application(made, 300_000)
    with transaction(product.sessions) as session:
        session.execute(
            text("UPDATE application SET state = 'accepted' WHERE application_id = :id"),
            {"id": application_id},
        )
    with transaction(product.sessions) as session:
        original = clones.read(session, made.account_id)
    cases: list[Case] = []
    waiting = []
    with psycopg.connect(plain(system.urls.owner), autocommit=True) as connection:
        copies = clones.copies(original, count, CaseNumbers(product.sessions))
        for number, (swap, rows) in enumerate(copies):
            one = person(number)
            case = Case(swap[made.account_id], swap[application_id], one["phone"], openid_of(one["key"]))
            _reach(product.cipher, {table.name: found for table, found in rows.items()}, case)
            cases.append(case)
            waiting.append(rows)
            if len(waiting) == _CHUNK or len(cases) == count:
                clones.write(connection, waiting)
                waiting = []
        clones.analyse(connection, original)
    return cases


def _reach(cipher: FieldCipher, rows: dict[str, list[dict[str, Any]]], case: Case) -> None:
    member, binding = rows["member"][0], rows["binding"][0]
    member["phone_sealed"] = cipher.seal(case.phone, "member.phone")
    member["phone_mac"] = cipher.look_up(case.phone, "member.phone")
    binding["openid_sealed"] = cipher.seal(case.openid, "binding.openid")
    binding["openid_mac"] = cipher.look_up(case.openid, "openid")


def let_follow(home: Path, count: int) -> None:
    """Everybody follows the account before the run begins: written into the sandbox's memory before it starts."""
    folder = home / "sandbox"
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(folder / "sandbox.sqlite")
    for number in range(count):
        store.put("wechat.follower", openid_of(person(number)["key"]), {"follows": True, "since": 0})
    store.close()
