# make demo      the main job on an embedded emulator and Prefect server; EXIT=1 ends after the closing table
# make test      the tests
# make check     format, lint, types, layers, tests; those that passed for the very same files are not run again
# make bench     calls and times of first and second runs, against the critical path
# make torture  every fault at every call of every flow: make torture FLOW=renew COUNT=50 SEED=7 for a sample of one
# make torture-kill  kill -9 in the middle of real runs: make torture-kill COUNT=20 SEED=7
# make bench-fleet  fleets of 1 to 100 environments, against what the cloud forces, and other ways: SIZES=1,10 MODES=managed
# make bench-emulator  what the emulator answers in a second on one core, empty and with 10,000 resources
# make scale-out-demo  PostgreSQL, Redis, several API servers and workers on this machine; CHAOS=1 kills some meanwhile
# make emulator  the emulator alone on port 8400
# make register  block types, environments, credentials, work pool on the server of PREFECT_API_URL
# make runner-policy  the least rights of an AccessKey: make runner-policy ENVIRONMENT=environments/mine.yaml FLOW=plan
# make export  an environment for other tools: make export ENVIRONMENT=environments/mine.yaml FORMAT=terraform (or ros)
# make test-approval  runs that wait for a person while their worker is killed: wants a machine to itself
# make pictures  the pictures of docs/operating.md, taken by tests/dashboard (needs Debian's chromium)
# make prepare   one run of `prepare` through its deployment: make prepare ENVIRONMENT=flink-exclusive
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
FILES := $(shell find . -mindepth 1 \( -path './.*' -o -name build -o -name __pycache__ \) -prune -o -type f -print)
export PREFECT_SERVER_ANALYTICS_ENABLED = false
export DO_NOT_TRACK = 1

.PHONY: demo test check test-approval pictures torture torture-kill bench bench-fleet bench-emulator prepare register runner-policy export emulator clean lock scale-out-demo
.DEFAULT_GOAL := demo

$(VENV)/installed: requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.lock
	touch $@

$(VENV)/installed-dev: requirements-dev.lock $(VENV)/installed
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	touch $@

demo: $(VENV)/installed
	$(RUN) -m deployments.demo $(if $(EXIT),--exit)

test: $(VENV)/installed-dev
	@mkdir -p build && rm -f build/tested
	$(RUN) -m pytest -n auto | tee build/testing
	@mv build/testing build/tested

build/tested: $(FILES)
	@$(MAKE) --no-print-directory test

check: $(VENV)/installed-dev
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	@$(MAKE) --no-print-directory build/tested
	@tail -n 1 build/tested

bench: $(VENV)/installed
	$(RUN) -m benchmarks.prepare

torture: $(VENV)/installed-dev
	$(RUN) -m tests.reliability.torture --flow $(or $(FLOW),all) --count $(or $(COUNT),0) --seed $(or $(SEED),1)

torture-kill: $(VENV)/installed-dev
	$(RUN) -m tests.reliability.kill $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED))

scale-out-demo: $(VENV)/installed
	$(RUN) -m deployments.scale_out $(if $(CHAOS),--chaos)

bench-fleet: $(VENV)/installed-dev
	$(RUN) -m benchmarks.fleet $(if $(SIZES),--sizes $(SIZES)) $(if $(MODES),--modes $(MODES)) --compare
	$(RUN) -m benchmarks.charts

bench-emulator: $(VENV)/installed
	$(RUN) -m benchmarks.emulator

emulator: $(VENV)/installed
	$(RUN) -m emulator $(ARGUMENTS)

register: $(VENV)/installed
	@test -n "$(DOCUMENTS)" || { echo "say which: make register DOCUMENTS=environments/mine.yaml"; exit 1; }
	$(RUN) -m deployments.register $(DOCUMENTS)

prepare: $(VENV)/installed
	@test -n "$(ENVIRONMENT)" || { echo "say which: make prepare ENVIRONMENT=mine"; exit 1; }
	$(RUN) -m prefect deployment run prepare/prepare --param environment=$(ENVIRONMENT) --watch

runner-policy: $(VENV)/installed
	@$(RUN) -m flows.runner_policy $(foreach flow,$(or $(FLOW),prepare),--flow $(flow)) \
		$(if $(ENVIRONMENT),--environment $(ENVIRONMENT))

export: $(VENV)/installed
	@test -n "$(ENVIRONMENT)" || { echo "say which: make export ENVIRONMENT=environments/mine.yaml FORMAT=ros" >&2; exit 1; }
	@$(RUN) -m deployments.export --environment $(ENVIRONMENT) --format $(or $(FORMAT),terraform)

test-approval: $(VENV)/installed-dev
	APPROVAL_STACK=1 $(RUN) -m pytest -n0 tests/reliability/test_approval.py

pictures: $(VENV)/installed-dev
	$(RUN) -m pytest tests/dashboard
	cd docs/pictures/operating && for picture in *.png; do cp ../../../build/dashboard/$$picture .; done

lock:
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate requirements.txt -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate requirements-dev.txt -o requirements-dev.lock

clean:
	rm -rf .state build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
