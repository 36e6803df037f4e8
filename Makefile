# Every target sets up what it needs in .venv and is quick the second time.
# The first Python on the path that is new enough; name another with PYTHON=...
PYTHON ?= $(shell for each in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { command -v $$each; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -q
ARGS ?=
CONTRACT ?=
KIND ?=
# How many tests run at a time; 1 runs them in one process.
JOBS ?= $(shell nproc)
PYTEST := $(BIN)/python -m pytest $(if $(filter-out 1,$(JOBS)),-n $(JOBS) --dist worksteal)
WEB := src/sensu/web
WEB_UI := $(BIN)/python packaging/web_ui.py
WEB_SOURCES := $(shell find $(WEB) \( -name node_modules -o -name 'dist*' -o -name __pycache__ -o -path $(WEB)/app/wire/openapi.json \
	-o -name schema.d.ts -o -name '*.test.ts' \) -prune -o -type f -print)
CHROMIUM_THERE = test -n "$$CHROMIUM" || command -v chromium >/dev/null || command -v chromium-browser >/dev/null
KILLS := $(addprefix tests/faults/test_,kill_backend.py kill_in_delivery.py kill_in_writes.py resent_events.py)
RECORDINGS = $(or $(CONTRACT),../shared/contract)
POSTGRES_THERE = command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
IMAGE_TOOL ?= $(firstword $(foreach each,docker podman buildah,$(if $(shell command -v $(each)),$(each))))
PYTHON_SOURCES := src tests bench examples packaging

SEEDS ?= 1000

.PHONY: help run cluster-example packages image test test-postgres simulate cluster-faults check lint quick-tests format contract fuzz docs docs-site docs-serve bench soak clean web web-check web-dev
help: ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: $(VENV)/run.stamp ## a backend, an agent for this host and the quick-start checks, with a live table of events
	@$(BIN)/python examples/quickstart/run.py $(ARGS)

cluster-example: $(VENV)/run.stamp ## three backends on one PostgreSQL, HAProxy if it is installed, and three agents (ARGS="--for 20")
	@$(BIN)/python examples/cluster/run.py $(ARGS)

packages: $(VENV)/tools.stamp web ## deb and rpm packages, and a single file, in dist/ (ARGS="--machine aarch64", "--only deb")
	$(BIN)/python packaging/packages.py --into dist $(ARGS)

image: packages ## images sensu-backend and sensu-agent, with docker, podman or buildah
	@test -n "$(IMAGE_TOOL)" || { echo "docker, podman and buildah are missing: install one, or name it with IMAGE_TOOL=..."; exit 1; }
	for each in backend agent; do BUILDAH_FORMAT=docker $(IMAGE_TOOL) build -f packaging/container/Containerfile \
		--target $$each -t sensu-$$each:latest dist || exit 1; done

test: $(VENV)/dev.stamp ## every test, on all cores (JOBS=1: one after the other)
	-@$(MAKE) --no-print-directory web && $(WEB_UI) install
	-@$(MAKE) --no-print-directory $(VENV)/tools.stamp $(VENV)/docs.stamp
	@$(CHROMIUM_THERE) || { [ "$$(id -u)" = 0 ] && apt-get update -q && apt-get install -qy --no-install-recommends chromium; } || \
		echo "Chromium is missing, so tests/web will fail: install it (on Debian, the package chromium), or name one with CHROMIUM=/path"
	$(PYTEST) $(ARGS)

check: $(VENV)/dev.stamp ## format, lint, types, import directions and the quick tests, of the web UI too
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target quick-tests web-check lint

lint: $(VENV)/dev.stamp
	$(BIN)/ruff format --check $(PYTHON_SOURCES)
	$(BIN)/ruff check $(PYTHON_SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

quick-tests: $(VENV)/dev.stamp
	$(PYTEST) tests/unit tests/store -m "not slow"

format: $(VENV)/dev.stamp ## format the code
	$(BIN)/ruff check --fix $(PYTHON_SOURCES)
	$(BIN)/ruff format $(PYTHON_SOURCES)
	$(if $(wildcard $(WEB)/node_modules/prettier),$(WEB_UI) run format)

web: $(WEB)/dist/index.html ## the web UI, which the backend serves on port 3000

web-check: $(VENV)/dev.stamp web ## types, lint, format, unit tests and sizes of the web UI
	@$(BIN)/python -m tests.web.api_document
	@$(WEB_UI) check

web-dev: $(VENV)/node.stamp ## Vite's server with hot reload in front of a running backend (SENSU_DASHBOARD_URL=...)
	@$(WEB_UI) install
	@$(WEB_UI) run dev

test-postgres: $(VENV)/dev.stamp ## flows, kills and recordings over PostgreSQL, which is installed on Debian; the tests of the store run over both in make test
	@$(POSTGRES_THERE) || { [ "$$(id -u)" = 0 ] && apt-get update -q && apt-get install -qy --no-install-recommends postgresql; } || \
		{ echo "PostgreSQL is missing: install its server (on Debian, the package postgresql)"; exit 1; }
	TEST_STORE=postgres $(PYTEST) tests/flows $(KILLS) -k "not workers_of_2" $(ARGS)
	@if [ -d "$(RECORDINGS)" ]; then TEST_STORE=postgres $(BIN)/python -m tests.contract.runner -q --contract "$(RECORDINGS)" --kind api --kind pipeline; \
		else echo "no recordings are played over PostgreSQL, because $(RECORDINGS) is missing"; fi

simulate: $(VENV)/dev.stamp ## a backend in virtual time, with faults that seeds draw: SEEDS=1000 MEMBERS=3; SEED=17 replays one
	$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(if $(MEMBERS),--members $(MEMBERS))

cluster-faults: $(VENV)/dev.stamp ## three backends and 300 agents while processes and the database die and freeze; takes 6 minutes (ARGS="--only kill")
	$(BIN)/python -m tests.cluster.faults $(ARGS)

contract: $(VENV)/dev.stamp ## play recordings: CONTRACT=DIR KIND=api|sensuctl|pipeline|transport|agent-local|units
	$(BIN)/python -m tests.contract.runner $(if $(CONTRACT),--contract $(CONTRACT)) $(if $(KIND),--kind $(KIND)) $(ARGS)

fuzz: $(VENV)/dev.stamp ## requests that nobody would send on purpose: EXAMPLES=5000 (hypothesis), SCHEMA_S=300 (schemathesis)
	FUZZ_EXAMPLES=$(or $(EXAMPLES),5000) $(BIN)/python -m pytest tests/flows/test_api_fuzz.py --timeout 3600 $(ARGS)
	FUZZ_SCHEMA_S=$(or $(SCHEMA_S),300) $(BIN)/python -m pytest tests/e2e/test_schemathesis.py $(ARGS)

docs: $(VENV)/run.stamp ## the parts of docs/ that follow from the code
	$(BIN)/python -m sensu.sensuctl.reference > docs/sensuctl/reference.md
	$(BIN)/python -m sensu.settings_reference > docs/configuration.md

docs-site: $(VENV)/docs.stamp ## the documentation site in site/, a folder for each version (ARGS="--version 0.2.0")
	@$(BIN)/python packaging/docs_site.py $(ARGS)

docs-serve: docs-site ## that site on http://localhost:8000
	@$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory site

bench: $(VENV)/run.stamp ## figures of this machine
	$(BIN)/python -m bench $(ARGS)

soak: $(VENV)/run.stamp ## half an hour of steady load: is everything flat? SECONDS=1800
	$(BIN)/python -m bench.soak --seconds $(or $(SECONDS),1800) $(ARGS)

clean: ## remove what the other targets made
	rm -rf $(VENV) .state .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build src/*.egg-info \
		$(WEB)/node_modules $(WEB)/dist dist site

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is missing: install it, or name one with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11 or does not run: name a newer one with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "$(PYTHON) lacks venv or ensurepip: on Debian, install python3-venv"; exit 1; }
	@echo "making $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing what the programs need (requirements/run.txt), which takes about a minute the first time"
	@$(INSTALL) --require-hashes -r requirements/run.txt || { echo "not installed: is the package index reachable from here?"; exit 1; }
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

# The build replaces dist/ as a whole, so its page is as new as everything in it.
$(WEB)/dist/index.html: $(WEB_SOURCES) packaging/web_ui.py $(VENV)/node.stamp
	@echo "building the web UI, which takes up to a minute the first time"
	@$(WEB_UI) build
	@touch $@

# NODE=/path/to/node takes the place of the wheel.
$(VENV)/node.stamp: requirements/web.txt | $(VENV)/bin/python
	@$(if $(NODE),true,$(INSTALL) --require-hashes -r requirements/web.txt) || { echo "the web UI could not be built: Node is not installed; is the package index reachable from here?"; \
		echo "everything else runs; build it later with: make web"; exit 1; }
	@touch $@

$(VENV)/tools.stamp: requirements/tools.txt $(VENV)/run.stamp
	@$(INSTALL) --require-hashes -r requirements/tools.txt || { echo "not installed: is the package index reachable from here?"; exit 1; }
	@touch $@

$(VENV)/docs.stamp: requirements/docs.txt $(VENV)/run.stamp
	@echo "installing what builds the documentation site (requirements/docs.txt)"
	@$(INSTALL) --require-hashes -r requirements/docs.txt || { echo "not installed: is the package index reachable from here?"; exit 1; }
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	@echo "installing what the tests need (requirements/dev.txt)"
	@$(INSTALL) --require-hashes -r requirements/dev.txt || { echo "not installed: is the package index reachable from here?"; exit 1; }
	@touch $@
