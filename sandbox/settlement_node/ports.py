"""Listening ports 监听端口: a thread for each connection, all of which can be shut at once."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress

from sandbox.settlement_node.wire import WireError

IDLE_S = 300.0

Serve = Callable[[socket.socket], None]


class Ports:
    """Opens ports, serves connections, and closes both."""

    def __init__(self, host: str, note: Callable[[str], None]) -> None:
        self._host, self._note = host, note
        self._listening: list[socket.socket] = []
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        return bool(self._listening)

    def open(self, port: int, serve: Serve) -> int:
        """Listen on a port (0: any free one); the port."""
        listening = socket.create_server((self._host, port), backlog=128)
        with self._lock:
            self._listening.append(listening)
        threading.Thread(target=self._accept, args=(listening, serve), daemon=True).start()
        return int(listening.getsockname()[1])

    def close(self) -> None:
        """Stop listening and cut every connection."""
        with self._lock:
            gone = [*self._listening, *self._connections]
            self._listening.clear()
        for sock in gone:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self, listening: socket.socket, serve: Serve) -> None:
        while True:
            try:
                sock, _ = listening.accept()
            except OSError:
                return
            with self._lock:
                self._connections.add(sock)
            threading.Thread(target=self._serve, args=(sock, serve), daemon=True).start()

    def _serve(self, sock: socket.socket, serve: Serve) -> None:
        try:
            sock.settimeout(IDLE_S)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            serve(sock)
        except (OSError, WireError, sqlite3.Error) as fault:
            with suppress(sqlite3.Error):  # the store is closed when the node is stopping
                self._note(f"connection closed: {fault}")
        finally:
            with self._lock:
                self._connections.discard(sock)
            sock.close()
