"""Rate limits 限流, counted in PostgreSQL so that every worker and host counts together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import request
from sqlalchemy import DateTime, Integer, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.ports import ports
from services.core.db import Base, transaction
from services.core.errors import TooMany

_HIT = text(
    "INSERT INTO rate_bucket (bucket, window_start, hits) VALUES (:bucket, :window_start, 1)"
    " ON CONFLICT (bucket, window_start) DO UPDATE SET hits = rate_bucket.hits + 1 RETURNING hits"
)


class RateBucket(Base):
    """Hits of one key in one window."""

    __tablename__ = "rate_bucket"
    bucket: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    window_start: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True, index=True)
    hits: Mapped[int] = mapped_column(Integer)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` hits in each window of `seconds`."""

    name: str
    most: int
    seconds: int


def hit(limit: Limit, key: str) -> None:
    """Count one hit; raises TooMany with Retry-After when the window is full. Keys are stored hashed."""
    own = ports()
    now = own.clock.now()
    start = int(now.timestamp()) // limit.seconds * limit.seconds
    bucket = hashlib.sha256(f"{limit.name}|{limit.seconds}|{key}".encode()).digest()
    window = datetime.fromtimestamp(start, UTC)
    with transaction(own.sessions) as session:
        hits = session.execute(_HIT, {"bucket": bucket, "window_start": window}).scalar_one()
    if hits > limit.most:
        raise TooMany(retry_after_s=max(1, start + limit.seconds - int(now.timestamp())))


def client_address() -> str:
    """The peer's address; a proxy in front is told to overwrite it, headers are not believed."""
    return request.remote_addr or "unknown"
