"""Rate limits 限流, counted in PostgreSQL so that every worker and host counts together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from math import ceil

from flask import request
from sqlalchemy import DateTime, Integer, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.ports import ports
from services.core.clock import Clock
from services.core.db import Base, Sessions, transaction
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


_LOCK = text("SELECT pg_advisory_xact_lock(:number)")
_LAST = text("SELECT max(window_start) FROM rate_bucket WHERE bucket = :bucket AND window_start > :after")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` hits in each window of `seconds`."""

    name: str
    most: int
    seconds: int


def hit(limit: Limit, key: str) -> None:
    """Count one hit in the member zone; raises TooMany with Retry-After when the window is full."""
    own = ports()
    count_hit(own.sessions, own.clock, limit, key)


def count_hit(sessions: Sessions, clock: Clock, limit: Limit, key: str) -> None:
    """Count one hit; raises TooMany with Retry-After when the window is full. Keys are stored hashed."""
    now = clock.now()
    start = int(now.timestamp()) // limit.seconds * limit.seconds
    bucket = hashlib.sha256(f"{limit.name}|{limit.seconds}|{key}".encode()).digest()
    window = datetime.fromtimestamp(start, UTC)
    with transaction(sessions) as session:
        hits = session.execute(_HIT, {"bucket": bucket, "window_start": window}).scalar_one()
    if hits > limit.most:
        raise TooMany(retry_after_s=max(1, start + limit.seconds - int(now.timestamp())))


@dataclass(frozen=True, slots=True)
class Pause:
    """At least `seconds` from one time to the next, wherever the minute of the clock begins."""

    name: str
    seconds: int


def pause(limit: Pause, key: str) -> None:
    """Take note of this time; raises TooMany with Retry-After when the last one was too short ago."""
    own = ports()
    now = own.clock.now()
    bucket = hashlib.sha256(f"{limit.name}|{limit.seconds}|{key}".encode()).digest()
    with transaction(own.sessions) as session:
        session.execute(_LOCK, {"number": int.from_bytes(bucket[:8], signed=True)})
        after = now - timedelta(seconds=limit.seconds)
        last = session.execute(_LAST, {"bucket": bucket, "after": after}).scalar_one()
        if last is None:
            session.execute(_HIT, {"bucket": bucket, "window_start": now})
    if last is not None:
        raise TooMany(retry_after_s=ceil(limit.seconds - (now - last).total_seconds()))


def client_address() -> str:
    """The caller's address: of the connection, or what our own proxies in front say (ANJU_PROXY_HOPS)."""
    return network_of(request.remote_addr or "unknown")


def network_of(address: str) -> str:
    """What is counted together: an IPv4 address, or the /64 of an IPv6 one, in which one line has 2⁶⁴ addresses."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, 64), strict=False))
