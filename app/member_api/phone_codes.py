"""Codes to a new number 新手机号验证码: one route for each item whose form asks for a number with its code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import g
from pydantic import Field, StrictStr

from app.http.auth import member_only
from app.http.rate_limit import Limit, Pause, client_address, hit, pause
from app.member_api.auth_schemas import SmsCodeOut
from app.member_api.bind import ADDRESS_HOUR
from app.member_api.shapes import In
from app.ports import ports
from services.core.clock import shanghai_iso
from services.core.db import transaction
from services.core.errors import Unauthenticated
from services.core.identity import check_phone
from services.items.declaration import Item
from services.items.phone_codes import phone_field, proof_of
from services.policies.rules import Policy

_DAY_S, _HOUR_S = 86_400, 3600


class PhoneCodeIn(In):
    """The number a code is to go to."""

    phone: StrictStr = Field(max_length=40)


class PhoneCodeSentOut(SmsCodeOut):
    """The code is on its way; the same whether or not the number is somebody else's."""


def add_phone_code(blueprint: APIBlueprint, item: Item) -> None:
    """The route of an item that asks for a number with its code; nothing for the others."""
    if phone_field(item) is None:
        return
    doc = blueprint.doc(
        summary=f"{item.name_zh}：向新号码发验证码",
        description="新号码别人是不是也在用，回答都一样。验证码十分钟内有效，只对这个号码有用，随表单提交。",
    )
    view = blueprint.output(PhoneCodeSentOut, status_code=202)(doc(_send(item)))
    blueprint.add_url_rule(
        f"/items/{item.code}/codes",
        f"phone_code_{item.code.replace('-', '_')}",
        blueprint.input(PhoneCodeIn, arg_name="body")(view),
        methods=["POST"],
    )


def _send(item: Item) -> Callable[..., Any]:
    @member_only
    def send_phone_code(body: PhoneCodeIn) -> Any:
        """Send a code to the number."""
        own, account_id = ports(), g.account_id
        own.engine.require_open(item)
        phone = check_phone(body.phone)
        own.phone_codes.require_another(account_id, phone)
        with transaction(own.sessions) as session:
            policy = own.engine.policy(session)
        pause_s = policy.integer("phone_code.pause_seconds")
        _count(account_id, phone, policy, pause_s)
        sent = own.phone_codes.send(account_id, item, phone, g.principal.openid)
        return {
            "challenge_id": str(sent.challenge_id),
            "expires_at": shanghai_iso(sent.expires_at),
            "resend_after_s": pause_s,
        }

    return send_phone_code


def _count(account_id: UUID, phone: str, policy: Policy, pause_s: int) -> None:
    """Of an account, a session and an address first: who is stopped there costs the number's owner none of theirs.

    The address after the caller's own, since thousands share one of a carrier's. The number is counted for everybody
    together, so that it cannot be flooded from many accounts.
    """
    session_hour, account_day, number_day = (
        policy.integer(f"phone_code.{name}") for name in ("session_hour", "account_day", "number_day")
    )
    pause(Pause("phone_code", pause_s), str(account_id))
    hit(Limit("phone_code_session", session_hour, _HOUR_S), str(g.principal.session_id))
    hit(Limit("phone_code_account", account_day, _DAY_S), str(account_id))
    hit(ADDRESS_HOUR, client_address())
    pause(Pause("phone_code_number", pause_s), phone)
    hit(Limit("phone_code_number", number_day, _DAY_S), phone)


def count_phone_code(account_id: UUID, item: Item, form: Any) -> None:
    """Count a try of the form's code before the form is submitted; raises when it is wrong, old or used."""
    own = ports()
    if proof_of(item, form) is None:
        return
    with transaction(own.sessions) as session:
        most = own.engine.policy(session).integer("phone_code.tries_hour")
    hit(Limit("phone_code_try", most, _HOUR_S), str(account_id))
    try:
        own.phone_codes.count_try(account_id, item, form, g.principal.openid)
    except Unauthenticated as fault:
        fault.field = phone_field(item)  # so that the page leads back to it
        raise
