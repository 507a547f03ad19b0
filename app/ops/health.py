"""Health 健康检查 and metrics 指标; for the machine's own network only."""

from __future__ import annotations

import os
from ipaddress import ip_address

from flask import Blueprint, Response, current_app, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.http.auth import open_to_all
from app.ops.closing_figures import closing_figures_text
from app.ops.face_figures import FaceFigures, face_figures_text
from app.ops.loan_figures import loan_figures_text
from app.ops.notice_figures import notice_figures_text
from app.ports import ports
from services.core.db import transaction
from services.core.errors import NotFound

blueprint = Blueprint("ops", __name__)


@blueprint.get("/healthz")
@open_to_all
def alive() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@open_to_all
def ready() -> tuple[Response, int]:
    """The database answers too."""
    try:
        with transaction(ports().sessions) as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return jsonify(status="database"), 503
    return jsonify(status="ok"), 200


@blueprint.get("/metrics")
@open_to_all
def metrics() -> Response:
    """Prometheus text of all workers together; for this machine, and for nobody who came through the proxy."""
    if not _from_here(request.remote_addr or ""):
        raise NotFound
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    own = (
        generate_latest(registry)
        + face_figures_text(_figures())
        + notice_figures_text(ports())
        + loan_figures_text(ports())
        + closing_figures_text(ports())
    )
    return Response(own, content_type=CONTENT_TYPE_LATEST)


def _from_here(address: str) -> bool:
    """Whether an address is this machine's own; what a proxy says of others need not be an address."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _figures() -> FaceFigures:
    """One reader for each application: it remembers how many people it counted a moment ago."""
    found: FaceFigures = current_app.extensions.setdefault("face_figures", FaceFigures(ports()))
    return found
