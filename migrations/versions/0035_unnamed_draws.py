"""A draw that names no house or loan counts for the spouse too: a view of the owner's, as for what a couple drew."""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

VIEW = """
CREATE VIEW money_unnamed AS
SELECT a.account_id, a.item_code, a.state, a.submitted_on FROM application a WHERE a.kind = 'withdrawal'
AND NOT EXISTS (SELECT FROM item_usage u WHERE u.account_id = a.account_id AND u.application_id = a.application_id)
"""
GRANTS = """
DO $$ DECLARE r text; BEGIN
    FOR r IN SELECT rolname FROM pg_roles WHERE rolname IN ('anju_app', 'anju_web', 'anju_ro') LOOP
        EXECUTE format('GRANT SELECT ON money_unnamed TO %I', r);
    END LOOP;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.execute(VIEW)
    op.execute(GRANTS)


def downgrade() -> None:
    """Take back."""
    op.execute("DROP VIEW money_unnamed")
