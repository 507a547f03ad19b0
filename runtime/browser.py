"""浏览器: finds a Chromium for the browser tests and says how to start it."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome-headless-shell")
UNPACKED = _ROOT / "var" / "browser" / "chromium"
_QUIET = (
    "--headless",
    "--no-sandbox",  # it may run as root, and without user namespaces
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{folder}</dir>
  <cachedir>{cache}</cachedir>
  <alias binding="weak"><family>sans-serif</family><accept><family>Noto Sans SC</family></accept></alias>
</fontconfig>
"""


@dataclass(frozen=True)
class BrowserSpec:
    """A Chromium: its program, the arguments it needs here, and variables to add to its environment."""

    path: str
    args: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)


class NoBrowser(RuntimeError):
    """No Chromium is on this machine; `make test` unpacks one."""


def of_machine() -> str | None:
    """A Chromium on the PATH."""
    for name in _NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    return None


def find_chromium() -> BrowserSpec:
    """The machine's Chromium, else the unpacked one; raises NoBrowser."""
    fonts = {"FONTCONFIG_FILE": str(_font_settings())}
    own = of_machine()
    if own is not None:
        return BrowserSpec(own, _QUIET, fonts)
    if not UNPACKED.exists():
        raise NoBrowser("no Chromium on the PATH, and none unpacked")
    libraries = ":".join(map(str, (UNPACKED.parent / "lib", UNPACKED.parent)))
    return BrowserSpec(str(UNPACKED), _QUIET, {**fonts, "LD_LIBRARY_PATH": libraries})


def unpack_archives(folder: Path) -> None:
    """Unpack the shared libraries that came with the unpacked Chromium."""
    for archive in folder.glob("*.tar"):
        with tarfile.open(archive) as tar:
            for member in tar:
                content = tar.extractfile(member)
                if content is not None:
                    _place(folder, member, content.read())
        archive.unlink()


def _place(folder: Path, member: tarfile.TarInfo, content: bytes) -> None:
    target = (folder / member.name).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise NoBrowser(f"the package holds a file outside its folder: {member.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.chmod(0o755)


def _font_settings() -> Path:
    """A fontconfig file that adds a Han font to whatever the machine has."""
    folder = _ROOT / "var" / "browser"
    spec = importlib.util.find_spec("pylopdf_fonts_zh_cn")
    fonts = Path(spec.origin).parent if spec is not None and spec.origin is not None else folder
    text = _FONTS.format(folder=fonts, cache=folder / "font-cache")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"fonts-{hashlib.sha256(text.encode()).hexdigest()[:8]}.conf"
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    return path


def version(spec: BrowserSpec) -> str:
    """What the program says it is; shows that it starts."""
    done = subprocess.run(
        [spec.path, "--no-sandbox", "--version"],
        env={**os.environ, **spec.env},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.stdout.strip() or done.stderr.strip()
