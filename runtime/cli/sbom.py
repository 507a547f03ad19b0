"""Bill of materials 软件物料清单: docs/security/sbom.json (CycloneDX 1.6), drawn from the locks and nothing else."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

from config.settings import ROOT

PYTHON_LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-node.txt")
_PART = re.compile(r"(?m)^(?=[A-Za-z0-9._-]+==)")
_NAME = re.compile(r"([A-Za-z0-9._-]+)==([^ ;\\\n]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_KINDS = {"sha512": "SHA-512", "sha256": "SHA-256", "sha1": "SHA-1"}


def sbom() -> str:
    """The document; the same for the same locks."""
    found: dict[str, dict[str, Any]] = {}
    for component in (*_python(), *_node()):
        kept = found.setdefault(component["bom-ref"], component)
        if component["scope"] == "required":
            kept["scope"] = "required"
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "anju", "bom-ref": "anju"}},
        "components": [found[key] for key in sorted(found)],
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def _python() -> Iterator[dict[str, Any]]:
    for lock in PYTHON_LOCKS:
        for part in _PART.split((ROOT / lock).read_text(encoding="utf-8")):
            named = _NAME.match(part)
            if named is not None:
                hashes = sorted(set(_HASH.findall(part)))
                scope = "required" if lock == "requirements.txt" else "excluded"
                yield _component("pypi", named[1].lower(), named[2], scope, [("SHA-256", h) for h in hashes])


def _node() -> Iterator[dict[str, Any]]:
    lock = json.loads((ROOT / "client" / "package-lock.json").read_text(encoding="utf-8"))
    for place, entry in lock["packages"].items():
        if not place or entry.get("link") or "version" not in entry:
            continue
        name = entry.get("name") or place.rpartition("node_modules/")[2]
        kind, _, coded = entry.get("integrity", "").partition("-")
        hashes = [(_KINDS[kind], base64.b64decode(coded).hex())] if kind in _KINDS else []
        yield _component(
            "npm", name, entry["version"], "excluded" if entry.get("dev") else "required", hashes
        )


def _component(
    kind: str, name: str, version: str, scope: str, hashes: list[tuple[str, str]]
) -> dict[str, Any]:
    purl = f"pkg:{kind}/{name.replace('@', '%40')}@{version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "purl": purl,
        "name": name,
        "version": version,
        "scope": scope,
        "hashes": [{"alg": alg, "content": content} for alg, content in hashes],
    }
