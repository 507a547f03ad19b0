"""Certificates of a settled loan and for a loan in another city over HTTP: issued, checked by a stranger, refused, twice."""

from __future__ import annotations

import itertools
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from services.core.db import transaction
from services.loans.queries import loans_held
from tests.contract.api.reading import problem
from tests.support.domain.cases import apply, confirm, quote, refusals
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World, idempotency

SETTLED, OTHER_CITY = "loan-settled-certificate", "other-city-certificate"
_numbers = itertools.count(1)


def borrower(world: World) -> Member:
    """A member with 560,000.00 and a loan of 100,000.00 at 2.10 % for 300 months, drawn on 20 November 2026."""
    member = world.member(base_fen=10_000_000)
    contract_no = f"ZZGJJ2028{next(_numbers):06d}"
    terms = {"contract_no": contract_no, "drawn_on": "2026-11-20", "months": 300}
    lend(world, member, principal_fen=10_000_000, **terms)
    return member


def settle(world: World, member: Member) -> None:
    """Pay the loan off from the fund."""
    made = apply(world, member, "loan-settlement", {})
    assert made.status_code == 201, made.get_json()
    assert confirm(world, member, made.get_json()["application_id"]).status_code == 201


def drawn(world: World, member: Member, made: Any) -> tuple[dict[str, Any], bytes, str]:
    """The certificate once its file is drawn: what is told of it, the file and its text."""
    assert (made.status_code, made.get_json()["state"]) == (201, "submitted"), made.get_json()
    world.run_jobs(member.account_id, "certificates.draw")
    path = f"/api/v1/applications/{made.get_json()['application_id']}"
    case = world.client().get(path, headers=member.bearer).get_json()
    assert case["state"] == "completed"
    pdf = world.client().get(case["certificate"]["pdf_url"], headers=member.bearer).data
    text = PdfReader(BytesIO(pdf)).pages[0].extract_text().replace("\n", "")
    return case["certificate"], pdf, text


def check(world: World, number: str, file: bytes) -> dict[str, Any]:
    """What a stranger is told of a file."""
    data = {"file": (BytesIO(file), "x.pdf")}
    answer = world.client().post(f"/api/v1/public/certificates/{number}/verify", data=data)
    return dict(answer.get_json())


def test_an_open_loan_has_no_certificate_and_a_settled_one_has(world: World) -> None:
    member = borrower(world)
    no = quote(world, member, SETTLED)
    assert [refusal["code"] for refusal in no["refusals"]] == ["settled_certificate.still_open"]
    assert "100,000.00 元" in no["refusals"][0]["text"]
    problem(apply(world, member, SETTLED, {}), 409, "item.refused")

    settle(world, member)
    asked = quote(world, member, SETTLED)
    assert (asked["allowed"], asked["asks"]) == (True, [])
    certificate, pdf, text = drawn(world, member, apply(world, member, SETTLED, {}))
    with transaction(world.sessions) as session:
        (held,) = loans_held(session, member.account_id)
    for words in (held.loan.contract_no, "100,000.00 元", "300 个月", "2026-11-20", "2026-11-23", "0.00 元"):
        assert words in text
    assert member.person.id_no not in text
    found = check(world, certificate["number"], pdf)
    assert (found["genuine"], found["name"]) == (True, "住房公积金贷款结清证明")
    assert check(world, certificate["number"], pdf + b" ")["genuine"] is False
    page = world.client().get(certificate["verify_url"].partition("8600")[2])
    assert page.status_code == 200
    assert not any(world.new_violations().values())


def test_who_never_borrowed_has_nothing_to_prove(world: World, member: Member) -> None:
    assert refusals(world, member, SETTLED) == ["settled_certificate.no_loan"]
    problem(apply(world, member, SETTLED, {"loan": "019342a0-0000-7000-8000-00000000000a"}), 409)


def test_deposits_and_use_for_another_city(world: World) -> None:
    member = borrower(world)
    made = apply(world, member, OTHER_CITY, {"centre": "长沙市"})
    certificate, pdf, text = drawn(world, member, made)
    for words in ("长沙市", "560,000.00 元", "连续 28 个月", "线上没有办理过提取"):
        assert words in text.replace("  ", ""), text
    assert "用过 1 次公积金贷款，其中 1 笔没有还清，尚欠 100,000.00 元" in text
    assert check(world, certificate["number"], pdf)["holder_masked"] == "赵*居"
    assert not any(world.new_violations().values())


def test_another_city_wants_an_account_that_is_paid_into(world: World) -> None:
    sealed = world.member(state="02", sealed_on="2026-09-01")
    assert refusals(world, sealed, OTHER_CITY, {"centre": "长沙市"}) == ["other_city.not_paying"]
    problem(apply(world, sealed, OTHER_CITY, {"centre": "长沙市"}), 409, "item.refused")
    problem(apply(world, sealed, OTHER_CITY, {"centre": "<b>x</b>"}), 422)
    problem(apply(world, sealed, OTHER_CITY, {}), 422)


def test_asked_for_twice_there_is_one(world: World, member: Member) -> None:
    key = idempotency()
    first = apply(world, member, OTHER_CITY, {"centre": "长沙市"}, **key)
    again = apply(world, member, OTHER_CITY, {"centre": "长沙市"}, **key)
    assert again.get_json()["case_no"] == first.get_json()["case_no"]
    problem(apply(world, member, OTHER_CITY, {"centre": "湘潭市"}), 409, "application.in_flight")
    world.run_jobs(member.account_id)
    listed = world.client().get("/api/v1/certificates", headers=member.bearer).get_json()["certificates"]
    assert len(listed) == 1
