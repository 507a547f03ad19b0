"""Evidence of each case that ended, and whom a member shares a phone, an address or a card with.

That a case ended is noted by the database itself, so that it holds whichever version of the program ended it. How many
members share something is counted by a function of the owner's: the member zone learns numbers, never whose.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

ENDED = (
    "paid",
    "repaid",
    "returned",
    "uncollected",
    "completed",
    "refused",
    "expired",
    "cancelled",
)
_AT = sa.DateTime(timezone=True)
_STATES = ", ".join(f"'{state}'" for state in ENDED)
_ORIGIN = {
    "channel": sa.String(10),
    "device_id": sa.Uuid(),
    "address_mac": sa.LargeBinary(),
    "address_sealed": sa.LargeBinary(),
}
_INDEXES = {
    "ix_device_key": ("device", ["x", "y"], None),
    "ix_binding_openid": ("binding", ["openid_mac"], None),
    "ix_payee_card_number": ("payee_card", ["card_no_mac"], None),
    "ix_risk_decision_address": ("risk_decision", ["address_mac", "decided_at"], "address_mac IS NOT NULL"),
    "ix_risk_decision_kept_address": ("risk_decision", ["decided_at"], "address_sealed IS NOT NULL"),
}
_VIEW = "invariant_i96_every_ended_case_has_its_evidence"
_NOTED = """
CREATE FUNCTION note_ended_case() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO case_evidence (account_id, application_id, version, ended_at)
    VALUES (NEW.account_id, NEW.application_id, NEW.version, NEW.at);
    RETURN NULL;
END $$;
CREATE TRIGGER transition_ends_case AFTER INSERT ON transition FOR EACH ROW
    WHEN (NEW.target IN ({states})) EXECUTE FUNCTION note_ended_case();
CREATE FUNCTION refuse_other_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.written_at IS NOT NULL THEN
        RAISE EXCEPTION 'case_evidence is written once' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_evidence_written_once BEFORE UPDATE OR DELETE ON case_evidence
    FOR EACH ROW EXECUTE FUNCTION refuse_other_evidence();
"""
_PAST = """
INSERT INTO case_evidence (account_id, application_id, version, ended_at)
SELECT account_id, application_id, version, updated_at FROM application WHERE state IN ({states})
"""
# Evidence that its chain does not know, and a case that ended without anything being noted.
_UNKNOWN = """
CREATE VIEW {view} AS
SELECT e.account_id, e.application_id, e.version FROM case_evidence e
LEFT JOIN audit_entry a ON a.account_id = e.account_id AND a.seq = e.audit_seq AND a.action = 'evidence.written'
    AND a.subject = e.application_id::text AND a.detail->>'digest' = encode(e.digest, 'hex')
WHERE e.written_at IS NOT NULL AND a.seq IS NULL
UNION ALL
SELECT p.account_id, p.application_id, p.version FROM application p
WHERE p.state IN ({states}) AND NOT EXISTS (SELECT FROM case_evidence e
    WHERE e.account_id = p.account_id AND e.application_id = p.application_id AND e.version = p.version)
