"""JS-SDK 签名: what a page passes to wx.config, for pages of our own hosts only."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from services.core.clock import Clock


class ForeignPage(Exception):
    """A page that is not ours asked for a signature."""


def signature(ticket: str, nonce: str, timestamp: str, url: str) -> str:
    """SHA-1 over the four values, keys in lower case, the URL as it stands in the browser without fragment."""
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class JsSdk:
    """Signs pages below the public base URL."""

    def __init__(self, appid: str, public_base_url: str, ticket: Callable[[], str], clock: Clock) -> None:
        self._appid = appid
        self._own = _origin(public_base_url)
        self._ticket = ticket
        self._clock = clock

    def config_for(self, page_url: str) -> dict[str, str]:
        """appId, timestamp, nonceStr and signature for one page; raises ForeignPage."""
        url = page_url.partition("#")[0]
        if len(url) > 2048 or "\\" in url or _origin(url) != self._own:
            raise ForeignPage
        timestamp, nonce = str(int(self._clock.now().timestamp())), secrets.token_hex(8)
        return {
            "appId": self._appid,
            "timestamp": timestamp,
            "nonceStr": nonce,
            "signature": signature(self._ticket(), nonce, timestamp, url),
        }


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ForeignPage from None
    return parts.scheme, parts.netloc
