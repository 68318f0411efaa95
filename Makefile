# Needs a Python from 3.11 to 3.13; everything else is brought by `make setup`. `make help` lists the targets.
# Variables: PYTHON=python3.12 (which Python), CHROMIUM=/path (which browser), HESUI_NO_BROWSER=1 (no page tests).

PY = .venv/bin/python
export PYTHON CHROMIUM

.PHONY: help setup setup-dev app test check bench browser lock resolve clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' Makefile

setup: ## make .venv and install hesui into it
	@scripts/setup

setup-dev: setup # one after the other: both write to .venv
	@scripts/setup dev

app: setup ## open the page
	@$(PY) app.py

test: setup-dev ## run all tests, in a real browser too
	@HESUI_CHROMIUM="$$(scripts/browser)" $(PY) -m pytest

check: setup-dev ## style, types, layering
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports

bench: setup-dev ## run every benchmark
	@for file in benchmarks/*.py; do echo "== $$file"; $(PY) "$$file" || exit 1; done

browser: setup-dev ## bring a Chromium for the tests
	@scripts/browser

lock: ## write constraints.txt anew from the latest versions that fit
	@scripts/resolve lock

resolve: ## prove that the requirements resolve wherever they should
	@scripts/resolve

clean: ## remove .venv and caches; home/ with your data stays
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
