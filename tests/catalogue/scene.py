"""Where the rows play: one world, one bound member with an open case, one case on the desk; made once."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import text

from services.applications.models import Application
from services.core.db import transaction
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.world import Member, World

_COUNTED = (
    *("journal", "posting", "application", "transition", "payment_instruction", "outbox_event"),
    *("notice_intent", "binding", "payee_card", "consent", "document", "deduction", "loan_repayment"),
    *("wechat_callback_seen", "review_opinion", "procrastinate_jobs"),
)
_COUNT = text(f"SELECT {', '.join(f'(SELECT count(*) FROM {table}) AS {table}' for table in _COUNTED)}")


@dataclass
class Scene:
    """What the places of the catalogue need."""

    world: World
    member: Member
    free: Member
    case: Application
    reviewed: Member
    review: Application
    colleague: Colleague
    mark: str
    desk: DeskWorld
    foreign_case: UUID
    foreign_card: UUID
    client: FlaskClient

    def counts(self) -> dict[str, int]:
        """Rows of every table that a refused request leaves as it is; calls of this row are the first of the hour."""
        with transaction(self.world.sessions) as session:
            session.execute(text("DELETE FROM rate_bucket"))
            return dict(session.execute(_COUNT).one()._mapping)

    def filled(self, template: str) -> str:
        """A text of the catalogue with the keys of this scene."""
        values = {
            "{case}": str(self.case.application_id),
            "{case_hex}": self.case.application_id.hex,
            "{foreign}": str(self.foreign_case),
            "{card}": str(self.free.card_id),
            "{foreign_card}": str(self.foreign_card),
        }
        for name, value in values.items():
            template = template.replace(name, value)
        return template


def build(world: World) -> Scene:
    """The scene in a world at its start."""
    world.reset()
    member, free, other = world.member(), world.member(), world.member()
    for one in (member, free):
        world.consent(one)
    case, foreign = world.submit(member), world.submit(other)
    desk = DeskWorld(world)
    reviewed, review = desk.in_review()
    world.sharing.reset()
    colleague = desk.colleague().sign_in()
    assert colleague.act(review, "claim").status_code == 303
    return Scene(
        *(world, member, free, case, reviewed, review, colleague, colleague.mark("/queue"), desk),
        *(foreign.application_id, other.card_id, world.client()),
    )
