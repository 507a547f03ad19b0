"""Garbage collection 垃圾回收 in a process that serves for days: half a million objects of its start are not looked through again.

Python looks for rings among new objects after every 700, and now and then among all, which holds every request for a
tenth of a second. What is there when the process is ready stays for good; rings among what comes later are few, and are
looked for every 20,000.
"""

import gc

_YOUNG, _OLDER, _OLD = 20_000, 10, 20


def settle() -> None:
    """Called once, when everything is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _OLDER, _OLD)
