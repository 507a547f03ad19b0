"""Binding 绑定: SMS code for a claim, then the binding itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, g, jsonify, request

from app.http.auth import clear_cookies, issue, member_only, set_cookies, signed_in
from app.http.rate_limit import Limit, Pause, client_address, hit, pause
from app.member_api.auth_schemas import BindIn, BindOut, DeviceKeyIn, SmsCodeIn, SmsCodeOut
from app.member_api.reading import base64url, key_of
from app.member_api.wechat_state import MINI, require_wechat_session
from app.ports import Ports, ports
from services.core.clock import shanghai_day, shanghai_iso
from services.core.db import transaction
from services.core.errors import DomainError, Invalid, TooMany
from services.core.identity import check_id_no, check_name, check_phone
from services.core.outbox import emit
from services.core.pii import mask_name
from services.core.scope import across_members
from services.face.envelope import point_on_curve
from services.members.binding import (
    MOST_TRIES,
    Claim,
    DeviceKey,
    Waits,
    bind,
    check_code,
    check_key,
    issue_code,
    proven_phone,
)
from services.members.guesses import account_of_try, let_prove
from services.members.identity import person_of
from services.members.sessions import attach_member
from services.members.unbinding import unbind
from services.policies.rules import Policy

blueprint = APIBlueprint("bind", __name__, url_prefix="/api/v1", tag="绑定")
L = TypeVar("L", Limit, Pause)
CHANNELS = ("h5", "mini")
RESEND_AFTER_S = 60
PHONE_PAUSE = Pause("sms_phone", RESEND_AFTER_S)
PHONE_HOUR = Limit("sms_phone_hour", 5, 3600)
PHONE_DAY = Limit("sms_phone_day", 10, 86_400)
SENT_PAUSE = Pause("sms_sent", RESEND_AFTER_S)
SENT_HOUR = Limit("sms_sent_hour", 5, 3600)
SENT_DAY = Limit("sms_sent_day", 10, 86_400)
USER_HOUR = Limit("sms_user_hour", 10, 3600)
ADDRESS_HOUR = Limit("sms_address_hour", 200, 3600)
TRY_HOUR = Limit("bind_try_hour", 30, 3600)
GUESS_HOUR = Limit("bind_guess_hour", 10, 3600)
GUESS_DAY = Limit("bind_guess_day", 20, 86_400)


@blueprint.post("/bind/sms-code")
@blueprint.input(SmsCodeIn, arg_name="body")
@blueprint.output(SmsCodeOut, status_code=202)
@blueprint.doc(summary="获取绑定验证码", description="与中心登记一致才会收到短信；不一致时回答完全相同。")
@signed_in
def send_code(body: SmsCodeIn) -> Any:
    """Make a challenge; the SMS goes out only when the claim equals the centre's record."""
    own = ports()
    now = own.clock.now()
    claim = Claim(
        check_name(body.name), check_id_no(body.id_no, today=shanghai_day(now)), check_phone(body.phone)
    )
    _count_code(claim.phone, g.principal.openid)
    with across_members(), transaction(own.sessions) as session:
        issued = issue_code(session, own.cipher, claim, g.principal.openid, now)
    goes = _may_be_sent(claim.phone if issued.account_id else f"nobody|{claim.phone}")
    with across_members(), transaction(own.sessions) as session:  # a job either way: both take the same time
        account_id = issued.account_id if goes else None
        let_prove(session, issued.challenge_id, account_id)  # what nobody was sent is nobody's to guess
        own.notices.plan_code(session, account_id, issued.challenge_id, issued.code)
    return {
        "challenge_id": str(issued.challenge_id),
        "expires_at": shanghai_iso(issued.expires_at),
        "resend_after_s": RESEND_AFTER_S,
    }


def _count_code(phone: str, openid: str) -> None:
    """The address last: thousands share one of a carrier's, and who is refused for themselves costs the others none."""
    hit(USER_HOUR, openid)
    asked = f"{openid}|{phone}"
    pause(PHONE_PAUSE, asked)
    for limit in (PHONE_HOUR, PHONE_DAY):
        hit(limit, asked)
    hit(ADDRESS_HOUR, client_address())


def _may_be_sent(phone: str) -> bool:
    """Whether this phone gets one more code. It is silent, so that nobody learns whose claims are right.

    It counts codes that would really go out: a stranger who only knows the number cannot use up its owner's. Wrong
    claims are counted apart, and so is what goes no further, so that all take the same time.
    """
    goes = _counted(pause, SENT_PAUSE, phone)
    for limit in (SENT_HOUR, SENT_DAY):
        goes &= _counted(hit, limit, phone if goes else f"held|{phone}")
    return goes


