"""Mini-program 小程序: signing in with a code of wx.login, and proving the phone at binding by WeChat's button."""

from __future__ import annotations

from typing import Any

import structlog
from apiflask import APIBlueprint
from flask import g, jsonify

from app.http.auth import issue, open_to_all, signed_in
from app.http.codes import use_code
from app.http.rate_limit import Limit, client_address, hit
from app.member_api.auth import SIGN_IN
from app.member_api.auth_schemas import BindOut, MiniLoginIn, MiniPhoneIn, Tokens
from app.member_api.bind import ADDRESS_HOUR, TRY_HOUR, bound_answer
from app.member_api.wechat_state import MINI, require_wechat_session, wechat_away
from app.ports import Ports, ports
from services.core.clock import shanghai_day
from services.core.db import transaction
from services.core.errors import DomainError, Forbidden, Invalid, Malformed, TooMany
from services.core.identity import check_id_no, check_name
from services.core.scope import across_members
from services.members.binding import Claim, account_of_claim
from services.members.mini_users import keep_login
from services.members.sessions import start
from wechat.errors import WeChatError
from wechat.mini_program import MiniLogin, RiskyUser, TooFast
from wechat.oauth import CodeRefused

blueprint = APIBlueprint("mini", __name__, url_prefix="/api/v1", tag="小程序")
log = structlog.get_logger(__name__)
NUMBER_DAY = Limit("mini_phone_day", 10, 86_400)


class MiniOff(Forbidden):
    """The centre does not offer the mini-program."""

    code, title = "auth.mini_off", "小程序还没有开通"
    detail = "小程序还没有开通，请从公众号菜单进入办理。"


class JsCodeUsed(Malformed):
    """The code of wx.login is malformed, used or too old."""

    code, title = "auth.code_used", "登录没有完成"
    detail = "登录没有完成，请关掉小程序再打开一次。"


class HighRisk(Forbidden):
    """WeChat refuses this user."""

    code, title = "auth.wechat_risk", "微信不让这个账号登录"
    detail = "微信认为这个微信号有风险，暂时不能登录。请在微信里解除限制，或带身份证到任一网点办理。"


class PhoneDiffers(Invalid):
    """Name, ID number and WeChat's phone are not together what the centre has on record. Says no more than that."""

    code, title = "bind.phone_differs", "和中心登记的对不上"
    detail = "填写的信息和微信手机号，跟中心登记的对不上。请核对后改用短信验证码。"


@blueprint.post("/auth/mini/login")
@blueprint.input(MiniLoginIn, arg_name="body")
@blueprint.output(Tokens)
@blueprint.doc(
    summary="小程序登录",
    description=(
        "`js_code` 是 wx.login 给的一次性 code。回答令牌，放在 Authorization 请求头里用，没有 cookie。"
        "code 用过或过期：400 `auth.code_used`；一分钟内太多：429 `request.too_many`；"
        "微信拦下的账号：403 `auth.wechat_risk`；微信没有回应：503 `auth.wechat_unavailable`。"
    ),
)
@open_to_all
def login(body: MiniLoginIn) -> Any:
    """Begin a session of the mini-program's user; WeChat's session key is kept sealed and goes nowhere."""
    own = ports()
    hit(SIGN_IN, client_address())
    if "wechat" not in own.settings.faces_offered:
        raise MiniOff
    found = _who(own, body.js_code)
    now = own.clock.now()
    with across_members(), transaction(own.sessions) as session:
        row = start(session, own.cipher, found.openid, MINI, now)  # locks in the order of unbinding
        keep_login(session, own.cipher, found.openid, found.session_key, found.unionid, now)
        return issue(row)


def _who(own: Ports, js_code: str) -> MiniLogin:
    use_code(own, f"js:{js_code}", JsCodeUsed)
    try:
        return own.mini_program.login(js_code)
    except (WeChatError, CodeRefused) as failure:
        raise _told(failure) from None


def _told(failure: WeChatError) -> DomainError:
    """What a failure of WeChat means to the member."""
    if isinstance(failure, CodeRefused):
        return JsCodeUsed()
    if isinstance(failure, RiskyUser):
        return HighRisk()
    if isinstance(failure, TooFast):
        return TooMany("登录太频繁了，请一分钟后再试。", retry_after_s=60)
    log.warning("mini.wechat_failed", fault=str(failure))
    return wechat_away()


@blueprint.post("/bind/mini-phone")
@blueprint.input(MiniPhoneIn, arg_name="body")
@blueprint.output(BindOut, status_code=201)
@blueprint.doc(
    summary="用微信手机号绑定",
    description=(
        "`code` 是 getPhoneNumber 按钮给的一次性 code。手机号只向微信要，不看手机的说法；姓名、身份证号和它都等于中心登记的，"
        "就和短信验证码一样算数，直接绑定。对不上：422 `bind.phone_differs`，哪一项不对不说，改走短信验证码。"
    ),
)
@signed_in
def bind_by_phone(body: MiniPhoneIn) -> Any:
    """Bind by the number WeChat gives, when the whole claim equals the record."""
    own, openid = ports(), g.principal.openid
    if g.principal.channel != MINI:
        raise Forbidden("用微信手机号绑定只能在小程序里办。", code="session.channel")
    now = own.clock.now()
    name, id_no = check_name(body.name), check_id_no(body.id_no, today=shanghai_day(now))
    hit(TRY_HOUR, openid)
    hit(NUMBER_DAY, openid)
    hit(ADDRESS_HOUR, client_address())
    require_wechat_session(own, g.principal)
    phone = _number(own, body.code, openid)
    with across_members(), transaction(own.sessions) as session:
        claim = Claim(name, id_no, phone or "")
        account_id = account_of_claim(session, own.cipher, claim)
    if phone is None or account_id is None:
        raise PhoneDiffers
    answer, _ = bound_answer(own, account_id, None, own.cipher.look_up(phone, "member.phone"))
    response = jsonify(answer)
    response.status_code = 201
    return response


def _number(own: Ports, code: str, openid: str) -> str | None:
    use_code(own, f"phone:{code}", PhoneCodeUsed)
    try:
        return own.mini_program.phone_of(code, openid)
    except CodeRefused:
        raise PhoneCodeUsed from None
    except WeChatError as failure:
        raise _told(failure) from None


class PhoneCodeUsed(Malformed):
    """The code of the phone-number button is malformed, used or too old."""

    code, title = "bind.phone_code_used", "没有取到手机号"
    detail = "没有取到微信手机号，请再点一次，或改用短信验证码。"
