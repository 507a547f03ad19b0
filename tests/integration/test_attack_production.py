"""Production: nothing of the sandbox is taken for real, and a header moves no limit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.factory import create_app
from app.http.rate_limit import client_address
from config.settings import NOT_THE_SANDBOXS, OWN_KEYS, SANDBOX_SECRETS, SettingsFault, load_settings
from tests.support.domain.world import World


def production(secrets: Path, **changed: Any) -> dict[str, Any]:
    """Settings that production accepts, with changes."""
    for name in (*SANDBOX_SECRETS, *OWN_KEYS):
        (secrets / name).write_text("real", encoding="utf-8")
        (secrets / name).chmod(0o600)
    values: dict[str, Any] = dict.fromkeys(NOT_THE_SANDBOXS, "https://real.example")
    return values | {
        "env": "production",
        "secrets_dir": secrets,
        "DATABASE_URL": "postgresql+psycopg://x@db/anju",
        "public_base_url": "https://gjj.example",
        "staff_base_url": "https://desk.gjj.example",
        "wechat_api_base_url": "https://api.weixin.qq.com",
        "wechat_open_base_url": "https://open.weixin.qq.com",
        "wechat_jweixin_url": "https://res.wx.qq.com/open/js/jweixin-1.6.0.js",
        "sms_scheme": "https",
        "proxy_hops": 1,
        **changed,
    }


def test_production_starts_with_real_values(tmp_path: Path) -> None:
    assert load_settings(**production(tmp_path)).env == "production"


@pytest.mark.parametrize("name", NOT_THE_SANDBOXS)
def test_a_value_of_the_sandbox_is_refused(tmp_path: Path, name: str) -> None:
    values = production(tmp_path)
    del values[name]
    with pytest.raises(SettingsFault, match=f"ANJU_{name.upper()} "):
        load_settings(**values)


def test_production_must_say_how_many_proxies_stand_before_it(tmp_path: Path) -> None:
    """Behind a proxy every connection comes from one address: one caller could use up everybody's limits."""
    with pytest.raises(SettingsFault, match="ANJU_PROXY_HOPS"):
        load_settings(**production(tmp_path, proxy_hops=0))


def behind(world: World, hops: int) -> Flask:
    """A web application behind so many proxies, that tells which address it counts."""
    own = world.product.ports()
    app = create_app(replace(own, settings=own.settings.model_copy(update={"proxy_hops": hops})))
    app.get("/address")(client_address)
    return app


@pytest.mark.parametrize(
    ("hops", "header", "counted"),
    [
        (0, "1.1.1.1", "10.9.9.9"),
        (1, "1.1.1.1", "1.1.1.1"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (1, None, "10.9.9.9"),
        (2, "6.6.6.6, 1.1.1.1, 10.0.0.1", "1.1.1.1"),
    ],
)
def test_only_what_our_own_proxies_added_is_believed(
    world: World, hops: int, header: str | None, counted: str
) -> None:
    headers = {"X-Forwarded-For": header, "X-Forwarded-Host": "evil.example"} if header else {}
    response = (
        behind(world, hops)
        .test_client()
        .get("/address", headers=headers, environ_overrides={"REMOTE_ADDR": "10.9.9.9"})
    )
    assert response.get_data(as_text=True) == counted
