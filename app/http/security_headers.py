"""Security headers 安全响应头 on every response."""

from __future__ import annotations

from flask import Flask, Response, request

from config.settings import Settings


def install(app: Flask, settings: Settings) -> None:
    """Add the headers; personal answers are never stored by anyone."""
    script_origin = settings.wechat_jweixin_url.rsplit("/", 1)[0].split("/open")[0]
    sandbox = "" if settings.env == "production" else " http://127.0.0.1:* http://localhost:*"
    policy = (
        f"default-src 'self'; script-src 'self' {script_origin}; style-src 'self' 'unsafe-inline';"
        f" img-src 'self' data: blob:; media-src 'self' blob: mediastream:; connect-src 'self'{sandbox};"
        " object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )
    tags = "; frame-src https://*.qq.com webcompt:"  # WeChat draws its open tags 开放标签 in frames
    secure = settings.public_base_url.startswith("https://")

    def add(response: Response) -> Response:
        headers = response.headers
        own = policy + tags if request.path.startswith("/m/") else policy
        headers.setdefault("Content-Security-Policy", own)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if secure:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if response.status_code >= 400 or not _may_be_kept(response):
            headers["Cache-Control"] = "no-store"
        return response

    app.after_request(add)


def _may_be_kept(response: Response) -> bool:
    """The client's files, and what is public and says so itself."""
    says_so = response.headers.get("Cache-Control", "").startswith("public")
    return request.path.startswith("/m/") or (request.path.startswith("/api/v1/public/") and says_so)
