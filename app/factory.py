"""The one place where the web application is put together 应用装配."""

from __future__ import annotations

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from app.http import admission, auth, errors, openapi, request_context, security_headers, strict_json
from app.member_api import (
    applications,
    bind,
    consents,
    controls,
    documents,
    face,
    face_rights,
    home,
    items,
    loans,
    mini,
    notices,
    other_way,
    page_config,
    ratings,
    receipts,
    records,
    relatives,
    statements,
    trials,
)
from app.member_api import auth as member_auth
from app.ops import health
from app.ports import Ports
from app.public import centre, domain_files, reference, verification
from app.public.client import serve_client
from app.webhooks import sms, wechat


def create_app(own: Ports) -> APIFlask:
    """The member zone over HTTP, wired to the given ports."""
    app = APIFlask(
        "app",
        title="安居 · 住房公积金自助服务",
        version="1",
        docs_path=None,
        spec_path="/openapi.json",
        static_folder=None,  # type: ignore[arg-type]
    )
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        SPEC_FORMAT="json",
        DESCRIPTION="金额一律为整数分（`amount_fen`），时刻为带 +08:00 的 ISO 8601。错误为 application/problem+json，`code` 不变，`detail` 可直接给人看。",
        JSON_AS_ASCII=False,
        AUTO_404_RESPONSE=False,
        PROVIDE_AUTOMATIC_OPTIONS=False,  # no other site is served: there is nothing to be told before asking
    )
    app.url_map.merge_slashes = False  # such a redirect would be made from the Host header
    app.extensions["anju"] = own
    if own.settings.proxy_hops:  # only the address is believed, and only what our own proxies added
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=own.settings.proxy_hops, x_proto=0, x_host=0)  # type: ignore[method-assign]
    request_context.install(app)
    strict_json.install(app)
    security_headers.install(app, own.settings)
    errors.install(app)
    auth.install(app, own)
    openapi.install(app)
    app.error_processor(_framework_error)
    for module in (
        member_auth,
        bind,
        mini,
        home,
        loans,
        trials,
        statements,
        applications,
        face,
        face_rights,
        other_way,
        ratings,
        receipts,
        relatives,
        consents,
        controls,
        documents,
        notices,
        records,
        page_config,
        verification,
        reference,
        domain_files,
        centre,
        health,
        wechat,
        sms,
    ):
        app.register_blueprint(module.blueprint)
    app.register_blueprint(items.make_blueprint(own.engine.registry))
    serve_client(app, own)
    admission.install(app, own.settings.web_most_wait_ms)
    return app


def _framework_error(error: HTTPError) -> Response:
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        return errors.domain_problem(errors.validation_fault(cause))
    response = errors.http_problem(_as_werkzeug(error))
    allowed = dict(error.headers).get("Allow")
    if isinstance(allowed, str):
        response.headers["Allow"] = allowed
    return response


def _as_werkzeug(error: HTTPError) -> HTTPException:
    plain = HTTPException()
    plain.code = error.status_code
    return plain
