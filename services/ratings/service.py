"""Rating a finished case 评价: once, with words added once; a bad one is answered by its day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from services.applications.models import MONEY, Application
from services.applications.service import load
from services.applications.states import PLAIN_STATES
from services.audit.service import record
from services.core.clock import Clock, shanghai_day
from services.core.crypto import FieldCipher
from services.core.errors import Conflict, Invalid
from services.core.plain_text import seen
from services.core.workdays import is_business_day
from services.policies.rules import Policy
from services.policies.service import PolicyBook
from services.ratings.levels import BAD, check_reasons
from services.ratings.models import CaseRating
from services.withdrawals.states import WITHDRAWAL_STATES

WORDS, ADDED, ANSWER = "case_rating.words", "case_rating.added", "case_rating.answer"
MOST_WORDS = 500


class NotFinished(Conflict):
    """Only what has come to its end is rated."""

    code, title, detail = "rating.not_finished", "还没办完", "这笔业务办完以后就可以评价。"


class RatedAlready(Conflict):
    """A case is rated once, and added to once."""

    code, title, detail = "rating.once", "已经评价过", "这笔业务已经评价过了。还想说，可以追加一次。"


class TooLate(Conflict):
    """The time for it is over."""

    code, title, detail = (
        "rating.too_late",
        "评价时间已过",
        "这笔业务办完太久，不能评价了。有话想说，请拨打 12329。",
    )


def plain_words(text: str) -> str:
    """Words as people write them, without what nobody sees; raises Invalid for characters that nobody types."""
    text = seen(text)
    if any(char < " " and char not in "\n\t" for char in text) or "\x7f" in text:
        raise Invalid("请去掉看不见的符号再提交。", code="text.control", field="words")
    return text


def workdays_after(day: date, days: int) -> date:
    """The day so many business days later."""
    while days:
        day += timedelta(days=1)
        days -= is_business_day(day)
    return day


class Ratings:
    """The member's side, in the caller's transaction."""

    def __init__(self, cipher: FieldCipher, clock: Clock, policies: PolicyBook) -> None:
        self._cipher = cipher
        self._clock = clock
        self._policies = policies

    def open_until(self, session: Session, case: Application) -> datetime | None:
        """Until when a case may be rated; None for one that has not come to its end."""
        table = WITHDRAWAL_STATES if case.kind == MONEY else PLAIN_STATES
        if case.state not in table.terminal and case.state != "paid":
            return None
        days = self._policy(session).integer("rating.window_days")
        return case.updated_at + timedelta(days=days)

    def of(self, session: Session, account_id: UUID, application_id: UUID) -> CaseRating | None:
        """The rating of a case."""
        return session.get(CaseRating, (account_id, application_id))

    def words(self, rating: CaseRating) -> tuple[str, str, str]:
        """What the member wrote, what they added, and the answer."""
        sealed = ((rating.words_sealed, WORDS), (rating.added_sealed, ADDED), (rating.answer_sealed, ANSWER))
        first, added, answer = (self._cipher.open(value, name) if value else "" for value, name in sealed)
        return first, added, answer

    def rate(
        self,
        session: Session,
        account_id: UUID,
        application_id: UUID,
        level: int,
        reasons: list[str],
        words: str,
    ) -> CaseRating:
        """Rate a case. Raises NotFinished, TooLate, RatedAlready, Invalid."""
        case = load(session, account_id, application_id, lock=True)
        now, words = self._clock.now(), plain_words(words)
        until = self.open_until(session, case)
        if until is None:
            raise NotFinished
        if now >= until:
            raise TooLate
        if self.of(session, account_id, application_id) is not None:
            raise RatedAlready
        made = CaseRating(
            account_id=account_id,
            application_id=application_id,
            level=level,
            reasons=check_reasons(level, reasons, words),
            words_sealed=self._cipher.seal(words, WORDS) if words else None,
            rated_at=now,
            answer_due_on=self._due_on(session, now) if level in BAD else None,
        )
        session.add(made)
        session.flush()
        self._note(session, case, "case.rated", {"level": level})
        return made

    def add(self, session: Session, account_id: UUID, application_id: UUID, words: str) -> CaseRating:
        """Add words once 追评, in the same time. Raises NotFinished where nothing was rated, RatedAlready, TooLate."""
        case = load(session, account_id, application_id, lock=True)
        rating, words = self.of(session, account_id, application_id), plain_words(words)
        if rating is None:
            raise NotFinished("请先评价，再追加。")
        if rating.added_at is not None:
            raise RatedAlready("已经追加过一次了。还有话想说，请拨打 12329。")
        until = self.open_until(session, case)
        if until is None or self._clock.now() >= until:
            raise TooLate
        if not words:
            raise Invalid("请写几个字。", code="field.missing", field="words")
        rating.added_sealed, rating.added_at = self._cipher.seal(words, ADDED), self._clock.now()
        session.flush()
        self._note(session, case, "case.rated", {"added": True})
        return rating

    def _policy(self, session: Session) -> Policy:
        return self._policies.on(session, shanghai_day(self._clock.now()))

    def _due_on(self, session: Session, now: datetime) -> date:
        return workdays_after(shanghai_day(now), self._policy(session).integer("rating.answer_workdays"))

    def _note(self, session: Session, case: Application, action: str, detail: dict[str, object]) -> None:
        record(
            session,
            case.account_id,
            action,
            actor="member",
            subject=str(case.application_id),
            at=self._clock.now(),
            detail=detail,
        )
