# The commands of the house. `make help` lists them; tools/ does the two that take long.
PYTHON ?= python3
PY := .venv/bin/python
PYTEST_ARGS ?=
BENCH_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup book live lab pdf test lint bench bench-grade lock clean

help:  ## list these commands
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/make \1\t\2/p' Makefile | expand -t 14

setup:  ## create .venv and install what requirements.txt pins
	@command -v $(PYTHON) >/dev/null || \
	  { echo "error: there is no $(PYTHON): install Python 3.11 or newer, or name one: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) tools/environment.py

book: setup  ## execute and build the book, and print the path to open
	@$(PY) tools/book.py

live: setup  ## fetch the runtime by which the book's cells run in a browser
	@$(PY) tools/live.py

lab: setup  ## open JupyterLab on the exercises, copied to my-exercises
	@$(PY) -c "import jupyterlab" 2>/dev/null || \
	  $(PY) -m pip install --quiet -c requirements.txt --no-build-isolation --editable ".[lab]"
	@$(PY) -m course_nn.cli start my-exercises
	@$(PY) -m jupyterlab my-exercises

pdf: setup  ## print the book into one PDF (needs Chromium), and print its path
	@$(PY) tools/pdf.py

test: setup  ## run the tests
	@$(PY) tools/suite.py $(PYTEST_ARGS)

lint: setup  ## check style and types
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

bench: setup  ## time a training step beside four peers, on this machine
	@$(PY) -c "import jax, torch" 2>/dev/null || \
	  $(PY) -m pip install --quiet -c requirements.txt --no-build-isolation --editable ".[bench]"
	@$(PY) -m benchmarks $(BENCH_ARGS)

bench-grade: setup  ## grade a class beside the real nbgrader, on this machine
	@$(PY) -c "import nbgrader" 2>/dev/null || \
	  $(PY) -m pip install --quiet -c requirements.txt --no-build-isolation --editable ".[nbgrader]"
	@$(PY) -m benchmarks.grading $(BENCH_ARGS)

lock:  ## remake requirements.txt from pyproject.toml (needs uv)
	@uv pip compile --universal --python-version 3.11 --fork-strategy fewest --quiet \
	  --extra book --extra test --extra grade --extra dev --custom-compile-command "make lock" \
	  --output-file requirements.txt pyproject.toml

clean:  ## remove the built book and the caches; .venv stays
	@rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find course_nn tests -name __pycache__ -type d -prune -exec rm -rf {} +
