"""The floor 下限: the very statements of a request, prepared, one round trip each, by a bare libpq client.

What is sent is taken from the product once, by listening to its engine; a replay for another member differs in the
values alone. All values are made before the clock starts.
"""

from __future__ import annotations

import multiprocessing
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.types.json import Jsonb
from sqlalchemy import Engine, event

from bench.clones import ENTRY, swapped
from services.audit.service import entry_hash
from services.core.ids import new_id
from services.core.sql import Statement as HotStatement

_NAMED = re.compile(r"%\((\w+)\)s")
_INT4 = 23
_LOCK_PARTS, _ADDRESS = ("high", "low"), "address_mac"
PROCESSES, WARM_UP = 8, 8
_GOOD = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)
Swap = Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One statement as the product sent it, and how many rows it touched."""

    sql: str
    params: Mapping[str, Any]
    rows: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with its parameters' types, ready to be prepared."""

    query: bytes
    types: tuple[int, ...]
    names: tuple[str, ...]
    rows: int


Values = tuple[list[Any], list[Any]]  # what exec_prepared wants: values and their formats
Request = list[Values]


@contextmanager
def recorded(engine: Engine) -> Iterator[list[Step]]:
    """Everything the engine and the statements of the hot paths send while the block runs, BEGIN and COMMIT included."""
    steps: list[Step] = []

    def cursor(_c: Any, cursor: Any, sql: str, params: Any, _x: Any, many: bool) -> None:
        assert not many, "a request sends no batches"
        steps.append(Step(sql, dict(params or {}), cursor.rowcount))

    listeners: list[tuple[str, Callable[..., None]]] = [
        ("begin", lambda _c: steps.append(Step("BEGIN", {}, -1))),
        ("commit", lambda _c: steps.append(Step("COMMIT", {}, -1))),
        ("rollback", lambda _c: steps.append(Step("ROLLBACK", {}, -1))),
        ("after_cursor_execute", cursor),
    ]
    sent = HotStatement._sent

    def directly(own: HotStatement, session: Any, values: Mapping[str, Any]) -> Any:
        cursor = sent(own, session, values)
        steps.append(Step(own.query, own.values(values), cursor.rowcount))
        return cursor

    for name, listener in listeners:
        event.listen(engine, name, listener)
    HotStatement._sent = directly  # type: ignore[method-assign]
    try:
        yield steps
    finally:
        HotStatement._sent = sent  # type: ignore[method-assign]
        for name, listener in listeners:
            event.remove(engine, name, listener)


def statement(step: Step, transformer: Transformer) -> Statement:
    """The step with numbered parameters; int parameters get one type whatever their size."""
    names = tuple(dict.fromkeys(_NAMED.findall(step.sql)))
    values = [step.params[name] for name in names]
    query = _NAMED.sub(lambda found: f"${names.index(found[1]) + 1}", step.sql).replace("%%", "%")
    _dump(values, transformer)
    small = {_oid("int2"): _INT4}
    types = tuple(
        _oid("bytea") if isinstance(value, bytes) else small.get(oid, oid)
        for value, oid in zip(values, transformer.types or (), strict=True)
    )
    return Statement(query.encode(), types, names, step.rows)


def _oid(name: str) -> int:
    info = psycopg.adapters.types[name]
    return info.oid


def _dump(values: Sequence[Any], transformer: Transformer) -> Values:
    texts = [_hex(value) if isinstance(value, bytes) else value for value in values]
    dumped = list(transformer.dump_sequence(texts, [PyFormat.TEXT] * len(texts)))
    return dumped, list(transformer.formats or [])


def _hex(value: bytes) -> str:
    return f"\\x{value.hex()}"  # escaping it otherwise depends on the connection


