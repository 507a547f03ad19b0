"""Run the settlement node alone: python -m sandbox.settlement_node --state DIR [--control-port 8610]."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from flask import Flask

from sandbox.settlement_node.control import blueprint
from sandbox.settlement_node.node import SettlementNode


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    if os.environ.get("ANJU_ENV") == "production":
        print("the sandbox does not run in production", file=sys.stderr)
        return 2
    parser = argparse.ArgumentParser(prog="python -m sandbox.settlement_node")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8614)
    parser.add_argument("--notice-port", type=int, default=8615)
    parser.add_argument("--control-port", type=int, default=0, help="0: no control API")
    parser.add_argument("--pay-delay", type=float, default=0.2)
    options = parser.parse_args()
    node = SettlementNode(
        options.state, "127.0.0.1", options.port, options.notice_port, pay_delay_s=options.pay_delay
    )
    node.start()
    print(f"settlement node on 127.0.0.1:{node.port}, notices on {node.notice_port}", flush=True)
    if options.control_port:
        app = Flask(__name__)
        app.register_blueprint(blueprint(node), url_prefix="/control/settlement")
        serve = {"host": "127.0.0.1", "port": options.control_port, "threaded": True}
        threading.Thread(target=app.run, kwargs=serve, daemon=True).start()
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    done.wait()
    node.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
