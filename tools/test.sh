#!/usr/bin/env bash
# Lint, format, types and all fast tests. Slow tests run apart: .venv/bin/python -m pytest -m slow
set -euo pipefail
source "$(dirname "$0")/environment.sh"
ruff check .
ruff format --check .
mypy
python -m pytest -n 2 --dist loadfile "$@"
