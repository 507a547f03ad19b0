"""Acts at a counter over HTTP: a colleague looks a member up, proposes, and another decides."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.test import TestResponse

from tests.support.domain.desk import Colleague
from tests.support.domain.world import Member, World

NOTE = "手机丢了，本人带身份证来"
_ADDRESS = re.compile(r"/counter/([0-9a-f-]{36})$")


def look(colleague: Colleague, member: Member) -> TestResponse:
    """The answer to a look-up by ID number."""
    return colleague.post("/counter", id_no=member.person.id_no)


def propose(colleague: Colleague, member: Member, **fields: str) -> TestResponse:
    """The answer to a proposal."""
    form = {"member": str(member.account_id), "note": NOTE, "card_seen": "1", **fields}
    return colleague.post("/counter/proposals", **form)


def proposed(colleague: Colleague, member: Member, **fields: str) -> str:
    """The address of a proposal that was taken."""
    answer = propose(colleague, member, **fields)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    found = _ADDRESS.search(answer.headers["Location"])
    assert found
    return found[0]


def to_unbind(colleague: Colleague, member: Member, channel: str = "h5") -> str:
    """A proposal to end a binding."""
    return proposed(colleague, member, kind="unbind", channel=channel)


def to_change(colleague: Colleague, member: Member, phone: str) -> str:
    """A proposal to change the number."""
    return proposed(colleague, member, kind="phone", phone=phone, phone_again=phone)


def confirm(colleague: Colleague, address: str) -> TestResponse:
    """The second person's yes."""
    return colleague.post(f"{address}/decision", outcome="confirm")


def row(world: World, address: str) -> Any:
    """The proposal as it stands in the table."""
    statement = "SELECT * FROM counter_proposal WHERE proposal_id = CAST(:p AS uuid)"
    return world.one(statement, p=address.rsplit("/", 1)[1])
