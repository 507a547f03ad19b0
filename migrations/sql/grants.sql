-- Roles: the owner migrates, the app works, the read-only role reads. Nobody but the owner may change what is
-- written once. A server without these roles is used as it is.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO anju_app;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO anju_app;
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO anju_app;
        REVOKE UPDATE, DELETE, TRUNCATE ON journal, posting, audit_entry, transition FROM anju_app;
        REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO anju_ro;
    END IF;
END $$;

-- The face worker reads and writes what a verification needs, and no ledger, card or payment.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_face') THEN
        GRANT SELECT ON member, consent, policy_value, face_session, face_batch, face_frame_hash TO anju_face;
        GRANT UPDATE ON face_session TO anju_face;
        GRANT DELETE ON face_batch TO anju_face;
        GRANT INSERT ON face_frame_hash, share_call, audit_entry, audit_head TO anju_face;
        GRANT SELECT ON share_call, audit_entry, audit_head TO anju_face;
        GRANT UPDATE ON audit_head TO anju_face;
        GRANT SELECT, INSERT, UPDATE, DELETE ON procrastinate_jobs, procrastinate_events, procrastinate_workers,
            procrastinate_periodic_defers TO anju_face;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO anju_face;
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO anju_face;
    END IF;
END $$;