def _counted(count: Callable[[L, str], None], limit: L, key: str) -> bool:
    try:
        count(limit, key)
    except TooMany:
        return False
    return True


@blueprint.post("/bind")
@blueprint.input(BindIn, arg_name="body")
@blueprint.output(BindOut, status_code=201)
@blueprint.doc(
    summary="绑定",
    description="验证码正确后绑定这个微信。公众号页面要带这部手机的公钥 `device_key`，小程序没有，不能带。",
)
@signed_in
def bind_member(body: BindIn) -> Any:
    """Use the code, bind, and turn the session into the member's."""
    own = ports()
    key = _device_key(body.device_key) if body.device_key is not None else None
    check_key(g.principal.channel, key)
    challenge_id = key_of(body.challenge_id, field="challenge_id")
    hit(TRY_HOUR, g.principal.openid)
    require_wechat_session(own, g.principal)
    now = own.clock.now()
    with across_members(), transaction(own.sessions) as session:
        guessed = account_of_try(
            session, own.cipher, challenge_id, g.principal.openid, now, most_tries=MOST_TRIES
        )
    barred = _is_barred(str(guessed or f"nobody|{challenge_id}"))
    with across_members(), transaction(own.sessions) as session:  # the counted try is kept, right or wrong
        proven = check_code(
            session, own.cipher, challenge_id, body.code, g.principal.openid, now, barred=barred
        )
        phone_mac = None if isinstance(proven, DomainError) else proven_phone(session, challenge_id)
    if isinstance(proven, DomainError):
        raise proven
    answer, tokens = bound_answer(own, proven, key, phone_mac)
    response = jsonify(answer)
    response.status_code = 201
    if g.principal.channel != MINI:
        set_cookies(response, tokens)
    return response


def _is_barred(guessed: str) -> bool:
    """Whether too much was tried at a member's codes, by all users together. Silent, and counted before the try.

    Tries that can open nothing are counted apart: they cost the same, and nobody is kept out by them.
    """
    hour, day = (_counted(hit, limit, guessed) for limit in (GUESS_HOUR, GUESS_DAY))
    return not (hour and day)


def bound_answer(
    own: Ports, proven: UUID, key: DeviceKey | None, phone_mac: bytes | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Bind the caller's WeChat user to the member whose identity was proven; what to answer, and the tokens in it."""
    now, caller = own.clock.now(), g.principal
    with across_members(), transaction(own.sessions) as session:
        waits = _waits(own.engine.policy(session))
        binding = bind(session, own.cipher, proven, caller.openid, caller.channel, key, now, waits, phone_mac)
        if binding.bound_at == now:
            emit(session, proven, "member.bound", {"channel": caller.channel}, now)
        tokens = issue(attach_member(session, caller.session_id, proven, now))
        name = person_of(session, own.cipher, proven).name
    answer = {
        **tokens,
        "binding_id": str(binding.binding_id),
        "display_name": mask_name(name),
        "bound_at": shanghai_iso(binding.bound_at),
    }
    return answer, tokens


def _device_key(key: DeviceKeyIn) -> DeviceKey:
    x, y = base64url(key.x, field="device_key.x"), base64url(key.y, field="device_key.y")
    if len(x) != 32 or len(y) != 32 or not point_on_curve(x, y):
        raise Invalid("这部手机的密钥不对，请刷新页面再试。", code="device.key", field="device_key")
    return DeviceKey(x, y)


@blueprint.delete("/session/binding")
@blueprint.doc(
    summary="解除绑定",
    description=(
        "不带 `channel` 解除这里的绑定，这里的登录随之结束；`channel`=h5 或 mini 解除另一处，只能解除比这里绑得晚的，"
        "否则 403 `bind.older`。以后再绑定，要等 24 小时才能提取。"
    ),
    responses={204: "已解除"},
)
@member_only
def unbind_member() -> Response:
    """End a binding of the member, told to the member's phone and to WeChat."""
    own, caller = ports(), g.principal
    channel = request.args.get("channel", caller.channel)
    if channel not in CHANNELS:
        raise Invalid("只能写 h5 或 mini。", code="field.invalid", field="channel")
    require_wechat_session(own, caller)
    with transaction(own.sessions) as session:
        unbind(session, g.account_id, caller.channel, channel, own.clock.now())
    response = Response(status=204)
    if channel == caller.channel:
        clear_cookies(response)
    return response


def _waits(policy: Policy) -> Waits:
    hours = [policy.integer(key) for key in ("cooling.rebind_hours", "cooling.phone_hours")]
    return Waits(*(timedelta(hours=each) for each in hours))
