# Prevention: `make run` starts it, `make test` tests it, `make help` lists the rest.
PYTHON ?= python3
PORT ?= 8000
# Options for pytest, for example: make test PYTEST="tests/unit -x"
PYTEST ?=
BIN := .venv/bin
export PORT
# The command of make flask
DO ?= --help
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help run flask test check format bench setup browser reset lock clean

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | awk -F'	' '{ printf "  make %-9s %s\n", $$1, $$2 }'

run: setup ## Start everything with demonstration data on http://127.0.0.1:8000 (PORT=… moves it)
	@$(BIN)/python -m prevention.demonstration.supervisor run

flask: setup ## Run an operator's command on the running demonstration (DO="referrals import --profile fire FILE")
	@$(BIN)/python -m prevention.demonstration.supervisor flask $(DO)

test: setup browser ## Run every test (PYTEST="…" narrows them)
	@$(BIN)/python -m pytest -n 2 $(PYTEST)

check: setup ## Lint, formatting, types and import contracts
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## Put the code in shape
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: setup ## Run the benchmarks (BENCH=name runs one)
	@$(BIN)/python -m tests.bench $(BENCH)

setup: ## Make .venv, install locked packages and assets (seconds when nothing changed)
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11 or newer (on Debian: apt-get install python3), or name one, for example PYTHON=python3.12." >&2; exit 1; }
	@$(PYTHON) setup

browser: setup ## Find Chromium or Chrome for the browser tests, or get one
	@$(BIN)/python -m tests.support.chromium

reset: setup ## Empty the demonstration's data (refuses while it runs)
	@$(BIN)/python -m prevention.demonstration.supervisor reset

lock: setup ## Lock the dependencies again after requirements/*.in or package.json changed
	@for name in installer base batch demonstration development; do $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 requirements/$$name.in -o requirements/$$name.txt; done
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm install --package-lock-only

clean: reset ## Remove everything that was made here: data, .venv, assets
	@rm -rf .venv node_modules prevention/static/vendor var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
