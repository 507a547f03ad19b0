"""gunicorn entry 入口: `gunicorn -c config/gunicorn.py wsgi:app`."""

from __future__ import annotations

from app.factory import create_app
from config.logging import configure
from config.settings import load_settings
from runtime.bootstrap import build
from runtime.garbage import leave_loaded_alone
from runtime.key_ring import check_at_start
from services.core.pii import scrub

settings = load_settings()
configure(settings.log_level, scrub)
product = build(settings, settings.web_url)
check_at_start(product)
app = create_app(product.ports())
leave_loaded_alone()
