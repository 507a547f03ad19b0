"""Bytes on the line 线上字节: read by gunicorn with our settings, up to the answer it gives by itself."""

from __future__ import annotations

import logging
import runpy
import socket
from typing import Any

from gunicorn.config import Config
from gunicorn.http.parser import RequestParser
from gunicorn.workers.base import Worker

from config.settings import ROOT
from tests.catalogue.rows import Row, as_bytes


def settings() -> Config:
    """gunicorn's configuration as the product starts it."""
    config = Config()
    for name, value in runpy.run_path(str(ROOT / "config" / "gunicorn.py")).items():
        if name in config.settings:
            config.set(name, value)
    return config


def status_of(row: Row) -> int:
    """The status the server answers with before any application is asked; 0 when it lets the request through."""
    worker: Any = object.__new__(Worker)
    worker.cfg = settings()
    worker.log = logging.getLogger("line")
    worker.log.access = lambda *_: None
    ours, theirs = socket.socketpair()
    source = iter([as_bytes(row["body"], lines=True)])
    try:
        request = next(RequestParser(worker.cfg, source, ("127.0.0.1", 1)))
        request.body.read()
    except Exception as fault:
        worker.handle_error(None, ours, ("127.0.0.1", 1), fault)
        return int(theirs.recv(4096).split()[1])
    finally:
        ours.close()
        theirs.close()
    return 0
