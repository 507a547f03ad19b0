"""Crashes 崩溃: what happens to us in a round, and waiting until everything serves again."""

from __future__ import annotations

import os
import random
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import requests

from bench.faults import points
from bench.faults.fates import Orders
from runtime.embedded_pg import plain
from runtime.supervisor.system import System

PROCESSES = ("web-worker", "web", "worker", "notices", "bank", "postgres", "sandbox")
_HEAL_S = 120.0
_REACHED_S = 12.0
_READ_ONLY_S = 1.5


@dataclass(frozen=True, slots=True)
class Ground:
    """What is hit."""

    system: System
    folder: Path
    orders: Orders


class Crash(ABC):
    """One thing that goes wrong."""

    name: str

    @abstractmethod
    def strike(self, ground: Ground) -> bool:
        """Do it; whether it happened."""


@dataclass(frozen=True)
class Killed(Crash):
    """kill -9 at no particular moment."""

    name: str

    def strike(self, ground: Ground) -> bool:
        """Kill it; one that is being started anyway counts as down."""
        with suppress(ProcessLookupError):
            ground.system.kill(self.name)
            return True
        return False


class AtPoint(Crash):
    """kill -9 between two steps, in whichever process gets there first."""

    def __init__(self, point: points.Point) -> None:
        self._point = point
        self.name = point.name

    def strike(self, ground: Ground) -> bool:
        """Arm the point and wait until somebody has died there."""
        points.arm(ground.folder, self._point)
        until = time.monotonic() + _REACHED_S
        while time.monotonic() < until:
            if points.reached(ground.folder, self._point):
                return True
            time.sleep(0.02)
        points.disarm(ground.folder, self._point)
        return points.reached(ground.folder, self._point)


class Reset(Crash):
    """Every connection to the database is cut, in the middle of whatever it does."""

    name = "database connections reset"

    def strike(self, ground: Ground) -> bool:
        """Cut them."""
        with _superuser(ground.system) as connection:
            cut = (
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename LIKE 'anju\\_%'"
            )
            row = connection.execute(cut).fetchone()
        return bool(row and row[0])


class Restarted(Crash):
    """PostgreSQL is restarted, as for an update."""

    name = "postgres restarted"

    def strike(self, ground: Ground) -> bool:
        """Ask it to shut down fast; its keeper starts it again."""
        pid = ground.system.pid("postgres")
        if pid is None:
            return False
        os.kill(pid, signal.SIGINT)
        return True


class ReadOnly(Crash):
    """The database takes nothing for a while, as during a failover."""

    name = "database read-only"

    def strike(self, ground: Ground) -> bool:
        """Switch it off and on."""
        self._set(ground.system, "ALTER SYSTEM SET default_transaction_read_only = on")
        try:
            time.sleep(_READ_ONLY_S)
        finally:
            self._set(ground.system, "ALTER SYSTEM RESET default_transaction_read_only")
        return True

    @staticmethod
    def _set(system: System, statement: str) -> None:
        with _superuser(system) as connection:
            connection.execute(statement)
            connection.execute("SELECT pg_reload_conf()")


class NodeDown(Crash):
    """The bank's node refuses connections."""

    name = "settlement node down"

    def strike(self, ground: Ground) -> bool:
        """For two seconds."""
        ground.orders.down(2.0)
        return True


def all_crashes() -> list[Crash]:
    """Every kind, once."""
    others: list[Crash] = [Reset(), Restarted(), ReadOnly(), NodeDown()]
    return [*map(Killed, PROCESSES), *others, *map(AtPoint, points.POINTS)]


def in_turn(source: random.Random) -> Iterator[Crash]:
    """Each kind once in a random order, then again in another."""
    while True:
        crashes = all_crashes()
        source.shuffle(crashes)
        yield from crashes


def heal(system: System) -> float:
    """Wait until every process serves; gives the seconds it took."""
    began = time.monotonic()
    while not _whole(system):
        if time.monotonic() - began > _HEAL_S:
            raise TimeoutError(f"the system does not heal: {system.pids()}")
        time.sleep(0.05)
    return time.monotonic() - began


def _whole(system: System) -> bool:
    return all(system.pids().values()) and all(
        _answers(system.ports.url(name) + path) for name, path in (("web", "/readyz"), ("phone", "/"))
    )


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=3).status_code == 200
    except requests.RequestException:
        return False


@contextmanager
def _superuser(system: System) -> Iterator[psycopg.Connection[Any]]:
    url = plain(system.urls.superuser)
    opened = _again(
        lambda: psycopg.connect(url, autocommit=True, options="-c default_transaction_read_only=off")
    )
    with opened:
        yield opened


def _again(call: Callable[[], Any], patience_s: float = 60.0) -> Any:
    """Try until the database is back."""
    until = time.monotonic() + patience_s
    while True:
        try:
            return call()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
