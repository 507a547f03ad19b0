"""Core 基础: money, time, ids, states, errors, the database session, jobs and outbox; nothing of one capability."""
