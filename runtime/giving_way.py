"""Giving way 让路: background work lets those who wait for an answer go first when processors are short."""

import os
from contextlib import suppress
from pathlib import Path

BY = 5
"""A third of the weight of a process that does not give way."""
_AUTOGROUP = Path("/proc/self/autogroup")


def give_way() -> None:
    """For the present process and what it starts later.

    Every process of the system has a session of its own, and Linux shares processors among sessions first (autogroup):
    nice alone would only weigh a session's own threads against each other.
    """
    os.nice(BY)
    with suppress(OSError):
        _AUTOGROUP.write_text(str(BY), encoding="ascii")
