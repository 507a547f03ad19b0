"""The fourteen cases of doing a thing once, on submitting and on confirming a withdrawal."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from runtime.retention import Retention
from services.core.db import transaction
from services.members.consents import consents_of, withdraw
from tests.contract.api.reading import problem
from tests.support.domain.world import Member, World, idempotency

RENT = "/api/v1/items/rent-withdrawal/applications"
PROOF = "/api/v1/items/contribution-certificate/applications"
KEY = "Idempotency-Key"


def rent(member: Member, amount_fen: Any = 300_000) -> dict[str, Any]:
    """A form."""
    return {"amount_fen": amount_fen, "card_id": str(member.card_id)}


def submit(
    world: World, member: Member, key: dict[str, str], body: Any = None, path: str = RENT
) -> TestResponse:
    """Submit with a key."""
    body = rent(member) if body is None else body
    return world.client().post(path, json=body, headers=member.bearer | key)


def cases(world: World, member: Member) -> int:
    """How many cases the member has."""
    return int(
        world.one("SELECT count(*) AS n FROM application WHERE account_id = :a", a=member.account_id).n
    )


@pytest.fixture
def ready(world: World, member: Member) -> Member:
    """A member who agreed to data sharing."""
    world.consent(member)
    return member


def test_01_no_key(world: World, ready: Member) -> None:
    problem(submit(world, ready, {}), 400, "idempotency.key")
    assert cases(world, ready) == 0
    assert world.sharing.asked == []  # nobody was asked for a request that cannot be carried out


def test_02_03_the_first_is_carried_out_and_a_repeat_gets_the_same_answer(
    world: World, ready: Member
) -> None:
    key = idempotency()
    first, again = submit(world, ready, key), submit(world, ready, key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert cases(world, ready) == 1


def test_03_a_repeat_is_the_same_however_the_body_is_written(world: World, ready: Member) -> None:
    key = idempotency()
    first = submit(world, ready, key).get_json()
    turned = dict(reversed(rent(ready).items()))
    assert submit(world, ready, key, turned).get_json() == first


def test_03_a_repeat_is_answered_though_the_member_took_the_consent_back(world: World, ready: Member) -> None:
    """The thing is done; saying so needs no new question to anybody."""
    key = idempotency()
    first = submit(world, ready, key).get_json()
    with transaction(world.sessions) as session:
        for consent in consents_of(session, ready.account_id):
            withdraw(session, ready.account_id, consent.consent_id, world.clock.now())
    again = submit(world, ready, key)
    assert (again.status_code, again.get_json()) == (201, first)


def test_04_the_key_with_another_amount_moves_nothing(world: World, ready: Member) -> None:
    key = idempotency()
    submit(world, ready, key)
    problem(submit(world, ready, key, rent(ready, 300_001)), 422, "idempotency.key_reused")
    assert cases(world, ready) == 1


def test_05_the_key_of_another_member_is_another_key(world: World, ready: Member) -> None:
    key, other = idempotency(), world.member()
    world.consent(other)
    first, second = submit(world, ready, key), submit(world, other, key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json()["application_id"] != second.get_json()["application_id"]
    assert "Idempotent-Replayed" not in second.headers


def test_06_the_key_for_another_operation_is_another_key(world: World, ready: Member) -> None:
    key = idempotency()
    assert submit(world, ready, key).status_code == 201
    other = submit(world, ready, key, {"purpose": "general"}, PROOF)
    assert (other.status_code, other.get_json()["item_code"]) == (201, "contribution-certificate")


def test_07_many_at_once_open_one_case(world: World, ready: Member) -> None:
    """One 201; the others wait their turn: 409 with Retry-After, or the stored answer."""
    key = idempotency()
    assert world.app
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: submit(world, ready, key), range(8)))
    carried_out = [a for a in answers if a.status_code == 201 and "Idempotent-Replayed" not in a.headers]
    assert len(carried_out) == 1
    for answer in answers:
        if answer.status_code != 201:
            problem(answer, 409, "idempotency.in_progress")
            assert int(answer.headers["Retry-After"]) >= 1
    assert cases(world, ready) == 1
    assert submit(world, ready, key).get_json() == carried_out[0].get_json()


def test_08_after_a_faulty_body_the_corrected_one_goes_through(world: World, ready: Member) -> None:
    key = idempotency()
    problem(submit(world, ready, key, rent(ready, "3000")), 400, "field.type")
    problem(submit(world, ready, key, rent(ready, 0)), 422, "field.invalid")
    problem(submit(world, ready, key, rent(ready) | {"extra": 1}), 400, "field.unknown")
    assert submit(world, ready, key).status_code == 201


def test_08_after_a_missing_consent_the_same_key_goes_through(world: World, member: Member) -> None:
    key = idempotency()
    assert problem(submit(world, member, key), 403, "consent.required")["field"] == "data_sharing"
    world.consent(member)
    assert submit(world, member, key).status_code == 201


def test_09_a_refusal_by_the_rules_is_repeated(world: World, ready: Member) -> None:
    """409 is an answer; what would be allowed later needs a new key."""
    key = idempotency()
    first = problem(submit(world, ready, key, rent(ready, 1_800_001)), 409, "withdrawal.amount_over")
    assert first["max_fen"] == 1_800_000
    again = submit(world, ready, key, rent(ready, 1_800_001))
    assert problem(again, 409, "withdrawal.amount_over")["detail"] == first["detail"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert submit(world, ready, idempotency(), rent(ready, 1_800_000)).status_code == 201


def test_10_an_answer_that_was_lost_is_given_again(world: World, ready: Member) -> None:
    """The process died after commit: all that is left is what the transaction stored."""
    key = idempotency()
    submit(world, ready, key)
    stored = world.one(
        "SELECT status, body FROM idempotency_record WHERE account_id = :a AND operation LIKE 'submit:%'",
        a=ready.account_id,
    )
    again = submit(world, ready, key)
    assert (again.status_code, again.get_json()) == (stored.status, stored.body)


def test_11_what_was_not_committed_is_carried_out(
    world: World, ready: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process died before commit: neither case nor answer is there, and the repeat does it."""
    key = idempotency()

    def die(*_: object) -> object:
        raise SystemExit("killed")

    with monkeypatch.context() as patch:
        patch.setattr("app.member_api.items.show", die)
        with pytest.raises(SystemExit):
            submit(world, ready, key)
    assert cases(world, ready) == 0
    again = submit(world, ready, key)
    assert again.status_code == 201
    assert "Idempotent-Replayed" not in again.headers


