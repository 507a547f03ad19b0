"""Running system 运行中的系统: started once by the controller, joined by each process of the run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

from bench.phone import Sandbox
from bench.prepare import product_of
from runtime.bootstrap import Product
from runtime.cli.members import import_members
from runtime.embedded_pg import Urls
from runtime.supervisor.ports import Ports
from runtime.supervisor.system import System
from services.core.clock import SHANGHAI

PLACE = "JOURNEYS_SYSTEM"
DAY_BEGINS, DAY_ENDS = 8, 20


@dataclass(frozen=True, slots=True)
class Joined:
    """What a process needs to know of a system that another one started."""

    home: Path
    ports: Ports
    urls: Urls

    def product(self) -> Product:
        """The product's objects on the system's database."""
        return product_of(self)  # type: ignore[arg-type]


@contextmanager
def started(home: Path) -> Iterator[str]:
    """A system of the run's own; gives what `joined` reads."""
    home.chmod(0o755)
    system = System(home, Ports.free(), durable=False)
    system.start()
    try:
        Sandbox(system.ports.url("phone")).post("/control/clock", {"offset_s": _to_daytime_s(datetime.now(SHANGHAI))})
        urls = {name: str(value) for name, value in asdict(system.urls).items()}
        yield json.dumps({"home": str(system.home), "ports": asdict(system.ports), "urls": urls})
    finally:
        system.stop()


def _to_daytime_s(moment: datetime) -> float:
    """Seconds to ten in the morning, where it is late: at night more caution is taken with money, and notices are held."""
    if DAY_BEGINS <= moment.hour < DAY_ENDS:
        return 0.0
    ten = datetime.combine(moment.date(), time_of_day(10), SHANGHAI)
    return (ten + timedelta(days=moment.hour >= DAY_ENDS) - moment).total_seconds()


def joined() -> Joined:
    """The system named in the environment."""
    told = json.loads(os.environ[PLACE])
    return Joined(Path(told["home"]), Ports(**told["ports"]), Urls(**told["urls"]))


class People:
    """Takes made-up people over, as the centre's operator would: the outside world knows them first."""

    def __init__(self, product: Product, sandbox: Any) -> None:
        self._product, self._sandbox = product, sandbox

    def add(self, person: Mapping[str, Any], known: Mapping[str, Any] | None = None) -> None:
        """Into the registries, then to the centre (`known` is what the centre has on record), then following."""
        self._sandbox.post("/control/members", {**person, "import": False})
        import_members(self._product, [known or person])
        self._sandbox.post(f"/control/members/{person['key']}/follow")
