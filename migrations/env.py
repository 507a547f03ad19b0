"""alembic environment 迁移环境: one connection as the owner, with bounded waits, one migration at a time."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from migrations.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    include_name=lambda name, kind, parent: (
        not (kind == "table" and (name or "").startswith("procrastinate_"))
    ),
    compare_type=True,
)
with context.begin_transaction():
    connection.execute(text("SET LOCAL lock_timeout = '4s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(727261)"))
    context.run_migrations()
