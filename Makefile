# Every target does all of its own set-up. `make` alone lists the targets.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python3.14; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
UV := .tools/bin/uv
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
# Many short processes are started: each is twice as fast when its modules are compiled already.
export UV_COMPILE_BYTECODE := 1
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo clean-demo test test-long lint format bench storm dist-check calibrate shots weights lock clients docs clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

# uv makes the environment, so that neither python3-venv nor a recent pip is needed.
$(UV):
	@test -n "$(PYTHON)" || { echo "Cupola needs Python 3.11 or later on the PATH."; exit 1; }
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .tools uv

.venv/.ready: $(UV) pyproject.toml requirements.lock
	@echo "Setting up .venv ..."
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(UV) pip install --quiet --python $(BIN)/python -r requirements.lock -e .
	@touch $@

setup: .venv/.ready ## Make the environment in .venv

demo: .venv/.ready ## Watch real fine-tuning jobs learn on the local emulator
	@$(BIN)/cupola demo

clean-demo: .venv/.ready ## Forget the demo's state
	@$(BIN)/cupola demo --forget

# Most tests wait for something: three at once keep two cores busy.
test: .venv/.ready lint ## Lint, type-check and test
	@$(BIN)/pytest -q -n 3 --dist loadgroup -m "not long"

test-long: .venv/.ready ## The tests that take long: the whole distillation, everything killed again and again
	@$(BIN)/pytest -q -n 2 --dist loadgroup -m long

lint: .venv/.ready ## Check style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: .venv/.ready ## Put the code into its format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/.ready ## Measure speed against the floors in docs/performance.md
	@$(BIN)/python -m tests.bench

storm: .venv/.ready ## Kill worker and service at random in every workflow for ten minutes
	@$(BIN)/python -m tests.hard_knocks.storm --minutes 10

# With others: make dist-check PYTHONS="python3.11 python3.13".
dist-check: .venv/.ready ## Build sdist and wheel, install them elsewhere and start them
	@$(BIN)/python -m tests.hard_knocks.distribution $(CURDIR)/$(UV) $(PYTHONS)

calibrate: .venv/.ready ## Simulate the statistics' coverage and false claims (some minutes)
	@$(BIN)/python -m tests.calibrate

.venv-clients/%/.ready: $(UV) tests/clients/%.txt
	@echo "Setting up $(@D) ..."
	@test -x $(@D)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(@D)
	@$(UV) pip install --quiet --only-binary :all: --python $(@D)/bin/python -r tests/clients/$*.txt
	@touch $@

.venv-clients/%/.ready: $(UV) tests/bench/peer_programs/%.txt
	@echo "Setting up $(@D) ..."
	@test -x $(@D)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(@D)
	@$(UV) pip install --quiet --only-binary :all: --python $(@D)/bin/python -r tests/bench/peer_programs/$*.txt
	@touch $@

clients: .venv/.ready .venv-clients/litellm/.ready .venv-clients/inspect/.ready ## Let other public clients of the API work with the emulator
	@$(BIN)/python -m tests.clients

.venv-docs/.ready: $(UV) docs/requirements.txt
	@echo "Setting up $(@D) ..."
	@test -x $(@D)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(@D)
	@$(UV) pip install --quiet --python $(@D)/bin/python -r docs/requirements.txt
	@touch $@

docs: .venv/.ready .venv-docs/.ready ## Build the documentation into build/docs
	@$(BIN)/python -m cupola.cli.reference > docs/cli.md
	@$(BIN)/python -m cupola_tui.twins > docs/keys.md
	@.venv-docs/bin/sphinx-build --quiet --fail-on-warning -b html docs build/docs
	@echo "build/docs/index.html"

shots: .venv/.ready ## Take the pictures in docs/
	@$(BIN)/python -m tests.shots

weights: .venv/.ready ## Pretrain the emulator's tiny models again (about 40 minutes)
	@$(BIN)/python -m cupola.emulator.talker.pretrain
	@$(BIN)/python -m cupola.emulator.reasoner.pretrain

lock: $(UV) ## Pin the newest allowed versions in requirements.lock
	@$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev --no-header --no-annotate --no-emit-index-url pyproject.toml -o requirements.lock

clean: ## Remove the environment and caches
	rm -rf .venv .venv-clients .venv-docs build .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
