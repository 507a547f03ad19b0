"""Requests of the desk: what a member is asked to add to a case before anybody decides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT ON review_request TO anju_app;
        REVOKE UPDATE, DELETE, TRUNCATE ON review_request FROM anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON review_request TO anju_ro;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "review_request",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "request_id", name=op.f("pk_review_request")),
        # Only who holds the claim can ask.
        sa.ForeignKeyConstraint(
            ["account_id", "claim_id", "application_id", "staff_id"],
            [f"review_claim.{name}" for name in ("account_id", "claim_id", "application_id", "staff_id")],
            name=op.f("fk_review_request_claim"),
        ),
    )
    op.create_index("ix_review_request_application", "review_request", ["account_id", "application_id"])
    op.execute(
        "CREATE TRIGGER review_request_append_only BEFORE UPDATE OR DELETE ON review_request"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(_GRANTS)


def downgrade() -> None:
    """Take back."""
    op.drop_table("review_request")
