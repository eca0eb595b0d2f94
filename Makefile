# make demo   a first model in two minutes of training at most, and a sample of it
# make docs   the documentation as a web site, in site/
# make check  all tests but the slow ones, in less than two minutes
# make test   lint, types, import contracts and all tests, in less than ten
# make torture   200 killed runs and 20,000 damaged checkpoints, half an hour
# make fuzz   an hour of fuzzing, twelve minutes for each reader; what it finds new is kept
#             among the tests
# make checkpoints/shipped/NAME   train a checkpoint that comes with seqgen anew: shakespeare,
#             tunes or sonnets, by the recipe in checkpoints/shipped/recipes.toml
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo check test all-tests lint browser docs torture fuzz bench lock clean always

.venv/installed: pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; PYTHON=python3.12 make names another")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q seqgen
	touch $@

demo: .venv/installed
	$(BIN)/seqgen train sonnets --name demo --minutes 2 --overwrite
	@echo
	$(BIN)/seqgen sample demo --length 600
	@printf '\n\nThe checkpoint is checkpoints/demo. Try next:\n\n'
	@printf '  $(BIN)/seqgen sample demo --prompt "Shall I compare thee" --temperature 0.6\n'
	@printf '  $(BIN)/seqgen train oneills --minutes 3 && $(BIN)/seqgen sample oneills --count 3\n'

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Two processes, whatever the machine has: each loads TensorFlow, which uses all cores by itself.
# worksteal: a process that is done takes over tests of the other.
PYTEST := $(BIN)/pytest --numprocesses 2 --dist worksteal

check: .venv/installed
	$(PYTEST) --hypothesis-profile check -m "not slow"

# mypy needs one core while Chromium is installed and the tests start.
test:
	$(MAKE) --jobs 2 lint all-tests

all-tests: .venv/installed browser
	$(PYTEST)

# For the tests of the HTML page: Debian's, where it may be installed; without one they are skipped.
browser:
	@for name in chromium chromium-browser google-chrome; do \
		if command -v $$name >/dev/null; then exit 0; fi; \
	done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && apt-get install -qq --no-install-recommends chromium >/dev/null; \
	then exit 0; fi; \
	echo "no Chromium: the tests of the HTML page in a browser will be skipped"

torture: .venv/installed
	$(BIN)/python -m tests.torture

fuzz: .venv/installed
	$(BIN)/python -m pip install --quiet "atheris>=3,<4"
	for target in decoding tokens vocabulary config tunes; do \
		$(BIN)/python -m tests.fuzz $$target 720 || exit 1; \
	done

bench: .venv/installed
	$(BIN)/python -m pip install --quiet --no-build-isolation --editable .[bench]
	$(BIN)/python -m benchmarks

# pip reads dependency groups from 25.1 on.
docs: .venv/installed
	$(BIN)/python -m pip install --quiet "pip>=25.1"
	$(BIN)/python -m pip install --quiet --group docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

checkpoints/shipped/%: .venv/installed always
	$(BIN)/python -m benchmarks.release_models $*

always:

# Newest versions within the bounds of pyproject.toml, for every platform and Python that it names.
lock: .venv/installed
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --output-file requirements.lock

clean:
	rm -rf .venv build dist site .pytest_cache .ruff_cache .hypothesis .import_linter_cache
