"""Queues: every job is in one that some worker empties, and new kinds of jobs are kept from workers of the version before."""

from __future__ import annotations

from runtime.duties import BESIDE, jobs_of, listened
from tests.support.domain.world import World

QUEUES = ("settlement", "notices", "default", "face")


def test_a_worker_empties_what_stands_beside_its_queue() -> None:
    assert listened(["settlement", "notices"]) == ["settlement", "notices", "codes"]
    assert listened(["face"]) == ["face"]


def test_every_job_lies_where_its_worker_looks(world: World) -> None:
    for queue in QUEUES:
        found = {job.queue for job in jobs_of(world.product, [queue])}
        assert found <= set(listened([queue]))
    assert not {more for beside in BESIDE.values() for more in beside} & set(QUEUES)
