"""Idempotency 幂等: one effect for one key; the answer is stored in the effect's own transaction.

Scope is (principal, operation, key) with a fingerprint of path and body. Stored: 201, 403, 409. Never stored: 400,
401, 415, 422, 429, 5xx, so that a corrected or repeated request is carried out (docs/adr/0007).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, json, request
from sqlalchemy import DateTime, LargeBinary, SmallInteger, String, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.http.errors import domain_problem
from app.ports import ports
from services.core.db import Base, transaction
from services.core.errors import Conflict, DomainError, Invalid, Malformed
from services.core.sql import Statement

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
_STORED_FAULTS = frozenset({403, 409})
_TRY_LOCK = Statement("SELECT pg_try_advisory_xact_lock(:high, :low) AS got")
_FIND = Statement(
    "SELECT fingerprint, status, body FROM idempotency_record"
    " WHERE account_id = :account_id AND operation = :operation AND key = :key"
)
_STORE = Statement(
    "INSERT INTO idempotency_record (account_id, operation, key, fingerprint, status, body, created_at)"
    " VALUES (:account_id, :operation, :key, :fingerprint, :status, :body, :created_at)",
    json=("body",),
)


class IdempotencyRecord(Base):
    """A stored answer; kept 90 days."""

    __tablename__ = "idempotency_record"
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    operation: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class InProgress(Conflict):
    """The same request is being carried out right now."""

    code, title, detail = "idempotency.in_progress", "正在办理", "正在办理，请不要重复提交，稍等就好。"


class KeyReused(Invalid):
    """The key was used for another request."""

    code, title, detail = "idempotency.key_reused", "重复提交", "这次提交和上一次内容不同，请返回重新提交。"


class _Refusal(Exception):
    """An answer that says no and is stored."""

    def __init__(self, error: DomainError) -> None:
        super().__init__()
        self.error = error


def idempotency_key() -> str:
    """The request's key; raises Malformed `idempotency.key` when missing or not 16–64 plain characters."""
    key = request.headers.get("Idempotency-Key", "")
    if _KEY.fullmatch(key) is None:
        raise Malformed("缺少防重复提交的编号，请更新页面后再试。", code="idempotency.key")
    return key


def stored_answer(account_id: UUID, operation: str, body: dict[str, Any]) -> Response | None:
    """The answer the request's key already has, for use cases that ask the outside world before they begin."""
    key = {"account_id": account_id, "operation": operation, "key": idempotency_key()}
    with transaction(ports().sessions) as session:
        stored = _FIND.first(session, key)
    return None if stored is None else _replay(stored, _fingerprint(body))


def run_once(
    account_id: UUID, operation: str, body: dict[str, Any], effect: Callable[[Session], dict[str, Any]]
) -> Response:
    """Carry out `effect` once for the request's key; a repeat gets the stored answer.

    A refusal takes back all the effect has done, and is then stored by itself.
    """
    key = {"account_id": account_id, "operation": operation, "key": idempotency_key()}
    fingerprint = _fingerprint(body)
    try:
        return _once(key, fingerprint, lambda session: (201, _carried_out(session, effect)))
    except _Refusal as refusal:
        answer = json.loads(domain_problem(refusal.error).get_data(as_text=True))
        status = refusal.error.status
        return _once(key, fingerprint, lambda _session: (status, answer))


def _once(key: dict[str, Any], fingerprint: bytes, work: Callable[[Session], tuple[int, Any]]) -> Response:
    """The stored answer, or that of `work`, which is stored with what it does."""
    own = ports()
    with transaction(own.sessions) as session:
        _lock(session, key)
        stored = _FIND.first(session, key)
        if stored is not None:
            return _replay(stored, fingerprint)
        status, answer = work(session)
        _STORE.run(
            session,
            {
                **key,
                "fingerprint": fingerprint,
                "status": status,
                "body": answer,
                "created_at": own.clock.now(),
            },
        )
    return _response(status, answer)


def _carried_out(session: Session, effect: Callable[[Session], dict[str, Any]]) -> dict[str, Any]:
    try:
        return effect(session)
    except DomainError as error:
        if error.status in _STORED_FAULTS:
            raise _Refusal(error) from error
        raise


def _lock(session: Session, key: dict[str, Any]) -> None:
    digest = hashlib.sha256("\x1f".join(str(part) for part in key.values()).encode()).digest()
    high, low = int.from_bytes(digest[:4], signed=True), int.from_bytes(digest[4:8], signed=True)
    if not _TRY_LOCK.first(session, {"high": high, "low": low}).got:
        raise InProgress(retry_after_s=1)


def _replay(stored: Any, fingerprint: bytes) -> Response:
    if bytes(stored.fingerprint) != fingerprint:
        raise KeyReused
    response = _response(stored.status, stored.body)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _response(status: int, body: dict[str, Any]) -> Response:
    mimetype = "application/json" if status < 400 else "application/problem+json"
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype=mimetype)


def _fingerprint(body: dict[str, Any]) -> bytes:
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{request.method}\n{request.path}\n{canonical}".encode()).digest()
