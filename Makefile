# make run and make test need git, make and any Python 3.11 or newer with pip. The rest
# they fetch themselves: uv into .tools, a Python and the packages into .venv.

UV_VERSION := 0.13.9
UV := .tools/uv-$(UV_VERSION)/bin/uv
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
SPREAD := -n auto --maxprocesses 4 --dist worksteal
LOCK := $(UV) pip compile --quiet --universal --generate-hashes \
	--no-emit-index-url --no-emit-find-links --python-version 3.12 \
	--custom-compile-command "make lock"

# Python keeps what it compiles: some containers forbid it, and every process of every
# start would compile Django and the product anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test lint bench coverage format lock clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-10s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.run ## Serve the authorizer, the Admin API and the Manager
	@exec $(PYTHON) manage.py serve

test: .venv/.test ## Run every check and every test, on SQLite and on PostgreSQL
	@{ sh tests/install-deck.sh; sh tests/install-kubectl.sh; \
	[ -z "$$CI" ] || sh tests/install-traefik.sh; } & \
	sh tests/install-system.sh && $(MAKE) --no-print-directory lint; \
	result=$$?; wait; exit $$result
	TEST_DATABASE=sqlite $(PYTEST) $(SPREAD) -m "not figures"
	TEST_DATABASE=postgresql $(PYTEST) $(SPREAD) -m "database and not one_database"

lint: export KONGADMIN_DATABASE_URL = sqlite://:memory:
lint: export KONGADMIN_SECRET_KEYS = checks-store-nothing-so-this-protects-nothing
lint: export KONGADMIN_ADMIN_GUI_URL = https://manager.example.com
lint: export KONGADMIN_ENFORCE_RBAC = on
lint: .venv/.test ## Run the checks that start nothing
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	.venv/bin/lint-imports --no-logo
	$(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) manage.py check --deploy --fail-level WARNING

bench: .venv/.test ## Measure with a million consumers on PostgreSQL; takes minutes
	@sh tests/install-system.sh
	BENCH=full TEST_DATABASE=postgresql $(PYTEST) tests/bench -s

coverage: .venv/.test ## Show the lines that no test in this process runs
	$(PYTHON) -m coverage run -m pytest -q
	$(PYTHON) -m coverage report

format: .venv/.test ## Format the code and repair what ruff can
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

lock: $(UV) ## Choose the newest versions that pyproject.toml allows
	$(LOCK) --upgrade pyproject.toml --output-file requirements.lock
	$(LOCK) --upgrade --group dev --constraint requirements.lock \
		--output-file tests/requirements.lock

clean: ## Remove what was fetched and what tests left behind; var/ stays
	rm -rf .tools .venv .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The folder is named absolutely and pip runs from /, because .python-version may name a
# Python that pyenv has not got.
$(UV):
	@echo "Fetching uv $(UV_VERSION)"
	@cd / && python3 -m pip install --quiet --disable-pip-version-check \
		--root-user-action ignore \
		--upgrade --target "$(CURDIR)/.tools/uv-$(UV_VERSION)" \
		uv==$(UV_VERSION) || { echo "make: uv could not be fetched; this needs\
	 python3 (3.11 or newer) with pip, and a package index it can reach." >&2; exit 1; }

# Pythons of pyenv are looked for by themselves: its shims answer for one version only.
.venv/.made: .python-version | $(UV)
	@echo "Making .venv"
	@venv() { $(UV) venv --quiet --clear --no-project "$$@" .venv; }; \
	wanted=$$(cat .python-version); \
	pyenv=$$(printf "%s:" "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/*/bin); \
	PATH="$$pyenv$$PATH" venv --no-python-downloads --python "$$wanted" 2>/dev/null || \
	PATH="$$pyenv$$PATH" venv --no-python-downloads --python ">=3.12" 2>/dev/null || \
	venv --managed-python --python "$$wanted" || { \
	echo "make: no Python 3.12 or newer is installed, and none could be fetched." >&2; \
	exit 1; }
	@touch $@

.venv/.run: requirements.lock .venv/.made
	@echo "Installing what the product needs"
	@$(UV) pip install --quiet --python $(PYTHON) --require-hashes --compile-bytecode \
		-r requirements.lock
	@touch $@

.venv/.test: tests/requirements.lock .venv/.run
	@echo "Installing what the tests need"
	@$(UV) pip install --quiet --python $(PYTHON) --require-hashes \
		-r tests/requirements.lock
	@touch $@
