"""A centre's host 中心的主机: the settings its database runs with, which the large benches run on as well."""

from __future__ import annotations

from config.settings import ROOT


def database_settings() -> str:
    """The text of deploy/postgresql/anju.conf."""
    return (ROOT / "deploy" / "postgresql" / "anju.conf").read_text(encoding="utf-8")
