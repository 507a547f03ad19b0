"""gunicorn entry of the review desk 审核台入口: `gunicorn -c config/gunicorn.py --bind ADDRESS wsgi_staff:app`."""

from __future__ import annotations

from app.staff_desk.assembly import create_desk
from config.logging import configure
from config.settings import load_settings
from runtime.bootstrap import build
from runtime.key_ring import check_at_start
from services.core.pii import scrub

settings = load_settings()
configure(settings.log_level, scrub)
product = build(settings)
check_at_start(product)
app = create_desk(product.desk_ports())
