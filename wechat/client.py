"""Client 接口调用: wechatpy's client with stable tokens shared by all processes and one retry at most."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from wechatpy import WeChatClient as LibraryClient

from services.core.clock import Clock
from wechat.config import WeChatConfig
from wechat.errors import TOKEN_CODES, WeChatFailure, WeChatUnreachable
from wechat.http import call_json, new_session
from wechat.token_store import StoredToken, TokenStore

EARLY_S = 300


class WeChatClient(LibraryClient):  # type: ignore[misc]
    """wechatpy's API methods over our own transport.

    Replaced, because the library retries without end on a bad token, fetches tokens without lock and
    time-out, and keeps URLs with the secret in its exceptions.
    """

    def __init__(self, config: WeChatConfig, tokens: TokenStore, clock: Clock) -> None:
        super().__init__(config.appid, config.secret)
        self.API_BASE_URL = f"{config.api_base_url}/cgi-bin/"
        self._config = config
        self._tokens = tokens
        self._clock = clock
        self._http = new_session()

    @property
    def access_token(self) -> str:
        """A token that is good for some minutes more."""
        return self._credential("access_token", self._issue_token)

    def fetch_access_token(self) -> None:
        """Renew the token (wechatpy's name for it)."""
        self._credential("access_token", self._issue_token)

    def jsapi_ticket(self) -> str:
        """The JS-SDK ticket, shared like the token."""
        return self._credential("jsapi_ticket", self._issue_ticket)

    def send_template(self, message: dict[str, Any]) -> str:
        """message/template/send; returns WeChat's msgid."""
        answer = self.post("message/template/send", data=message)
        if "msgid" not in answer:
            raise WeChatUnreachable("message/template/send", sent=True)
        return str(answer["msgid"])

    def _credential(self, kind: str, issue: Callable[[], StoredToken]) -> str:
        name = f"{self._config.appid}/{kind}"
        kept = self._usable(name)
        if kept is None:
            with self._tokens.locked(name):
                kept = self._usable(name)
                if kept is None:
                    kept = issue()
                    self._tokens.put(name, kept)
        return kept.value

    def _usable(self, name: str) -> StoredToken | None:
        kept = self._tokens.get(name)
        if kept is None or kept.ends_at - self._clock.now() <= timedelta(seconds=EARLY_S):
            return None
        return kept

    def _issue_token(self) -> StoredToken:
        body = {
            "grant_type": "client_credential",
            "appid": self._config.appid,
            "secret": self._config.secret,
            "force_refresh": False,
        }
        answer = self._exchange("post", "stable_token", {}, body)
        return self._stored(answer, "access_token", "stable_token")

    def _issue_ticket(self) -> StoredToken:
        answer = self.get("ticket/getticket", params={"type": "jsapi"})
        return self._stored(answer, "ticket", "ticket/getticket")

    def _stored(self, answer: dict[str, Any], field: str, call: str) -> StoredToken:
        value, life_s = answer.get(field), answer.get("expires_in")
        if not isinstance(value, str) or not isinstance(life_s, int):
            raise WeChatUnreachable(call, sent=True)
        # A credential issued with less than the margin left is still used: it is the newest there is.
        life_s = max(life_s, EARLY_S + 30)
        return StoredToken(value, self._clock.now() + timedelta(seconds=life_s))

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> Any:
        params = {k: v for k, v in (kwargs.get("params") or {}).items() if k != "access_token"}
        body = kwargs.get("data")
        process = kwargs.get("result_processor")
        token = self.access_token
        try:
            answer = self._exchange(method, url_or_endpoint, {**params, "access_token": token}, body)
        except WeChatFailure as failure:
            if failure.errcode not in TOKEN_CODES:
                raise
            self._tokens.drop(f"{self._config.appid}/access_token", token)
            answer = self._exchange(
                method, url_or_endpoint, {**params, "access_token": self.access_token}, body
            )
        return process(answer) if process else answer

    def _exchange(self, method: str, call: str, params: dict[str, Any], body: object) -> dict[str, Any]:
        # A call outside cgi-bin (cityservice/…) is named by its whole path.
        base = self._config.api_base_url if call.startswith("/") else self.API_BASE_URL
        answer = call_json(self._http, method.upper(), f"{base}{call}", call=call, params=params, body=body)
        errcode = answer.get("errcode", 0)
        if not isinstance(errcode, int):
            raise WeChatUnreachable(call, sent=True)
        if errcode != 0:
            raise WeChatFailure(errcode, call)
        return answer
