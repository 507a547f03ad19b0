"""A certificate from application to public check; a file altered in one byte is not genuine."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from services.policies.rules import Policy
from tests.contract.api.reading import problem
from tests.support.domain.cases import apply, faced, post, quote
from tests.support.domain.persons import Person
from tests.support.domain.world import Member, World, idempotency

PROOF = "/api/v1/items/contribution-certificate/applications"


def issue(world: World, member: Member) -> dict[str, Any]:
    """Apply, draw, and return the case."""
    client = world.client()
    applied = client.post(PROOF, json={"purpose": "general"}, headers=member.bearer | idempotency())
    assert applied.status_code == 201
    assert applied.get_json()["state"] == "submitted"
    world.run_jobs(member.account_id, "certificates.draw")
    case = applied.get_json()["application_id"]
    body: dict[str, Any] = client.get(f"/api/v1/applications/{case}", headers=member.bearer).get_json()
    return body


def check(world: World, number: str, file: bytes) -> TestResponse:
    """A stranger checks a file."""
    data = {"file": (BytesIO(file), "x.pdf")}
    return world.client().post(f"/api/v1/public/certificates/{number}/verify", data=data)


def test_from_application_to_genuine_file(world: World) -> None:
    member = world.member(Person("李𬭎"))
    case = issue(world, member)
    assert case["state"] == "completed"
    certificate = case["certificate"]
    assert certificate["number"] == f"ZM{case['case_no']}"
    pdf = world.client().get(certificate["pdf_url"], headers=member.bearer)
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")
    text = PdfReader(BytesIO(pdf.data)).pages[0].extract_text().replace("\n", "")
    assert "李𬭎" in text
    assert "56,000.00 元" in text
    assert member.person.id_no not in text
    found = check(world, certificate["number"], pdf.data).get_json()
    assert found["genuine"] is True
    assert found["holder_masked"] == "李*"
    assert (found["issued_on"], found["valid_until"]) == ("2026-11-23", "2027-02-21")


def test_a_changed_byte_is_not_genuine_and_tells_no_name(world: World, member: Member) -> None:
    certificate = issue(world, member)["certificate"]
    pdf = world.client().get(certificate["pdf_url"], headers=member.bearer).data
    for place in (0, len(pdf) // 2, len(pdf) - 1):
        changed = pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]
        found = check(world, certificate["number"], changed).get_json()
        assert (found["genuine"], found["holder_masked"]) == (False, "")
    for other in (pdf + b"\n", pdf[:-1], b""):
        assert check(world, certificate["number"], other).get_json()["genuine"] is False


def test_a_file_of_another_number_is_not_genuine(world: World, member: Member) -> None:
    first, second = issue(world, member)["certificate"], issue(world, member)["certificate"]
    pdf = world.client().get(first["pdf_url"], headers=member.bearer).data
    assert check(world, second["number"], pdf).get_json()["genuine"] is False


def test_the_page_wants_the_right_code(world: World, member: Member) -> None:
    certificate = issue(world, member)["certificate"]
    number = certificate["number"]
    client = world.client()
    right = client.get(certificate["verify_url"].partition("8600")[2])
    assert right.status_code == 200
    assert "赵*居" in right.get_data(as_text=True)
    assert "赵安居" not in right.get_data(as_text=True)
    for path in (
        f"/verify/{number}",
        f"/verify/{number}?c=WRONG234",
        "/verify/ZM000000000000000?c=X",
        "/verify/<b>",
    ):
        page = client.get(path)
        assert page.status_code == 404
        assert "赵*居" not in page.get_data(as_text=True)
        assert (
            "<b>" not in page.get_data(as_text=True).split("<main", 1)[-1].replace("<b>", "", 0)
            or "/<b>" not in path
        )


@pytest.mark.parametrize("days", [89, 90, 91])
def test_a_certificate_runs_out(world: World, member: Member, days: int) -> None:
    """90 days: the last day still counts."""
    certificate = issue(world, member)["certificate"]
    pdf = world.client().get(certificate["pdf_url"], headers=member.bearer).data
    world.later(days=days)
    found = check(world, certificate["number"], pdf).get_json()
    assert (found["genuine"], found["expired"]) == (True, days > 90)


def test_drawing_twice_gives_one_file_and_one_notice(world: World, member: Member) -> None:
    case = issue(world, member)
    key = case["certificate"]["certificate_id"]
    world.product.certificate_jobs.draw(str(member.account_id), key)
    world.run_jobs(member.account_id)
    told = [notice for notice in world.channels["wechat"].sent if notice.template == "certificate_issued"]
    assert len(told) == 1
    assert told[0].fields["number"] == case["certificate"]["number"]


def test_a_crash_before_drawing_is_taken_up(world: World, member: Member) -> None:
    client = world.client()
    client.post(PROOF, json={"purpose": "general"}, headers=member.bearer | idempotency())
    world._take_jobs(member.account_id, ())  # the job is lost with its worker
    world.later(minutes=1)
    assert world.product.certificate_jobs.take_up() >= 1
    world.run_jobs(member.account_id)
    assert len(client.get("/api/v1/certificates", headers=member.bearer).get_json()["certificates"]) == 1


def test_the_sealed_file_is_not_readable_in_the_database(world: World, member: Member) -> None:
    certificate = issue(world, member)["certificate"]
    row = world.one(
        "SELECT pdf_sealed, contents_sealed FROM certificate WHERE number = :n", n=certificate["number"]
    )
    assert b"%PDF" not in bytes(row.pdf_sealed)
    assert member.person.name.encode() not in bytes(row.contents_sealed)


def test_a_centre_may_ask_for_a_face_first(
    world: World, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a dated figure: offered with a face, nothing issued before it, issued and finished after it."""

    engine = world.product.engine
    shipped = engine.policy

    def strict(session: Session) -> Policy:
        policy = shipped(session)
        asked = {**policy.values, "item.contribution-certificate.verification": "face"}
        return Policy(policy.on, asked, "strict")

    monkeypatch.setattr(engine, "policy", strict)
    code = "contribution-certificate"
    assert quote(world, member, code)["verification"] == "face"
    made = apply(world, member, code, {"purpose": "general"}).get_json()
    assert (made["state"], made["certificate"]) == ("verifying", None)
    face = faced(world, member, made["application_id"])
    case, path = f"/api/v1/applications/{made['application_id']}", f"/applications/{made['application_id']}"
    drawing = post(world, member, f"{path}/confirm", face).get_json()
    assert (drawing["state"], drawing["next_step"]) == ("submitted", "wait")
    assert [step["state"] for step in drawing["steps"]] == ["done", "done", "current"]
    problem(post(world, member, f"{path}/confirm", face), 409, "application.state_changed")
    world.run_jobs(member.account_id, "certificates.draw")
    done = world.client().get(case, headers=member.bearer).get_json()
    assert done["state"] == "completed"
    assert done["certificate"]["number"].startswith("ZM")


def test_one_that_was_cancelled_before_it_was_drawn_is_not_drawn(world: World, member: Member) -> None:
    """Nor asked for again and again: the job ends, and what looks for undrawn files passes it over."""
    made = apply(world, member, "contribution-certificate", {"purpose": "general"}).get_json()
    case = f"/applications/{made['application_id']}"
    assert post(world, member, f"{case}/cancel", {}).get_json()["state"] == "cancelled"
    assert world.run_jobs(member.account_id, "certificates.draw") == ["certificates.draw"]
    world.later(hours=1)
    world.product.certificate_jobs.take_up()
    assert world.waiting_jobs(member.account_id).count("certificates.draw") == 0
    found = world.client().get("/api/v1/certificates", headers=member.bearer).get_json()
    assert found["certificates"] == []
