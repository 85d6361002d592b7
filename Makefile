# Two commands are enough: `make run` and `make test`. Needs Python 3.11 or newer and make.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes

.PHONY: run setup test check bench chaos compiled downtime_kit lock net translations
.DEFAULT_GOAL := run

$(VENV)/.run: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	$(PIP) -r requirements-dev.txt
	@touch $@

setup: $(VENV)/.run

run: setup
	@PORT=$(PORT) $(BIN)/python manage.py start

# Two workers start processes (tests/lanes.py), the others compute beside them.
WORKERS ?= 3
test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy apps trialcare tests
	$(BIN)/lint-imports
	TRIALCARE_ENV=test TRIALCARE_VAR=$(VENV)/check $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/djlint templates --lint --quiet
	env TRIALCARE_ENV=production TRIALCARE_VAR=$(VENV)/check SECRET_KEY=$$(printf 'not-used-%.0s' 1 2 3 4 5 6 7 8) \
	  FIELD_KEYS=$$(printf 'not-used-%.0s' 1 2 3 4 5 6 7 8) INDEX_KEY=$$(printf 'not-used-%.0s' 1 2 3 4 5 6 7 8) \
	  PUBLIC_BASE_URL=https://sms.example.org SMS_GATEWAY=twilio TWILIO_ACCOUNT_SID=AC00000000000000000000000000000000 \
	  TWILIO_AUTH_TOKEN=not-used TWILIO_FROM_NUMBER=+15005550006 $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench $(BENCH)

# The weights of the net behind the triage rules, from the corpus; after every change of the rules or the corpus.
net: $(VENV)/.dev
	$(BIN)/python -m tests.triage.training

# The triage rules compiled by mypyc, for exactly these sources; needs a C compiler. Without it, or after a change, they run as written.
compiled: $(VENV)/.dev
	$(BIN)/python -m tests.triage.compiling

# The staff's Chinese catalogue, after every change of a string; says what is missing.
translations: $(VENV)/.dev
	$(BIN)/python -m tests.house.translations

# What every site needs on paper while the program is down: call list and phone tree, encrypted.
OUT ?= var/downtime
downtime_kit: setup
	$(BIN)/python manage.py downtime_kit --out $(OUT)

lock:
	uv pip compile --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q requirements.in -o requirements.txt
	uv pip compile --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q requirements-dev.in -o requirements-dev.txt

KILLS ?= 100
STACK ?= sqlite-memory
chaos: $(VENV)/.dev
	$(BIN)/python -m tests.chaos --kills $(KILLS) --stack $(STACK) $(if $(SEED),--seed $(SEED))
