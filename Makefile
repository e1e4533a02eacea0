# `make help` lists the commands of this file; README.md introduces them.

PYTHON ?= python3
PORT ?= 8000
DASH_PORT ?= 8001
PUBLIC ?= public
DEBUG ?= true
export PORT DASH_PORT PUBLIC DEBUG

# Tools run as `python -m`, because the scripts in .venv/bin contain the path where .venv was created.
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install
PYTEST := $(BIN)/python -m pytest --numprocesses 2
PYTEST_SYSTEM := $(BIN)/python -m tests.postgresql POSTGRESQL_URL $(BIN)/python -m pytest --dist loadgroup --no-loadscope-reorder
SHARED_SITE := $(BIN)/python -m tests.browser.site
UNIT_TESTS := -p no:playwright $(addprefix --ignore tests/, browser deploy faults machines)
COMPILE := $(BIN)/python -m uv pip compile --quiet --no-header --python-platform linux --python-version 3.11 --generate-hashes
MAKEFLAGS += --no-print-directory
unexport PYTHONDONTWRITEBYTECODE # otherwise each process that runs tests compiles all of them again

# Delete a .venv whose Python was removed or replaced, for example by a system upgrade, so that it is created again.
$(shell [ ! -d .venv ] || $(BIN)/python -c "import pip" 2>/dev/null || rm -rf .venv)

.PHONY: help run test test-unit coverage test-javascript test-postgresql test-system test-services test-browser test-faults test-machines test-deploy bench screenshots lint format requirements clean

help: ## list all commands
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 15

run: ## run the site, a worker and the static dashboard (PORT=, DASH_PORT=)
	@$(PYTHON) deploy/free_ports.py $(PORT) $(DASH_PORT)
	@$(MAKE) --silent .venv/app
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py distill-local --quiet "$(PUBLIC)"
	@echo "Headway:    http://localhost:$(PORT)"
	@echo "Dashboard:  http://localhost:$(DASH_PORT)"
	@echo "Ctrl-C stops everything."
	@$(BIN)/python -m honcho --procfile deploy/Procfile start || test $$? -eq 130 # Ctrl-C is not an error

test: coverage test-javascript test-postgresql test-system ## run all tests except test-machines and test-deploy

test-unit: .venv/dev ## run the tests that need neither servers nor a browser
	@$(PYTEST) $(UNIT_TESTS) $(ARGS)

# The second command reports, because the first, with --fail-under, would print only what its own process ran.
coverage: .venv/dev ## run the unit tests, and fail if they run less than 95 % of the lines and branches
	@$(BIN)/python -m slipcover --json --out .venv/coverage.json -m pytest --numprocesses 2 $(UNIT_TESTS) $(ARGS)
	@$(BIN)/python -m slipcover --merge .venv/coverage.json --out .venv/coverage.json --fail-under 95

test-javascript: .venv/node ## run the tests of JavaScript modules in Node.js
	@npm --prefix tests/node test --silent

test-postgresql: .venv/dev .venv/system ## run the unit tests that use the database on PostgreSQL
	@$(BIN)/python -m tests.postgresql DATABASE_URL $(PYTEST) -m "not services" --ignore tests/uploads/decoding tests/progress tests/uploads tests/todos tests/config/http/test_any_input.py tests/config/accounts/test_account_deletion.py tests/config/accounts/test_deleted_users.py tests/config/accounts/test_login_limits.py $(ARGS)

test-system: .venv/dev .venv/system .venv/node ## run test-services, test-browser and test-faults at once: while some tests wait, others run
	@$(SHARED_SITE) $(PYTEST_SYSTEM) --numprocesses 6 -m "services or browser or faults" $(ARGS)

test-services: .venv/dev .venv/system .venv/node ## run the tests that start other programs: OpenStack Swift, nginx, gunicorn, promtool
	@$(PYTEST_SYSTEM) --numprocesses 2 -m services $(ARGS)

test-browser: .venv/dev .venv/system .venv/node ## run the tests that use a running site in Chromium
	@$(SHARED_SITE) $(PYTEST_SYSTEM) --numprocesses 4 --override-ini testpaths=tests/browser -m browser $(ARGS)

test-faults: .venv/dev .venv/system .venv/node ## run the tests that kill, freeze and disconnect real processes
	@$(PYTEST_SYSTEM) --numprocesses 6 --override-ini testpaths=tests/faults -m faults $(ARGS)

test-machines: .venv/dev .venv/system ## run the tests of a site on several hosts, in network namespaces (as root)
	@[ "$$(id -u)" = 0 ] || { echo "Only root can create network namespaces. Run: sudo make test-machines" >&2; exit 1; }
	@$(BIN)/python -m pytest -p no:randomly -m machines tests/machines $(ARGS)

test-deploy: .venv/dev ## boot a Debian and install, upgrade, back up and restore Headway on it (as root; three to nine minutes; SUITE=trixie: Debian 13)
	@[ "$$(id -u)" = 0 ] || { echo "Only root can boot a machine. Run: sudo make test-deploy" >&2; exit 1; }
	@tests/install_system_packages deploy
	@$(BIN)/python -m pytest -p no:randomly -m deploy tests/deploy --durations=0 --durations-min=5 $(ARGS)

bench: .venv/dev .venv/system .venv/node ## measure performance (ARGS="track latency throughput scale streams transfers pictures todos exchange live long_list"; ARGS=--quick: each once, in a small size)
	@$(BIN)/python -m tests.bench $(ARGS)

screenshots: .venv/dev .venv/system ## take the pictures of README and the landing page from the running site
	@tests/install_system_packages screenshots
	@$(BIN)/python -m tests.screenshots

lint: .venv/dev .venv/node ## check style, types, templates and the direction of imports
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python $(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/python -m mypy config progress uploads todos
	@$(BIN)/python -m djlint --quiet --lint templates
	@npm --prefix tests/node run --silent lint

format: .venv/dev .venv/node ## format the code
	@$(BIN)/python -m ruff format .
	@$(BIN)/python -m ruff check --fix .
	@npm --prefix tests/node run --silent format

requirements: .venv/dev ## compile the requirements from pyproject.toml (ARGS=--upgrade: newest versions)
	@$(COMPILE) pyproject.toml --output-file requirements.txt $(ARGS)
	@$(COMPILE) --group pyproject.toml:dev --constraint requirements.txt --output-file tests/requirements.txt $(ARGS)

clean: ## delete installed packages and generated files, but not your data in var/
	rm -rf .venv public tests/node/node_modules

.venv/bin/python:
	@deploy/make_venv $(PYTHON)

.venv/app: requirements.txt | .venv/bin/python
	@echo "Installing Headway's packages (once, about a minute) ..."
	@$(PIP) --require-hashes -r requirements.txt
	@touch $@

.venv/dev: tests/requirements.txt .venv/app
	@echo "Installing the development packages (once) ..."
	@$(PIP) --require-hashes -r tests/requirements.txt
	@touch $@

.venv/system: tests/install_system_packages | .venv/bin/python
	@tests/install_system_packages
	@touch $@

.venv/node: tests/node/package-lock.json .venv/system
	@npm --prefix tests/node ci --silent
	@touch $@
