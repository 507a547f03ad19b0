"""One-time codes 一次性 code of WeChat: each is taken once, before WeChat is asked what it stands for."""

from __future__ import annotations

import hashlib

from sqlalchemy.dialects.postgresql import insert

from app.http.oauth_state import OAuthState
from app.ports import Ports
from services.core.db import transaction
from services.core.errors import DomainError


def use_code(own: Ports, code: str, used: type[DomainError]) -> None:
    """Take a code; raises `used` when it was taken before. Only its hash is kept, and for minutes."""
    digest = hashlib.sha256(f"code:{code}".encode()).digest()
    statement = insert(OAuthState).values(state_hash=digest, page="", created_at=own.clock.now())
    with transaction(own.sessions) as session:
        fresh = session.execute(statement.on_conflict_do_nothing().returning(OAuthState.state_hash)).first()
    if fresh is None:
        raise used
