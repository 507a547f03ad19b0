"""Templates: none by default; kept only with a consent of their own, sealed, apart, and gone when it is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from services.core.db import make_engine, make_sessions, transaction
from services.face.engine.types import Frame, Prompt, Verdict
from services.face.jobs import FaceJobs
from services.face.rights import people_counted
from services.face.templates import Templates
from services.members.consents import active_consent
from tests.contract.api.reading import problem
from tests.support.databases import Database
from tests.support.domain.world import Member, World

KEYS = {1: b"1" * 32}
TEMPLATE = b"numbers of a face " * 4
PASSED = Verdict(True, (), {}, {}, (), (), TEMPLATE)
UNAVAILABLE = ("unavailable", {})


@dataclass
class Judge:
    """Passes everybody, gives a template for a photo, and remembers what it compared with."""

    verdict: Verdict = PASSED
    references: list[bytes] = field(default_factory=list)

    def judge(self, frames: Sequence[Frame], prompts: Sequence[Prompt], reference_jpeg: bytes) -> Verdict:
        """Judge."""
        self.references.append(reference_jpeg)
        return self.verdict


@pytest.fixture
def world(database: Database) -> World:
    """Tables whose rights are those of production: the web and the face worker are two roles."""
    return World(database)


@pytest.fixture
def member(world: World) -> Member:
    """A bound member."""
    return world.member()


def judged(world: World, member: Member, templates: Templates | None, judge: Judge) -> str:
    """The state of a scan judged by the face worker's own role."""
    application = world.submit(member)
    consent = world.consent(member, "face")
    engine, own = world.product.engine, world.product
    with transaction(world.sessions) as session:
        operation = engine.operation(session, member.account_id, application.application_id)
        row, _ = own.faces.open(session, operation, consent, engine.policy(session))
        row.state, row.completed_at, row.starts_ms = "judging", world.clock.now(), [0] * len(row.prompts)
    worker = make_sessions(make_engine(world.database.urls.face, pool_size=1))
    jobs = FaceJobs(worker, world.clock, own.faces, judge, own.sharing, own.policies, templates)
    jobs.judge(str(member.account_id), str(row.session_id))
    with transaction(world.sessions) as session:
        engine.cancel(session, member.account_id, application.application_id)
    return world.face_session(member, row.session_id).state


def stored(world: World) -> int:
    """How many templates there are."""
    count: int = world.one("SELECT count(account_id) AS n FROM face_template").n
    return count


def load(world: World, member: Member, keys: dict[int, bytes]) -> bytes | None:
    """What the face worker reads."""
    with transaction(make_sessions(make_engine(world.database.urls.face, pool_size=1))) as session:
        return Templates(keys).load(session, member.account_id)


def test_none_is_kept_by_default(world: World, member: Member) -> None:
    assert world.product.templates is None
    world.consent(member, "face_template")
    assert judged(world, member, world.product.templates, Judge()) == "passed"
    assert stored(world) == 0


def test_none_is_kept_without_its_own_consent(world: World, member: Member) -> None:
    """The consent to the face check is not enough."""
    assert judged(world, member, Templates(KEYS), Judge()) == "passed"
    assert stored(world) == 0


def test_none_is_kept_of_a_face_that_failed(world: World, member: Member) -> None:
    world.consent(member, "face_template")
    failing = Judge(Verdict(False, ("match.other_person",), {}, {}, (), (), TEMPLATE))
    assert judged(world, member, Templates(KEYS), failing) == "failed"
    assert stored(world) == 0


def test_a_kept_template_serves_while_the_photo_service_is_down(world: World, member: Member) -> None:
    world.consent(member, "face_template")
    judge = Judge()
    assert judged(world, member, Templates(KEYS), judge) == "passed"
    world.sharing.answers["police.photo"] = UNAVAILABLE
    judge.verdict = Verdict(True, (), {}, {}, ())
    assert judged(world, member, Templates(KEYS), judge) == "passed"
    assert judge.references == [b"\xff\xd8\xff\xe0\x00\x10", TEMPLATE]
    assert stored(world) == 1


def test_without_one_the_member_is_told_that_there_is_no_photo(world: World, member: Member) -> None:
    world.sharing.answers["police.photo"] = UNAVAILABLE
    judge = Judge()
    assert judged(world, member, Templates(KEYS), judge) == "failed"
    assert judge.references == []


def test_a_photo_the_authority_does_not_have_is_not_replaced(world: World, member: Member) -> None:
    world.consent(member, "face_template")
    judge = Judge()
    judged(world, member, Templates(KEYS), judge)
    world.sharing.answers["police.photo"] = ("not_found", {})
    assert judged(world, member, Templates(KEYS), judge) == "failed"
    assert len(judge.references) == 1


def test_it_is_sealed_for_one_account_and_one_key(world: World, member: Member) -> None:
    world.consent(member, "face_template")
    judged(world, member, Templates(KEYS), Judge())
    assert load(world, member, KEYS) == TEMPLATE
    assert load(world, member, {1: b"2" * 32}) is None
    assert load(world, member, {2: b"2" * 32}) is None
    assert load(world, member, {1: b"1" * 32, 2: b"2" * 32}) == TEMPLATE
    other = world.member()
    world.consent(other, "face_template")
    with transaction(make_sessions(make_engine(world.database.urls.owner, pool_size=1))) as session:
        sealed = session.execute(text("SELECT sealed, key_id FROM face_template")).one()
        session.execute(text("UPDATE face_template SET account_id = :a"), {"a": other.account_id})
    assert (TEMPLATE[:18] in bytes(sealed.sealed), sealed.key_id) == (False, 1)
    assert load(world, other, KEYS) is None


def test_the_web_may_delete_but_not_read(world: World, member: Member) -> None:
    world.consent(member, "face_template")
    judged(world, member, Templates(KEYS), Judge())
    for statement in ("SELECT sealed FROM face_template", "UPDATE face_template SET key_id = 9"):
        with pytest.raises(ProgrammingError), transaction(world.sessions) as session:
            session.execute(text(statement))
    with transaction(world.sessions) as session:
        assert people_counted(session).with_template == 1
        consent = active_consent(session, member.account_id, "face_template")
    assert consent is not None
    path = f"/api/v1/consents/{consent.consent_id}"
    assert world.client().delete(path, headers=member.bearer).status_code == 204
    assert stored(world) == 0


def test_deleting_ones_face_data_deletes_it_too(world: World, member: Member) -> None:
    world.consent(member, "face_template")
    judged(world, member, Templates(KEYS), Judge())
    seen = world.client().get("/api/v1/face-data", headers=member.bearer).get_json()
    assert seen["template_made_at"].startswith("2026-11-23T10:00")
    world.client().delete("/api/v1/face-data", headers=member.bearer)
    assert stored(world) == 0


def test_nobody_is_asked_to_agree_where_none_are_kept(world: World, member: Member) -> None:
    client = world.client()
    problem(client.get("/api/v1/consents/texts/face_template"), 404)
    body = {"kind": "face_template", "text_version": "2026-11"}
    problem(client.post("/api/v1/consents", json=body, headers=member.bearer), 404)
