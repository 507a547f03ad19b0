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
