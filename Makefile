# Every verb that builds first sees to it that what it needs is there (`make setup`).
# SWIFT=… chooses another toolchain, DATA=… another data directory for `make run`, SECONDS=… how long `make fuzz` looks,
# SOAK_SECONDS=… how long `make soak` goes on, and SOAK_SEED=… what its randomness follows from; RESULTS=… is where
# `make bench` writes its figures.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

SWIFT ?= swift
DATA ?= livepatch-data
SECONDS ?= 60
SOAK_SECONDS ?= 180
SOAK_SEED ?=
RESULTS ?= .build/bench.json
SOURCES := Package.swift Sources Tests Tools Examples Benchmarks Fuzzing
# Tests that start whole processes, kill them or take long for another reason.
WHOLE_PROCESSES := EndToEndTests|CrashTests|RealKernelTests|SoakTests

.PHONY: help setup setup-kernel setup-packaging setup-monitoring setup-bench build release agent-static static deb test-deb test test-kernel monitoring unit e2e examples lint format docs docs-configuration docs-openapi tuf-python contract demo run bench bench-full bench-compare fuzz soak sanitize clean

help: ## List the verbs
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the system libraries that are missing (Debian; needs root or sudo only then)
	@SWIFT="$(SWIFT)" Scripts/setup.sh

setup-kernel: setup ## Install QEMU and what real live patches are built with, for the tests; say so where that cannot be
	@SWIFT="$(SWIFT)" Scripts/setup.sh static kernel || echo "setup: the tests with a real kernel will be skipped"

setup-packaging: setup ## Install what Debian packages are tried with; say so where that cannot be
	@SWIFT="$(SWIFT)" Scripts/setup.sh static packaging || echo "setup: the Debian packages will not be tried"

setup-monitoring: setup ## Install Prometheus, for the tests of Documentation/monitoring; say so where that cannot be
	@SWIFT="$(SWIFT)" Scripts/setup.sh monitoring || echo "setup: the tests with a real Prometheus will be skipped"

setup-bench: setup ## Install what measurements are compared with; say so where that cannot be
	@SWIFT="$(SWIFT)" Scripts/setup.sh bench || echo "setup: what is missing is not compared with"

build: setup ## Build everything, for debugging
	$(SWIFT) build

release: setup ## Build the four programs, optimised, into .build/release
	$(SWIFT) build -c release --product livepatch-server
	$(SWIFT) build -c release --product livepatch-admin
	$(SWIFT) build -c release --product livepatch-sync
	$(SWIFT) build -c release --product livepatch-agent

agent-static: ## Build the agent, optimised, into .build/release/livepatch-agent-static, which needs no library of its system
	@SWIFT="$(SWIFT)" Scripts/setup.sh static
	$(SWIFT) build -c release --product livepatch-agent
	@folder="$$($(SWIFT) build -c release --show-bin-path)" && \
		SWIFT="$(SWIFT)" Scripts/link-statically.sh "$$folder" livepatch-agent "$$folder/livepatch-agent-static" && \
		ls -lh "$$folder/livepatch-agent-static"

static: setup release ## Build the four programs, optimised, into .build/release/static, so that they need nothing but glibc
	@SWIFT="$(SWIFT)" Scripts/setup.sh static
	@folder="$$($(SWIFT) build -c release --show-bin-path)" && mkdir -p "$$folder/static" && \
		for program in livepatch-server livepatch-admin livepatch-sync livepatch-agent; do \
			SWIFT="$(SWIFT)" Scripts/link-statically.sh "$$folder" "$$program" "$$folder/static/$$program" glibc || exit 1; \
		done && ls -lh "$$folder/static"

deb: setup release ## Make the Debian packages livepatch-server and livepatch-agent, in .build/deb
	@SWIFT="$(SWIFT)" Scripts/setup.sh static
	$(SWIFT) build -c release --product generate-manual
	@SWIFT="$(SWIFT)" Scripts/build-deb.sh "$$($(SWIFT) build -c release --show-bin-path)" .build/deb

test-deb: setup-packaging ## Install the Debian packages, made of what was built for debugging, in a bare Debian, use and remove them
	$(SWIFT) build --product generate-manual
	@folder="$$($(SWIFT) build --show-bin-path)" && { SWIFT="$(SWIFT)" DEB_COMPRESSION=none Scripts/build-deb.sh "$$folder" .build/deb-debug && \
		Scripts/try-deb.sh .build/deb-debug || { status=$$?; [ $$status = 77 ] || exit $$status; }; }

