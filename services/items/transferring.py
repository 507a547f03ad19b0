"""Carrying out a transfer 异地转移: the letter is written once the member has proven to mean it, or a sum settled by two people."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.applications.models import Application
from services.core.crypto import FieldCipher
from services.core.errors import Conflict
from services.policies.rules import Policy
from services.transfers.moving import transfer_of
from services.transfers.queries import under_way
from services.transfers.service import Wish, accept_differing, request_transfer


def carry_transfer(
    session: Session,
    cipher: FieldCipher,
    application: Application,
    form: Any,
    policy: Policy,
    node: str,
    *,
    actor: str,
    at: datetime,
) -> None:
    """Write the letter; where money has come that the letter does not fit, two people have just said it is right."""
    if transfer_of(session, application) is not None:
        return accept_differing(session, application, at, actor=actor)
    wish = Wish(
        centre_code=form.centre,
        centre_name=centres(policy)[form.centre],
        former_account_no=form.former_account_no,
        node=node,
        expected_days=policy.integer("transfer.expected_days"),
    )
    request_transfer(session, cipher, application, wish, at, actor=actor)
    return None


def centres(policy: Policy) -> dict[str, str]:
    """Names of the centres an account may come from, by node number, nearest first."""
    return {str(code): str(name) for code, name in policy.values["transfer.centres"]}


def refuse_under_way(session: Session, account_id: UUID) -> None:
    """An account that money of another centre is coming to is not closed."""
    found = under_way(session, account_id)
    if found is not None:
        raise Conflict(
            f"从{found.centre_name}转来的钱还在路上，等它到账或撤销转移以后再注销账户。",
            code="transfer.under_way",
        )
