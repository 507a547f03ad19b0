"""WeChat's login state 微信登录态: asked again, where it matters, whether the mini-program's user is still who signed in."""

from __future__ import annotations

from app.ports import Ports
from services.core.db import transaction
from services.core.errors import Unauthenticated, Unavailable
from services.members.mini_users import confirm_login, forget_login, kept_login
from services.members.sessions import Principal, end
from wechat.errors import WeChatError

MINI = "mini"


class WeChatSessionOver(Unauthenticated):
    """WeChat no longer knows the session key: sign in again, which the mini-program does by itself."""

    code, title, detail = "auth.wechat_session_over", "登录已过期", "登录已过期，请关掉小程序再打开一次。"


def wechat_away() -> Unavailable:
    """WeChat cannot be asked now; nothing happened, and it may work in a moment."""
    return Unavailable("微信暂时没有回应，请稍后再试。", code="auth.wechat_unavailable", retry_after_s=3)


def require_wechat_session(own: Ports, principal: Principal) -> None:
    """For a user of the mini-program, ask WeChat unless it vouched for the session key in the last ten minutes.

    Raises WeChatSessionOver, which also ends our session, or Unavailable.
    """
    if principal.channel != MINI:
        return
    with transaction(own.sessions) as session:
        kept = kept_login(session, own.cipher, principal.openid, own.clock.now())
    if kept is not None and kept.confirmed:
        return
    if kept is None or not _holds(own, principal.openid, kept.session_key):
        _let_go(own, principal)
        raise WeChatSessionOver
    with transaction(own.sessions) as session:
        confirm_login(session, own.cipher, principal.openid, own.clock.now())


def _holds(own: Ports, openid: str, session_key: str) -> bool:
    try:
        return own.mini_program.holds(openid, session_key)
    except WeChatError:
        raise wechat_away() from None


def _let_go(own: Ports, principal: Principal) -> None:
    with transaction(own.sessions) as session:
        forget_login(session, own.cipher.look_up(principal.openid, "openid"))
        end(session, principal.session_id, own.clock.now())
