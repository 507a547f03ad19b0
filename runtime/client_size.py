"""大小: what a phone fetches for the first page, and what the mini-program's package weighs; `python -m runtime.client_size`."""

import gzip
import json
import re
import sys
from pathlib import Path
from urllib.parse import urljoin

from runtime.setup.node_env import CLIENT, client_build, mini_build
from runtime.setup.stages import alone, say

H5 = CLIENT / "dist" / "build" / "h5"
MINI = CLIENT / "dist" / "build" / "mp-weixin"
FIRST_PAGE_MOST_KB, MINI_MOST_KB = 150, 2048
_LINKED = re.compile(r"""<(?:script|link)\b[^>]*?\b(?:src|href)=["']?([^"'\s>]+\.(?:js|css))""")


def first_page_files(folder: Path) -> list[Path]:
    """The page, and every script and style sheet it names: home and the binding need no other."""
    page = folder / "index.html"
    linked = _LINKED.findall(page.read_text("utf-8"))
    if not any(name.endswith(".js") for name in linked):
        raise ValueError(f"{page} names no script")
    names = [urljoin("/", name.removeprefix("./")).removeprefix("/") for name in linked]
    return [page, *(folder / name for name in dict.fromkeys(names))]


def gzipped(path: Path) -> int:
    """Bytes on the line, as a web server compresses."""
    return len(gzip.compress(path.read_bytes(), 6, mtime=0))


def package_bytes(folder: Path) -> int:
    """What WeChat counts: every file of the package."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> int:
    """Print each part, then both sums as one line of JSON; fails when one is too large."""
    with alone():
        client_build().ensure()
        mini_build().ensure()
    files = first_page_files(H5)
    for path in files:
        say(f"{path.relative_to(H5)}: {gzipped(path) / 1024:.1f} KB gzipped")
    told = {
        "first_page_gzip_kb": round(sum(map(gzipped, files)) / 1024, 1),
        "mini_program_kb": round(package_bytes(MINI) / 1024, 1),
    }
    say(json.dumps(told))
    fits = told["first_page_gzip_kb"] <= FIRST_PAGE_MOST_KB and told["mini_program_kb"] < MINI_MOST_KB
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
