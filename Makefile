# Everything goes into .venv; only one of these Pythons, make and the package registries are needed.
PYTHONS := 3.11 3.12 3.13
BIN := .venv/bin
INSTALLED := .venv/installed
ifdef PYTHON
ifneq ($(shell $(PYTHON) -V),$(shell $(BIN)/python -V 2>/dev/null))
.PHONY: $(INSTALLED)  # who says which gets it, also where .venv is another's
endif
endif
PYTHON ?= $(shell for one in $(PYTHONS); do python$$one -c "" 2>/dev/null && echo python$$one && break; done || echo python3)
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version $(firstword $(PYTHONS)) --generate-hashes --custom-compile-command "make lock"

# Test modules are rewritten as they are imported, which takes as long as the tests of a folder.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check lint policy checkov docs bench rollout-simulation rollout-demo soak lock clean

demo: $(INSTALLED)  ## the real program in an emulated account, up and back to 0
	@$(BIN)/sandbox demo

# The types are checked beside the tests, which leave half a core unused.
test: lint  ## lint, types, workflows and everything below tests/, the policies on both stacks among it
	@$(BIN)/mypy & types=$$!; $(BIN)/pytest; tests=$$?; wait $$types && exit $$tests

check: lint  ## all but the tests
	@$(BIN)/mypy

lint: $(INSTALLED)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/zizmor --quiet --offline --pedantic --strict-collection .github

policy: $(INSTALLED)  ## the policies on what the program registers for both stacks
	@$(BIN)/python -m policy.report

checkov: $(INSTALLED) .venv-checkov/installed  ## a real scanner on the same stack, in an environment of its own
	@$(BIN)/python -m policy.checkov

docs: $(INSTALLED)  ## write anew the documents that follow from code
	@$(BIN)/python -m policy.docs
	@$(BIN)/python -m policy.limits_page

bench: $(INSTALLED)  ## cost of the program, and of a percentage change
	@$(BIN)/python -m bench

rollout-simulation: $(INSTALLED)  ## how often a rollout stops, and how often wrongly, by simulation
	@$(BIN)/python -m rollout.simulation

rollout-demo: $(INSTALLED)  ## two rollouts under load on a fast clock: one to 100 %, one that goes back
	@$(BIN)/sandbox rehearse

soak: $(INSTALLED)  ## an hour of the sandbox's clock under load, another percentage every minute
	@$(BIN)/sandbox soak

lock: $(INSTALLED)  ## write the lock files anew from pyproject.toml
	@$(COMPILE) -o requirements-dev.txt --all-extras pyproject.toml
	@$(COMPILE) -o requirements.txt -c requirements-dev.txt pyproject.toml
	@$(COMPILE) -o policy/requirements-checkov.txt policy/requirements-checkov.in

clean:
	rm -rf .venv .venv-checkov .sandbox

# Its dependencies and Pulumi's exclude each other.
.venv-checkov/installed: policy/requirements-checkov.txt
	@echo "Setting up .venv-checkov (once) ..."
	@$(PYTHON) -m venv .venv-checkov
	@.venv-checkov/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(INSTALLED): requirements-dev.txt pyproject.toml
	@echo "Setting up .venv (once, less than a minute) ..."
	@$(PYTHON) -c 'import sys; known = sys.argv[1:]; "%d.%d" % sys.version_info[:2] in known or sys.exit("One of Python " + ", ".join(known) + " is needed, this is " + sys.version.split()[0] + ". Say which: make PYTHON=/path/to/python" + known[0])' $(PYTHONS)
	@$(PYTHON) -m venv --clear .venv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.txt > .venv/uv.txt
	@$(PIP) --no-deps --require-hashes -r .venv/uv.txt
	@$(BIN)/uv pip install --quiet --no-cache --python $(BIN)/python --require-hashes -r requirements-dev.txt 2>/dev/null || $(PIP) --require-hashes -r requirements-dev.txt  # where pip alone knows the way
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@
