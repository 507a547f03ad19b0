"""端口: the loopback ports of one running system."""

import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

from runtime.free_ports import free_port

_FILE = Path(__file__).resolve().parents[2] / "config" / "sandbox.toml"


@dataclass(frozen=True, slots=True)
class Ports:
    """One port for each server; the sandbox's are outside the product."""

    web: int
    staff: int
    postgres: int
    phone: int
    wechat: int
    sms: int
    share: int
    settlement: int
    settlement_notice: int
    sms_aliyun: int
    sms_mas: int

    @classmethod
    def standard(cls) -> "Ports":
        """The ports written in config/sandbox.toml."""
        return cls(**tomllib.loads(_FILE.read_text(encoding="utf-8"))["ports"])

    @classmethod
    def based_at(cls, base: int) -> "Ports":
        """The standard ports, moved so that the web server is at `base`."""
        standard = cls.standard()
        return cls(**{name: port - standard.web + base for name, port in asdict(standard).items()})

    @classmethod
    def free(cls) -> "Ports":
        """Ports that nothing listens on just now."""
        return cls(**{name: free_port() for name in asdict(cls.standard())})

    def url(self, name: str) -> str:
        """Address of one of the HTTP servers."""
        return f"http://127.0.0.1:{getattr(self, name)}"
