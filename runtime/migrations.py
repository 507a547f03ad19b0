"""Migrating 迁移: brings the database to the version of this code."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from config.settings import ROOT


def alembic_config() -> Config:
    """alembic's settings, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


def migrate(owner_url: str, revision: str = "head") -> None:
    """Upgrade the database at `owner_url` in one transaction."""
    engine = create_engine(owner_url)
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def write_migration(owner_url: str, message: str, number: str) -> None:
    """Compare the tables with the database and write a new migration file (a developer's tool)."""
    engine = create_engine(owner_url)
    config = alembic_config()
    config.set_main_option("file_template", f"{number}_%%(slug)s")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True, rev_id=number)
    engine.dispose()
