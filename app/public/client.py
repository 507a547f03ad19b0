"""The phone client 手机页面 as static files: compressed where the phone takes it, named so that they can be kept for ever."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from apiflask import APIFlask
from flask import Response, redirect, request, send_from_directory

from app.ports import Ports
from services.core.errors import NotFound

_TEXTS = frozenset({".css", ".html", ".js", ".json", ".svg"})
_FEW_BYTES = 1024


def serve_client(app: APIFlask, own: Ports) -> None:
    """`/m/` and what lies below it; `/` leads there."""

    @app.get("/")
    @app.doc(hide=True)
    def root() -> Response:
        return redirect("/m/")  # type: ignore[return-value]

    @app.get("/m/", defaults={"path": "index.html"})
    @app.get("/m/<path:path>")
    @app.doc(hide=True)
    def client(path: str) -> Response:
        if not (own.client_dir / "index.html").exists():
            raise NotFound("手机页面还没有构建。")
        whole = send_from_directory(own.client_dir, path, conditional=False)
        response = _fitting(own.client_dir, whole, path)
        fresh = path == "index.html"
        response.headers["Cache-Control"] = "no-cache" if fresh else "public, max-age=31536000, immutable"
        return response

    root.auth_zone = client.auth_zone = "public"  # type: ignore[attr-defined]


def _fitting(folder: Path, whole: Response, path: str) -> Response:
    """In gzip for who takes it, when it is a text of some length; nothing for who has it, a part for who asks for one."""
    file = (folder / path).resolve()
    length = file.stat().st_size
    is_text = file.suffix in _TEXTS
    if is_text:
        whole.headers["Vary"] = "Accept-Encoding"
    if is_text and length >= _FEW_BYTES and request.accept_encodings["gzip"] > 0:
        packed = _packed(whole, file)
        packed.make_conditional(request)
        return packed
    whole.make_conditional(request, accept_ranges=True, complete_length=length)
    return whole


def _packed(whole: Response, file: Path) -> Response:
    """The file in gzip; other bytes need another ETag, or a cache joins parts of both."""
    answer = Response(_gzip(file, file.stat().st_mtime_ns), mimetype=whole.mimetype)
    for name in ("Last-Modified", "Vary"):
        answer.headers[name] = whole.headers[name]
    answer.headers["Content-Encoding"] = "gzip"
    answer.set_etag(f"{whole.get_etag()[0]}-gzip")
    whole.close()  # the open file is not sent
    return answer


@lru_cache(maxsize=200)
def _gzip(file: Path, changed_ns: int) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)
