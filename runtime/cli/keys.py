"""`python -m runtime.cli.keys status | add | rotate | retire NUMBER`: keys of sealed fields 字段密钥."""

from __future__ import annotations

import argparse
import sys

from config.settings import Settings, SettingsFault, load_settings
from runtime.bootstrap import build
from runtime.key_ring import add_key, check_keys, read_ring
from runtime.key_rotation import left_over, retire, rotate
from services.core.db import make_engine, make_sessions, transaction


def main(words: list[str] | None = None) -> int:
    """Carry out one command; 1 when an older key is still needed, 2 when the keys do not fit."""
    parser = argparse.ArgumentParser(prog="runtime.cli.keys")
    parser.add_argument("command", choices=("status", "add", "rotate", "retire"))
    parser.add_argument("number", type=int, nargs="?", default=0)
    options = parser.parse_args(words)
    try:
        return _run(load_settings(), options.command, options.number)
    except SettingsFault as fault:
        print(fault, file=sys.stderr)
        return 2


def _run(settings: Settings, command: str, number: int) -> int:
    url = settings.database_owner_url.get_secret_value() or settings.database_url.get_secret_value()
    sessions = make_sessions(make_engine(url, pool_size=1))
    product = build(settings)
    with transaction(sessions) as session:
        check_keys(session, read_ring(settings), note=True)
    if command == "add":
        added = add_key(settings.secrets_path, read_ring(settings))
        with transaction(sessions) as session:
            check_keys(session, read_ring(settings), note=True)
        print(f"key {added} is in the ring: copy the file to every host, restart every process, then rotate")
        return 0
    if command == "rotate":
        print(f"fields sealed anew: {rotate(sessions, product.cipher)}")
    with transaction(sessions) as session:
        if command == "retire":
            left = retire(session, product.cipher, number, product.clock.now())
        else:
            left = list(left_over(session, product.cipher.current))
    for one in left:
        print(f"{one.table}.{one.column}: {one.rows} under an older key")
    print(f"key in use: {product.cipher.current}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
