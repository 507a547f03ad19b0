"""How gunicorn serves the web."""

from __future__ import annotations

import runpy

from gunicorn.config import Config
from gunicorn.http.parser import RequestParser

from config.settings import ROOT


def test_a_connection_is_closed_when_it_had_its_share_of_requests() -> None:
    settings = runpy.run_path(str(ROOT / "config" / "gunicorn.py"))
    sent = [b"GET / HTTP/1.1\r\nHost: anju\r\n\r\n"] * 300
    served = []
    for request in RequestParser(Config(), iter(sent), ("127.0.0.1", 40000)):
        settings["pre_request"](None, request)
        served.append(request.should_close())
    assert served == [False] * 127 + [True]
