# Everything is set up by the targets themselves, into .venv; the second time is fast.

VENV := .venv
BIN := $(VENV)/bin
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))
# The first that runs and fits: a name on the path may be a version manager's, with nothing behind it.
PYTHON ?= $(shell for python in python3.12 python3.11 python3 python; do \
	"$$python" -c '$(FITS)' 2>/dev/null && echo "$$python" && break; done)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
SETUP := pyproject.toml constraints.txt
KILLS ?= 1000
EXAMPLES ?= 200
# Each takes up to 3 GB.
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help serve test coverage lint bench torture fuzz docs preview screenshots clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(VENV)/.runtime ## Start the device runtime on http://127.0.0.1:8000 (stop with Ctrl-C)
	@$(BIN)/attune serve

test: $(VENV)/.dev ## Lint, check types and import rules, run the tests
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile

coverage: $(VENV)/.dev ## Run the tests and tell what they don't reach (takes longer)
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --cov --cov-report=term

lint: $(VENV)/.dev ## Only lint, types and import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(VENV)/.dev ## Measure the budget, print it as a table, write bench.json
	@$(BIN)/python -m tests.benchmarks --json bench.json

torture: $(VENV)/.dev ## Kill the device a thousand times and check it each time (KILLS=1000)
	@$(BIN)/python -m tests.torture --kills $(KILLS)

fuzz: $(VENV)/.dev ## Fuzz the HTTP contract from its OpenAPI document (over 5,000 cases)
	@FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -q -s tests/app/test_openapi.py

docs: $(VENV)/.dev ## Write the references anew and build the documentation into site/
	@$(BIN)/python -m docs.scripts.http_api
	@$(BIN)/python -m docs.scripts.command_line
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --clean
	@echo "site/index.html"

preview: docs ## Show the documentation on http://127.0.0.1:8001, following changes
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve --dev-addr 127.0.0.1:8001

screenshots: $(VENV)/.dev ## Take the documentation's pictures in a Chromium on this machine
	@$(BIN)/python -m docs.scripts.screenshots

clean: ## Remove the environment and caches
	rm -rf $(VENV) build site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "Attune needs Python 3.11 or 3.12, and none was found: install one, or: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c '$(FITS)' 2>/dev/null || { echo "Attune needs Python 3.11 or 3.12; $(PYTHON) is $$($(PYTHON) -V 2>&1 | head -n 1). Install one, or: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) can't make virtual environments: install its venv package (python3-venv on Debian)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.python $(SETUP)
	@echo "Installing the runtime into $(VENV) (once) ..."
	@$(PIP) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.python $(SETUP)
	@echo "Installing the toolchain and the development tools into $(VENV) (once) ..."
	@$(PIP) -e '.[toolchain,fleet,otel,docs,dev]'
	@touch $@ $(VENV)/.runtime
