#!/bin/sh
# Format, lint, types, import rules, migrations, documentation. BIN names the folder of the virtual environment's programs.
set -eu
bin=${BIN:-.venv/bin}
# The settings modules want values before they can be read; these open nothing.
export SWF_MONITOR_SECRET_KEY=check-only-not-a-secret-of-anything-0123456789 SWF_REMOTE_DEBUG=true
export SWF_REMOTE_SECRET_KEY=$SWF_MONITOR_SECRET_KEY SWF_REMOTE_MONITOR_HOST=localhost
"$bin/ruff" format --check --quiet src tests tools
"$bin/ruff" check --quiet src tests tools
"$bin/lint-imports" --no-cache >/dev/null || { "$bin/lint-imports" --no-cache; exit 1; }
# Two Django projects: the type checker's Django plugin knows one at a time.
"$bin/mypy" --config-file tools/mypy-monitor.ini -p swf_monitor -p swf_testbed
"$bin/mypy" --config-file tools/mypy-remote.ini -p swf_remote
"$bin/swf-monitor" makemigrations --check --dry-run >/dev/null
"$bin/swf-remote" makemigrations --check --dry-run >/dev/null
"$bin/python" -m pytest -q -c tests/docs/pytest.ini --rootdir . tests/docs
echo "check: all clean"
