"""Garbage collection 垃圾回收 in a process that serves for days: what it loaded at its start is left alone.

Python looks for rings among new objects after every 700, and now and then among all: over 200,000 once everything is
loaded, which holds every request for more than a tenth of a second. What is there by then stays for good; rings among what
comes later are few, and are looked for every 20,000.
"""

import gc

_YOUNG, _OLDER, _OLD = 20_000, 10, 20


def leave_loaded_alone() -> None:
    """Called once, when everything is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _OLDER, _OLD)
