"""Requests that once were answered with 500: bodies cut in odd chunks, odd CSRF values, receipts no row can hold."""

from __future__ import annotations

from io import BytesIO, RawIOBase

import pytest
from gunicorn.http.errors import InvalidChunkSize

from services.members.consents import TEXTS
from tests.contract.api.reading import problem
from tests.support.domain.world import Member, World


class BrokenBody(RawIOBase):
    """A body whose chunks turn out to be none while it is read."""

    def readable(self) -> bool:
        """It looks like a body."""
        return True

    def readinto(self, buffer: object) -> int:
        """The server finds out now."""
        raise InvalidChunkSize(b"zz")


@pytest.mark.parametrize("limit", ["1", "100", "020"])
def test_a_page_of_allowed_size(world: World, member: Member, limit: str) -> None:
    response = world.client().get(
        "/api/v1/account/postings", query_string={"limit": limit}, headers=member.bearer
    )
    assert len(response.get_json()["postings"]) == min(int(limit), 28)


@pytest.mark.parametrize("path", ["/webhooks/sms/tencent/x", "/webhooks/wechat"])
def test_chunks_that_are_none_are_the_senders_fault(world: World, path: str) -> None:
    secret = world.product.ports().sms_receipt_secrets["tencent"]
    response = world.client().post(
        path.replace("/x", f"/{secret}"),
        content_type="application/json",
        environ_overrides={"wsgi.input": BrokenBody(), "wsgi.input_terminated": True},
        headers={"Transfer-Encoding": "chunked"},
    )
    assert problem(response, 400, "request.malformed")


def test_a_csrf_value_outside_ascii_is_a_wrong_one(world: World, member: Member) -> None:
    client = world.client()
    client.set_cookie("anju_access", member.tokens["access_token"])
    response = client.post(
        "/api/v1/consents", json={"kind": "face", "text_version": "x"}, headers={"X-CSRF-Token": "é"}
    )
    assert problem(response, 401, "auth.required")


@pytest.mark.parametrize(
    "body",
    [
        '[{"sid": "a\\u0000", "mobile": "1", "report_status": "SUCCESS"}]',
        '[{"sid": "\\ud800", "mobile": "1", "report_status": "SUCCESS"}]',
        '[{"sid": "", "mobile": "1", "report_status": "SUCCESS"}]',
        "[" * 50_000,
    ],
)
def test_a_receipt_that_no_row_can_hold_is_malformed(world: World, body: str) -> None:
    """A fault would make the provider send it again and again, with every receipt beside it."""
    secret = world.product.ports().sms_receipt_secrets["tencent"]
    path = f"/webhooks/sms/tencent/{secret}"
    response = world.client().post(path, data=body, content_type="application/json")
    assert (response.status_code, response.get_json()["result"]) == (400, 1)


@pytest.mark.parametrize(
    "path", ["/api/v1/auth/refresh", "/api/v1/public/certificates/ZM1/verify", "/verify/x"]
)
def test_a_body_that_cannot_be_measured_is_refused(world: World, path: str) -> None:
    """Chunks beyond 4 MB were cut off in silence, and what was left was taken for the whole."""
    body = BytesIO(b'{"refresh_token": null}' + b" " * (5 * 1024 * 1024) + b"and more")
    response = world.client().post(
        path,
        content_type="application/json",
        environ_overrides={"wsgi.input": body, "wsgi.input_terminated": True},
        headers={"Transfer-Encoding": "chunked"},
    )
    assert problem(response, 411, "request.length_required")


def test_consents_are_not_given_by_the_hundred(world: World, member: Member) -> None:
    """Each is a row and an entry of the audit trail for ever: a script once wrote 130 a second."""
    client, body = world.client(), {"kind": "face", "text_version": TEXTS["face"].version}
    answers = [
        client.post("/api/v1/consents", json=body, headers=member.bearer).status_code for _ in range(31)
    ]
    assert answers == [201] * 30 + [429]
