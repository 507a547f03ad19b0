"""Fixtures of the integration tests."""

from tests.support.domain.fixtures import member, world, world_of_process

__all__ = ["member", "world", "world_of_process"]
