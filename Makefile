# The two commands that matter: `make run` and `make test`. `make help` lists the rest.
DATA ?= ./data
LISTEN ?= 127.0.0.1:8040
DEMO ?= 1
DEMO_FLAG = $(if $(filter 0 no false,$(DEMO)),,--demo)
BUILD_FLAGS ?=

.DEFAULT_GOAL := help
.PHONY: help bootstrap build run test conformance lint format diagrams bench compare clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1|\2/' | column -t -s '|'

bootstrap:
	@scripts/bootstrap

build: bootstrap ## Build the release binary
	swift build -c release --product heliograph $(BUILD_FLAGS)

run: build ## Build, and run the platform with a simulated fleet (DEMO=0 without, DATA=folder, LISTEN=host:port)
	@exec "$$(swift build -c release --show-bin-path)/heliograph" run --data "$(DATA)" --listen "$(LISTEN)" $(DEMO_FLAG)

lint: ## Check formatting and the house rules
	swift format lint --strict --recursive Package.swift Sources services Tests benchmarks
	@scripts/check-house-rules

format: ## Format the sources
	swift format --in-place --recursive Package.swift Sources services Tests benchmarks

test: bootstrap lint ## Check formatting, build with warnings as errors, run every test
	@scripts/bootstrap --python
	@scripts/test $(TEST_FLAGS)

conformance: bootstrap ## Run Prometheus' own PromQL scripts (HELIOGRAPH_PROMQLTEST=folder for others)
	@scripts/conformance

diagrams: bootstrap ## Draw diagrams/*.png from their sources
	dot -Tpng -Gdpi=130 diagrams/architecture.dot -o diagrams/architecture.png

bench: bootstrap ## Run the project's own benchmarks (release build; benchmarks/run PART for one of them)
	@benchmarks/run

compare: bootstrap ## Compare the store with VictoriaMetrics and Prometheus on this machine
	@benchmarks/compare $(COMPARE_FLAGS)

clean: ## Remove what building made
	rm -rf .build
