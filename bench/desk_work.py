"""Work for the staff desk's pages 审核台上的活: cases, a rating, breaks, somebody at the counter, an announcement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.page_cases import RENT, Cases
from bench.people import person
from bench.phone import Phone, Sandbox
from bench.prepare import Preparer
from runtime.bootstrap import Product
from runtime.cli.closing import run_close_days, run_cut_over
from runtime.supervisor.system import System
from services.centre.announcements import publish
from services.core.db import transaction
from services.members.identity import find_by_id_no
from services.reconciliation.breaks import last_proposal
from services.reconciliation.models import BankBreak
from services.staff.models import Staff

LOGIN = "fuhe"
_COLLEAGUE = "shenhe"
_NUMBER = 95_300
_BOOKED_FEN = 66_000


def make_work(product: Product, system: System, cases: Cases) -> None:
    """Cases in the queue, a bad rating, money of nobody on a day that ends, a binding to be ended, an announcement."""
    web, sandbox = system.ports.url("web"), Sandbox(system.ports.url("phone"))
    for place, name in enumerate(("谭玉梅", "邓建军", "易小红")):
        _in_review(product, web, sandbox, _NUMBER + place, name)
    _rated(web, sandbox, cases)
    _day_that_ends(product, sandbox)
    _booked(product)
    _at_the_counter(product)
    _announced(product)


def _in_review(product: Product, web: str, sandbox: Sandbox, number: int, name: str) -> None:
    """A married member's rent: the spouse's homes have to be looked at by people."""
    someone = person(number, months=28, base_fen=1_000_000) | {
        "key": f"desk-{number}", "name": name, "marital_status": "20", "employer": "株洲千里机车有限公司",
    }  # fmt: skip
    sandbox.post("/control/members", someone)
    phone = Phone(web, sandbox, str(someone["key"]))
    for step in (phone.follow, phone.sign_in, lambda: phone.bind(someone)):
        step()
    phone.consent("data_sharing", item_code=RENT)
    card = phone.call("POST", f"/items/{RENT}/quote", {})["cards"][0]
    application_id = UUID(
        phone.apply(RENT, {"amount_fen": 300_000, "card_id": card["card_id"]})["application_id"]
    )
    with transaction(product.sessions) as session:
        found = find_by_id_no(session, product.cipher, someone["id_no"])
        assert found is not None
    face_id = Preparer(product).passed_face(found.account_id, application_id)
    with transaction(product.sessions) as session:
        product.engine.confirm(session, found.account_id, application_id, face_id)


def _rated(web: str, sandbox: Sandbox, cases: Cases) -> None:
    paid = cases.ready("case-paid")["paid"]
    phone = Phone(web, sandbox, "case-paid")
    phone.sign_in()
    words = "等了好一会儿，页面上看不出办到哪一步了。"
    phone.call("POST", f"/applications/{paid}/rating", {"level": 2, "reasons": [], "words": words})


def _day_that_ends(product: Product, sandbox: Sandbox) -> None:
    """Money came twice that nobody can be named for; the day's end finds it."""
    unknown = {
        "account_no": "6222020000000000017",
        "name": "株洲某某物业有限公司",
        "summary": "往来款",
        "remark": "",
    }
    for fen in (128_000, _BOOKED_FEN):
        sandbox.post("/control/settlement/credit", {"amount_fen": fen, **unknown})
    for finish in _ends(product, sandbox):
        finish()


def _ends(product: Product, sandbox: Sandbox) -> tuple[Callable[[], object], ...]:
    none: Any = None
    return (
        lambda: run_cut_over(product.settings, none),
        lambda: sandbox.post("/control/settlement/cutoff"),
        lambda: run_close_days(product.settings, none),
    )


def _staff(session: Session, login: str) -> Staff:
    return session.scalars(select(Staff).where(Staff.login == login)).one()


def _booked(product: Product) -> None:
    """One of the two sums was booked as a difference by two people, and stands."""
    breaks = product.breaks
    with transaction(product.sessions) as session:
        row = session.scalars(select(BankBreak).where(BankBreak.bank_fen == _BOOKED_FEN)).one()
        first, second = _staff(session, _COLLEAGUE), _staff(session, LOGIN)
        breaks.take(session, first, row.break_id)
        breaks.propose(session, first, row.break_id, "booked", "问过银行，付款人还在查")
        proposal = last_proposal(session, row.break_id)
        breaks.confirm(session, second, row.break_id, proposal.proposal_id if proposal else None)


def _at_the_counter(product: Product) -> None:
    """A member who lost the phone is at the counter."""
    ports = product.desk_ports()
    with transaction(product.sessions) as session:
        someone = person(_NUMBER, months=28, base_fen=1_000_000)
        found = find_by_id_no(session, product.cipher, str(someone["id_no"]))
        assert found is not None
        words = "手机丢了，本人带身份证来，要求解除微信绑定"
        ports.proposing.unbinding(session, _staff(session, _COLLEAGUE), found.account_id, None, words)


def _announced(product: Product) -> None:
    now = product.clock.now()
    words = "11月29日 0 点到 6 点银行系统升级，这段时间批准的提取，钱在早上 8 点以前到账。"
    with transaction(product.sessions) as session:
        publish(
            session, kind="news", words=words, from_at=now, until_at=now + timedelta(days=7),
            by=f"staff:{LOGIN}", at=now,
        )  # fmt: skip
