# What people and CI run. `make up` and `make test` are enough to begin with.
# PYTHON chooses the interpreter that the virtual environment is made from: make up PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXAMPLE := examples/support

# Stamps inside the virtual environment: pip runs only when a requirement is newer than its stamp.
MADE := $(VENV)/.made
INSTALLED := $(VENV)/.installed
NATIVE := hatch_build.py $(wildcard src/dragoman/*/native/*.cpp src/dragoman/*/native/*.h)
INSTALLED_DEV := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.PHONY: help up check test lint format docs shape clean release-day game-day

help: ## show the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

up: $(INSTALLED) ## install, train the example model if needed, and serve it
	$(BIN)/dragoman up $(EXAMPLE)

check: $(INSTALLED) ## the same, ask it one question per language, and stop
	$(BIN)/dragoman up --check $(EXAMPLE)

test: lint ## lint, types, reference pages, import order, all tests
	$(BIN)/python tools/reference.py --check
	$(BIN)/python tools/shape.py --check
	$(BIN)/pytest

lint: $(INSTALLED_DEV) ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(INSTALLED_DEV) ## rewrite files in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(INSTALLED) ## write the reference pages of docs/ anew
	$(BIN)/python tools/reference.py

release-day: $(INSTALLED) ## a bad challenger, a good one, kills and tampering, over HTTP: about 20 minutes
	$(BIN)/python bench/release_day.py

game-day: $(INSTALLED) ## the world changes, and an upstream schema breaks, in rehearsed time: about 10 minutes
	$(BIN)/python -m bench.game_day
	$(BIN)/python -m bench.game_day --day schema-break

shape: ## import levels, cycles, long functions and files
	$(PYTHON) tools/shape.py

clean: ## remove the virtual environment, caches, and the example's trained models
	rm -rf $(VENV) $(EXAMPLE)/.dragoman dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find src tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "error: Python 3.11 or newer is needed; name one with PYTHON=…")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --upgrade 'pip>=25.1'
	@touch $@

$(INSTALLED): pyproject.toml constraints.txt $(NATIVE) $(MADE)
	$(BIN)/python -m pip install --constraint constraints.txt --editable '.[train]'
	@touch $@

$(INSTALLED_DEV): $(INSTALLED)
	$(BIN)/python -m pip install --constraint constraints.txt --group dev
	@touch $@
