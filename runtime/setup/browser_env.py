"""浏览器: unpacks a headless Chromium from an npm package where the machine has none."""

import json
from collections.abc import Iterator

from runtime import browser
from runtime.setup import node_env
from runtime.setup.stages import ROOT, Stage, digest_of, run

_FOLDER = ROOT / "tests" / "e2e" / "browser"
_UNPACK = """
const fs = require('fs'), zlib = require('zlib');
for (const [from, to] of JSON.parse(process.argv[1]))
  fs.writeFileSync(to, zlib.brotliDecompressSync(fs.readFileSync(from)));
"""


def wanted() -> bool:
    """Whether the machine has no browser of its own."""
    return browser.of_machine() is None and (_FOLDER / "package.json").exists()


def stages() -> Iterator[Stage]:
    """The package, then what is in it."""
    yield node_env.npm_packages(_FOLDER, "browser package")
    yield Stage(
        "browser",
        lambda: digest_of([_FOLDER / "package-lock.json"]),
        browser.UNPACKED.exists,
        _unpack,
    )


def _unpack() -> None:
    packed = _FOLDER / "node_modules" / "@sparticuz" / "chromium" / "bin"
    target = browser.UNPACKED.parent
    target.mkdir(parents=True, exist_ok=True)
    pairs = [
        (str(packed / "chromium.br"), str(browser.UNPACKED)),
        (str(packed / "al2023.tar.br"), str(target / "libraries.tar")),
        (str(packed / "swiftshader.tar.br"), str(target / "graphics.tar")),
    ]
    node = node_env.find()
    assert node is not None
    run("browser-unpack", [str(node.node), "-e", _UNPACK, json.dumps(pairs)])
    browser.unpack_archives(target)
    browser.UNPACKED.chmod(0o755)
