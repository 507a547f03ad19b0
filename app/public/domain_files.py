"""Domain files 域名校验文件: the files by which WeChat checks that this host is ours, served from the site's root."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort

from app.http.auth import open_to_all
from app.ports import ports

blueprint = Blueprint("domain_files", __name__)
NAME = re.compile(r"MP_verify_[A-Za-z0-9]{16}|[A-Za-z0-9]{10}")
LARGEST = 1024


@blueprint.get("/<name>.txt")
@open_to_all
def serve(name: str) -> Response:
    """MP_verify_<16>.txt of the account, <10>.txt of the mini-program; nothing else and no other folder."""
    if NAME.fullmatch(name) is None:
        abort(404)
    path = ports().settings.wechat_domain_path / f"{name}.txt"
    if not path.is_file():
        abort(404)
    return Response(path.read_bytes()[:LARGEST], mimetype="text/plain")
