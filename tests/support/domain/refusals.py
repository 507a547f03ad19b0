"""Refused confirmations 被拒的确认."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.applications.models import Application
from services.core.errors import DomainError
from tests.support.domain.world import Member, World


def refusal(world: World, member: Member, application: Application, face: UUID) -> str:
    """The code a confirmation is refused with; balances must not move."""
    before = world.balance(member)
    with pytest.raises(DomainError) as refused:
        world.confirm(member, application, face)
    assert world.balance(member) == before
    return refused.value.code
