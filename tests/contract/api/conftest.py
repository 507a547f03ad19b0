"""Fixtures of the API tests, and the long ones among them."""

from __future__ import annotations

from tests.support.domain.fixtures import member, world, world_of_process

__all__ = ["member", "world", "world_of_process"]
