# Every target sets up .venv first if it is missing or out of date. `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
export PATH := $(abspath $(BIN)):$(PATH)
# More options for JupyterLab, say: make lab LAB="--port 8899"
LAB ?=

.PHONY: help setup demo test test-all lint bench build lab clean lock

help:
	@echo "make demo      grade a simulated class, end to end (sets everything up)"
	@echo "make test      lint, types and tests (sets everything up)"
	@echo "make test-all  the same with everything that takes long"
	@echo "make build     masters in notebooks/ -> source/ -> release/"
	@echo "make lab       open the course in JupyterLab, with formgrader in its menu"
	@echo "make lint      style and types only"
	@echo "make bench     measure grading side by side with plain nbgrader"
	@echo "make setup     only set up .venv"
	@echo "make lock      choose new versions for requirements.lock"
	@echo "make clean     remove .venv, build/ and caches; marks and submissions stay"

setup: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up .venv with the packages of requirements.lock (once; a minute or two) ..."
	@$(PYTHON) -m venv --clear $(VENV) || \
	  { echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@# uv installs in seconds; where it cannot run or reach the packages, pip does the same more slowly.
	@$(BIN)/pip install --quiet --disable-pip-version-check uv 2>/dev/null && \
	  $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --requirement requirements.lock 2>/dev/null || \
	  $(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	@echo "Grading a simulated class of 12 in both assignments (a minute or two) ..."
	@$(BIN)/autograder demo

test: setup lint
	@echo "Running the tests ..."
	@$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not slow"

test-all: setup lint
	@echo "Running all tests, the long ones too ..."
	@$(BIN)/pytest -q -n 2 --dist loadscope --no-loadscope-reorder

lint: setup
	@echo "Checking style and types ..."
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: setup
	@echo "Measuring grading (some minutes) ..."
	@$(BIN)/python benchmarks/grading.py

build: setup
	@echo "Building source/ and release/ from notebooks/ ..."
	@$(BIN)/autograder build

# Formgrader shows what is in the gradebook; if nothing was ever released, the assignments are entered as they are in
# source/. A gradebook may be elsewhere; the bundles of what was released are here.
bundles: | setup
	@for folder in source/*/; do name=$$(basename "$$folder"); \
	  echo "Entering $$name into the gradebook ..."; \
	  $(BIN)/nbgrader generate_assignment "$$name" --force --log-level=ERROR || exit 1; \
	done

lab: setup bundles
	@echo "Opening JupyterLab on the course; Formgrader is in the menu Nbgrader, the student version under release/ ..."
	@$(BIN)/jupyter lab $(LAB)

lock: setup
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras \
	  --no-emit-index-url --no-header --no-annotate pyproject.toml --output-file requirements.lock

clean:
	@echo "Removing .venv, build/ and caches ..."
	@rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
