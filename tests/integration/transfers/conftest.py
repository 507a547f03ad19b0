"""The world, and the desk for sums that differ."""

from tests.support.domain.fixtures import anna, boris, desk, member, world, world_of_process

__all__ = ["anna", "boris", "desk", "member", "world", "world_of_process"]
