# make demo: the paper's study on http://127.0.0.1:8000      make test: all tests, on SQLite and on PostgreSQL
SHELL := /bin/bash
PYTHON ?= python3
BOTS ?= 0
ADDRESS ?= 127.0.0.1:8000
BIN := .venv/bin
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check -c .ci/constraints.txt

.PHONY: demo test lint browser fashion bench-analysis bench-explanations bench-superpixels bench-memory bench-levels bench-survey clean latex

demo: .venv/installed
	@DJANGO_RUNSERVER_HIDE_WARNING=true $(BIN)/python manage.py demo --bots $(BOTS) --address $(ADDRESS)

test: .venv/installed-test browser fashion latex
	$(BIN)/python -m pytest --numprocesses 2
	$(BIN)/python tests/on_postgresql.py $(BIN)/python -m pytest --numprocesses 2 tests/survey

lint: .venv/installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run

# Speed beside pandas, SciPy, statsmodels and pingouin.
bench-analysis: .venv/installed-test
	$(BIN)/python -m benchmarks.speed | tee benchmarks/speed.md

# How often each test rejects a true null hypothesis, and how often intervals cover: about an hour on two cores.
bench-levels: .venv/installed-test
	$(BIN)/python -m benchmarks.type_one_error

# Explanations beside lime, captum and the bare network, and the reference set: two minutes on two idle cores.
bench-explanations: .venv/installed-test
	$(BIN)/python -m benchmarks.explanations_speed | tee benchmarks/explanations_speed.md

# LIME and KernelSHAP on superpixels of a ResNet50 beside bare forward passes, lime and shap; ten minutes.
bench-superpixels: .venv/installed-test
	$(BIN)/python -m benchmarks.superpixels_speed | tee benchmarks/superpixels_speed.md

# Peak memory of every method at its defaults on a ResNet50: half an hour on two cores.
bench-memory: .venv/installed-test
	$(BIN)/python -m benchmarks.explanations_memory | tee benchmarks/explanations_memory.md

# An answer and its next page on PostgreSQL, beside a bare Django and oTree, in one run of a few minutes.
bench-survey: .venv/installed-test
	$(BIN)/python benchmarks/survey_speed.py

# The browser tests drive the system's Chromium; where there is none and it can't be installed, they are skipped.
browser:
	@command -v chromium > /dev/null || { command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ] \
	  && echo "Installing chromium, for the browser tests" \
	  && apt-get update -qq && apt-get install -y -qq chromium > /dev/null; } \
	  || echo "No chromium here, and it can't be installed: the browser tests will be skipped."

# Fashion-MNIST, the folder of IDX files of the tests, is a package of Debian; elsewhere FASHION_MNIST names it.
fashion:
	@test -d "$${FASHION_MNIST:-/usr/share/datasets/fashion-mnist}" || { command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ] \
	  && echo "Installing Fashion-MNIST, for the tests" \
	  && apt-get update -qq && apt-get install -y -qq dataset-fashion-mnist > /dev/null; } \
	  || echo "No Fashion-MNIST here, and it can't be installed: its tests will be skipped."

# A test compiles the LaTeX of `--format paper`.
latex:
	@command -v pdflatex > /dev/null || { command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ] \
	  && echo "Installing LaTeX, for a test of the paper format" \
	  && apt-get update -qq \
	  && apt-get install -y -qq --no-install-recommends texlive-latex-base texlive-latex-recommended > /dev/null; } \
	  || echo "No LaTeX here, and it can't be installed: its test will be skipped."

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml .ci/constraints.txt
	@echo "Installing Beholder into .venv (a few minutes the first time)"
	$(INSTALL) --editable ".[explanations]"
	@touch $@

.venv/installed-test: .venv/installed
	$(INSTALL) --quiet --editable ".[explanations,test]"
	@touch $@

.venv/installed-lint: .venv/installed-test
	$(INSTALL) --quiet --editable ".[explanations,test,lint]"
	@touch $@

clean:
	rm -rf .venv .beholder .hypothesis .mypy_cache .pytest_cache .ruff_cache
