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
        response = _compressed(own.client_dir, send_from_directory(own.client_dir, path), path)
        fresh = path == "index.html"
        response.headers["Cache-Control"] = "no-cache" if fresh else "public, max-age=31536000, immutable"
        return response

    root.auth_zone = client.auth_zone = "public"  # type: ignore[attr-defined]


def _compressed(folder: Path, response: Response, path: str) -> Response:
    """The same file in gzip, for a whole text of some length; part of a file and an unchanged one stay as they are."""
    if response.status_code != 200 or Path(path).suffix not in _TEXTS:
        return response
    response.headers["Vary"] = "Accept-Encoding"
    file = (folder / path).resolve()
    if request.accept_encodings["gzip"] <= 0 or file.stat().st_size < _FEW_BYTES:
        return response
    packed = _gzip(file, file.stat().st_mtime_ns)
    response.close()  # the open file is not sent
    answer = Response(packed, mimetype=response.mimetype)
    for name in ("ETag", "Last-Modified", "Vary"):
        if name in response.headers:
            answer.headers[name] = response.headers[name]
    answer.headers["Content-Encoding"] = "gzip"
    return answer


@lru_cache(maxsize=200)
def _gzip(file: Path, changed_ns: int) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)