class Script:
    """The recorded request, and its replays for other members."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._transformer = Transformer()
        self.statements = [statement(step, self._transformer) for step in steps]

    def request(self, swap: Swap) -> Request:
        """Values of every statement for the member that `swap` leads to."""
        swap = dict(swap)
        request = []
        for step, one in zip(self._steps, self.statements, strict=True):
            values = _values(step.params, swap)
            request.append(_dump([values[name] for name in one.names], self._transformer))
        return request


def _values(params: Mapping[str, Any], swap: dict[Any, Any]) -> dict[str, Any]:
    if params.get(_ADDRESS):  # each member asks from an address of their own
        swap.setdefault(params[_ADDRESS], random.randbytes(len(params[_ADDRESS])))
    values = {name: _value(value, swap) for name, value in params.items()}
    if "previous_hash" in params:  # the audit chain stays whole
        entry = {name: values[name] for name in ENTRY} | {"detail": _plain(values["detail"])}
        values["hash"] = swap[params["hash"]] = entry_hash(values["previous_hash"], **entry)
    if set(_LOCK_PARTS) <= set(params):  # a lock of the request's own, as each key has
        values |= {name: random.randrange(-(2**31), 2**31) for name in _LOCK_PARTS}
    return values


def _value(value: Any, swap: dict[Any, Any]) -> Any:
    """Ids the product made while it was recorded are made anew, the same one in the whole request."""
    if isinstance(value, UUID) and value not in swap:
        swap[value] = new_id()
    if isinstance(value, Jsonb):
        return Jsonb(swapped(value.obj, swap))
    return swap.get(value, value) if isinstance(value, bytes) else swapped(value, swap)


def _plain(value: Any) -> Any:
    return value.obj if isinstance(value, Jsonb) else value


def run(
    conninfo: str,
    statements: Sequence[Statement],
    requests: Sequence[Request],
    clients: int,
    most_processes: int = PROCESSES,
) -> float:
    """Requests a second by `clients` connections, spread over some processes.

    The first `WARM_UP` requests of each connection, in which it learns its tables and plans, are not counted.
    """
    processes = min(clients, most_processes)
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(processes), context.Queue()
    children = [
        context.Process(
            target=_work,
            args=(conninfo, statements, requests[number::processes], clients // processes, barrier, results),
        )
        for number in range(processes)
    ]
    for child in children:
        child.start()
    spans = [results.get(timeout=300) for _ in children]
    for child in children:
        child.join()
    faults = [span for span in spans if isinstance(span, str)]
    if faults:
        raise RuntimeError(faults[0])
    counted = len(requests) - clients * WARM_UP
    return counted / (max(end for _, end in spans) - min(start for start, _ in spans))


def _work(
    conninfo: str,
    statements: Sequence[Statement],
    requests: Sequence[Request],
    threads: int,
    barrier: Any,
    out: Any,
) -> None:
    try:
        connections = [_connect(conninfo, statements) for _ in range(threads)]
        faults: list[str] = []
        shares = [requests[number::threads] for number in range(threads)]
        for connection, share in zip(connections, shares, strict=True):
            _replay(connection, statements, share[:WARM_UP], faults)
        hands = [
            threading.Thread(target=_replay, args=(connection, statements, share[WARM_UP:], faults))
            for connection, share in zip(connections, shares, strict=True)
        ]
        barrier.wait(60)
        started = time.monotonic()
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        ended = time.monotonic()
        for connection in connections:
            connection.finish()
        out.put(faults[0] if faults else (started, ended))
    except Exception as fault:  # the parent is waiting for a word
        barrier.abort()
        out.put(repr(fault))


def _connect(conninfo: str, statements: Sequence[Statement]) -> pq.abc.PGconn:
    connection = pq.PGconn.connect(conninfo.encode())
    if connection.status != pq.ConnStatus.OK:
        raise RuntimeError(connection.get_error_message())
    for number, one in enumerate(statements):
        _check(connection.prepare(f"s{number}".encode(), one.query, list(one.types)), connection)
    return connection


def _replay(
    connection: pq.abc.PGconn, statements: Sequence[Statement], requests: Sequence[Request], faults: list[str]
) -> None:
    names = [f"s{number}".encode() for number in range(len(statements))]
    expected = [one.rows for one in statements]
    for request in requests:
        for name, rows, (values, formats) in zip(names, expected, request, strict=True):
            result = connection.exec_prepared(name, values, formats)
            if result.status not in _GOOD or (rows >= 0 and _touched(result) != rows):
                faults.append(f"{statements[names.index(name)].query!r}: {connection.get_error_message()}")
                return


def _touched(result: pq.abc.PGresult) -> int:
    return result.ntuples if result.status == pq.ExecStatus.TUPLES_OK else int(result.command_tuples or 0)


def _check(result: pq.abc.PGresult, connection: pq.abc.PGconn) -> None:
    if result.status not in _GOOD:
        raise RuntimeError(connection.get_error_message())
