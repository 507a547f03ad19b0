"""Key ring 密钥环: the keys of sealed fields by number, from files only we can read.

`secrets/field_key` is key 1. `secrets/field_keys`, where there is one, has `number:64 hex digits` a line; the highest
number seals, all of them open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from config.settings import Settings, SettingsFault
from services.core.crypto import FieldCipher
from services.core.db import Sessions, transaction

RING = "field_keys"
_LINE = re.compile(r"([1-9][0-9]{0,2}):([0-9a-f]{64})")
_MOST = 255  # the number is one byte of every sealed field


def read_ring(settings: Settings) -> dict[int, bytes]:
    """Every key by its number; raises SettingsFault for a file others may read, or one that is not a ring."""
    first = bytes.fromhex(settings.secret("field_key"))
    path = settings.secrets_path / RING
    if not path.exists():
        return {1: first}
    if path.stat().st_mode & 0o077:
        raise SettingsFault(f"secret file readable by others: {RING}")
    return {1: first} | parse_ring(path.read_text(encoding="ascii"))


def parse_ring(words: str) -> dict[int, bytes]:
    """Keys of a ring's file; each number once, none of them 1."""
    found: dict[int, bytes] = {}
    for line in filter(None, words.splitlines()):
        match = _LINE.fullmatch(line.strip())
        number = int(match[1]) if match else 0
        if match is None or not 2 <= number <= _MOST or number in found:
            raise SettingsFault(f"{RING}: a line is no `number:64 hex digits`, or a number stands twice")
        found[number] = bytes.fromhex(match[2])
    return found


def add_key(folder: Path, present: Mapping[int, bytes]) -> int:
    """Write a new key with the next number into the ring; returns the number. Written aside and renamed."""
    number = max(present) + 1
    if number > _MOST:
        raise SettingsFault(f"{RING}: no number is left")
    path, fresh = folder / RING, folder / f".{RING}.{os.getpid()}"
    kept = path.read_text(encoding="ascii") if path.exists() else ""
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(f"{kept}{number}:{secrets.token_hex(32)}\n")
    fresh.replace(path)
    return number


def check_value(key: bytes) -> bytes:
    """What the database keeps to know a key again; it tells nothing of the key."""
    return hmac.digest(key, b"anju field key check", hashlib.sha256)[:16]


class WrongKeys(SettingsFault):
    """The keys in hand are not those of this database: restored apart, or lost."""


def check_keys(session: Session, keys: Mapping[int, bytes], *, note: bool = False) -> None:
    """Refuse to work with a database whose fields these keys do not open; `note` those it has not seen."""
    known = {row.number: bytes(row.check_value) for row in session.execute(_KNOWN)}
    _compare(known, keys)
    for number in sorted(keys.keys() - known.keys()) if note else ():
        session.execute(_NOTE, {"number": number, "value": check_value(keys[number])})


def _compare(known: Mapping[int, bytes], keys: Mapping[int, bytes]) -> None:
    for number, value in known.items():
        if number not in keys:
            raise WrongKeys(
                f"field key {number} is not there, and fields are sealed under it: restore it from its safe"
            )
        if not hmac.compare_digest(value, check_value(keys[number])):
            raise WrongKeys(f"field key {number} is another one than this database's")


class Opened(Protocol):
    """A product, as far as its keys go."""

    @property
    def sessions(self) -> Sessions: ...
    @property
    def cipher(self) -> FieldCipher: ...


def check_at_start(product: Opened) -> None:
    """What every process does first. A database that does not answer is told by readiness, and checked when it does."""
    try:
        with transaction(product.sessions) as session:
            check_keys(session, product.cipher.keys)
    except OperationalError:
        _check_before_work(product.sessions.kw["bind"], product.cipher.keys)


def _check_before_work(engine: Engine, keys: Mapping[int, bytes]) -> None:
    """Have every connection refused until one has shown that the keys are right."""
    right = Event()

    def taken(connection: Any, _record: Any, _proxy: Any) -> None:
        if right.is_set():
            return
        known = {number: bytes(value) for number, value in connection.execute(_KNOWN.text).fetchall()}
        connection.rollback()
        _compare(known, keys)
        right.set()

    event.listen(engine, "checkout", taken)


_KNOWN = text("SELECT number, check_value FROM field_key WHERE retired_at IS NULL")
_NOTE = text("INSERT INTO field_key (number, check_value) VALUES (:number, :value) ON CONFLICT DO NOTHING")
