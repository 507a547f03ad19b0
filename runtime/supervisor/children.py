"""进程清单: the processes of the system, how each is started, and when it is ready."""

import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.embedded_pg import Urls
from runtime.supervisor.ports import Ports

ROOT = Path(__file__).resolve().parents[2]
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep alive. `ready_url` answers 200 once it serves; without one, living is enough.

    One that needs no database (`early`) starts while that is still being prepared.
    """

    name: str
    command: tuple[str, ...]
    ready_url: str | None = None
    patience_s: float = 15.0
    early: bool = False

    def ready(self) -> bool:
        """Whether it serves."""
        return self.ready_url is None or _answers(self.ready_url)


def _answers(url: str) -> bool:
    try:
        with _direct.open(url, timeout=3) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


def python(*words: str) -> tuple[str, ...]:
    """A command of our own interpreter."""
    return (sys.executable, *words)


def sandbox(home: Path, ports: Ports) -> Child:
    """The outside world on loopback."""
    options = {
        "--state": home / "sandbox",
        "--clock-file": clock_file(home),
        "--public-base-url": ports.url("web"),
        "--phone-port": ports.phone,
        "--wechat-port": ports.wechat,
        "--sms-port": ports.sms,
        "--share-port": ports.share,
        "--settlement-port": ports.settlement,
        "--settlement-notice-port": ports.settlement_notice,
        "--sms-aliyun-port": ports.sms_aliyun,
        "--sms-mas-port": ports.sms_mas,
    }
    words = [str(word) for pair in options.items() for word in pair]
    return Child("sandbox", python("-m", "sandbox", *words), ports.url("phone") + "/", early=True)


def product(ports: Ports) -> tuple[Child, ...]:
    """The product's own processes."""
    return (
        Child(
            "web",
            python("-m", "gunicorn", "-c", "config/gunicorn.py", "wsgi:app"),
            ports.url("web") + "/readyz",
            patience_s=30.0,
        ),
        Child(
            "staff",
            python(
                *("-m", "gunicorn", "-c", "config/gunicorn.py", "--workers", "1", "--threads", "4"),
                *("--bind", f"127.0.0.1:{ports.staff}", "wsgi_staff:app"),
            ),
            ports.url("staff") + "/healthz",
        ),
        Child("worker", python("-m", "runtime.worker", "--queues", "settlement,default")),
        Child("notices", python("-m", "runtime.worker", "--queues", "notices")),
        Child("face", python("-m", "runtime.worker", "--queues", "face")),
        Child("bank", python("-m", "runtime.bank_link")),
    )


def everything(home: Path, ports: Ports) -> Sequence[Child]:
    """All children, in the order in which they start; they stop in the opposite order."""
    return (sandbox(home, ports), *product(ports))


def clock_file(home: Path) -> Path:
    """Where the sandbox writes the clock's offset in seconds, and the product reads it."""
    return home / "clock_offset"


def _fresh(folder: Path) -> Path:
    """An empty folder: counters of an earlier run must not be added to this one's."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def environment(home: Path, ports: Ports, urls: Urls) -> dict[str, str]:
    """The environment of every child: where the database and the outside world are."""
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "ANJU_HOME": str(home),
        "PROMETHEUS_MULTIPROC_DIR": str(_fresh(home / "metrics")),
        "DATABASE_URL": urls.app,
        "ANJU_DATABASE_WEB_URL": urls.web,
        "ANJU_DATABASE_OWNER_URL": urls.owner,
        "ANJU_DATABASE_FACE_URL": urls.face,
        "ANJU_DATABASE_RO_URL": urls.ro,
        "ANJU_WEB_BIND": f"127.0.0.1:{ports.web}",
        "ANJU_PUBLIC_BASE_URL": ports.url("web"),
        "ANJU_STAFF_BASE_URL": ports.url("staff"),
        "ANJU_CLOCK_OFFSET_FILE": str(clock_file(home)),
        "ANJU_WECHAT_API_BASE_URL": ports.url("wechat"),
        "ANJU_WECHAT_OPEN_BASE_URL": ports.url("wechat"),
        "ANJU_WECHAT_JWEIXIN_URL": ports.url("wechat") + "/jweixin.js",
        "ANJU_SMS_ENDPOINT": f"127.0.0.1:{ports.sms}",
        "ANJU_SMS_SCHEME": "http",
        "ANJU_SMS_PROVIDERS": os.environ.get("ANJU_SMS_PROVIDERS", "tencent,aliyun,mas"),
        "ANJU_SMS_ALIYUN_ENDPOINT": f"127.0.0.1:{ports.sms_aliyun}",
        "ANJU_SMS_MAS_BASE_URL": ports.url("sms_mas"),
        "ANJU_SHARE_BASE_URL": ports.url("share"),
        "ANJU_BDC_HOST": "127.0.0.1",
        "ANJU_BDC_PORT": str(ports.settlement),
        "ANJU_BDC_NOTICE_PORT": str(ports.settlement_notice),
    }
