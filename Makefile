# goodfit's chores. `make setup` is quick the second time; `make PYTHON=python3.12 setup` picks an interpreter.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench

.PHONY: setup demo test lint format examples bench clean

setup: $(VENV)/stamp

$(VENV)/stamp: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("goodfit needs Python 3.11 or newer: make PYTHON=python3.12 setup" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

# From data to report in about a minute; the last line says where the report is.
demo: setup
	$(BIN)/goodfit improve digits --budget 60

# Each process has half of the tests, in a row, so that what those of a file share is made once; who is done takes more.
test: setup
	$(BIN)/pytest -n 2 --dist worksteal

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The examples in docstrings, then those of the README, run for real in a temporary folder.
examples: setup
	$(BIN)/pytest --doctest-modules src
	$(BIN)/python .ci/examples.py README.md

# The rivals (PyTorch, LightGBM, ...) are heavy and want older packages, so they live in an environment of their own.
$(BENCH)/stamp: pyproject.toml
	test -x $(BENCH)/bin/pip || $(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip install --quiet -e '.[bench]'
	@touch $@

bench: setup $(BENCH)/stamp
	$(BIN)/python benchmarks/learning_curve.py
	$(BIN)/python benchmarks/looks.py
	$(BIN)/python benchmarks/image_loading.py
	$(BIN)/python benchmarks/watch.py
	$(BIN)/python benchmarks/doctor.py
	$(BIN)/python benchmarks/doctor_programs.py
	$(BIN)/python benchmarks/doctor_repair.py
	$(BIN)/python benchmarks/hopeless.py
	$(BIN)/python benchmarks/drift.py
	$(BIN)/python benchmarks/small_batches.py
	$(BIN)/python benchmarks/depth.py
	$(BENCH)/bin/python benchmarks/doctor_recipe.py
	$(BIN)/python benchmarks/gradient_check.py
	$(BENCH)/bin/python benchmarks/search_tables.py
	$(BENCH)/bin/python benchmarks/search.py
	$(BENCH)/bin/python benchmarks/search_quality.py
	$(BENCH)/bin/python benchmarks/images.py step
	for split in 0 1 2; do $(BENCH)/bin/python benchmarks/images.py quality $$split; done
	$(BENCH)/bin/python benchmarks/images.py improve
	$(BENCH)/bin/python benchmarks/engine.py
	$(BENCH)/bin/python benchmarks/quality.py

clean:
	rm -rf $(VENV) $(BENCH) .pytest_cache .ruff_cache .hypothesis .import_linter_cache
