"""What a process loaded at its start is left alone by the garbage collection; rings of later are still found."""

from __future__ import annotations

import subprocess
import sys

_LOOK = """
import gc, weakref
from runtime.garbage import leave_loaded_alone
class Ring: pass
kept = [Ring() for _ in range(1000)]
leave_loaded_alone()
print(gc.get_freeze_count() > 1000)
ring = Ring(); ring.own = ring; seen = weakref.ref(ring); del ring
rings = [[] for _ in range(60_000)]
print(seen() is None)
"""


def test_the_start_is_frozen_and_later_rings_are_collected() -> None:
    done = subprocess.run([sys.executable, "-c", _LOOK], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
