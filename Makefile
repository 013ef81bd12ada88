# Every target works from a fresh clone; nothing is installed outside this folder except, as root on
# Debian, the packages of the programs that build the page and that tests and demo run against.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
# Compiled modules are kept whatever the caller has set: each start of the command takes half as long
# again without them, and the tests start hundreds.
export PYTHONDONTWRITEBYTECODE :=

VENV := .venv
BIN := $(VENV)/bin
# Twice quiet: errors only, no remarks about how this machine's pip is configured.
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
CLIENTS := tests/clients/node
NODE := $(CLIENTS)/node_modules
AXE := tests/browser/node_modules
# A process more than there are processors, as many tests wait. "loadscope" keeps the slow fixtures of
# one file in one of them, and files are handed out as tests/conftest.py puts them: slow ones first,
# so that none is left for the end.
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url
# What 'make serve' works with; 'make clean' leaves it alone.
DATA := $(or $(DATA),$(KEYSTEWARD_DATA),data)
# Says what it built, or in one line why it could not; says nothing if nothing was to do.
BUILD_PAGE = scripts/debian-packages 'the web page' node:nodejs npm:npm 2>/dev/null; \
	$(BIN)/python hatch_build.py
CHECKED := src tests hatch_build.py $(wildcard bench fuzz faults)

.PHONY: help
help: ## List the targets (this text).
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(VENV)/.ready ## Make .venv with .venv/bin/keysteward (PYTHON=... chooses the interpreter).
	@$(BUILD_PAGE)

.PHONY: page
page: $(VENV)/.ready ## Build the web page, which setup leaves out without Node.js and npm.
	@$(BUILD_PAGE) --required

.PHONY: demo
demo: $(VENV)/.ready ## Show the whole main job on a throw-away keystore.
	@scripts/debian-packages 'the demo' openssl:openssl
	@$(BIN)/keysteward demo

.PHONY: serve
serve: setup ## Run the server; the first start makes keystore and administrator (DATA=... says where).
	@[ -e '$(DATA)/keysteward.db' ] || [ -e '$(DATA)/sealing' ] || \
		$(BIN)/keysteward --data '$(DATA)' init --admin admin
	@exec env "KEYSTEWARD_CONNECT_NETWORKS=$${KEYSTEWARD_CONNECT_NETWORKS-127.0.0.0/8,::1/128}" \
		$(BIN)/keysteward --data '$(DATA)' serve $(ARGS)

.PHONY: test
test: $(VENV)/.ready-dev peers setup $(NODE)/.package-lock.json $(AXE)/.package-lock.json ## Run every test.
	@$(PYTEST) $(ARGS)

.PHONY: check
check: $(VENV)/.ready-dev ## Check format, lint, types, import directions and documentation.
	@$(BIN)/ruff format --check $(CHECKED)
	@$(BIN)/ruff check $(CHECKED)
	@$(BIN)/mypy $(CHECKED)
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/architecture

.PHONY: fix
fix: $(VENV)/.ready-dev ## Format the code and repair what the linter can repair.
	@$(BIN)/ruff format $(CHECKED)
	@$(BIN)/ruff check --fix $(CHECKED)

.PHONY: bench
bench: $(VENV)/.ready-dev ## Measure updates and imports against bare sketches, Java, keytool and openssl.
	@scripts/debian-packages 'some comparisons' openssl:openssl javac:default-jdk-headless
	@$(BIN)/python -m bench $(ARGS)

.PHONY: screenshots
screenshots: $(VENV)/.ready-dev setup ## Take the README's pictures of the page anew.
	@scripts/debian-packages 'the pictures' chromium:chromium openssl:openssl
	@$(BIN)/python -m tests.browser.screenshots $(ARGS)

.PHONY: fuzz
fuzz: $(VENV)/.ready-dev ## Feed every reader with damaged bytes for three minutes (SECONDS=... changes that).
	@$(BIN)/python -m fuzz --seconds $(or $(SECONDS),120) $(ARGS)

.PHONY: faults
faults: $(VENV)/.ready-dev ## Kill the primary of a PostgreSQL cluster under two nodes (ARGS="--kills N").
	@scripts/debian-packages 'the faults' postgres:postgresql patroni:patroni etcd:etcd-server \
		setpriv:util-linux
	@$(BIN)/python -m faults $(ARGS)

.PHONY: coverage
coverage: $(VENV)/.ready-dev ## Run the tests and show which lines and branches none of them reaches.
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -n 2 --dist loadscope -q $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

.PHONY: requirements
requirements: $(VENV)/.ready-dev ## Renew the hashed requirement files (UPGRADE=1 takes newer versions).
	@$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements/runtime.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) requirements/build.in -o requirements/build.txt
	@$(COMPILE) $(if $(UPGRADE),--upgrade) -c requirements/runtime.txt -c requirements/build.txt \
		requirements/dev.in -o requirements/dev.txt

.PHONY: clean
clean: ## Remove .venv and everything else that can be made again.
	@rm -rf $(VENV) $(NODE) $(AXE) frontend/node_modules src/keysteward/ui/static build dist out
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@rm -f .coverage .coverage.*
	@find src tests $(wildcard bench fuzz faults) -name __pycache__ -prune -exec rm -rf {} +

# The programs whose answers the tests compare ours with.
.PHONY: peers
peers:
	@scripts/debian-packages 'some tests' openssl:openssl keytool:default-jre-headless \
		javac:default-jdk-headless certtool:gnutls-bin certutil:libnss3-tools strace:strace \
		nginx:nginx-light puttygen:putty-tools ssh-keygen:openssh-client curl:curl \
		node:nodejs npm:npm chromium:chromium pgbouncer:pgbouncer \
		postgres:postgresql patroni:patroni etcd:etcd-server haproxy:haproxy setpriv:util-linux

# Clients that run on Node.js, and the checks of accessibility; the tests that need them say why
# they are skipped without.
$(NODE)/.package-lock.json $(AXE)/.package-lock.json: %/node_modules/.package-lock.json: \
		%/package.json %/package-lock.json | peers
	@if command -v npm >/dev/null; then \
		echo "Installing what tests need from npm in $*/node_modules ..."; \
		(cd $* && npm ci --silent >/dev/null && touch node_modules/.package-lock.json) || \
			echo "npm could not; the tests that need $*/node_modules will be skipped." >&2; \
	fi

# The stamps make a second run free: each is renewed only if what it was made from has changed.
$(VENV)/.ready: pyproject.toml requirements/runtime.txt requirements/build.txt
	@scripts/virtual-environment $(VENV) "$(PYTHON)"
	@echo "Installing Keysteward in $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	@HATCH_BUILD_NO_HOOKS=true $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements/dev.txt
	@echo "Installing the tools of tests and checks in $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
