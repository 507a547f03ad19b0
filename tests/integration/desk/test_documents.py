"""A member's pictures over HTTP: only their own case, only while it is open, and gone when they want until seen."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from runtime.retention import Retention
from services.applications.models import Application
from tests.integration.desk.test_four_eyes import jpeg, upload
from tests.support.domain.desk import DeskWorld
from tests.support.domain.world import Member, World
from tests.unit.documents.test_pictures import picture, turned


def post(world: World, member: Member, case: Application, data: bytes, **form: Any) -> Any:
    """Send one file."""
    return world.client().post(
        f"/api/v1/applications/{case.application_id}/documents",
        data={"file": (io.BytesIO(data), "../../x.php"), **form},
        headers=member.bearer,
    )


def test_a_picture_goes_up_and_comes_back_bare(world: World, desk: DeskWorld) -> None:
    member, case = desk.in_review()
    answer = post(world, member, case, turned())
    assert answer.status_code == 201
    shown = answer.get_json()
    assert (shown["width"], shown["height"], shown["removable"]) == (400, 600, True)
    back = world.client().get(shown["url"], headers=member.bearer)
    assert back.mimetype == "image/jpeg"
    assert back.headers["Cache-Control"] == "no-store"
    image = Image.open(io.BytesIO(back.get_data()))
    assert (image.size, dict(image.getexif())) == ((400, 600), {})
    path = f"/api/v1/applications/{case.application_id}/documents"
    listed = world.client().get(path, headers=member.bearer).get_json()
    assert [entry["document_id"] for entry in listed["documents"]] == [shown["document_id"]]
    assert (listed["most"], listed["open"]) == (9, True)


def test_it_lies_sealed(world: World, desk: DeskWorld) -> None:
    """Neither the sender's file nor our JPEG is in the table as it is."""
    member, case = desk.in_review()
    upload(world, member, case)
    row = world.one(
        "SELECT picture_sealed AS p FROM document WHERE application_id = :a", a=case.application_id
    )
    assert b"JFIF" not in bytes(row.p)


def test_what_is_no_upload_of_one_file_is_refused(world: World, desk: DeskWorld) -> None:
    member, case = desk.in_review()
    path = f"/api/v1/applications/{case.application_id}/documents"
    client = world.client()
    assert client.post(
        path, data={}, headers=member.bearer, content_type="multipart/form-data"
    ).status_code in (400, 422)
    two = {"file": [(io.BytesIO(jpeg()), "a.jpg"), (io.BytesIO(jpeg()), "b.jpg")]}
    assert client.post(path, data=two, headers=member.bearer).status_code == 422
    assert client.post(path, json={"file": "x"}, headers=member.bearer).status_code == 422
    assert client.post(path, data=jpeg(), headers=member.bearer, content_type="image/jpeg").status_code == 415
    parts = {f"f{n}": "x" for n in range(2000)}
    assert post(world, member, case, jpeg(), **parts).status_code == 413
    assert post(world, member, case, b"\xff\xd8\xff" + bytes(50 * 1024 * 1024)).status_code == 413


def test_other_routes_still_take_no_forms(world: World, member: Member) -> None:
    answer = world.client().post(
        "/api/v1/consents", data={"file": (io.BytesIO(b"x"), "x")}, headers=member.bearer
    )
    assert answer.status_code == 415


def test_nine_pictures_and_no_more_and_the_same_one_counts_once(world: World, desk: DeskWorld) -> None:
    member, case = desk.in_review()
    same = jpeg()
    first = post(world, member, case, same).get_json()["document_id"]
    assert post(world, member, case, same).get_json()["document_id"] == first
    for width in range(200, 208):
        assert post(world, member, case, picture((width, 200))).status_code == 201
    refused = post(world, member, case, picture((300, 300)))
    assert (refused.status_code, refused.get_json()["code"]) == (409, "documents.too_many")


def test_what_is_another_s_is_not_there(world: World, desk: DeskWorld, member: Member) -> None:
    owner, case = desk.in_review()
    url = upload(world, owner, case)
    client = world.client()
    assert client.get(url, headers=member.bearer).status_code == 404
    assert client.delete(url, headers=member.bearer).status_code == 404
    assert client.get(url.rsplit("/", 1)[0], headers=member.bearer).status_code == 404
    assert post(world, member, case, jpeg()).status_code == 404
    own_case = world.submit(member)
    crossed = url.replace(str(case.application_id), str(own_case.application_id))
    assert client.get(crossed, headers=owner.bearer).status_code == 404
    assert client.get(url, headers=owner.bearer).status_code == 200


def test_it_can_be_taken_away_until_somebody_has_looked(world: World, desk: DeskWorld) -> None:
    member, case = desk.in_review()
    gone, seen = upload(world, member, case), upload(world, member, case)
    assert world.client().delete(gone, headers=member.bearer).status_code == 204
    assert world.client().get(gone, headers=member.bearer).status_code == 404
    colleague = desk.colleague().sign_in()
    picture_id = seen.rsplit("/", 1)[1]
    assert colleague.client.get(f"/cases/{case.case_no}/pictures/{picture_id}").status_code == 200
    refused = world.client().delete(seen, headers=member.bearer)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "documents.seen")
    entries = world.client().get("/api/v1/audit-log", headers=member.bearer).get_json()["entries"]
    assert "审核时查看了您上传的图片" in [entry["text"] for entry in entries]


def test_a_case_that_is_over_takes_none(world: World, desk: DeskWorld) -> None:
    member, case = desk.in_review()
    url = upload(world, member, case)
    cancel = f"/api/v1/applications/{case.application_id}/cancel"
    assert world.client().post(cancel, headers=member.bearer).status_code == 200
    assert post(world, member, case, jpeg()).get_json()["code"] == "documents.not_now"
    assert world.client().delete(url, headers=member.bearer).get_json()["code"] == "documents.not_now"


def test_after_three_years_it_goes(world: World, desk: DeskWorld) -> None:
    member, case = desk.in_review()
    upload(world, member, case)
    count = "SELECT count(*) AS n FROM document WHERE application_id = :a"
    world.later(days=1094)
    Retention(world.sessions, world.clock).run()
    assert world.one(count, a=case.application_id).n == 1
    world.later(days=2)
    Retention(world.sessions, world.clock).run()
    assert world.one(count, a=case.application_id).n == 0


def test_sixty_tries_a_day_and_no_more(world: World, desk: DeskWorld) -> None:
    """Cases given up keep their pictures: opening many must not fill the disk."""
    member, case = desk.in_review()
    path, client = f"/api/v1/applications/{case.application_id}/documents", world.client()

    def tries(count: int) -> set[int]:
        return {
            client.post(path, headers=member.bearer, content_type="multipart/form-data", data={}).status_code
            for _ in range(count)
        }

    assert tries(40) == {422}
    assert tries(1) == {429}
    world.later(hours=1)
    member.tokens = world.sign_in(member.person)[1]
    assert tries(20) == {422}  # the try that the hour refused did not count for the day
    assert tries(1) == {429}
