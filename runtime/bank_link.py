"""Bank link 银行通知: holds the connection on which the settlement node pushes account changes."""

from __future__ import annotations

import signal
from threading import Event

from config.logging import configure
from config.settings import load_settings
from runtime.bootstrap import build
from runtime.giving_way import give_way
from services.core.pii import scrub


def main() -> None:
    """Listen until told to stop; a change is acknowledged only after it is committed."""
    give_way()
    settings = load_settings()
    configure(settings.log_level, scrub)
    product = build(settings)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    product.notice_stream.run(product.settlement_jobs.take_changes, stop)


if __name__ == "__main__":
    main()
