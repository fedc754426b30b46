# Everything a developer, a newcomer and CI need, in one place: `make help` lists it.

# The first Python that is new enough; `make PYTHON=/path/to/python …` names another one.
ifeq ($(origin PYTHON), undefined)
PYTHON := $(shell for candidate in python3 python3.13 python3.12 python3.11 python; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$candidate" && break; done)
endif

VENV ?= .venv
ARGS ?=
PYTEST_ARGS ?=
MATRIX ?= 3.11 3.12 3.13
KILLS ?= 200
SEED ?=
ALERTS ?= 100000
SECONDS ?= 60
CONNECTIONS ?= 50
EXAMPLE := docs/examples/watch-this-machine.yaml
DATA ?= .data
TREES ?= 3000

BIN := $(VENV)/bin
CONTRIB := $(patsubst contrib/%/pyproject.toml,%,$(wildcard contrib/*/pyproject.toml))
METADATA := pyproject.toml $(wildcard contrib/*/pyproject.toml)
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet
CODE := core plugins tests contrib docs/examples docs/site cookiecutter-backend/hooks release

# What is compiled is kept, also where the surroundings forbid it, as images of containers do: else every process of the tests
# compiles all of tocsin again, and every target all of the tests.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run pictures test suite simulate check lint format types imports docs tables coverage unmeasured contrib alone kill9 scale month load bench bench-quick bench-micro routes matrix others dist version install clean

help: ## List these commands
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## /\1\t/p' Makefile | sort | awk -F '\t' '{ printf "  make %-11s %s\n", $$1, $$2 }'
	@echo
	@echo '  make run ARGS="--listen 127.0.0.1:0"  on a free port'
	@echo '  make test PYTEST_ARGS="-k webhook"   run some of the tests'
	@echo '  make test PYTHON=python3.12 VENV=.venv-3.12'

run: $(VENV)/.ready-to-run ## Run the daemon, which watches this machine and takes what Prometheus sends; with ARGS
	@echo 'tocsin watches this machine ($(EXAMPLE)); Ctrl-C ends it. In another terminal:'
	@echo '  $(BIN)/tocsin status                         how it is'
	@echo '  $(BIN)/tocsin send --help                    report an alert; then: tocsin alerts, show, ack'
	@echo '  $(BIN)/tocsin plugins                        where else alerts can go'
	@exec $(BIN)/tocsin serve --config $(EXAMPLE) --data $(DATA) $(ARGS)

test: $(VENV)/.ready-to-test ## Run the tests
	@$(MAKE) --no-print-directory suite

install: $(VENV)/.ready-to-test ## Set up the virtual environment for development

suite: $(VENV)/.ready-to-test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: ## Everything that CI checks: linters, types, imports, docs, tests with coverage, other Pythons
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory --jobs 4 --output-sync=target coverage contrib others unmeasured bench-quick alone types imports docs
	@echo 'make check: all is well'

lint: $(VENV)/.ready-to-test ## Check style and format (ruff)
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

format: $(VENV)/.ready-to-test ## Bring the code into the house's form (ruff)
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

# Each distribution's tests may bear the same module names as another's: one run each. What they test bears names of its own.
types: $(VENV)/.ready-to-test ## Check types (mypy --strict)
	$(BIN)/mypy --strict core plugins $(CONTRIB:%=contrib/%/src)
	$(BIN)/mypy --strict tests docs/examples docs/site release
	@set -e; for name in $(CONTRIB); do echo "mypy --strict contrib/$$name/tests"; \
		MYPYPATH=contrib/$$name/tests $(BIN)/mypy --strict contrib/$$name/tests; done

imports: $(VENV)/.ready-to-test ## Check who imports whom (import-linter)
	$(BIN)/lint-imports --no-logo

docs: $(VENV)/.ready-to-test ## Build the docs as a site in build/site; every warning is an error
	@rm -rf build/site
	$(BIN)/sphinx-build --nitpicky --fail-on-warning --keep-going --quiet --fresh-env --jobs auto \
		-c docs/site -b html -d build/doctrees . build/site
	@echo 'docs: build/site/index.html'

tables: $(VENV)/.ready-to-test ## Write the tables of docs/reference/configuration.md from the classes that read the file
	PYTHONPATH=docs/site $(BIN)/python -m tocsin_site.tables

simulate: $(VENV)/.ready-to-test ## Simulate crashes, dead receivers and clock jumps: SEED, HOURS, RUNS, BACKEND
	$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED)) $(if $(HOURS),--hours $(HOURS)) \
		$(if $(RUNS),--runs $(RUNS)) $(if $(BACKEND),--backend $(BACKEND)) $(ARGS)

