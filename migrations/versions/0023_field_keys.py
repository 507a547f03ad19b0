"""Keys of sealed fields: which ones this database needs, known again by a check value."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_GRANTS = """
DO $$ DECLARE r text; BEGIN
    FOR r IN SELECT rolname FROM pg_roles WHERE rolname IN ('anju_app', 'anju_web', 'anju_face', 'anju_ro') LOOP
        EXECUTE format('GRANT SELECT ON field_key TO %I', r);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT INSERT ON field_key TO anju_app;
        REVOKE UPDATE, DELETE, TRUNCATE ON field_key FROM anju_app;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "field_key",
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("check_value", sa.LargeBinary(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_field_key")),
        sa.CheckConstraint("number BETWEEN 1 AND 255", name=op.f("ck_field_key_one_byte")),
    )
    op.execute(_GRANTS)


def downgrade() -> None:
    """Take back."""
    op.drop_table("field_key")
