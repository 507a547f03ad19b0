"""Corrections are moved on by two people; money may be said to belong to an employer's number of up to 20 digits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
# One live proposal about a break, as the one or as the other; what was decided stays as it was decided.
_GUARD = """
CREATE FUNCTION refuse_clearing_of_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state = 'proposed' THEN
        PERFORM FROM bank_break WHERE break_id IN (NEW.break_id, NEW.other_break_id) ORDER BY break_id FOR UPDATE;
        IF EXISTS (SELECT FROM bank_break WHERE break_id IN (NEW.break_id, NEW.other_break_id)
                   AND (state <> 'closed' OR resolution <> 'booked' OR bank_fen = book_fen)) THEN
            RAISE EXCEPTION 'only a correction is moved on' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.way = 'cancels' AND (SELECT sum(bank_fen - book_fen) FROM bank_break
                                    WHERE break_id IN (NEW.break_id, NEW.other_break_id)) <> 0 THEN
            RAISE EXCEPTION 'the two corrections do not cancel' USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (SELECT FROM suspense_clearing c WHERE c.state <> 'sent_back'
                   AND (c.break_id IN (NEW.break_id, NEW.other_break_id)
                        OR c.other_break_id IN (NEW.break_id, NEW.other_break_id))) THEN
            RAISE EXCEPTION 'this correction is moved on already' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    ELSIF TG_OP = 'UPDATE' AND OLD.state = 'proposed' AND NEW.state IN ('confirmed', 'sent_back')
       AND (NEW.clearing_id, NEW.break_id, NEW.way, NEW.staff_id, NEW.note, NEW.proposed_at)
           = (OLD.clearing_id, OLD.break_id, OLD.way, OLD.staff_id, OLD.note, OLD.proposed_at)
       AND (NEW.belongs_to, NEW.other_break_id) IS NOT DISTINCT FROM (OLD.belongs_to, OLD.other_break_id) THEN
        IF NEW.state = 'confirmed' AND EXISTS (SELECT FROM staff
            WHERE staff_id IN (NEW.staff_id, NEW.decided_by) AND disabled_at IS NOT NULL) THEN
            RAISE EXCEPTION 'both people have to be active' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a clearing moves from proposed to confirmed or sent_back' USING ERRCODE = 'check_violation';
END $$
"""
_TRIGGER = """
CREATE TRIGGER suspense_clearing_has_four_eyes BEFORE INSERT OR UPDATE OR DELETE ON suspense_clearing
    FOR EACH ROW EXECUTE FUNCTION refuse_clearing_of_one()
"""
# What belongs to an order leaves 21903 by way of 101, which the order books itself; what cancels leaves it for 119.
_IN_THE_BOOKS = """
CREATE VIEW invariant_i99_what_was_moved_on_is_in_the_books AS
WITH decided AS (
    SELECT 'bank_break:' || b.break_id || CASE c.way WHEN 'belongs' THEN ':undone' ELSE ':cleared' END AS ref,
           b.bank_fen - b.book_fen AS fen, CASE c.way WHEN 'belongs' THEN '101' ELSE '119' END AS other,
           CASE c.way WHEN 'belongs' THEN b.notice_key END AS proof
    FROM suspense_clearing c
    JOIN bank_break b ON b.break_id IN (c.break_id, c.other_break_id) AND b.bank_fen > b.book_fen
    WHERE c.state = 'confirmed'
), booked AS (
    SELECT j.business_ref AS ref, sum(p.fen) FILTER (WHERE p.gl_code = '21903') AS fen,
           -sum(p.fen) FILTER (WHERE p.gl_code <> '21903') AS other_fen,
           max(p.gl_code) FILTER (WHERE p.gl_code <> '21903') AS other
    FROM journal j JOIN posting p USING (account_id, journal_id)
    WHERE j.kind = 'bank_break' AND (j.business_ref LIKE '%:undone' OR j.business_ref LIKE '%:cleared')
    GROUP BY 1
)
SELECT coalesce(d.ref, b.ref) AS ref, d.fen, b.fen AS booked_fen FROM decided d FULL JOIN booked b ON b.ref = d.ref
WHERE (d.fen, d.fen, d.other) IS DISTINCT FROM (b.fen, b.other_fen, b.other)
   OR (d.proof IS NOT NULL AND NOT EXISTS (SELECT FROM journal j WHERE j.proof = d.proof))
"""
_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE ON suspense_clearing TO anju_app;
        REVOKE DELETE, TRUNCATE ON suspense_clearing FROM anju_app;
        GRANT SELECT ON invariant_i99_what_was_moved_on_is_in_the_books TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON suspense_clearing, invariant_i99_what_was_moved_on_is_in_the_books TO anju_ro;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.alter_column("break_proposal", "belongs_to", type_=sa.String(20))
    _table()
    for statement in (_GUARD, _TRIGGER, _IN_THE_BOOKS, _GRANTS):
        op.execute(statement.replace(":", r"\:"))


def _table() -> None:
    op.create_table(
        "suspense_clearing",
        sa.Column("clearing_id", sa.Uuid(), nullable=False),
        sa.Column("break_id", sa.Uuid(), nullable=False),
        sa.Column("way", sa.String(10), nullable=False),
        sa.Column("belongs_to", sa.String(20), nullable=True),
        sa.Column("other_break_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("proposed_at", _AT, nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decision_note", sa.String(200), nullable=False),
        sa.Column("decided_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("clearing_id", name=op.f("pk_suspense_clearing")),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_suspense_clearing_{column}"))
            for column, target in (
                ("break_id", "bank_break.break_id"),
                ("other_break_id", "bank_break.break_id"),
                ("staff_id", "staff.staff_id"),
                ("decided_by", "staff.staff_id"),
            )
        ),
        *(
            sa.CheckConstraint(rule, name=op.f(f"ck_suspense_clearing_{name}"))
            for name, rule in (
                ("state", "state IN ('proposed', 'confirmed', 'sent_back')"),
                ("belongs", "(way = 'belongs') = (belongs_to IS NOT NULL)"),
                ("cancels", "(way = 'cancels') = (other_break_id IS NOT NULL)"),
                ("way", "way IN ('belongs', 'cancels') AND other_break_id <> break_id"),
                ("says_why", "length(note) >= 4"),
                ("decided", "(decided_by IS NULL) = (state = 'proposed') AND (decided_at IS NULL) = (state = 'proposed')"),
                ("four_eyes", "decided_by <> staff_id"),
            )
        ),
    )
    for name, column in (("break", "break_id"), ("other", "other_break_id")):
        live = sa.text("state <> 'sent_back'")
        op.create_index(
            f"uq_suspense_clearing_{name}", "suspense_clearing", [column], unique=True, postgresql_where=live
        )


def downgrade() -> None:
    """Take back; not once an employer's number was named that is longer than 15 digits."""
    op.execute("DROP VIEW invariant_i99_what_was_moved_on_is_in_the_books")
    op.drop_table("suspense_clearing")
    op.execute("DROP FUNCTION refuse_clearing_of_one")
    op.alter_column("break_proposal", "belongs_to", type_=sa.String(15))
