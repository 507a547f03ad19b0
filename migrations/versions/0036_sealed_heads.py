"""What each day's seal of the audit chains was made of, so that it can be worked out again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_ONCE = """
CREATE TRIGGER sealed_head_written_once BEFORE UPDATE OR DELETE ON sealed_head
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""
_STANDS = """
CREATE VIEW invariant_i97_a_sealed_head_stands AS
SELECT s.account_id, s.day, s.seq FROM sealed_head s
LEFT JOIN audit_entry e ON e.account_id = s.account_id AND e.seq = s.seq
WHERE e.hash IS DISTINCT FROM s.hash
"""
_GRANTS = """
DO $$ DECLARE r text; others text := (SELECT string_agg(rolname, ', ') FROM pg_roles
        WHERE rolname IN ('anju_app', 'anju_face', 'anju_ro'));
BEGIN
    FOR r IN SELECT rolname FROM pg_roles WHERE rolname IN ('anju_app', 'anju_ro') LOOP
        EXECUTE format('GRANT SELECT ON sealed_head, invariant_i97_a_sealed_head_stands TO %I', r);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT INSERT ON sealed_head TO anju_app;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_web') OR others IS NULL THEN RETURN; END IF;
    GRANT SELECT ON sealed_head TO anju_web;
    ALTER TABLE sealed_head ENABLE ROW LEVEL SECURITY;
    CREATE POLICY web_scope ON sealed_head TO anju_web
        USING (current_setting('anju.scope', true) IN ('all', account_id::text));
    EXECUTE format('CREATE POLICY whole ON sealed_head TO %s USING (true)', others);
END $$
"""


def upgrade() -> None:
    """Apply. Days closed before have a seal that nobody can work out again."""
    op.create_table(
        "sealed_head",
        sa.Column("account_id", sa.Uuid(), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Index("ix_sealed_head_day", "day"),
    )
    for statement in (_ONCE, _STANDS, _GRANTS):
        op.execute(statement.replace(":", r"\:").replace(r"\:\:", "::"))


def downgrade() -> None:
    """Take back."""
    op.execute("DROP VIEW invariant_i97_a_sealed_head_stands")
    op.drop_table("sealed_head")
