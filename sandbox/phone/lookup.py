"""Look-up 查人: the person a call names, or a plain refusal."""

from __future__ import annotations

from sandbox.world import Person, World


class BadOrder(Exception):
    """A call that cannot be carried out."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def known(world: World, key: str) -> Person:
    """The person of a key or phone number; 404 when there is none."""
    person = world.person(key) or world.by_phone(key)
    if person is None:
        raise BadOrder(f"no such person: {key}", 404)
    return person
