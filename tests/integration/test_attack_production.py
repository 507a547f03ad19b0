"""Production: nothing of the sandbox is taken for real, and a header moves no limit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.factory import create_app
from app.http.rate_limit import client_address
from config.production import OWN_KEYS, TO_BE_SAID
from config.settings import NOT_THE_SANDBOXS, SANDBOX_SECRETS, Settings, SettingsFault, load_settings
from runtime.worker import _database_url
from tests.support.domain.world import World


def production(secrets: Path, **changed: Any) -> dict[str, Any]:
    """Settings that production accepts, with changes."""
    for name in (*SANDBOX_SECRETS, *OWN_KEYS):
        (secrets / name).write_text("5e" * 32 if name in OWN_KEYS else "real", encoding="utf-8")
        (secrets / name).chmod(0o600)
    values: dict[str, Any] = dict.fromkeys(NOT_THE_SANDBOXS, "https://real.example")
    values |= {name: Settings.model_fields[name].default for name in TO_BE_SAID}
    templates = secrets / "sms_templates.toml"
    templates.write_text('[aliyun]\nsms_code = "SMS_1"\n[mas]\nsms_code = "a1"\n', encoding="utf-8")
    return values | {
        "env": "production",
        "secrets_dir": secrets,
        "DATABASE_URL": "postgresql+psycopg://x@db/anju?sslmode=verify-full",
        "database_web_url": "postgresql+psycopg://anju_web@127.0.0.1:6432/anju",
        "public_base_url": "https://gjj.example",
        "staff_base_url": "https://desk.gjj.example",
        "wechat_api_base_url": "https://api.weixin.qq.com",
        "wechat_open_base_url": "https://open.weixin.qq.com",
        "wechat_jweixin_url": "https://res.wx.qq.com/open/js/jweixin-1.6.0.js",
        "wechat_subscribe_templates": "settlement_paid=real",
        "wechat_mini_templates": "",
        "sms_scheme": "https",
        "sms_providers": "tencent,aliyun,mas",
        "sms_aliyun_scheme": "https",
        "sms_templates_file": templates,
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


@pytest.mark.parametrize("name", TO_BE_SAID)
def test_what_the_model_city_has_is_not_taken_in_silence(tmp_path: Path, name: str) -> None:
    """Another centre would pay from an account under the model city's name, and sign its messages with it."""
    values = production(tmp_path)
    del values[name]
    with pytest.raises(SettingsFault, match=f"ANJU_{name.upper()} must be written down"):
        load_settings(**values)


@pytest.mark.parametrize(
    ("name", "role"),
    [("web", "anju_web"), ("face", "anju_face"), ("owner", "anju_owner")],
)
def test_an_address_of_the_database_bears_its_own_role(tmp_path: Path, name: str, role: str) -> None:
    """The member zone under another role would see everybody's rows, and nothing would say so."""
    setting = f"database_{name}_url"
    of_the_role = f"postgresql+psycopg://{role}:pw@/anju?host=a:5432&host=b:5432&sslmode=verify-full"
    assert load_settings(**production(tmp_path, **{setting: of_the_role})).env == "production"
    with pytest.raises(SettingsFault, match=f"ANJU_{setting.upper()} must be of the role {role}"):
        load_settings(**production(tmp_path, **{setting: "postgresql+psycopg://anju_app:pw@db/anju"}))


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://x:pw@10.20.1.10/anju",
        "postgresql+psycopg://x:pw@10.20.1.10/anju?sslmode=prefer",
        "postgresql+psycopg://x:pw@10.20.1.10/anju?sslmode=require",
        "postgresql+psycopg://x:pw@/anju?host=127.0.0.1:5432&host=10.20.1.11:5432",
    ],
)
def test_a_database_on_another_machine_is_asked_encrypted(tmp_path: Path, address: str) -> None:
    """The driver's own default is to talk in the clear where the other side wants it."""
    with pytest.raises(SettingsFault, match="DATABASE_URL leads to another machine"):
        load_settings(**production(tmp_path, DATABASE_URL=address))


