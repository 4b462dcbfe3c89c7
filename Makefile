# Everything runs from here; `make help` prints this list. Needs only git, make and Python 3.11 or newer.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help install demo test check format bench crash golden lock screens clean

help:  ## print this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*##/\1\t/' | expand -t 12

install: .venv/installed  ## make .venv with exactly the packages of requirements.lock

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11 …") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "python3 cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing packages (once; about a minute) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install  ## a seeded city, the main job over HTTP, then the site on 127.0.0.1:8000 (ARGS=--once ends before serving)
	@$(BIN)/xinyidai demo $(ARGS)

test: install  ## all tests (BROWSER=0 leaves out the ones that need Chromium)
	@tests/chromium.sh
	@tests/lanes.sh $(ARGS)

check: install  ## format, lint, strict types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: install  ## put the code into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: install  ## the performance budgets, each against its reference in the same run
	@$(BIN)/python -m bench $(ARGS)

crash: install  ## kill web, worker and database on purpose, for longer than the tests do
	@CRASH_TIMERS=$${CRASH_TIMERS:-5000} $(BIN)/pytest -q -m crash $(ARGS)

golden: install  ## rewrite the golden files; review the diff
	@GOLDEN=write $(BIN)/pytest -q tests -k golden $(ARGS)

screens: install  ## pictures of the main pages out of the seeded city, into docs/screens (ARGS="desk-inbox" for some)
	@$(BIN)/python -m tests.browser.screens $(ARGS)

lock:  ## resolve pyproject.toml anew into requirements.lock (needs uv)
	@uv pip compile pyproject.toml --extra dev --extra bench --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --quiet -o requirements.lock

clean:  ## remove what the demo made (stop it first)
	@rm -rf var .mypy_cache .ruff_cache .hypothesis
