# Each goal sets up .venv on first use and asks nothing; `make help` lists them.
#   PYTHON=/path/to/python3.12   the interpreter for a new .venv (default: the first 3.12 or 3.11 that runs)
#   TORCH_INDEX=url              one more package index, e.g. one with CPU or CUDA builds of torch
#   CONSTRAINTS=file         exact versions to install (default: constraints.txt; empty: what pyproject.toml allows)
#   VF_RAY_STORE=url             where results go (default: .vf-ray/store here)
SHELL := /bin/sh
BIN := .venv/bin
READY := .venv/.installed
CONSTRAINTS := constraints.txt
PYTEST := $(BIN)/python -m pytest

export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export HF_HUB_OFFLINE := 1
export RAY_USAGE_STATS_ENABLED := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install pin demo test bench soak check docs up down

help: ## list the goals
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

install: $(READY) ## set up .venv and nothing else

pin: $(READY) ## renew constraints.txt: the newest versions that pyproject.toml allows
	@$(BIN)/python -m infra.local.pin

demo: $(READY) ## the whole chain on real pictures, three to six minutes on two cores
	@$(BIN)/python -m flows demo

test: $(READY) ## every test but those for a GPU, the measurements and the long campaigns
	@$(PYTEST) -m 'not gpu and not bench and not soak' -n 2 --dist loadfile --no-loadscope-reorder

bench: $(READY) ## measurements, printed as ratios
	@$(PYTEST) -m bench -s

soak: $(READY) ## long campaigns: kills at many seeded moments
	@$(PYTEST) -m soak -s --timeout 7200

check: $(READY) ## style, types and import contracts
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

docs: $(READY) ## the documentation as a site, below .vf-ray/docs
	@$(BIN)/python -m infra.docs

up: $(READY) ## start Prefect and Ray on this machine and register the deployments
	@$(BIN)/python -m infra.local.up

down: $(READY) ## stop what `make up` started, and nothing else
	@$(BIN)/python -m infra.local.down

$(READY): pyproject.toml $(CONSTRAINTS)
	@test -x $(BIN)/python || { python=$$(sh infra/local/find_python.sh $(PYTHON)) && "$$python" -m venv .venv; }
	$(BIN)/python -m pip install --no-input $(if $(CONSTRAINTS),--constraint $(CONSTRAINTS)) \
		$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -e '.[dev]' </dev/null
	@touch $@