@pytest.mark.parametrize("name", OWN_KEYS)
@pytest.mark.parametrize("text", ["", "changeme", "5e" * 16, "5e" * 31 + "5g"])
def test_a_key_that_is_none_is_refused(tmp_path: Path, name: str, text: str) -> None:
    values = production(tmp_path)
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(SettingsFault, match=f"secret file (is empty|must hold 64 hex digits): {name}"):
        load_settings(**values)


@pytest.mark.parametrize("name", sorted(SANDBOX_SECRETS))
def test_an_empty_secret_is_refused(tmp_path: Path, name: str) -> None:
    values = production(tmp_path)
    (tmp_path / name).write_text("\n", encoding="utf-8")
    with pytest.raises(SettingsFault, match=f"secret file is empty: {name}"):
        load_settings(**values)


def test_departments_are_asked_encrypted(tmp_path: Path) -> None:
    """ID numbers go there, and the police register's photos come from there."""
    with pytest.raises(SettingsFault, match="ANJU_SHARE_BASE_URL must be https"):
        load_settings(**production(tmp_path, share_base_url="http://10.1.1.1"))


def test_no_debugging_in_production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    with pytest.raises(SettingsFault, match="FLASK_DEBUG"):
        load_settings(**production(tmp_path))


def test_faces_are_judged_under_a_role_of_their_own(tmp_path: Path) -> None:
    """Without its address the worker would go on as anju_app, which may read far more."""
    plain = load_settings(**production(tmp_path))
    own = "postgresql+psycopg://anju_face@/anju?host=/run/postgresql"
    faces = load_settings(**production(tmp_path, database_face_url=own))
    assert _database_url(faces, ["face"]) == own
    for settings, queues in ((plain, ["face"]), (faces, ["face", "default"])):
        with pytest.raises(SettingsFault, match="ANJU_DATABASE_FACE_URL"):
            _database_url(settings, queues)
    assert _database_url(plain, ["settlement", "default"]) == plain.database_url.get_secret_value()


ALIYUNS = {name for name in (*NOT_THE_SANDBOXS, *SANDBOX_SECRETS) if name.startswith("sms_aliyun_")}
MASES = {name for name in (*NOT_THE_SANDBOXS, *SANDBOX_SECRETS) if name.startswith("sms_mas_")}


@pytest.mark.parametrize(
    ("providers", "without"),
    [
        ("tencent", {*ALIYUNS, *MASES, "sms_templates_file"}),
        ("aliyun", {*MASES, "sms_secret_id", "sms_secret_key", "sms_receipt_path_secret", "sms_scheme"}),
        ("mas,tencent", {*ALIYUNS, "sms_aliyun_scheme"}),
    ],
)
def test_a_provider_that_is_not_used_need_not_be_set_up(
    tmp_path: Path, providers: str, without: set[str]
) -> None:
    values = production(tmp_path, sms_providers=providers)
    for name in without:
        values.pop(name, None)
        (tmp_path / name).unlink(missing_ok=True)
    assert load_settings(**values).sms_order == tuple(providers.split(","))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sms_scheme", "http"),
        ("sms_aliyun_scheme", "http"),
        ("sms_mas_base_url", "http://112.35.1.155:1992"),
    ],
)
def test_sms_go_out_encrypted(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsFault, match=f"ANJU_{name.upper()} must be https"):
        load_settings(**production(tmp_path, **{name: value}))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[aliyun]\nsms_code = 'SMS_1'\n", "no templates of mas"),
        ("[mas]\nsms_code = 'a1'\n[aliyun]\n", "no templates of aliyun"),
        ("[aliyun", "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_template_ids_must_be_there(tmp_path: Path, text: str | None, fault: str) -> None:
    values = production(tmp_path)
    file: Path = values["sms_templates_file"]
    file.unlink() if text is None else file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsFault, match=f"ANJU_SMS_TEMPLATES_FILE .*{fault}"):
        load_settings(**values)


@pytest.mark.parametrize("providers", ["", "tencent,", "huawei", "tencent;aliyun", " tencent"])
def test_a_provider_that_does_not_exist_is_refused(tmp_path: Path, providers: str) -> None:
    with pytest.raises(SettingsFault, match="sms_providers"):
        load_settings(**production(tmp_path, sms_providers=providers))


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
