# SPDX-License-Identifier: GPL-2.0-only
# Everything one does with this house. Python 3.11 or later, make and a network are enough.
# `make help` lists the targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Options of `lab` and `bench`: `make lab ARGS=--no-browser`, `make bench ARGS=--write`.
ARGS   ?=
# Options for pytest: `make test PYTEST_ARGS="-k migrate -x"`.
PYTEST_ARGS ?= -n auto

NOTEBOOKS := $(wildcard notebooks/*.ipynb)

.DEFAULT_GOAL := help
.PHONY: help lab test browser notebooks bench hooks clean
.DELETE_ON_ERROR:
# One virtual environment: two installations into it at once would hurt each other.
.NOTPARALLEL:

help: ## what there is to make
	@echo 'make TARGET, where TARGET is one of'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r target text; do printf '%-11s %s\n' "$$target" "$$text"; done

lab: $(VENV)/with-lab ## JupyterLab on the first notebook (ARGS=--no-browser for a server)
	$(BIN)/kmm lab $(ARGS)

test: $(VENV)/with-test browser ## everything that CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest $(PYTEST_ARGS)
ifneq ($(NOTEBOOKS),)
	$(BIN)/python -m pytest --nbval --nbval-current-env notebooks
endif
	KMM_ATTEMPTS=off $(BIN)/python -m pytest --nbval --nbval-current-env solutions
	KMM_ATTEMPTS=off $(BIN)/python -m pytest --nbval-lax --nbval-current-env exercises

# A part of the tests drives a real Chromium. Without one they are skipped.
browser:
	@command -v "$${CHROMIUM:-chromium}" >/dev/null || command -v google-chrome >/dev/null || \
		$(install-browser)

notebooks: $(VENV)/with-test ## run the notebooks, store their outputs anew, derive the exercises
	$(BIN)/python notebooks/refresh.py
	$(BIN)/kmm exercises derive

bench: $(VENV)/with-bench ## speed and size, each figure beside its peer
	$(BIN)/python -m bench $(ARGS)

hooks: $(VENV)/with-dev ## let git check every commit
	$(BIN)/pre-commit install

clean: ## remove the virtual environment and all caches
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment, made anew when pyproject.toml changes; each set of extras is added when it is
# first asked for.
$(VENV)/with-%: $(VENV)/made
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	@touch $@

$(VENV)/made: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'kmm needs Python 3.11 or later; name one, e.g. make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(install-venv)
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

# Debian keeps the half of `venv` that brings pip in a package of its own.
define install-venv
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update && apt-get install --yes python3-venv; \
	else \
		echo 'Python lacks ensurepip. Please run: sudo apt-get install python3-venv' >&2; exit 1; \
	fi
endef

# The fonts are those that the player's texts are measured for.
define install-browser
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update && \
		apt-get install --yes --no-install-recommends chromium fonts-dejavu-core; \
	else \
		echo 'Without Chromium the tests in a browser are skipped. To have them, please run:' \
			'sudo apt-get install --no-install-recommends chromium fonts-dejavu-core' >&2; \
	fi
endef
