"""What a process writes: one line of JSON for each event, and nobody's number in it, whoever logged."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from config.settings import ROOT

PROGRAM = """
import logging, sys
import structlog
from config.logging import configure
from services.core.pii import scrub

canary = sys.argv[1]
server = logging.getLogger("gunicorn.error")  # as gunicorn leaves it before it loads the application
server.addHandler(logging.StreamHandler(sys.stderr))
server.propagate = False
configure("INFO", scrub)
own = structlog.get_logger("own")
own.info("asked", value=canary, deep={"list": [canary, (canary,)]}, fault=ValueError(canary), raw=canary.encode())
logging.getLogger("library").warning("told %s", canary, extra={"more": canary})
server.warning("Invalid request from ip=10.0.0.1: %s", f"GET /verify/1?c={canary}")
try:
    raise ValueError(f"first line {canary}\\n{{}}\\nsecond line {canary}")
except ValueError:
    own.error("failed", exc_info=True)
    logging.getLogger("library").exception("failed")
"""
CANARIES = ["659999199003070014", "6217000000000012", "13800000001", "o" + "7" * 27, "eyJhbGciOi.eyJzdWIiOi.c2ln"]


@pytest.mark.parametrize("canary", CANARIES)
def test_nothing_of_a_person_is_written_whoever_logs(canary: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, canary], cwd=ROOT, capture_output=True, text=True, check=True
    )
    written = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["event"].partition(" ")[0] for line in written] == ["asked", "told", "Invalid", "failed", "failed"]
    assert "second line" in written[3]["exception"]
    assert "second line" in written[4]["exception"]
    assert canary not in done.stdout + done.stderr
