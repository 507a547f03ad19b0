"""Eight real processes with a cold cache: one of them fetches the token, the others wait for it."""

import json
import subprocess
import sys

from sandbox.assembly import Sandbox
from tests.support.databases import ROOT, Database
from wechat.config import WeChatConfig

# Loads once, then parts into eight processes that start together; each tells with its exit code how it went.
PROGRAM = """
import json, os, sys
from services.core.clock import SystemClock
from services.core.db import make_engine, make_sessions
from wechat.client import WeChatClient
from wechat.config import WeChatConfig
from wechat.token_store import DatabaseTokenStore
given = json.load(sys.stdin)
ready, go = os.pipe()
children = []
for _ in range(8):
    child = os.fork()
    if child == 0:
        os.close(go)
        os.read(ready, 1)
        sessions = make_sessions(make_engine(given["url"], pool_size=2))
        config = WeChatConfig(given["appid"], given["secret"], given["base"])
        client = WeChatClient(config, DatabaseTokenStore(sessions), SystemClock())
        os._exit(0 if client.get("getcallbackip")["ip_list"] else 1)
    children.append(child)
os.close(ready)
os.close(go)
print(json.dumps([os.waitpid(child, 0)[1] for child in children]))
"""


def test_eight_processes_fetch_one_token(sandbox: Sandbox, database: Database, config: WeChatConfig) -> None:
    given = {
        "url": database.urls.app,
        "appid": config.appid,
        "secret": config.secret,
        "base": config.api_base_url,
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == [0] * 8
    paths = [call["path"] for call in sandbox.store.entries("received", "wechat")]
    assert (paths.count("/cgi-bin/stable_token"), paths.count("/cgi-bin/getcallbackip")) == (1, 8)
