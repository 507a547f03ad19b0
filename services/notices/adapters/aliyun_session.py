"""Session 连接: how Aliyun's SDK goes out. Its own way follows proxy variables and redirects, and logs on request."""

from __future__ import annotations

import logging
from typing import Any

import requests
from darabonba.core import DaraCore

# Asked by the environment variable DEBUG, the SDK would log whole calls: numbers, codes, amounts.
logging.getLogger("darabonba-core").disabled = True


class _Straight(requests.Session):
    """Goes to the named host and nowhere else: no proxy of the environment, no redirect, no old connection."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        request.headers["Connection"] = "close"
        self.trust_env = False
        return super().send(request, **{**options, "proxies": {}, "allow_redirects": False})


def go_straight(scheme: str, endpoint: str) -> None:
    """Put our session where the SDK keeps its own for an address."""
    key = f"{scheme}://{endpoint}:80:pool={DaraCore._resolve_pool_maxsize()}"
    if not isinstance(DaraCore._sessions.get(key), _Straight):
        DaraCore._sessions[key] = _Straight()
