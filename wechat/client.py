"""Client 接口调用: wechatpy's client with stable tokens shared by all processes and one retry at most."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wechatpy import WeChatClient as LibraryClient

from services.core.clock import Clock
from wechat.config import WeChatConfig
from wechat.credentials import Credentials
from wechat.errors import Action, QuotaReached, WeChatFailure, WeChatUnreachable
from wechat.http import call_json, new_session
from wechat.quotas import Quotas, Uncounted
from wechat.replies import Reply
from wechat.token_store import StoredToken, TokenStore

log = logging.getLogger(__name__)
TOKEN, TICKET = "access_token", "jsapi_ticket"
BUSY_WAITS_S = (0.2, 0.5, 1.0)


class WeChatClient(LibraryClient):  # type: ignore[misc]
    """wechatpy's API methods over our own transport.

    Replaced, because the library retries without end on a bad token, fetches tokens without lock and
    time-out, and keeps URLs with the secret in its exceptions.
    """

    def __init__(
        self,
        config: WeChatConfig,
        tokens: TokenStore,
        clock: Clock,
        quotas: Quotas | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(config.appid, config.secret)
        self.API_BASE_URL = f"{config.api_base_url}/cgi-bin/"
        self._config = config
        self._credentials = Credentials(config.appid, tokens, clock)
        self._quotas: Quotas = quotas or Uncounted()
        self._sleep = sleep
        self._http = new_session()

    @property
    def access_token(self) -> str:
        """A token that is still good."""
        return self._credentials.value(TOKEN, self._issue_token)

    def fetch_access_token(self) -> None:
        """Renew the token (wechatpy's name for it)."""
        self._credentials.value(TOKEN, self._issue_token)

    def jsapi_ticket(self) -> str:
        """The JS-SDK ticket, shared like the token."""
        return self._credentials.value(TICKET, self._issue_ticket)

    def send_template(self, message: dict[str, Any], *, urgent: bool = False) -> str:
        """message/template/send; returns WeChat's msgid. Urgent ones go on when our own count says stop."""
        answer = self.post("message/template/send", data=message, urgent=urgent)
        if "msgid" not in answer:
            raise WeChatUnreachable("message/template/send", sent=True)
        return str(answer["msgid"])

    def send_by_consent(self, call: str, message: dict[str, Any], *, urgent: bool = False) -> str:
        """message/subscribe/bizsend of the account or message/subscribe/send of the mini-program; returns the msgid."""
        answer = self.post(call, data=message, urgent=urgent)
        if "msgid" not in answer:
            raise WeChatUnreachable(call, sent=True)
        return str(answer["msgid"])

    def send_to_chat(self, openid: str, reply: Reply) -> None:
        """message/custom/send 客服消息: within 48 hours of the person's last word."""
        body: dict[str, Any] = {"touser": openid, "msgtype": "text", "text": {"content": reply.text}}
        if reply.card is not None:
            card = {"title": reply.card.title, "description": reply.card.text}
            card |= {"url": reply.card.url, "picurl": reply.card.picture}
            body = {"touser": openid, "msgtype": "news", "news": {"articles": [card]}}
        self.post("message/custom/send", data=body)

    def clear_quota(self) -> None:
        """clear_quota: WeChat begins to count anew; ten times a month."""
        self.post("clear_quota", data={"appid": self._config.appid}, urgent=True)

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
        return self._credentials.issued(value, life_s)

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> Any:
        params = {k: v for k, v in (kwargs.get("params") or {}).items() if k != "access_token"}
        process = kwargs.get("result_processor")
        attempt = _Attempt(method, url_or_endpoint, params, kwargs.get("data"), bool(kwargs.get("urgent")))
        token = self.access_token
        try:
            answer = self._call(attempt, token)
        except WeChatFailure as failure:
            if failure.action is not Action.RENEW:
                raise
            self._credentials.drop(TOKEN, token)
            answer = self._call(attempt, self.access_token)
        return process(answer) if process else answer

    def _call(self, attempt: _Attempt, token: str) -> dict[str, Any]:
        """One attempt under a token; a busy platform is asked again, a little later each time."""
        waits = iter(BUSY_WAITS_S)
        params = {**attempt.params, "access_token": token}
        while True:
            try:
                return self._exchange(
                    attempt.method, attempt.call, params, attempt.body, urgent=attempt.urgent
                )
            except WeChatFailure as failure:
                wait_s = next(waits, None) if failure.action is Action.AGAIN else None
                if wait_s is None:
                    raise
                self._sleep(wait_s)

    def _exchange(
        self, method: str, call: str, params: dict[str, Any], body: object, *, urgent: bool = True
    ) -> dict[str, Any]:
        if not self._quotas.may_call(call, urgent=urgent):
            raise QuotaReached(call)
        # A call outside cgi-bin (cityservice/…) is named by its whole path.
        base = self._config.api_base_url if call.startswith("/") else self.API_BASE_URL
        answer = call_json(self._http, method.upper(), f"{base}{call}", call=call, params=params, body=body)
        errcode = answer.get("errcode", 0)
        if not isinstance(errcode, int):
            raise WeChatUnreachable(call, sent=True)
        if errcode != 0:
            raise self._noted(WeChatFailure(errcode, call))
        return answer

    def _noted(self, failure: WeChatFailure) -> WeChatFailure:
        """What a refusal means for the calls to come."""
        if failure.action is Action.STOP_TODAY:
            self._quotas.stop(failure.call)
        if failure.action is Action.PAUSE:
            self._quotas.pause(failure.call)
        if failure.action is Action.OPERATOR:
            log.error("wechat needs an operator: %s", failure)
        return failure


@dataclass(frozen=True, slots=True)
class _Attempt:
    method: str
    call: str
    params: dict[str, Any]
    body: object
    urgent: bool
