"""安装: `python3 -m runtime.setup serve|test` prepares the checkout; `clean` removes what was made."""

import shutil
import sys
from collections.abc import Iterator

from runtime.setup import browser_env, node_env, python_env
from runtime.setup.stages import ROOT, Stage, StageFailed, alone, say


def _python_stages(*, testing: bool) -> Iterator[Stage]:
    yield python_env.venv()
    yield python_env.packages("requirements.txt", "packages")
    if testing:
        yield python_env.packages("requirements-dev.txt", "test packages")
    if (ROOT / "models" / "manifest.toml").exists():
        yield python_env.models()


def _stages(*, testing: bool) -> Iterator[Stage]:
    yield from _python_stages(testing=testing)
    client = bool(node_env.client_scripts())
    browser = testing and browser_env.wanted()
    if not client:
        say("client: no client/package.json yet, skipped")
    if (client or browser) and node_env.find() is None:
        yield node_env.from_wheel()
    if client:
        yield node_env.npm_packages(node_env.CLIENT, "client packages")
        yield node_env.client_build()
        if testing:
            yield node_env.mini_build()
    if browser:
        yield from browser_env.stages()


def prepare(*, testing: bool) -> None:
    """Run every stage that is due."""
    with alone():
        for stage in _stages(testing=testing):
            stage.ensure()


def clean() -> None:
    """Remove everything the set-up and the running system have made, the demo's data included."""
    for path in (".venv", "var", "client/node_modules", "client/dist", "tests/e2e/browser/node_modules"):
        shutil.rmtree(ROOT / path, ignore_errors=True)


def main(words: list[str]) -> int:
    """Entry point."""
    if words not in (["serve"], ["test"], ["clean"]):
        sys.stderr.write("usage: python3 -m runtime.setup serve|test|clean\n")
        return 2
    try:
        clean() if words == ["clean"] else prepare(testing=words == ["test"])
    except StageFailed as failure:
        sys.stderr.write(f"\nset-up failed: {failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
