"""Books that were restored to an instant: until when they know what happened, and which day has to close first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
# Days close in order and never over an open break: the last one closed, the bank has told of everything before.
BEHIND = """
CREATE VIEW books_behind AS
SELECT r.until_at, r.last_day FROM restored_books r
WHERE NOT EXISTS (SELECT FROM business_day d WHERE d.day = r.last_day AND d.state = 'closed')
"""
GRANTS = """
DO $$ DECLARE r text; BEGIN
    FOR r IN SELECT rolname FROM pg_roles WHERE rolname IN ('anju_app', 'anju_web', 'anju_ro') LOOP
        EXECUTE format('GRANT SELECT ON restored_books, books_behind TO %I', r);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT INSERT, UPDATE ON restored_books TO anju_app;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "restored_books",
        sa.Column("until_at", _AT, nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("marked_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("until_at", name="pk_restored_books"),
    )
    op.execute(BEHIND)
    op.execute(GRANTS)


def downgrade() -> None:
    """Take back."""
    op.execute("DROP VIEW books_behind")
    op.drop_table("restored_books")
