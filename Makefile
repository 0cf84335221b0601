# Every command of this repository; `make help` prints the ## comments.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: setup setup-dev demo up lint types test-unit test-integration test-browser manifests test verify bench test-cluster \
	conformance tools generate lock fmt help

BIN := .venv/bin
K ?=
PYTEST := $(BIN)/python -m pytest $(if $(K),-k "$(K)")
JOBS ?= $(if $(K),0,3)
OUTPUT := .test-output

setup: ## create .venv from the hashed locks (a no-op when current)
	@sh requirements/setup.sh runtime

setup-dev: ## setup, and the tools of contributors
	@sh requirements/setup.sh dev

demo: setup ## tell the whole story on a fresh embedded Krate (ONCE=1 exits after it)
	@$(BIN)/krate demo --data .demo $(if $(ONCE),--once)

up: setup ## run Krate on .dev/, keep the data, reload templates
	@$(BIN)/krate up --data .dev --reload-templates

lint: setup-dev ## format, lint, import borders
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && $(BIN)/lint-imports --no-cache > $(OUTPUT)-imports.log 2>&1 \
		|| { cat $(OUTPUT)-imports.log 2>/dev/null; rm -f $(OUTPUT)-imports.log; exit 1; }; rm -f $(OUTPUT)-imports.log

types: setup-dev ## basedpyright, strict
	@$(BIN)/basedpyright --warnings

test-unit: setup-dev ## unit, contract and architecture tests
	@$(PYTEST) -n $(JOBS) tests/unit tests/contract tests/architecture

test-integration: setup-dev ## real servers, real clients, real Git
	@$(PYTEST) -n $(JOBS) tests/integration

test-browser: setup-dev ## the pages in a real browser
	@$(PYTEST) tests/browser

manifests: setup-dev ## every manifest and example
	@$(PYTEST) -n $(JOBS) tests/manifests

test: setup-dev ## everything above, and verify
	@sh tests/run.sh "$(K)"

verify: setup-dev ## regenerate what is generated; fails on a difference
	@$(BIN)/python -m krate_cli.generate --check

bench: setup-dev ## benchmarks side by side (ROWS=F1,F2)
	@PYTHONPATH=tests $(BIN)/python -m tests.bench $(if $(ROWS),--rows $(ROWS))

test-cluster: setup-dev ## against real components that `make tools` builds (SUITE=controlplane)
	@$(PYTEST) --timeout 600 tests/cluster$(if $(SUITE),/$(SUITE))

conformance: setup-dev ## our answers beside a real kube-apiserver's (ONLY='applies.*')
	@PYTHONPATH=tests $(BIN)/python -m conformance $(if $(ONLY),--only '$(ONLY)')

tools: ## build Go tools into a cache outside the checkout (TOOL=kubectl)
	@sh tests/cluster/tools/build.sh $(TOOL)

generate: setup-dev ## write XRDs, CRDs and reference pages from the models
	@$(BIN)/python -m krate_cli.generate

lock: setup-dev ## compile the locks again
	@sh requirements/lock.sh

fmt: setup-dev ## format and fix
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix .

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
