"""gunicorn entry 入口: `gunicorn -c config/gunicorn.py wsgi:app`."""

from __future__ import annotations

from app.factory import create_app
from config.logging import configure
from config.settings import load_settings
from runtime.bootstrap import build
from services.core.pii import scrub

settings = load_settings()
configure(settings.log_level, scrub)
app = create_app(build(settings, settings.web_url).ports())
