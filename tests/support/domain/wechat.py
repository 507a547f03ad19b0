"""Members in the mini-program, and a verifier that says what the test wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.http.auth import issue
from services.core.db import transaction
from services.core.ids import new_id
from services.face.ports import Answer, Issued, Subject, VerifierUnavailable
from services.members.binding import bind
from services.members.sessions import start
from tests.support.domain.world import Member, World

PASSED = Answer("passed", code=10000)
OTHER_PERSON = Answer("failed", "wechat.other_person", 10004)
CANCELLED = Answer("failed", "wechat.cancelled", 90002)
UNCLEAR = Answer("unclear", code=84003)
UNAVAILABLE = Answer("unavailable", code=-1)


@dataclass
class FakeVerifier:
    """WeChat: begins everything and passes everybody, unless told otherwise."""

    answer: Answer = PASSED
    script: list[Answer] = field(default_factory=list)
    away: bool = False
    life_s: int = 3600
    verify_id: str | None = None
    begun: list[tuple[str, Subject]] = field(default_factory=list)
    asked: list[tuple[str, str, Subject]] = field(default_factory=list)
    before_answer: Callable[[], None] | None = None

    def begin(self, reference: str, subject: Subject) -> Issued:
        """Verifier."""
        self.begun.append((reference, subject))
        if self.away:
            raise VerifierUnavailable("wechat.unreachable")
        return Issued(self.verify_id or f"verify-{new_id()}", self.life_s)

    def ask(self, verify_id: str, reference: str, subject: Subject) -> Answer:
        """Verifier."""
        self.asked.append((verify_id, reference, subject))
        if self.before_answer is not None:
            self.before_answer()
        return self.script.pop(0) if self.script else self.answer


@dataclass(frozen=True)
class MiniUser:
    """A member's login in the mini-program."""

    openid: str
    session_id: UUID
    tokens: Mapping[str, Any]

    @property
    def bearer(self) -> dict[str, str]:
        """The header that says who is calling."""
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}


_EIGHT_DAYS_AGO = text(
    "UPDATE binding SET bound_at = bound_at - interval '8 days', money_from = bound_at - interval '8 days'"
    " WHERE account_id = :account_id"
)


def in_mini_program(world: World, member: Member, openid: str | None = None) -> MiniUser:
    """Bind the member's user of the mini-program, eight days ago so that nothing has to wait, and sign in there."""
    openid = openid or f"m{member.person.number:027d}"
    with transaction(world.sessions) as session:
        bind(session, world.cipher, member.account_id, openid, "mini", None, world.clock.now())
        session.execute(_EIGHT_DAYS_AGO, {"account_id": member.account_id})
        row = start(session, world.cipher, openid, "mini", world.clock.now())
    with world.app.app_context():
        return MiniUser(openid, row.session_id, issue(row))