"""
_COMPANY = """
CREATE FUNCTION company_kept(member uuid, card uuid, address bytea, device_since timestamptz, address_since timestamptz)
RETURNS TABLE (device_before bigint, address_others bigint, card_others bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT
        (SELECT count(*) FROM (
            SELECT s.account_id FROM (
                SELECT o.account_id, o.created_at AS first_at FROM device d JOIN device o ON o.x = d.x AND o.y = d.y
                WHERE d.account_id = member AND d.ended_at IS NULL
                UNION ALL
                SELECT o.account_id, o.bound_at FROM binding b JOIN binding o ON o.openid_mac = b.openid_mac
                WHERE b.account_id = member AND b.ended_at IS NULL) s
            WHERE s.first_at > device_since GROUP BY s.account_id
            HAVING s.account_id <> member AND min(s.first_at) <= coalesce((
                SELECT min(mine.first_at) FROM (
                    SELECT o.created_at AS first_at FROM device d JOIN device o USING (account_id, x, y)
                    WHERE d.account_id = member AND d.ended_at IS NULL
                    UNION ALL
                    SELECT o.bound_at FROM binding b JOIN binding o USING (account_id, openid_mac)
                    WHERE b.account_id = member AND b.ended_at IS NULL) mine), 'infinity')) earlier),
        -- Behind a carrier's address stand thousands: the last ones say enough, and cost the same on a busy day.
        (SELECT count(DISTINCT r.account_id) FROM (
            SELECT account_id FROM risk_decision
            WHERE address_mac = address AND decided_at > address_since AND account_id <> member
            ORDER BY decided_at DESC LIMIT 60) r),
        (SELECT count(DISTINCT o.account_id) FROM payee_card c JOIN payee_card o ON o.card_no_mac = c.card_no_mac
            WHERE c.account_id = member AND c.card_id = card AND o.account_id <> member);
END $$
"""
_GRANTS = """
DO $$ DECLARE r text; others text := (SELECT string_agg(rolname, ', ') FROM pg_roles
        WHERE rolname IN ('anju_app', 'anju_face', 'anju_ro'));
BEGIN
    REVOKE EXECUTE ON FUNCTION company_kept, note_ended_case FROM PUBLIC;
    FOR r IN SELECT rolname FROM pg_roles WHERE rolname IN ('anju_app', 'anju_ro') LOOP
        EXECUTE format('GRANT SELECT ON case_evidence, {view} TO %I', r);
    END LOOP;
    FOR r IN SELECT rolname FROM pg_roles WHERE rolname IN ('anju_app', 'anju_web') LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION company_kept TO %I', r);
    END LOOP;
    IF others IS NULL THEN RETURN; END IF;
    GRANT UPDATE (record, digest, mac, audit_seq, written_at) ON case_evidence TO anju_app;
    GRANT UPDATE (address_mac, address_sealed) ON risk_decision TO anju_app;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_web') THEN RETURN; END IF;
    GRANT SELECT ON case_evidence TO anju_web;
    ALTER TABLE case_evidence ENABLE ROW LEVEL SECURITY;
    CREATE POLICY web_scope ON case_evidence TO anju_web
        USING (current_setting('anju.scope', true) IN ('all', account_id::text));
    EXECUTE format('CREATE POLICY whole ON case_evidence TO %s USING (true)', others);
END $$
"""


def upgrade() -> None:
    """Apply. What the previous version writes has no origin, which counts as none known."""
    for name, kind in _ORIGIN.items():
        op.add_column("risk_decision", sa.Column(name, kind, nullable=True))
    for name, (table, columns, where) in _INDEXES.items():
        op.create_index(name, table, columns, postgresql_where=sa.text(where) if where else None)
    _evidence()
    for statement in (_NOTED, _PAST, _UNKNOWN, _COMPANY, _GRANTS):
        words = statement.replace("{states}", _STATES).replace("{view}", _VIEW)
        op.execute(words.replace(":", r"\:").replace(r"\:\:", "::"))


def _evidence() -> None:
    op.create_table(
        "case_evidence",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ended_at", _AT, nullable=False),
        sa.Column("record", JSONB(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("mac", sa.LargeBinary(), nullable=True),
        sa.Column("audit_seq", sa.BigInteger(), nullable=True),
        sa.Column("written_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("account_id", "application_id", "version", name=op.f("pk_case_evidence")),
        sa.CheckConstraint(
            "num_nonnulls(record, digest, mac, audit_seq, written_at) IN (0, 5)",
            name=op.f("ck_case_evidence_whole"),
        ),
    )
    op.create_index(
        "ix_case_evidence_due",
        "case_evidence",
        ["ended_at"],
        postgresql_where=sa.text("written_at IS NULL"),
    )


def downgrade() -> None:
    """Take back."""
    op.execute(f"DROP VIEW {_VIEW}")
    op.execute("DROP FUNCTION company_kept")
    op.execute("DROP TRIGGER transition_ends_case ON transition")
    op.drop_table("case_evidence")
    op.execute("DROP FUNCTION note_ended_case, refuse_other_evidence")
    for name, (table, _columns, _where) in _INDEXES.items():
        op.drop_index(name, table)
    for name in _ORIGIN:
        op.drop_column("risk_decision", name)
