"""Requests from the OpenAPI document 接口模糊测试, all checks. `make schema-fuzz`; the last line is one JSON object."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from time import perf_counter

from config.logging import configure
from services.core.pii import scrub
from tests.support.databases import running_server
from tests.support.domain.schema_fuzz import ALL_PHASES, fuzz
from tests.support.domain.world import World


def main(words: list[str] | None = None) -> int:
    """Ask, print what failed, and the figures; the exit code tells whether anything failed."""
    parser = argparse.ArgumentParser(prog="bench.schema_fuzz")
    parser.add_argument("--examples", type=int, default=60, help="drawn requests of an operation and kind")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--phases", default=",".join(sorted(ALL_PHASES)))
    options = parser.parse_args(words)
    configure("WARNING", scrub)
    began = perf_counter()
    with running_server() as server, server.clone("fuzz") as database:
        phases = frozenset(options.phases.split(","))
        found = fuzz(World(database), options.examples, seed=options.seed, phases=phases)
    for name, text in sorted(found.failures.items()):
        print(f"FAILED {name}\n{text}\n")
    figures = {
        "operations": len(found.operations),
        "requests": found.requests,
        "statuses": {str(status): count for status, count in sorted(found.statuses.items())},
        "failures": len(found.failures),
        "seed": options.seed,
        "seconds": round(perf_counter() - began),
    }
    print(json.dumps(figures))
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())