def test_12_two_keys_are_none(world: World, ready: Member) -> None:
    """Row H1."""
    headers = [("Idempotency-Key", "a" * 16), ("Idempotency-Key", "b" * 16), *ready.bearer.items()]
    problem(world.client().post(RENT, json=rent(ready), headers=headers), 400, "idempotency.key")


@pytest.mark.parametrize("key", ["a" * 16, "Z" * 64, "a-_9" * 4])
def test_12_plain_keys_serve(world: World, ready: Member, key: str) -> None:
    assert submit(world, ready, {KEY: key}).status_code == 201


def test_13_after_ninety_days_a_key_is_new(world: World, ready: Member) -> None:
    key = idempotency()
    first = submit(world, ready, key, {"purpose": "general"}, PROOF).get_json()
    world.run_jobs(ready.account_id, "certificates.draw")
    retention = Retention(world.sessions, world.clock)
    world.clock.move(timedelta(days=89))
    retention.run()
    assert refreshed(world, ready, key)["application_id"] == first["application_id"]
    world.clock.move(timedelta(days=2))
    retention.run()
    assert refreshed(world, ready, key)["application_id"] != first["application_id"]


def refreshed(world: World, member: Member, key: dict[str, str]) -> dict[str, Any]:
    """The answer to the member signed in anew."""
    member.session_id, member.tokens = world.sign_in(member.person)
    body: dict[str, Any] = submit(world, member, key, {"purpose": "general"}, PROOF).get_json()
    return body


def test_14_the_payment_reference_is_the_case_number(world: World, ready: Member) -> None:
    """A database set back to before the answer was stored pays under the number the bank knows."""
    application = world.approved(ready)
    row = world.one(
        "SELECT instruction_no FROM payment_instruction WHERE application_id = :i",
        i=application.application_id,
    )
    assert row.instruction_no == application.case_no


def confirm(world: World, member: Member, case: str, face: str, key: dict[str, str]) -> TestResponse:
    """Confirm with a face session."""
    path = f"/api/v1/applications/{case}/confirm"
    return world.client().post(path, json={"face_session_id": face}, headers=member.bearer | key)


def test_confirming_again_with_the_same_key_gives_the_same_answer(world: World, ready: Member) -> None:
    application = world.submit(ready)
    case, face, key = (
        str(application.application_id),
        str(world.passed_face(ready, application)),
        idempotency(),
    )
    first, again = confirm(world, ready, case, face, key), confirm(world, ready, case, face, key)
    assert first.status_code == again.status_code == 201
    assert first.get_json() == again.get_json()
    assert world.balance(ready) == (5_300_000, 300_000)
    problem(confirm(world, ready, case, face, idempotency()), 409, "application.state_changed")
    problem(confirm(world, ready, case, face, {}), 400, "idempotency.key")
    assert world.balance(ready) == (5_300_000, 300_000)


def test_confirming_many_times_at_once_moves_the_money_once(world: World, ready: Member) -> None:
    application = world.submit(ready)
    case, face = str(application.application_id), str(world.passed_face(ready, application))
    assert world.app
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: confirm(world, ready, case, face, idempotency()), range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert world.balance(ready) == (5_300_000, 300_000)


def test_a_refused_confirmation_is_stored_and_a_new_key_may_succeed(world: World, ready: Member) -> None:
    application = world.submit(ready)
    case, key = str(application.application_id), idempotency()
    wrong = "01900000-0000-7000-8000-000000000000"
    problem(confirm(world, ready, case, wrong, key), 403, "face.not_passed")
    again = confirm(world, ready, case, wrong, key)
    problem(again, 403, "face.not_passed")
    assert again.headers["Idempotent-Replayed"] == "true"
    face = str(world.passed_face(ready, application))
    problem(confirm(world, ready, case, face, key), 422, "idempotency.key_reused")
    assert confirm(world, ready, case, face, idempotency()).status_code == 201
