"""Reading 读取: a request body up to a limit, however it is sent."""

from __future__ import annotations

from flask import Request


def read_up_to(request: Request, limit: int) -> bytes:
    """At most `limit` + 1 bytes of the body, so that the caller can tell that it is too long."""
    body = bytearray()
    while len(body) <= limit:
        chunk = request.stream.read(limit + 1 - len(body))
        if not chunk:
            break
        body += chunk
    return bytes(body)
