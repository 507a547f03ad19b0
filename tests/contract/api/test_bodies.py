"""Bodies and fields that must not pass: each refused in the same shape, never repeated back, never a 500."""

from __future__ import annotations

import json

import pytest

from tests.contract.api.reading import problem
from tests.support.domain.world import Member, World

RENT = "/api/v1/items/rent-withdrawal/applications"
QUOTE = "/api/v1/items/rent-withdrawal/quote"
CONSENTS = "/api/v1/consents"


CANARY = "张伪造659999199003070014"


def test_an_unknown_fields_name_is_not_repeated_at_length(world: World, member: Member) -> None:
    """A name can carry data too."""
    name = CANARY + "x" * 5000
    answer = world.client().post(QUOTE, json={name: 1}, headers=member.bearer)
    problem(answer, 400, "field.unknown")
    assert CANARY not in answer.get_data(as_text=True)
    assert len(answer.get_data()) < 1000


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
