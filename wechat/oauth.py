"""OAuth 网页授权: the authorize address, and a code exchanged for an openid."""

from __future__ import annotations

import re
from urllib.parse import quote

from wechat.config import WeChatConfig
from wechat.errors import WeChatError, WeChatFailure, WeChatUnreachable
from wechat.http import call_json, new_session

CODE = re.compile("[A-Za-z0-9_-]{1,512}")
STATE = re.compile("[A-Za-z0-9]{1,128}")
OPENID = re.compile("[A-Za-z0-9_-]{1,64}")
BAD_CODE = frozenset({40029, 40163, 41008})


class CodeRefused(WeChatError):
    """The code is malformed, used or too old: start again."""


class SnapshotUser(WeChatError):
    """A preview page with a virtual account: nobody is signed in."""


class OAuthClient:
    """snsapi_base only: the openid is all we ask for."""

    def __init__(self, config: WeChatConfig) -> None:
        self._config = config
        self._http = new_session()

    def authorize_url(self, redirect_uri: str, state: str) -> str:
        """Where to send the browser; WeChat wants exactly this order and the fragment."""
        if not STATE.fullmatch(state):
            raise ValueError("state must be 1 to 128 letters and digits")
        return (
            f"{self._config.open_base_url}/connect/oauth2/authorize?appid={self._config.appid}"
            f"&redirect_uri={quote(redirect_uri, safe='')}&response_type=code&scope=snsapi_base"
            f"&state={state}#wechat_redirect"
        )

    def openid_for(self, code: str) -> str:
        """The openid behind a code; raises CodeRefused, SnapshotUser, WeChatFailure or WeChatUnreachable."""
        if not CODE.fullmatch(code):
            raise CodeRefused
        answer = call_json(
            self._http,
            "GET",
            f"{self._config.api_base_url}/sns/oauth2/access_token",
            call="sns/oauth2/access_token",
            params={
                "appid": self._config.appid,
                "secret": self._config.secret,
                "code": code,
                "grant_type": "authorization_code",
            },
        )
        errcode = answer.get("errcode", 0)
        if errcode in BAD_CODE:
            raise CodeRefused
        if errcode != 0:
            raise WeChatFailure(errcode if isinstance(errcode, int) else -1, "sns/oauth2/access_token")
        if answer.get("is_snapshotuser"):
            raise SnapshotUser
        openid = answer.get("openid")
        if not isinstance(openid, str) or not OPENID.fullmatch(openid):
            raise WeChatUnreachable("sns/oauth2/access_token", sent=True)
        return openid
