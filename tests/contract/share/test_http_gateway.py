"""HttpSharingGateway against the exchange: signatures, answers of the registries, and every kind of trouble."""

import base64
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import requests

from sandbox.assembly import Sandbox
from sandbox.setup import PORTRAITS
from services.core.clock import SHANGHAI, FixedClock, SystemClock
from services.datasharing.adapters.http import HttpSharingGateway, ShareConfig, share_signature
from services.datasharing.ports import ShareAnswer, ShareRequest

Ask = Callable[..., ShareAnswer]


def _config(sandbox: Sandbox, **other: str) -> ShareConfig:
    keys = sandbox.setup.settings["share"]
    return ShareConfig(
        **{
            "base_url": sandbox.setup.url("share"),
            "centre_id": keys["centre_id"],
            "key": keys["key"],
            **other,
        }
    )


def _question(name: str = "李安", id_no: str = "659999199003070014", **params: str) -> ShareRequest:
    return ShareRequest("r-1", "c-1", "租房提取", "k-1", name, id_no, params)


@pytest.fixture
def ask(sandbox: Sandbox, clock: SystemClock) -> Ask:
    gateway = HttpSharingGateway(_config(sandbox), clock)
    return lambda service, **given: gateway.ask(service, _question(**given))


def test_sm3_vector_of_the_standard() -> None:
    """GB/T 32905 example 1, in both implementations."""
    from cryptography.hazmat.primitives.hashes import SM3, Hash

    from sandbox.share.signature import sm3

    digest = Hash(SM3())
    digest.update(b"abc")
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert digest.finalize().hex() == sm3(b"abc").hex() == expected


def test_marriage_names_the_spouse(ask: Ask) -> None:
    answer = ask("civil.marriage")
    assert answer.status == "ok"
    spouse = {"name": "王宁", "id_no": "659999199104080029"}
    assert answer.data == {"status": "20", "spouse": spouse, "changes_24m": 0}
    assert abs(answer.as_of - datetime.now(UTC)) < timedelta(seconds=5)


def test_houses_of_the_city_and_of_another(ask: Ask) -> None:
    (house,) = ask("estate.ownership", city_code="430200").data["houses"]
    assert (house["share_percent"], house["acquired_on"]) == (100, "2019-05-06")
    elsewhere = ask("estate.ownership", city_code="430100")
    assert (elsewhere.status, elsewhere.data) == ("ok", {"houses": []})


@pytest.mark.parametrize(
    ("name", "id_no", "bank", "card", "reason"),
    [
        ("李安", "659999199003070014", "105000", "6217000000000000012", None),
        ("王宁", "659999199104080029", "105000", "6217000000000000012", "holder_mismatch"),
        ("李安", "659999199003070014", "105000", "6217000000000000099", "card_not_found"),
        ("李安", "659999199003070014", "102000", "6217000000000000020", "not_class_one"),
        ("李安", "659999199003070014", "102000", "6217000000000000038", "card_frozen"),
    ],
)
def test_card_check(ask: Ask, name: str, id_no: str, bank: str, card: str, reason: str | None) -> None:
    answer = ask("bank.card_check", name=name, id_no=id_no, bank_code=bank, card_no=card)
    assert (answer.data["matched"], answer.data["reason"]) == (reason is None, reason)


def test_police_photo_is_a_small_jpeg(sandbox: Sandbox, ask: Ask) -> None:
    folder = sandbox.world.added_portraits / "someone"
    folder.mkdir(parents=True)
    source = next(PORTRAITS.glob("*/reference.jpg"))
    shutil.copy(source, folder / "reference.jpg")
    sandbox.world.add(
        {"key": "li", "name": "李安", "id_no": "659999199003070014", "phone": "1", "portrait": "someone"}
    )
    photo = base64.b64decode(ask("police.photo").data["photo_base64"])
    assert photo[:3] == b"\xff\xd8\xff"
    assert len(photo) <= 40 * 1024


def test_a_stranger_is_not_found(ask: Ask) -> None:
    answer = ask("civil.marriage", name="李安", id_no="659999199003070022")
    assert (answer.status, answer.data) == ("not_found", {})


@pytest.mark.parametrize("kind", ["down", "bad_answer", "html", "http_500", "reset", "unavailable"])
def test_trouble_is_unavailable(sandbox: Sandbox, ask: Ask, kind: str) -> None:
    sandbox.world.faults.order("share", "civil.marriage", kind)
    assert ask("civil.marriage").status == "unavailable"
    assert ask("civil.marriage").status == "ok"


