"""Bodies and fields that must not pass: each refused in the same shape, never repeated back, never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.contract.api.reading import problem
from tests.support.domain.persons import Person
from tests.support.domain.world import Member, World, idempotency

RENT = "/api/v1/items/rent-withdrawal/applications"
QUOTE = "/api/v1/items/rent-withdrawal/quote"
CONSENTS = "/api/v1/consents"


def raw(
    world: World, member: Member, body: bytes, kind: str | None = "application/json", **headers: str
) -> TestResponse:
    """A body just as it is."""
    return world.client().post(CONSENTS, data=body, content_type=kind, headers=member.bearer | headers)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"kind": "face", "kind": "face"}', "json.duplicate_key"),
        (b'{"kind": NaN}', "json.number"),
        (b'{"kind":' + b"[" * 100_000, "json.depth"),
        (b'{"kind": "\\u0000"}', "text.nul"),
        (b'{"kind": "\\ud842"}', "text.surrogate"),
        (b'{"kind": "\xc5\xf5"}', "json.syntax"),
        (b"[]", "json.not_object"),
        (b'"x"', "json.not_object"),
        (b"null", "json.not_object"),
        (b"", "json.syntax"),
        (b"{", "json.syntax"),
        (b"{'kind': 'face'}", "json.syntax"),
        (b'{"kind": ' + b"9" * 5000 + b"}", "json.syntax"),
        (b'{"__proto__": {}, "kind": "face", "text_version": "2026-11"}', "field.unknown"),
        (b'{"constructor": 1, "kind": "face", "text_version": "2026-11"}', "field.unknown"),
    ],
)
def test_an_unreadable_body_is_400(world: World, member: Member, body: bytes, code: str) -> None:
    problem(raw(world, member, body), 400, code)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None, "text/json"]
)
def test_another_content_type_is_415(world: World, member: Member, kind: str | None) -> None:
    """Row J9."""
    problem(raw(world, member, b'{"kind": "face", "text_version": "2026-11"}', kind), 415)


def test_a_packed_body_is_415(world: World, member: Member) -> None:
    """Row J16: a small body that unpacks to a large one is never unpacked."""
    answer = raw(world, member, b"\x1f\x8b\x08", **{"Content-Encoding": "gzip"})
    problem(answer, 415)


def test_a_huge_body_is_413(world: World, member: Member) -> None:
    problem(raw(world, member, b'{"kind": "' + b"x" * (4 * 1024 * 1024) + b'"}'), 413, "request.too_large")


CANARY = "张伪造659999199003070014"


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"amount_fen": 3000.0}, 400, "field.type", "amount_fen"),
        ({"amount_fen": 3000.5}, 400, "field.type", "amount_fen"),
        ({"amount_fen": "300000"}, 400, "field.type", "amount_fen"),
        ({"amount_fen": True}, 400, "field.type", "amount_fen"),
        ({"amount_fen": None}, 400, "field.type", "amount_fen"),
        ({"amount_fen": [300_000]}, 400, "field.type", "amount_fen"),
        ({"amount_fen": {"fen": 1}}, 400, "field.type", "amount_fen"),
        ({"amount_fen": 0}, 422, "field.invalid", "amount_fen"),
        ({"amount_fen": -1}, 422, "field.invalid", "amount_fen"),
        ({"amount_fen": 999_999_999_999}, 422, "field.invalid", "amount_fen"),
        ({"amount_fen": 10**400}, 422, "field.invalid", "amount_fen"),
        ({"card_id": CANARY}, 422, "field.invalid", "card_id"),
        ({"card_id": 7}, 400, "field.type", "card_id"),
        ({"card_id": None}, 400, "field.type", "card_id"),
        ({"card_id": ["x"] * 1500}, 400, "field.type", "card_id"),
        ({"amount": "3000.00"}, 400, "field.unknown", "amount"),
        ({"payee_name": CANARY}, 400, "field.unknown", "payee_name"),
    ],
)
def test_a_field_out_of_its_bounds_is_refused_by_name(
    world: World, member: Member, change: dict[str, Any], status: int, code: str, field: str
) -> None:
    """Rows A2, J13: the wrong JSON type is 400, the wrong value 422; the value is never repeated back."""
    form = {"amount_fen": 300_000, "card_id": str(member.card_id)} | change
    answer = world.client().post(RENT, json=form, headers=member.bearer | idempotency())
    assert problem(answer, status, code)["field"] == field
    assert CANARY not in answer.get_data(as_text=True)
    assert "9" * 20 not in answer.get_data(as_text=True)


@pytest.mark.parametrize("missing", ["amount_fen", "card_id"])
def test_a_missing_field_is_named(world: World, member: Member, missing: str) -> None:
    form = {"amount_fen": 300_000, "card_id": str(member.card_id)}
    del form[missing]
    answer = world.client().post(RENT, json=form, headers=member.bearer | idempotency())
    assert problem(answer, 422, "field.missing")["field"] == missing


def test_an_unknown_fields_name_is_not_repeated_at_length(world: World, member: Member) -> None:
    """A name can carry data too."""
    name = CANARY + "x" * 5000
    answer = world.client().post(QUOTE, json={name: 1}, headers=member.bearer)
    problem(answer, 400, "field.unknown")
    assert CANARY not in answer.get_data(as_text=True)
    assert len(answer.get_data()) < 1000


CLAIM_FAULTS = [
    ({"id_no": "659999199003070010"}, "id.checksum"),
    ({"id_no": "659999201306010086"}, "id.underage"),
    ({"id_no": "659999900307001"}, "id.old_format"),
    ({"id_no": "E12345678"}, "id.format"),
    ({"name": "<script>alert(1)</script>"}, "name.charset"),
    ({"name": "张" * 51}, "name.length"),
    ({"name": "张\u202e三"}, "name.charset"),
    ({"phone": "10086"}, "phone.format"),
    ({"phone": "+85291234567"}, "phone.format"),
]


@pytest.mark.parametrize(("change", "code"), CLAIM_FAULTS)
def test_a_claim_with_a_fault_is_told_which(world: World, change: dict[str, str], code: str) -> None:
    member, person = world.member(), Person()
    claim = {"name": person.name, "id_no": person.id_no, "phone": person.phone} | change
    answer = world.client().post("/api/v1/bind/sms-code", json=claim, headers=member.bearer)
    problem(answer, 422, code)
    for value in change.values():
        assert value not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=1e2",
        "limit=x",
        "limit=",
        "limit=00000001000",
        "limit=0001000",
        "limit=1000000000000000000000",
        "limit=１",
        "limit=+5",
        "before=x",
        "before=%00",
        "before='--",
    ],
)
def test_a_strange_page_of_movements_is_refused(world: World, member: Member, query: str) -> None:
    problem(
        world.client().get(f"/api/v1/account/postings?{query}", headers=member.bearer), 422, "field.invalid"
    )


@pytest.mark.parametrize(
    "query", ["wait_s=21", "wait_s=-1", "wait_s=1.5", "since_version=x", "wait_s=999999999999"]
)
def test_a_strange_wait_is_refused(world: World, member: Member, query: str) -> None:
    case = world.submit(member).application_id
    answer = world.client().get(f"/api/v1/applications/{case}?{query}", headers=member.bearer)
    problem(answer, 422, "field.invalid")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/consents/texts/nothing",
        "/api/v1/consents/texts/%00",
        "/api/v1/items/nothing",
        "/api/v1/certificates/%F0%A0%AE%B7/pdf",
        "/api/v1/applications/' OR 1=1 --",
        "/api/v1/nothing",
        "/nothing",
    ],
)
def test_what_is_not_there_is_404(world: World, member: Member, path: str) -> None:
    problem(world.client().get(path, headers=member.bearer), 404, "request.not_found")


def test_quotes_are_asked_with_what_is_known_so_far(world: World, member: Member) -> None:
    world.consent(member)
    for form in ({}, {"amount_fen": 1}, {"card_id": str(member.card_id)}):
        answer = world.client().post(QUOTE, json=form, headers=member.bearer)
        assert answer.status_code == 200
        quote = answer.get_json()
        assert (quote["allowed"], quote["max_fen"]) == (True, 1_800_000)
        assert [card["card_id"] for card in quote["cards"]] == [str(member.card_id)]
        assert {part["label"] for part in quote["breakdown"]} >= {"账户余额", "留在账户"}
        assert {fact["source"] for fact in quote["facts"]} >= {"民政婚姻登记", "不动产登记"}


def test_a_quote_full_of_refusals_is_an_answer(world: World) -> None:
    """200, with every refusal complete: rule, article, fact, source, what would change it, where to turn."""
    member = world.member(months=2)
    world.sharing.answers["estate.ownership"] = ("ok", {"houses": [{"certificate_no": "1"}]})
    world.consent(member)
    quote = world.client().post(QUOTE, json={}, headers=member.bearer).get_json()
    assert quote["allowed"] is False
    assert quote["max_fen"] is None
    assert [refusal["code"] for refusal in quote["refusals"]] == ["rent.months_short", "rent.owns_home"]
    for refusal in quote["refusals"]:
        assert all(
            refusal[name] for name in ("rule", "article", "fact", "source", "change", "turn_to", "text")
        )
    assert quote["refusals"][0]["next_on"] == "2026-12-01"
    assert quote["next_on"] is None  # owning a home has no end in the calendar


def test_no_answer_holds_a_whole_number_of_a_person(world: World, member: Member) -> None:
    """Masked everywhere: not even the member's own page shows a whole ID, phone, card or account number."""
    world.approved(member)
    world.run_jobs(member.account_id)
    client = world.client()
    paths = (
        "home",
        "account",
        "cards",
        "applications",
        "notices",
        "consents",
        "audit-log",
        "session",
        "certificates",
    )
    shown = "".join(
        client.get(f"/api/v1/{path}", headers=member.bearer).get_data(as_text=True) for path in paths
    )
    person = member.person
    for secret in (
        person.id_no,
        person.phone,
        person.card_no,
        person.name,
        person.openid,
        f"99{person.number:011d}",
    ):
        assert secret not in shown


def test_a_500_tells_nothing(world: World, member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> object:
        raise RuntimeError(CANARY)

    monkeypatch.setattr("app.member_api.home.cards_of", fault)
    answer = world.client().get("/api/v1/cards", headers=member.bearer)
    body = problem(answer, 500, "service.fault")
    assert body["instance"] in body["detail"]
    assert "钱没有动" in body["detail"]
    assert CANARY not in json.dumps(body, ensure_ascii=False)
