"""Sign-ins under way 登录状态: the hash of each state and where to go afterwards; and codes already used."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base


class OAuthState(Base):
    """A sign-in under way, or (with an empty page) a code that was used."""

    __tablename__ = "oauth_state"
    state_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    page: Mapped[str] = mapped_column(String(41))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
