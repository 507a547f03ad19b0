"""Posting 推送: what the sandbox sends to the product of its own accord, over connections that are kept."""

from __future__ import annotations

from dataclasses import dataclass

import urllib3

WITHIN_S = 5
_lines = urllib3.PoolManager(num_pools=8, maxsize=16)


class NotTaken(Exception):
    """Nobody answered, or not in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the product said."""

    status: int
    text: str

    @property
    def ok(self) -> bool:
        """Whether it took it."""
        return self.status < 400


def post(url: str, body: bytes, content_type: str) -> Answer:
    """One call, never repeated and never redirected; raises NotTaken."""
    headers = {"Content-Type": content_type}
    try:
        answer = _lines.request(
            "POST", url, body=body, headers=headers, timeout=WITHIN_S, retries=False, redirect=False
        )
    except urllib3.exceptions.HTTPError as error:
        raise NotTaken from error
    return Answer(answer.status, answer.data.decode("utf-8", "replace"))
