# make run = the whole chain on live data; make test = everything. Each target is safe to run twice.
SHELL := /bin/sh
.DEFAULT_GOAL := help
ENVIRONMENT ?= .venv
BIN := $(ENVIRONMENT)/bin
# The first Python on PATH that is new enough; tools/bootstrap.py explains when there is none.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && exit; done; echo python3)
ARGS ?=

.PHONY: help setup setup-dev run run-clean test test-fast fuzz mutate bench bench-quick soak judge check format system-deps

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

setup:
	@command -v $(PYTHON) >/dev/null || { echo "setup: no Python found; install Python 3.11 or newer (Debian: apt-get install python3 python3-venv)" >&2; exit 2; }
	@$(PYTHON) tools/bootstrap.py --environment $(ENVIRONMENT)

setup-dev:
	@command -v $(PYTHON) >/dev/null || { echo "setup: no Python found; install Python 3.11 or newer (Debian: apt-get install python3 python3-venv)" >&2; exit 2; }
	@$(PYTHON) tools/bootstrap.py --environment $(ENVIRONMENT) --dev

run: setup ## testbed, monitor, SSH tunnel and gateway; options by ARGS="--port 9000 --speed 60"
	@exec $(BIN)/swf-testbed demo $(ARGS)

run-clean: setup ## the same on new data
	@exec $(BIN)/swf-testbed demo --clean $(ARGS)

test: setup-dev ## every test, with a real browser through a real tunnel
	@$(BIN)/python tools/run_tests.py $(ARGS)

test-fast: setup-dev ## the quick loop: no servers, no browser
	@$(BIN)/python tools/run_tests.py --fast $(ARGS)

fuzz: setup-dev ## 20,000 random cases against all that reads foreign bytes; ARGS="--seconds 120 --seed 7"
	@$(BIN)/python -m tools.fuzz $(ARGS)

mutate: setup-dev ## do the tests notice a changed proxy? By hand, it takes long; ARGS="policy/paths validators"
	@$(BIN)/python -m tools.mutate $(ARGS)

bench: setup-dev ## speed and resilience against nginx, a plain gateway and none; ARGS="--only cached readers"
	@$(BIN)/python -m tools.bench $(ARGS)

bench-quick: setup-dev ## the same in at most five minutes
	@$(BIN)/python -m tools.bench --quick $(ARGS)

soak: setup-dev ## readers for half an hour while the link fails in every way; ARGS="--minutes 5"
	@$(BIN)/python -m tools.bench.soak $(ARGS)

judge: setup-dev ## how good the recommended alarms are on nights with a known truth; ARGS="--scenario site-outage --seed 1"
	@$(BIN)/python -m tools.judge $(ARGS)

check: setup-dev ## format, lint, types, import rules, migrations, documentation
	@BIN=$(BIN) sh tools/check.sh

format: setup-dev ## put the code into its format
	@$(BIN)/ruff format src tests tools
	@$(BIN)/ruff check --fix --select I src tests tools

system-deps: ## Debian packages that the slow tests use (needs root)
	@sh tools/system-deps.sh
