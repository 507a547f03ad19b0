"""An application with one slow answer, behind the product's admission; run by gunicorn in test_admission.py."""

import time
from collections.abc import Iterable
from typing import Any

from app.http.admission import Admission

SLOW_S, MOST_WAIT_MS = 0.2, 150


def slow(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Take a while, and say so."""
    time.sleep(SLOW_S)
    start_response("200 OK", [("Content-Length", "4")])
    return [b"done"]


app = Admission(slow, MOST_WAIT_MS)
