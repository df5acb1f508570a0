# Every everyday command of Spark. Needs git, make and Python 3.11 or newer; `make` alone lists the targets.
# GNU make and a POSIX shell. Only relative paths, so that a checkout may stand in a folder with spaces.

SHELL = /bin/sh
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DEFAULT_GOAL = help

PYTHON ?= python3
PORT ?= 8080
JOBS ?= 2
ARGS ?=
UPGRADE ?=

PIP = .venv/bin/python -m pip --disable-pip-version-check --no-input --quiet
UV_COMPILE = .venv/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	--system-certs --no-annotate --no-header --universal --python-version 3.11 $(if $(filter 1,$(UPGRADE)),--upgrade)

.PHONY: help demo test check bench nightly lock clean FORCE

help: ## List these targets
	@echo 'Spark. Usage: make TARGET [PORT=8080] [PYTHON=python3] [ARGS="-k orders"]'
	@echo
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  %-9s %s\n", $$1, $$2 }' Makefile

demo: .venv/.run ## Start everything on this machine, no accounts needed (PORT=8080)
	@exec .venv/bin/spark demo --port $(PORT) $(ARGS)

test: .venv/.dev ## Run the whole suite, PostgreSQL included (ARGS are pytest's, JOBS=2)
	@# worksteal leaves neighbouring tests to one worker, and shares out what is left at the end
	@exec .venv/bin/pytest -n $(JOBS) --dist worksteal -m 'not nightly' $(ARGS)

check: .venv/.dev ## Lint, format, types, import floors, shipped config: all of it, then what failed
	@failed=; \
	step() { \
		name=$$1; shift; \
		printf '\n== %s: %s\n' "$$name" "$$*"; \
		"$$@" || failed="$$failed $$name"; \
	}; \
	step lint .venv/bin/ruff check; \
	step format .venv/bin/ruff format --check; \
	step types .venv/bin/mypy; \
	step floors .venv/bin/lint-imports --no-cache; \
	step config .venv/bin/spark check; \
	if [ -n "$$failed" ]; then printf '\ncheck failed:%s\n' "$$failed" >&2; exit 1; fi; \
	printf '\ncheck: all is well\n'

bench: .venv/.dev ## Measure, as bench/RESULTS.md tells (ARGS are handed on)
	@exec .venv/bin/python -m bench $(ARGS)

nightly: .venv/.dev ## Run the long proofs, one at a time
	@exec .venv/bin/pytest -n 0 -v --timeout 3600 --durations 10 -m nightly $(ARGS)

lock: .venv/.dev ## Write both lock files anew from pyproject.toml; pins stay unless UPGRADE=1
	$(UV_COMPILE) pyproject.toml -o requirements.lock
	$(UV_COMPILE) pyproject.toml --extra dev -c requirements.lock -o requirements-dev.lock
	@if grep -n '://' requirements.lock requirements-dev.lock; then \
		echo 'lock: a lock file names an address (above); pin packages by name and hash only' >&2; exit 1; \
	fi

clean: ## Remove .venv, caches and build output; what stands under data/ stays
	rm -rf .venv build ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name .git -prune -o -path ./data -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

# --- .venv ---------------------------------------------------------------------------------------------------
# .venv/.run says that what running needs is installed, .venv/.dev the same for tests and checks. .run holds the
# folder and the Python that .venv was made for: a moved or copied checkout, or a replaced Python, starts it over.
# An install takes .run away first and puts it back last, so an interrupted one starts over too.
IDENTITY = -ISc 'import os, sys; print(os.getcwd(), sys.version_info[:2])'
INTACT := $(shell [ -f .venv/.run ] && id=$$(.venv/bin/python $(IDENTITY) 2>/dev/null) && \
	[ "$$id" = "$$(cat .venv/.run)" ] && echo yes)
ifneq ($(INTACT),yes)
.venv/.run: FORCE
endif

.venv/.run: requirements.lock pyproject.toml
ifneq ($(INTACT),yes)
	@command -v "$(PYTHON)" >/dev/null || { \
		echo 'Spark needs Python 3.11 or newer, and there is no $(PYTHON) here: install it, or name one as in: make PYTHON=python3.12' >&2; exit 1; }
	@found=$$("$(PYTHON)" -c 'import sys; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))' 2>/dev/null) || { \
		echo "Spark needs Python 3.11 or newer, and $(PYTHON) is $${found:-broken}: install a newer one, or name one as in: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { \
		echo '$(PYTHON) comes without venv or ensurepip: install them (Debian and Ubuntu: apt install python3-venv)' >&2; exit 1; }
	@echo 'Setting up .venv: once, about a minute'
	@rm -rf .venv
	@"$(PYTHON)" -m venv .venv
else
	@echo 'Bringing .venv up to requirements.lock'
	@rm -f .venv/.run
endif
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@.venv/bin/python $(IDENTITY) >.venv/.run

.venv/.dev: .venv/.run requirements-dev.lock
	@echo 'Adding what tests and checks need: requirements-dev.lock'
	@rm -f .venv/.run .venv/.dev
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@.venv/bin/python $(IDENTITY) >.venv/.run
	@touch .venv/.dev
