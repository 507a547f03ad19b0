"""Where a worker's queue is: the address that web and services use, as libpq takes it."""

from __future__ import annotations

import pytest
from psycopg.conninfo import conninfo_to_dict

from runtime.worker import conninfo_of

SERVERS = "host=10.20.1.10:5432&host=10.20.1.11:5433"
ONE = {"user": "anju_app", "password": "p@ss word'", "dbname": "anju", "host": "10.20.1.10", "port": "5432"}
TWO = {**ONE, "host": "10.20.1.10,10.20.1.11", "port": "5432,5433", "target_session_attrs": "read-write"}


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("postgresql+psycopg://anju_app:p%40ss%20word'@10.20.1.10:5432/anju", ONE),
        ("postgresql://anju_app:p%40ss%20word'@10.20.1.10:5432/anju", ONE),
        (f"postgresql+psycopg://anju_app:p%40ss%20word'@/anju?{SERVERS}&target_session_attrs=read-write", TWO),
    ],
)
def test_a_worker_finds_its_queue_where_the_services_find_their_tables(
    address: str, meant: dict[str, str]
) -> None:
    assert conninfo_to_dict(conninfo_of(address)) == meant