test: setup-kernel setup-monitoring lint tuf-python ## Everything that CI runs: style, build without warnings, examples, demonstration, all tests
	$(SWIFT) build --build-tests
	@$(MAKE) --no-print-directory examples
	Examples/demo/demo.sh
	Scripts/walk.sh
	@$(MAKE) --no-print-directory test-deb
	@SWIFT="$(SWIFT)" Scripts/contract.sh
	@SWIFT="$(SWIFT)" Scripts/run-tests.sh

test-kernel: setup-kernel ## Patch a real kernel in QEMU: build modules, start three servers, boot, and let the agent patch it
	$(SWIFT) test --filter RealKernelTests --no-parallel

monitoring: setup-monitoring ## Check the alert rules and dashboards with promtool, and against a real Prometheus and real servers
	$(SWIFT) test --filter MonitoringTests --no-parallel

unit: setup ## The tests that take seconds
	$(SWIFT) test --skip '$(WHOLE_PROCESSES)'

e2e: setup ## The tests that start whole programs, kill them (LIVEPATCH_KILLS=500: that often), and fill their disks
	$(SWIFT) test --filter '$(WHOLE_PROCESSES)'

examples: setup ## Build and run the examples of embedding the library
	$(SWIFT) run in-process-chain
	$(SWIFT) run custom-storage

lint: setup ## Check the style
	$(SWIFT) format lint --strict --recursive --parallel $(SOURCES)

format: setup ## Make the style right
	$(SWIFT) format --in-place --recursive --parallel $(SOURCES)

docs: setup docs-configuration docs-openapi ## Generate what is generated in Documentation/, and check its links
	$(SWIFT) test --filter DocumentationTests

docs-configuration: setup ## Generate Documentation/configuration.md from the table of keys
	$(SWIFT) build --product configuration-reference
	"$$($(SWIFT) build --show-bin-path)/configuration-reference" > Documentation/configuration.md.new
	mv Documentation/configuration.md.new Documentation/configuration.md

docs-openapi: setup ## Generate Documentation/openapi.json from the endpoints
	$(SWIFT) build --product openapi-document
	"$$($(SWIFT) build --show-bin-path)/openapi-document" > Documentation/openapi.json.new
	mv Documentation/openapi.json.new Documentation/openapi.json

tuf-python: ## Fetch the Python implementation of TUF, for the tests that exchange repositories with it
	@Scripts/tuf-python.sh

contract: setup ## Ask real servers tens of thousands of made-up requests, and hold the answers against Documentation/openapi.json
	$(SWIFT) build --product livepatch-server
	$(SWIFT) build --product generate-patches
	@SWIFT="$(SWIFT)" Scripts/contract.sh

demo: setup ## Show a chain of servers and its machines: import, sync, promote, refuse, block, undo, reports, and a tampered server
	@SWIFT="$(SWIFT)" Examples/demo/demo.sh --build

run: setup ## Start one server in the foreground, on port 8080 with its data in ./livepatch-data
	$(SWIFT) build --product livepatch-server
	"$$($(SWIFT) build --show-bin-path)/livepatch-server" --data-dir "$(DATA)"

bench: setup-bench ## Measure, small: minutes
	@SWIFT="$(SWIFT)" Benchmarks/run.sh --json "$(RESULTS)"

bench-full: setup-bench ## Measure, at full size: half an hour and more, and 20 GB of disk
	@SWIFT="$(SWIFT)" Benchmarks/run.sh --full --json "$(RESULTS)"

bench-compare: ## Show how the ratios of the last `make bench`, or of RESULTS=…, differ from Benchmarks/baseline.json
	@"$$($(SWIFT) build -c release --show-bin-path)/livepatch-bench" compare "$(RESULTS)" --baseline Benchmarks/baseline.json

fuzz: setup ## Feed every parser bytes that no one would think of: a minute each, or SECONDS=…
	@SWIFT="$(SWIFT)" Fuzzing/run.sh "$(SECONDS)"

soak: setup ## Load and faults at once for three minutes, or SOAK_SECONDS=…, then a look at every promise; SOAK_SEED=… to repeat one
	$(SWIFT) build --product soak
	$(SWIFT) build --product livepatch-server
	"$$($(SWIFT) build --show-bin-path)/soak" --seconds "$(SOAK_SECONDS)" $(if $(SOAK_SEED),--seed "$(SOAK_SEED)")

sanitize: setup ## Run the tests that start no processes under the address sanitizer, then under the thread sanitizer
	@SWIFT="$(SWIFT)" Scripts/sanitizers/sanitize.sh

clean: ## Remove what was built
	rm -rf .build .build-address .build-thread Fuzzing/.build
