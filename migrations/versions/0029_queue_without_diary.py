"""The queue keeps no diary: nothing reads it, and each job wrote three rows of it, with their checks, and deleted them."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TRIGGERS = (
    "procrastinate_jobs_notify_queue_job_aborted_v1",
    "procrastinate_trigger_status_events_update_v1",
    "procrastinate_trigger_status_events_insert_v1",
    "procrastinate_trigger_scheduled_events_v1",
    "procrastinate_trigger_abort_requested_events_v1",
    "procrastinate_trigger_delete_jobs_v1",
)
LINKS = {
    "procrastinate_events": "REFERENCES procrastinate_jobs ON DELETE CASCADE",
    "procrastinate_periodic_defers": "REFERENCES procrastinate_jobs (id)",
}


def upgrade() -> None:
    """Apply. All at once locked: workers read the queue and then add to it."""
    op.execute("LOCK TABLE procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers")
    for trigger in TRIGGERS:
        op.execute(f"ALTER TABLE procrastinate_jobs DISABLE TRIGGER {trigger}")
    op.execute("TRUNCATE procrastinate_events")
    for table in LINKS:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_job_id_fkey")


def downgrade() -> None:
    """Take back."""
    for table, words in LINKS.items():
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_job_id_fkey FOREIGN KEY (job_id) {words}")
    for trigger in TRIGGERS:
        op.execute(f"ALTER TABLE procrastinate_jobs ENABLE TRIGGER {trigger}")
