"""Right and wrong claims at binding 绑定时的对与错: how long each takes to be answered. The last line is one JSON object.

Who a member is must not be told by the time an answer takes. Claims alternate, each of another person, WeChat user and
address; `p` is Mann–Whitney's, two-sided: small means that they can be told apart.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import count
from math import erfc, sqrt
from statistics import median
from time import perf_counter_ns

from config.logging import configure
from services.core.pii import scrub
from tests.support.databases import running_server
from tests.support.domain.persons import Person
from tests.support.domain.world import World

WARM_UP = 30
WRONG = ("nobody", "name", "phone")
_number = count(1)


def main(words: list[str] | None = None) -> int:
    """Measure, print the figures; 1 when the two can be told apart."""
    parser = argparse.ArgumentParser(prog="bench.claims")
    parser.add_argument("--count", type=int, default=200, help="claims of each kind")
    options = parser.parse_args(words)
    configure("WARNING", scrub)
    with running_server() as server, server.clone("claims") as database:
        world = World(database)
        for number in range(WARM_UP):
            _ask(world, right=number % 2 == 0, number=number)
        times: dict[bool, list[float]] = {True: [], False: []}
        for number in range(2 * options.count):
            right = number % 2 == 0
            times[right].append(_ask(world, right=right, number=number // 2))
    p = mann_whitney(times[True], times[False])
    figures = {
        f"{name}_ms": round(median(times[right]), 3) for name, right in (("right", True), ("wrong", False))
    }
    print(json.dumps({"claims_each": options.count, **figures, "p": round(p, 3)}))
    return 1 if p < 0.01 else 0


def _ask(world: World, *, right: bool, number: int) -> float:
    """Milliseconds of one answer. A wrong claim differs in one thing, or is of nobody."""
    person, _ = world.enrol()
    said = {"name": person.name, "id_no": person.id_no, "phone": person.phone}
    kind = "" if right else WRONG[number % len(WRONG)]
    if kind == "nobody":
        other = Person()
        said = {"name": other.name, "id_no": other.id_no, "phone": other.phone}
    elif kind:
        said[kind] = "王不对" if kind == "name" else f"199{next(_number):08d}"
    _, tokens = world.sign_in(person)
    client, bearer = world.client(), {"Authorization": f"Bearer {tokens['access_token']}"}
    began = perf_counter_ns()
    answer = client.post("/api/v1/bind/sms-code", json=said, headers=bearer)
    took_ms = (perf_counter_ns() - began) / 1e6
    assert answer.status_code == 202, answer.text
    return took_ms


def mann_whitney(first: list[float], second: list[float]) -> float:
    """Two-sided p of the rank sum, by its normal approximation."""
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    rank_sum = sum(rank for rank, (_, of) in enumerate(ranked, 1) if of == 0)
    n, m = len(first), len(second)
    u = rank_sum - n * (n + 1) / 2
    z = (u - n * m / 2) / sqrt(n * m * (n + m + 1) / 12)
    return erfc(abs(z) / sqrt(2))


if __name__ == "__main__":
    sys.exit(main())
