"""Annual statement 年度对账单 of the member, to look at and as a file."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import Response, g
from sqlalchemy.orm import Session

from app.http.auth import member_only
from app.http.rate_limit import Limit, hit
from app.member_api.statement_schemas import StatementOut, StatementsOut
from app.ports import Ports, ports
from services.accounts.service import account_of
from services.certificates.service import CENTRE
from services.certificates.statement_pdf import draw_statement
from services.contributions.statements import Statement, statement_of, statement_years
from services.core.clock import shanghai_day
from services.core.db import transaction
from services.core.errors import NotFound
from services.core.pii import mask_account_no, mask_name
from services.members.identity import person_of

_YEAR = re.compile(r"20[0-9]{2}")
blueprint = APIBlueprint("statements", __name__, url_prefix="/api/v1", tag="年度对账单")
FILES = Limit("statement_files", 10, 60)


@blueprint.get("/statements")
@blueprint.output(StatementsOut)
@blueprint.doc(summary="有哪些年度对账单", description="从新到旧；结息年度以 6 月 30 日所在的年份为名。")
@member_only
def statements() -> Any:
    """Years there is a statement of."""
    own = ports()
    with transaction(own.sessions) as session:
        opened_on = account_of(session, g.account_id).opened_on
    return {"years": list(statement_years(opened_on, shanghai_day(own.clock.now())))}


@blueprint.get("/statements/<year>")
@blueprint.output(StatementOut)
@blueprint.doc(
    summary="年度对账单",
    description="结息年度：上年 7 月 1 日到 `year` 年 6 月 30 日，逐月列出。本年度没过完的，算到今天。",
)
@member_only
def statement(year: str) -> Any:
    """A year of the member's fund."""
    own = ports()
    with transaction(own.sessions) as session:
        found = _found(session, own, year)
        return {
            **asdict(found),
            "from_on": found.from_on.isoformat(),
            "to_on": found.to_on.isoformat(),
            "months": [asdict(one) | {"month": f"{one.month:%Y-%m}"} for one in found.months],
            "display_name": mask_name(person_of(session, own.cipher, g.account_id).name),
            "account_no_masked": mask_account_no(account_of(session, g.account_id).account_no),
        }


@blueprint.get("/statements/<year>/pdf")
@blueprint.doc(summary="下载年度对账单", responses={200: "PDF 文件"})
@member_only
def statement_file(year: str) -> Response:
    """The same as a file to keep; it proves nothing to others, which certificates do."""
    own = ports()
    hit(FILES, str(g.account_id))
    with transaction(own.sessions) as session:
        found = _found(session, own, year)
        name = mask_name(person_of(session, own.cipher, g.account_id).name)
        number = mask_account_no(account_of(session, g.account_id).account_no)
    pdf = draw_statement(found, name, number, CENTRE, own.clock.now())
    return Response(
        pdf,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="statement-{found.year}.pdf"'},
    )


def _found(session: Session, own: Ports, year: str) -> Statement:
    today: date = shanghai_day(own.clock.now())
    found = statement_of(session, g.account_id, int(year), today) if _YEAR.fullmatch(year) else None
    if found is None:
        raise NotFound("没有这一年的对账单。", code="statement.none")
    return found
