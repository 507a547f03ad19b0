"""The files to start a production from say what docs/deployment.md promises of them."""

from __future__ import annotations

import configparser
import re
import tomllib
from pathlib import Path

import pytest

from config.settings import ROOT, Settings

DEPLOY = ROOT / "deploy"
NGINX = (DEPLOY / "nginx" / "anju.conf").read_text(encoding="utf-8")
UNIT = (DEPLOY / "systemd" / "anju@.service").read_text(encoding="utf-8")
PORTS = tomllib.loads((ROOT / "config" / "sandbox.toml").read_text(encoding="utf-8"))["ports"]
_COMMENT = re.compile(r"#.*")


def servers() -> list[str]:
    """Each `server { … }` without comments."""
    text = "\n".join(_COMMENT.sub("", line) for line in NGINX.splitlines())
    return [part.partition("\n}")[0] for part in re.split(r"^server \{", text, flags=re.MULTILINE)[1:]]


def said(unit: str, name: str) -> list[str]:
    """Values of a directive of the unit."""
    return re.findall(rf"^{name}=(.*)$", unit, flags=re.MULTILINE)


@pytest.mark.parametrize("server", servers(), ids=range(len(servers())))
def test_no_server_writes_addresses_down(server: str) -> None:
    """Also not the one that only leads from http to https: what was typed without the s has the same path."""
    assert "access_log off;" in server
    if "return 444" not in server:
        assert re.search(r"error_log \S+ crit;", server)


def test_old_tls_is_refused_by_the_default_server() -> None:
    """OpenSSL settles the version before it knows the name asked for: the default server's word holds for all."""
    (default,) = [server for server in servers() if "default_server" in server]
    for server in (default, *(one for one in servers() if "listen 443" in one)):
        assert "ssl_protocols TLSv1.2 TLSv1.3;" in server


def test_faces_on_their_way_are_written_to_no_disk() -> None:
    assert re.search(r"^client_body_temp_path /run/", NGINX, flags=re.MULTILINE)
    assert re.search(r"^proxy_temp_path +/run/", NGINX, flags=re.MULTILINE)


def test_https_is_said_once() -> None:
    assert "proxy_hide_header Strict-Transport-Security;" in (DEPLOY / "nginx" / "proxy.conf").read_text()
    saying = [server for server in servers() if "proxy.conf" in server]
    assert len(saying) == 2
    assert all("add_header Strict-Transport-Security" in server for server in saying)


def test_the_proxy_leads_to_our_own_ports() -> None:
    assert f"upstream anju_web   {{ server 127.0.0.1:{PORTS['web']};" in NGINX
    assert f"upstream anju_staff {{ server 127.0.0.1:{PORTS['staff']};" in NGINX


def test_a_part_is_started_again_for_ever() -> None:
    """By default systemd gives up after five starts in ten seconds: a short outage would end the part for good."""
    assert said(UNIT, "Restart") == ["always"]
    assert said(UNIT, "StartLimitIntervalSec") == ["0"]


def test_the_folders_a_part_writes_to_are_made_for_it() -> None:
    """`ReadWritePaths` of a folder that is not there keeps the unit from starting."""
    (words,) = said(UNIT, "Environment")
    assert {"ANJU_HOME=/var/lib/anju-home", "PROMETHEUS_MULTIPROC_DIR=/run/anju-metrics"} <= set(words.split())
    assert said(UNIT, "StateDirectory") == ["anju-home"]
    assert said(UNIT, "RuntimeDirectory") == ["anju-metrics"]
    assert said(UNIT, "RuntimeDirectoryPreserve") == ["yes"]
    assert said(UNIT, "ReadWritePaths") == []


def test_the_pooler_lets_nobody_wait_longer_than_the_web_would() -> None:
    pooler = configparser.ConfigParser(comment_prefixes=(";", "#"))
    pooler.read(DEPLOY / "pgbouncer" / "pgbouncer.ini", encoding="utf-8")
    own = pooler["pgbouncer"]
    assert own["pool_mode"] == "transaction"
    assert int(own["query_wait_timeout"]) <= 5
    assert int(own["server_login_retry"]) <= 2
    assert own["server_tls_sslmode"] == "verify-full"


def test_settings_named_in_the_documents_are_there() -> None:
    """A variable that nobody reads is a wish."""
    fields = {f"ANJU_{name.upper()}" for name in Settings.model_fields}
    elsewhere = {"ANJU_COMMAND", "ANJU_WEB_WORKERS", "ANJU_WEB_THREADS", "ANJU_DATABASE_RO_URL", "ANJU_API"}
    named = set()
    for path in [ROOT / "README.md", *Path(ROOT / "docs").glob("*.md"), *DEPLOY.glob("*/*")]:
        named |= set(re.findall(r"ANJU_[A-Z0-9_]*[A-Z0-9]\b(?!_)", path.read_text(encoding="utf-8")))
    assert named - fields - elsewhere == set()
