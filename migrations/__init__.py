"""Migrations 数据库迁移 by alembic; each works with the version of the code before it."""
