"""Jobs by queue: a worker finds its own without passing over those of every other queue, however many wait there.

The library's function walks all that wait in one order; in a rush the worker of an all but empty queue read 20,000 rows
ten times a second. This one begins where the queue begins. Which job may be taken is as the library has it: due, the
first of its priority, and of one lock the first of all, while none of that lock is being done.
"""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

INDEX = """
CREATE INDEX ix_procrastinate_jobs_waiting ON procrastinate_jobs (queue_name, priority DESC, id) WHERE status = 'todo'
"""
TAKE = """
CREATE FUNCTION take_jobs(queues varchar[], worker bigint, most integer) RETURNS SETOF procrastinate_jobs
LANGUAGE plpgsql AS $$
DECLARE
    chosen bigint;
BEGIN
    FOR turn IN 1..most LOOP
        SELECT first.id INTO chosen
        FROM unnest(queues) AS queue (name) CROSS JOIN LATERAL (
            SELECT job.id, job.priority FROM procrastinate_jobs job
            WHERE job.queue_name = queue.name AND job.status = 'todo'
            AND (job.scheduled_at IS NULL OR job.scheduled_at <= now())
            AND (job.lock IS NULL OR NOT EXISTS (
                SELECT FROM procrastinate_jobs other WHERE other.lock = job.lock AND (other.status = 'doing'
                OR other.status = 'todo' AND (other.priority, -other.id) > (job.priority, -job.id))))
            ORDER BY job.priority DESC, job.id LIMIT 1 FOR UPDATE SKIP LOCKED
        ) AS first
        ORDER BY first.priority DESC, first.id LIMIT 1;
        EXIT WHEN chosen IS NULL;
        RETURN QUERY
        UPDATE procrastinate_jobs SET status = 'doing', worker_id = worker WHERE id = chosen RETURNING *;
    END LOOP;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.execute(INDEX)
    op.execute(TAKE)


def downgrade() -> None:
    """Take back."""
    op.execute("DROP FUNCTION take_jobs")
    op.execute("DROP INDEX ix_procrastinate_jobs_waiting")
