#!/bin/sh
# Recompiles the hashed requirement files from their .in files (needs uv); only wheels, as the set-up installs no other.
set -eu
cd "$(dirname "$0")/.."
for name in requirements requirements-dev requirements-node; do
    { echo "--find-links vendor"; uv pip compile --quiet --universal --python-version 3.11 --find-links vendor --only-binary :all: \
        --generate-hashes --no-header --no-annotate "$name.in"; } > "$name.new"
    mv "$name.new" "$name.txt"
done