# Searches for a history, an index or a text that breaks a promise: the same lines over and over, which tracing makes two to
# three times as slow, and which the other tests of core/ and plugins/ reach too.
SEARCHES := $(addprefix tests/engine/test_,replay.py mending.py routes.py muting_model.py machine.py foretold.py) \
	tests/engine/test_suppression.py::test_the_index_of_silences_is_a_search_through_all_of_them \
	tests/engine/test_suppression.py::test_inhibition_is_what_asking_everybody_gives \
	tests/engine/test_agenda.py::test_the_agenda_is_a_sorted_list_through_steps_and_undo \
	tests/configfile/test_mutations.py tests/lab/test_recordings.py \
	tests/lab/test_diff.py::test_what_is_compiled_of_plain_data_decides_alike

# Whole systems that are simulated, killed, or asked over and over: they would take twice as long, and show little more.
UNMEASURED := $(SEARCHES) tests/simulation/test_simulation.py tests/lab/prove/test_scale.py tests/lab/prove/test_agreement.py \
	tests/lab/prove/test_search.py tests/durability tests/scale tests/benchmarks tests/test_packaging.py tests/authoring \
	tests/test_releases.py

coverage: $(VENV)/.ready-to-test ## Run the tests of core/ and plugins/, and require that these cover 95 % of both by branch
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest tests $(addprefix --deselect ,$(UNMEASURED) $(ALONE)) $(PYTEST_ARGS)
	$(BIN)/coverage report --include='core/*' --fail-under=95
	$(BIN)/coverage report --include='plugins/*' --fail-under=95

unmeasured: $(VENV)/.ready-to-test ## Run the tests that `coverage` leaves out
	$(BIN)/python -m pytest $(UNMEASURED) $(PYTEST_ARGS)

contrib: $(VENV)/.ready-to-test ## Run the tests of contrib/
	$(BIN)/python -m pytest contrib $(PYTEST_ARGS)

# COMPLETE=yes runs all tests of each; else all are collected, and those of the contracts run.
ALONE := tests/test_alone.py

alone: $(VENV)/.ready-to-test ## Install each of contrib/ from its wheel into an environment of its own, and test it there: COMPLETE=yes
	$(if $(COMPLETE),TOCSIN_ALONE=complete) $(BIN)/python -m pytest $(ALONE) $(PYTEST_ARGS)

kill9: $(VENV)/.ready-to-test ## Kill a service KILLS times under load; nothing that it accepted is lost
	$(BIN)/python -m tests.durability $(KILLS) $(SEED)

scale: $(VENV)/.ready-to-test ## Measure ALERTS firing alerts: silences that end, escalations that start, a restart
	$(BIN)/python -m tests.scale $(ALERTS)

month: $(VENV)/.ready-to-test ## Replay a month of EVENTS alert events
	$(BIN)/python -m tests.lab.month $(EVENTS)

load: $(VENV)/.ready-to-test ## Post alerts to the daemon for SECONDS over CONNECTIONS, while it is reloaded, restarted and killed
	$(BIN)/python contrib/tocsin-server/tests/server_load.py --seconds $(SECONDS) --connections $(CONNECTIONS)

pictures: $(VENV)/.ready-to-test ## Take pictures of the daemon's page for the docs, with chromium
	$(BIN)/python contrib/tocsin-server/tests/page_pictures.py docs/images

bench: $(VENV)/.ready-to-test ## Measure the daemon and Alertmanager in turns, with nothing else running; with ARGS
	$(BIN)/python -m tests.bench $(ARGS)

bench-quick: $(VENV)/.ready-to-test ## Show that the benchmark runs, with few alerts
	$(BIN)/python -m tests.bench --quick $(ARGS)

bench-micro: $(VENV)/.ready-to-test ## Measure what single operations cost; with ARGS
	$(BIN)/python -m tests.benchmarks $(ARGS)

routes: $(VENV)/.ready-to-test ## Compare the routing of TREES converted configurations with amtool's, from SEED on
	TOCSIN_AMTOOL_TREES=$(TREES) TOCSIN_AMTOOL_SEED=$(or $(SEED),0) $(BIN)/python -m pytest -q \
		contrib/tocsin-server/tests/convert/test_amtool.py