@pytest.mark.parametrize(
    "odd",
    [
        b"[" * 200_000,
        b'{"request_id": "%s", "status": "ok", "as_of": "2026-11-23T10:00:00+08:00", "data": {"a": "\\ud800"}}',
        b'{"request_id": "%s", "status": "ok", "as_of": "2026-11-23T10:00:00+08:00", "data": {"a": "\\u0000"}}',
        b'{"request_id": "%s", "status": "ok", "as_of": "0001-01-01T00:00:00+08:00", "data": {}}',
        b'{"request_id": "%s", "status": "ok", "as_of": "9999-12-31T23:59:59-08:00", "data": {}}',
    ],
    ids=["deep", "half_a_character", "nul", "before_the_calendar", "after_the_calendar"],
)
def test_an_odd_answer_is_unavailable(
    sandbox: Sandbox, clock: SystemClock, monkeypatch: pytest.MonkeyPatch, odd: bytes
) -> None:
    gateway, question = HttpSharingGateway(_config(sandbox), clock), _question()
    body = odd.replace(b"%s", question.request_id.encode())
    monkeypatch.setattr(HttpSharingGateway, "_post", lambda *_: body)
    assert gateway.ask("civil.marriage", question).status == "unavailable"


def test_nobody_there_is_unavailable(sandbox: Sandbox, clock: SystemClock) -> None:
    gateway = HttpSharingGateway(_config(sandbox, base_url="http://127.0.0.1:9"), clock)
    assert gateway.ask("civil.marriage", _question()).status == "unavailable"


def test_wrong_key_centre_or_time_is_turned_away(sandbox: Sandbox, clock: SystemClock) -> None:
    late = FixedClock(datetime.now(UTC) - timedelta(seconds=301))
    for config, own_clock in (
        (_config(sandbox, key="x" * 32), clock),
        (_config(sandbox, centre_id="C00000"), clock),
        (_config(sandbox), late),
    ):
        assert (
            HttpSharingGateway(config, own_clock).ask("civil.marriage", _question()).status == "unavailable"
        )
    codes = [call["answer"] for call in sandbox.store.entries("received", "share")]
    assert ["sign_mismatch" in codes[0], "centre_unknown" in codes[1], "time_out_of_window" in codes[2]] == [
        True
    ] * 3


def test_a_repeated_nonce_is_refused(sandbox: Sandbox) -> None:
    keys, now = sandbox.setup.settings["share"], str(int(datetime.now(UTC).timestamp()))
    body = b'{"request_id":"r","case_id":"c","purpose":"p","consent_id":"k","subject":{"name":"n","id_no":"1"},"params":{}}'
    headers = {
        "X-Share-Centre": keys["centre_id"],
        "X-Share-Time": now,
        "X-Share-Nonce": "a" * 16,
        "X-Share-Sign": share_signature(keys["key"], now, "a" * 16, "civil.marriage", body),
    }
    url = f"{sandbox.setup.url('share')}/share/v1/civil.marriage"
    first, second = (requests.post(url, data=body, headers=headers, timeout=5) for _ in range(2))
    assert (first.status_code, first.json()["status"]) == (200, "not_found")
    assert (second.status_code, second.json()["code"]) == (401, "nonce_seen")


REGISTERS = {
    "contracts": [
        {"contract_no": "C1", "house_no": "H1", "city_code": "430200", "signed_on": "-10d"},
        {"contract_no": "C2", "house_no": "H2", "city_code": "430100", "signed_on": "2026-01-02"},
    ],
    "bank_loans": [{"contract_no": "L1", "repaid_12m_fen": 1}],
    "social": {"status": "retired", "retired_on": "-45d"},
}


@pytest.fixture
def someone(sandbox: Sandbox, ask: Ask) -> Callable[..., ShareAnswer]:
    """A person of these registers, asked about."""
    person = {"key": "deng", "name": "邓丽", "id_no": "659999199206140043", "phone": "13800000039"}
    sandbox.world.add({**person, **REGISTERS})
    return lambda service, **given: ask(service, name="邓丽", id_no="659999199206140043", **given)


def test_a_register_tells_the_entries_of_the_city_asked_for(someone: Ask) -> None:
    answer = someone("housing.contract", city_code="430200")
    assert [entry["contract_no"] for entry in answer.data["contracts"]] == ["C1"]
    assert len(someone("housing.contract").data["contracts"]) == 2


def test_days_of_the_demo_move_with_the_clock(someone: Ask) -> None:
    (entry,) = someone("housing.contract", city_code="430200").data["contracts"]
    today = datetime.now(UTC).astimezone(SHANGHAI).date()
    assert date.fromisoformat(entry["signed_on"]) == today - timedelta(days=10)
    assert someone("social.status").data["retired_on"] == (today - timedelta(days=45)).isoformat()


@pytest.mark.parametrize(
    ("service", "status", "data"),
    [
        ("tax.deed", "ok", {"deeds": []}),
        ("elevator.filing", "ok", {"filings": []}),
        ("credit.loan", "ok", {"loans": [{"contract_no": "L1", "repaid_12m_fen": 1}]}),
        ("property.bill", "not_found", {}),
        ("police.household", "not_found", {}),
    ],
)
def test_nothing_on_file_and_unknown_are_two_things(
    someone: Ask, service: str, status: str, data: dict[str, object]
) -> None:
    answer = someone(service, city_code="430200")
    assert (answer.status, answer.data) == (status, data)
