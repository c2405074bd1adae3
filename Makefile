# `make demo` and `make test` need nothing but Python 3.10 or newer, make and a package index that pip can reach.
PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?= -n auto --maxprocesses 4 --dist worksteal
UPSTREAM_PACKAGES = gfpgan==1.3.8 facexlib==0.3.0 basicsr==1.4.2 mmdet==3.3.0 mmengine==0.10.7 mmcv-lite==2.1.0 addict==2.4.0 termcolor==3.3.0

BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check
READY = $(VENV)/.ready
UPSTREAM = .upstream
DOCS = $(wildcard src/scriptify/docs.py src/scriptify/docs/__main__.py)

.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage lint format docs schemas docs-check upstream models clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*##/\1:/p' $(MAKEFILE_LIST)

setup: $(READY)  ## make the virtual environment

# torch first and alone, at its exact pin: a later resolution must find it there and leave it alone.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "scriptify needs Python 3.10 or newer; set PYTHON=/path/to/python3")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -q $$(grep -E '^(torch|setuptools)==' constraints.txt)
	$(PIP) install -q --no-build-isolation -c constraints.txt -e '.[test,lint]'
	@touch $@

demo: $(READY)  ## migrate a small model that ships inside
	$(BIN)/scriptify demo

test: $(READY)  ## run the tests; PYTEST_ARGS replaces the options
	$(BIN)/python -m pytest $(PYTEST_ARGS)

coverage: $(READY)  ## run the tests with branch coverage
	$(BIN)/python -m pytest $(PYTEST_ARGS) --cov --cov-report=term

lint: $(READY)  ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict

format: $(READY)  ## let ruff format and fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY)  ## write the generated parts of the documentation
	$(if $(DOCS),$(BIN)/python -m scriptify.docs,@echo 'no documentation is generated yet')
	SCRIPTIFY_GUIDE=write $(BIN)/python -m pytest -q -n 2 tests/test_guide.py

schemas: $(READY)  ## write the table of operator schemas from the pinned torch
	$(BIN)/python -m scriptify.schemas.generate

docs-check: $(READY)  ## fail if the documentation or the table is out of date
	$(BIN)/python -m scriptify.schemas.generate --check
	$(if $(DOCS),$(BIN)/python -m scriptify.docs --check,@echo 'no documentation is generated yet')

upstream: $(UPSTREAM)/.ready  ## install the upstream packages that some tests migrate

# basicsr comes as source: without BASICSR_EXT it builds no extension, and its build uses the setuptools of the environment.
$(UPSTREAM)/.ready: $(READY) Makefile
	rm -rf $(UPSTREAM)
	env -u BASICSR_EXT $(PIP) install -q --no-deps --no-build-isolation --no-compile --target $(UPSTREAM) $(UPSTREAM_PACKAGES)
	@touch $@

models: $(UPSTREAM)/.ready  ## migrate GFPGAN, MODNet and mmdet's ResNet and FPN as published, export the tutorial's models, and keep the result in models/
	$(BIN)/python benchmarks/models.py

clean:  ## remove what make made, the environment too
	rm -rf $(VENV) $(UPSTREAM) build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.*
