"""空闲端口: loopback ports that nobody listens on, and that nobody else is about to be given."""

import itertools
import os
import socket
from contextlib import suppress

_FIRST = 10000
_SPAN = 11000

# Below the ports that outgoing connections take, and each process walks from a place of its own: a port asked
# of the system (bind to 0) can go to somebody else between being named and being opened.
_WALK = itertools.count(os.getpid() * 397)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that can be opened now; never the same twice in a row."""
    while True:
        port = _FIRST + next(_WALK) % _SPAN
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
