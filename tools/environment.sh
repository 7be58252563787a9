# Makes .venv, once, with this project and what it needs in the versions of constraints.txt. Sourced by the other tools.
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! cmp -s constraints.txt .venv/installed-constraints.txt; then
    echo "installing into .venv ..." >&2
    python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
    cp constraints.txt .venv/installed-constraints.txt
fi
export PATH="$PWD/.venv/bin:$PATH"
