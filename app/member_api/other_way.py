"""The other way 不刷脸: what it takes, the code, and the confirmation by card and SMS."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import g

from app.http.auth import member_only
from app.http.checked import answered_or_checked
from app.http.idempotency import run_once
from app.http.rate_limit import Limit, Pause, hit, pause
from app.member_api.origin import origin_here
from app.member_api.other_way_views import COUNTER, card_sms_view
from app.member_api.reading import key_of, path_key
from app.member_api.route_schemas import CardSmsConfirmIn, CodeSentOut, WaysOut
from app.member_api.schemas import ApplicationOut
from app.member_api.shapes import In
from app.member_api.showing import show
from app.ports import ports
from services.applications.models import MONEY
from services.applications.service import load
from services.core.clock import shanghai_iso
from services.core.db import transaction
from services.core.pii import mask_phone
from services.members.identity import person_of

blueprint = APIBlueprint("other_way", __name__, url_prefix="/api/v1", tag="不刷脸")
RESEND_AFTER_S = 60
CODE_PAUSE = Pause("route_code", RESEND_AFTER_S)
CODE_HOUR = Limit("route_code_hour", 5, 3600)
CODE_DAY = Limit("route_code_day", 10, 86_400)
TRY_HOUR = Limit("route_try_hour", 30, 3600)


class NothingIn(In):
    """An empty object."""


@blueprint.get("/applications/<application_id>/other-ways")
@blueprint.output(WaysOut)
@blueprint.doc(summary="不刷脸怎么办", description="每种办法能不能用、限额多少、多久付款。")
@member_only
def other_ways(application_id: str) -> Any:
    """The ways without a face for this application."""
    own, key = ports(), path_key(application_id)
    with transaction(own.sessions) as session:
        found = own.card_route.look(session, g.account_id, key)
        money = load(session, g.account_id, key).kind == MONEY
        return {"ways": [card_sms_view(found, own.engine.policy(session), moves_money=money), COUNTER]}


@blueprint.post("/applications/<application_id>/card-sms")
@blueprint.input(NothingIn, arg_name="body")
@blueprint.output(CodeSentOut, status_code=202)
@blueprint.doc(
    summary="银行卡核验，发验证码",
    description="先向银行核对收款卡，核对上了才发短信到中心登记的手机；60 秒后可以再发，只有最后一次发的有用。",
)
@member_only
def send_code(application_id: str, body: NothingIn) -> Any:
    """Check the card with the bank, then send the code."""
    own, account_id = ports(), g.account_id
    for limit in (CODE_HOUR, CODE_DAY):
        hit(limit, str(account_id))
    pause(CODE_PAUSE, str(account_id))
    sent = own.card_route.begin(account_id, path_key(application_id), g.principal.openid)
    with transaction(own.sessions) as session:
        phone = person_of(session, own.cipher, account_id).phone
    return {
        "challenge_id": str(sent.challenge_id),
        "expires_at": shanghai_iso(sent.expires_at),
        "resend_after_s": RESEND_AFTER_S,
        "phone_masked": mask_phone(phone),
        "pay_from": shanghai_iso(sent.pay_from) if sent.pay_from else None,
    }


@blueprint.post("/applications/<application_id>/card-sms/confirm")
@blueprint.input(CardSmsConfirmIn, arg_name="body")
@blueprint.output(ApplicationOut, status_code=201)
@blueprint.doc(
    summary="用验证码确认办理",
    description="验证码只对这一笔有用，只能用一次。批准后等待付款（`waiting`），到时间自动付款，其间可以撤销。需要请求头 Idempotency-Key。",
)
@member_only
def confirm(application_id: str, body: CardSmsConfirmIn) -> Any:
    """Use the code and approve; the payment waits."""
    own, account_id, key = ports(), g.account_id, path_key(application_id)
    challenge_id, openid = key_of(body.challenge_id, field="challenge_id"), g.principal.openid
    kept = {"application_id": str(key), "challenge_id": str(challenge_id), "code": body.code}

    def check() -> None:
        hit(TRY_HOUR, str(account_id))
        own.card_route.count_try(account_id, key, challenge_id, body.code, openid)

    answered = answered_or_checked(account_id, "card-sms", kept, check)
    if answered is not None:
        return answered
    return run_once(
        account_id,
        "card-sms",
        kept,
        lambda session: show(
            session,
            own,
            own.card_route.confirm(
                session, account_id, key, challenge_id, body.code, openid, origin_here(own)
            ),
        ),
    )
