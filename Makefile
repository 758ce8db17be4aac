# Everything runs from the virtual environment in .venv, made on first use.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed

.PHONY: demo demo-mesh kind scenario down test quick sequences preview docs gitops

## The main job on the local control plane: a burst, from the scale-up to the cluster's removal.
demo: $(STAMP)
	@$(PY) -m lab demo

## One scenario on a lab of its own, `make scenario NAME=burst`, with its picture in .lab/pictures; NAME=list, NAME=all.
scenario: $(STAMP)
	@$(PY) -m lab.scenarios $(or $(NAME),list)

## The mesh of three clusters on three local control planes, through the four scenarios of its article.
demo-mesh: $(STAMP)
	@$(PY) -m lab demo-mesh

## The three kind clusters of the mesh stack, with the kind and the Docker of this machine.
kind: $(STAMP)
	@$(PY) -m lab.kind

## Stop the labs that `make demo` and `make demo-mesh` left running.
down: $(STAMP)
	@$(PY) -m lab down

## Every check and every test; ends with a ledger of where the time went.
test: $(STAMP)
	@$(PY) -m tests.ledger

## The checks and tests that need no control plane.
quick: $(STAMP)
	@$(PY) -m tests.ledger --quick

## 300 random sequences of events on the local control plane, about an hour; SEED=N SEQUENCES=1 runs one again.
sequences: $(STAMP)
	@SEQUENCES=$${SEQUENCES:-300} $(PY) -m pytest tests/lab/test_sequences.py

## What the dev stack would create, without an engine, a cluster or an account.
preview: $(STAMP)
	@$(PY) -m preview dev

## Write the references that are generated from the code.
docs: $(STAMP)
	@$(PY) -m settings.schema
	@$(PY) -m preview.reference
	@$(PY) -m preview.examples

## Write what Argo CD delivers to burst clusters, gitops/<stack>, from the stacks' config.
gitops: $(STAMP)
	@$(PY) -m preview.gitops

$(STAMP): requirements-dev.txt
	@echo "Installing Python packages into $(VENV) (about a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
