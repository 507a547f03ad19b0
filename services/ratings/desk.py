"""Bad ratings at the desk 差评整改: who answers which, by when, and the figures of a span."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.applications.models import Application
from services.audit.service import record
from services.core.clock import Clock, shanghai_day
from services.core.crypto import FieldCipher
from services.core.errors import Conflict, Forbidden, Invalid, NotFound
from services.core.outbox import emit
from services.members.models import Member
from services.ratings.levels import LEVELS, REASONS
from services.ratings.models import CaseRating
from services.ratings.service import ADDED, ANSWER, WORDS, plain_words
from services.staff.four_eyes import is_own
from services.staff.models import Staff

PAGE = 100


class TakenBySomebody(Conflict):
    """A colleague answers it."""

    code, title, detail = "rating.taken", "同事在处理", "这条差评已经有同事在处理。"


class NotYours(Conflict):
    """Only who took it answers."""

    code, title, detail = "rating.not_taken", "先接下来", "请先把这条差评接下来，再答复。"


class OwnRating(Forbidden):
    """Nobody answers themselves."""

    code, title, detail = "rating.own", "这是您本人的评价", "本人的评价要由同事答复。"


@dataclass(frozen=True, slots=True)
class BadRating:
    """A bad rating as the list shows it."""

    case_no: str
    item_name: str
    level_text: str
    reasons: tuple[str, ...]
    rated_at: datetime
    due_on: date
    late: bool
    owner: str | None
    mine: bool


@dataclass(frozen=True, slots=True)
class Words:
    """What a member wrote, and what was answered."""

    rating: CaseRating
    case: Application
    words: str
    added: str
    answer: str


@dataclass(frozen=True, slots=True)
class Figures:
    """A span in figures: how many of each level, and how the bad ones were answered."""

    levels: dict[int, int]
    bad: int
    answered: int
    in_time: int
    waiting: int
    late: int


class RatingDesk:
    """The staff's side, in the caller's transaction."""

    def __init__(self, cipher: FieldCipher, clock: Clock) -> None:
        self._cipher = cipher
        self._clock = clock

    def waiting(self, session: Session, staff: Staff) -> list[BadRating]:
        """Bad ratings nobody has answered, the soonest due first."""
        statement = (
            select(CaseRating, Application, Staff.display_name)
            .join(
                Application,
                (Application.account_id == CaseRating.account_id)
                & (Application.application_id == CaseRating.application_id),
            )
            .outerjoin(Staff, Staff.staff_id == CaseRating.owner_id)
            .where(CaseRating.answer_due_on.is_not(None), CaseRating.answered_at.is_(None))
            .order_by(CaseRating.answer_due_on, CaseRating.rated_at)
            .limit(PAGE)
        )
        today = shanghai_day(self._clock.now())
        return [
            BadRating(
                case_no=case.case_no,
                item_name=case.quote["item_name"],
                level_text=LEVELS[rating.level],
                reasons=tuple(REASONS[reason] for reason in rating.reasons),
                rated_at=rating.rated_at,
                due_on=due_on,
                late=today > due_on,
                owner=owner,
                mine=rating.owner_id == staff.staff_id,
            )
            for rating, case, owner in session.execute(statement)
            if (due_on := rating.answer_due_on) is not None
        ]

    def read(self, session: Session, staff: Staff, case_no: str) -> Words:
        """One with its words; the member sees that it was read. Raises NotFound, OwnRating."""
        rating, case = self._bad(session, staff, case_no)
        self._note(session, staff, case, "rating.viewed")
        opened = [
            self._cipher.open(value, name) if value else ""
            for value, name in (
                (rating.words_sealed, WORDS),
                (rating.added_sealed, ADDED),
                (rating.answer_sealed, ANSWER),
            )
        ]
        return Words(rating, case, *opened)

    def take(self, session: Session, staff: Staff, case_no: str) -> None:
        """Own it from now on. Raises TakenBySomebody."""
        rating, case = self._bad(session, staff, case_no, lock=True)
        if rating.owner_id not in (None, staff.staff_id):
            raise TakenBySomebody
        if rating.owner_id is None:
            rating.owner_id, rating.taken_at = staff.staff_id, self._clock.now()
            self._note(session, staff, case, "rating.taken")

    def answer(self, session: Session, staff: Staff, case_no: str, text: str) -> None:
        """Answer it once; the member is told. Raises NotYours, Conflict, Invalid."""
        rating, case = self._bad(session, staff, case_no, lock=True)
        text = plain_words(text)
        if rating.owner_id != staff.staff_id:
            raise NotYours
        if rating.answered_at is not None:
            raise Conflict("已经答复过了。", code="rating.answered")
        if not 6 <= len(text) <= 300:
            raise Invalid("请用 6 到 300 个字写清楚，本人会看到。", code="rating.text_length", field="text")
        now = self._clock.now()
        rating.answer_sealed, rating.answered_at = self._cipher.seal(text, ANSWER), now
        session.flush()
        self._note(session, staff, case, "rating.answered")
        payload = {"application_id": str(case.application_id), "item_name": case.quote["item_name"]}
        emit(session, case.account_id, "rating.answered", payload, now)

    def figures(self, session: Session, from_at: datetime, to_at: datetime) -> Figures:
        """What was thought of the cases rated in a span."""
        today = shanghai_day(self._clock.now())
        span = (CaseRating.rated_at >= from_at, CaseRating.rated_at < to_at)
        answered_on = func.date(func.timezone("Asia/Shanghai", CaseRating.answered_at))
        answered, bad = CaseRating.answered_at.is_not(None), CaseRating.answer_due_on.is_not(None)
        counts = (
            select(CaseRating.level, func.count().label("number")).where(*span).group_by(CaseRating.level)
        )
        found = {row.level: row.number for row in session.execute(counts)}
        row = session.execute(
            select(
                func.count().filter(bad),
                func.count().filter(bad, answered),
                func.count().filter(bad, answered, answered_on <= CaseRating.answer_due_on),
                func.count().filter(bad, ~answered, CaseRating.answer_due_on < today),
            ).where(*span)
        ).one()
        levels = {level: found.get(level, 0) for level in LEVELS}
        return Figures(levels, row[0], row[1], row[2], row[0] - row[1], row[3])

    def _bad(
        self, session: Session, staff: Staff, case_no: str, *, lock: bool = False
    ) -> tuple[CaseRating, Application]:
        case = session.scalar(select(Application).where(Application.case_no == case_no))
        rating = (
            session.get(CaseRating, (case.account_id, case.application_id), with_for_update=lock or None)
            if case
            else None
        )
        if case is None or rating is None or rating.answer_due_on is None:
            raise NotFound
        if is_own(staff, session.get_one(Member, case.account_id).id_no_mac):
            raise OwnRating
        return rating, case

    def _note(self, session: Session, staff: Staff, case: Application, action: str) -> None:
        record(
            session,
            case.account_id,
            action,
            actor=f"staff:{staff.login}",
            subject=str(case.application_id),
            at=self._clock.now(),
        )