dist: $(VENV)/.ready-to-test ## Build every distribution into dist/, the same bytes each time, and check them
	$(BIN)/python -W error -m release.dist

version: $(VENV)/.ready-to-test ## Bring every distribution to the version V, or else to that of tocsin, with its requirement and licence
	$(BIN)/python -m release.version $(V)

matrix: $(addprefix matrix-,$(MATRIX)) ## Run the tests on each Python of MATRIX that this machine has

# What does not depend on the Python: whether the checker of the simulation bites, how much work a proof is, whether the plan
# and the gates agree with their models and a replay with its recording, how long things take, what is in a wheel or on a page,
# what disks, networks and other programs do. `coverage`, `unmeasured`, `alone` and `contrib` run these on the default one.
# Of the searches, other Pythons run those for any history of the engine, and those that read with the Python's own parsers.
ONCE := $(filter-out %/test_machine.py %/test_foretold.py %/test_mutations.py,$(SEARCHES)) \
	$(addprefix tests/simulation/test_simulation.py::test_,a_broken_engine_is_caught what_mutations_break_is_whole_without_them) \
	tests/bench tests/benchmarks tests/test_packaging.py \
	tests/test_releases.py $(ALONE) tests/authoring tests/site tests/embedding tests/plugins/test_how_to.py \
	$(addprefix tests/lab/prove/test_,scale.py agreement.py search.py) tests/stores/test_faults.py

# Of contrib/, what other Pythons run: the contracts, the guide, and the daemon's own API.
CONTRACTS := $(wildcard contrib/*/tests/test_*contract.py) contrib/tocsin-mpreg/tests \
	contrib/tocsin-server/tests/api contrib/tocsin-server/tests/test_serve.py

# Those of the matrix that are not the default interpreter, which `coverage`, `unmeasured` and `contrib` run.
DEFAULT_VERSION = $(shell "$(PYTHON)" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

others: $(addprefix matrix-,$(filter-out $(DEFAULT_VERSION),$(MATRIX)))

# A pyenv shim stands on PATH for versions that are not active, so a Python is found when it runs and says its version.
matrix-%:
	@set -e; for candidate in python$* "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$*.*/bin/python$*; do \
		if "$$candidate" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "$*")' 2>/dev/null; then \
			echo "matrix: Python $* ($$("$$candidate" -V))"; \
			exec env TOCSIN_TEST_LOOPS="$${TOCSIN_TEST_LOOPS:-$(if $(filter $*,$(lastword $(MATRIX))),asyncio trio,asyncio)}" $(MAKE) --no-print-directory suite PYTHON="$$candidate" \
				VENV=.venv-$* PYTEST_ARGS="-x -q tests $(CONTRACTS) $(addprefix --deselect ,$(ONCE)) $(PYTEST_ARGS)"; \
		fi; \
	done; echo "matrix: Python $* is not on this machine: skipped"

# Without ensurepip (Debian without python3-venv) the interpreter's own pip furnishes the new environment.
$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "tocsin needs Python 3.11 or newer, and none is on PATH; name one: make PYTHON=/path/to/python3.12 …" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "tocsin needs Python 3.11 or newer, not $$("$(PYTHON)" -V 2>&1): make PYTHON=python3.12 …" >&2; exit 1; }
	@if "$(PYTHON)" -c 'import ensurepip' 2>/dev/null; then "$(PYTHON)" -m venv $(VENV); else \
		"$(PYTHON)" -m venv --without-pip $(VENV) \
		&& "$(PYTHON)" -m pip --python $(BIN)/python install --disable-pip-version-check --quiet pip; fi

# Entry points are read from the installed metadata: a change of any pyproject.toml installs again.
$(VENV)/.ready-to-run: $(VENV)/bin/python $(METADATA)
	@echo 'installing tocsin into $(VENV) …'
	@$(PIP_INSTALL) --editable '.[cli,host]' --editable contrib/tocsin-server
	@touch $@

$(VENV)/.ready-to-test: $(VENV)/bin/python $(METADATA)
	@echo 'installing tocsin and what its tests need into $(VENV) …'
	@$(PIP_INSTALL) --editable '.[cli,dev,docs,fast,host,re2]' $(foreach name,$(CONTRIB),--editable 'contrib/$(name)[dev]')
	@touch $(VENV)/.ready-to-run $@

clean: ## Remove virtual environments, caches and what was built
	rm -rf .venv .venv-* build dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find core plugins tests contrib docs -type d \( -name __pycache__ -o -name '*.egg-info' \) -prune -exec rm -rf {} +
