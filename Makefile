# One command each; `make` alone lists them. Nothing has to be activated: the programs in .venv are called by name.

PYTHON ?= python3
PORT ?= 8000
CUSTOMERS ?= 200
SECONDS ?= 600

VENV := .venv/bin
WORKERS ?= 3
MANAGE := DEMO=1 $(VENV)/python manage.py
# uv writes one file for every supported Python; the versions in it stay until UPGRADE=--upgrade is given.
PIN := $(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" $(UPGRADE)
COMPILE := $(PIN) pyproject.toml
TEMPLATES := billing/templates isp_billing/templates utils/templates
PEERS_IN := $(wildcard benchmarks/peers/*.in)

.DEFAULT_GOAL := help
.SUFFIXES:
.DELETE_ON_ERROR:
# The steps of a target need each other, and the demo's log is to be seen as it comes.
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules --output-sync=none

.PHONY: help demo demo-reset database-start database-stop test test-all chaos bench lint format words migrate-check lock \
	audit setup-test-host demo-venv dev-venv python-found

help: ## list these commands
	@echo "make COMMAND, where COMMAND is:"
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | while IFS='	' read -r name text; do \
		printf '  %-16s %s\n' "$$name" "$$text"; done
	@echo "Variables: PYTHON=python3.12 (the interpreter), for the demo also PORT=8001 and CUSTOMERS=10000"

# --- To try it out -------------------------------------------------------------------------
demo: python-found ## run everything with a made-up provider (PORT, CUSTOMERS), until Ctrl-C
	@exec $(PYTHON) -m scripts.bootstrap requirements-demo.txt --label "1/5 Installing the Python packages" --free-port "$(PORT)"
	@exec $(VENV)/python -m scripts.demo --port "$(PORT)" --customers "$(CUSTOMERS)"

demo-reset: demo-venv ## throw the demo's data away and run it anew
	@$(VENV)/python -m scripts.demo_data
	@exec $(PYTHON) -m scripts.bootstrap requirements-demo.txt --label "1/5 Installing the Python packages" --free-port "$(PORT)"
	@exec $(VENV)/python -m scripts.demo --port "$(PORT)" --customers "$(CUSTOMERS)"

database-start: demo-venv ## start the embedded PostgreSQL and say where it is
	@$(VENV)/python -m utils.database start

database-stop: demo-venv ## stop the embedded PostgreSQL
	@$(VENV)/python -m utils.database stop

# --- To develop ----------------------------------------------------------------------------
test: dev-venv lint ## check the code and run the tests, without the heavy ones (WORKERS=0 for one after the other)
	$(VENV)/python -m pytest --numprocesses $(WORKERS) --dist loadfile -m "not heavy and not compose"

test-all: test ## all of that, then the heavy ones and beside them the containers (see setup-test-host)
	@mkdir -p var; $(VENV)/python -m pytest -m compose >var/compose-tests.log 2>&1 & compose=$$!; \
	trap "kill $$compose" INT TERM; echo "The tests of the containers write var/compose-tests.log"; \
	$(VENV)/python -m pytest --numprocesses 2 --maxschedchunk 1 --verbose -m "heavy and not compose"; heavy=$$?; \
	wait $$compose; compose=$$?; cat var/compose-tests.log; [ $$heavy = 0 ] && [ $$compose = 0 ]

chaos: dev-venv ## break schedulers, web and database at random for ten minutes, then look (SECONDS, SEED)
	$(VENV)/python -m tests.chaos --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

bench: dev-venv ## measure the works that must be fast (SIZES="10000 1000000", WORKS="idle-sweep", PICTURES=FOLDER, PEERS=no)
	$(VENV)/python -m benchmarks $(SIZES) $(if $(WORKS),--works $(WORKS)) $(if $(PICTURES),--pictures $(PICTURES)) \
		$(if $(filter no,$(PEERS)),--without-peers)

lint: dev-venv migrate-check ## check style, types, layers and templates
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/lint-imports
	$(VENV)/bandit --quiet --configfile pyproject.toml --recursive isp_billing utils billing scripts $(wildcard *.py)
	$(VENV)/djlint --quiet --lint --profile django $(TEMPLATES)

format: dev-venv ## bring the code into its form
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .
	$(VENV)/djlint --quiet --reformat --profile django $(TEMPLATES)

words: dev-venv ## bring the translations up to date with the sources and compile them
	DEMO=1 $(VENV)/python -m scripts.words
	$(VENV)/pybabel --quiet compile --directory billing/documents/locale --domain django

migrate-check: dev-venv ## check that the migrations say what the models say
	$(MANAGE) makemigrations --check --dry-run

lock: dev-venv ## pin the requirements with hashes (UPGRADE=--upgrade for newer versions)
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --extra demo --output-file requirements-demo.txt
	$(COMPILE) --extra dev --output-file requirements-dev.txt
	for peer in $(PEERS_IN); do $(PIN) --output-file "$${peer%.in}.txt" "$$peer" || exit; done

audit: dev-venv ## look for known security holes in the requirements (needs the network)
	$(VENV)/uv tool run pip-audit --strict --disable-pip --require-hashes --requirement requirements.txt

setup-test-host: ## install what the container, browser, monitoring and PDF tests need (Debian, as root)
	scripts/setup-test-host.sh

# --- Behind the others ---------------------------------------------------------------------
python-found:
	@command -v "$(PYTHON)" >/dev/null || { echo "There is no program $(PYTHON). Install Python 3.11 or later, \
	or name another interpreter, for example: make demo PYTHON=python3.12" >&2; exit 1; }

demo-venv: python-found
	@$(PYTHON) -m scripts.bootstrap requirements-demo.txt

dev-venv: python-found
	@$(PYTHON) -m scripts.bootstrap requirements-dev.txt
