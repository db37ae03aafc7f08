# The few commands of the project; CI runs the same.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
LOCK := requirements.lock

.PHONY: demo test check faults bench install clean

$(STAMP): pyproject.toml $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "StoreVitals needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Call: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "python3 -m venv does not work here. On Debian, Ubuntu and Raspberry Pi OS: sudo apt-get install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check -c $(LOCK) -e '.[agent,hub]'
	@touch $@

.venv/.installed-dev: $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check -c $(LOCK) -e '.[agent,hub,dev]'
	@touch $@

install: $(STAMP)

demo: $(STAMP)
	$(BIN)/storevitals-hub demo $(DEMO)

check: .venv/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

test: .venv/.installed-dev
	@PATH="$$PATH:/usr/sbin" sh tests/need.sh
	$(MAKE) check
	$(BIN)/pytest -n 2 --ignore tests/e2e --ignore tests/faults --ignore tests/bench
	$(BIN)/pytest tests/e2e tests/faults --durations=10

faults: .venv/.installed-dev
	@PATH="$$PATH:/usr/sbin" sh tests/need.sh
	FAULTS_MINUTES=$${FAULTS_MINUTES:-100} $(BIN)/pytest tests/faults -s --timeout=0

bench: .venv/.installed-dev
	@PATH="$$PATH:/usr/sbin" sh tests/need.sh
	$(BIN)/pytest -m bench tests/bench -s --timeout=0

clean:
	rm -rf .venv build dist .demo
