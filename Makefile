# Every verb that builds first sees to it that what it needs is there (`make setup`).
# SWIFT=… chooses another toolchain, DATA=… another data directory for `make run`, SECONDS=… how long `make fuzz` looks.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

SWIFT ?= swift
DATA ?= livepatch-data
SECONDS ?= 60
SOURCES := Package.swift Sources Tests Tools Examples Benchmarks Fuzzing
# Tests that start whole processes, kill them or take long for another reason.
WHOLE_PROCESSES := EndToEndTests|CrashTests

.PHONY: help setup build release test unit e2e examples lint format docs docs-configuration tuf-python demo run bench bench-full fuzz clean

help: ## List the verbs
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the system libraries that are missing (Debian; needs root or sudo only then)
	@SWIFT="$(SWIFT)" Scripts/setup.sh

build: setup ## Build everything, for debugging
	$(SWIFT) build

release: setup ## Build the four programs, optimised, into .build/release
	$(SWIFT) build -c release --product livepatch-server
	$(SWIFT) build -c release --product livepatch-admin
	$(SWIFT) build -c release --product livepatch-sync
	$(SWIFT) build -c release --product livepatch-agent

test: setup lint tuf-python ## Everything that CI runs: style, build without warnings, examples, demonstration, all tests
	$(SWIFT) build --build-tests
	@$(MAKE) --no-print-directory examples
	Examples/demo/demo.sh
	Scripts/walk.sh
	$(SWIFT) test --skip-build --no-parallel

unit: setup ## The tests that take seconds
	$(SWIFT) test --skip '$(WHOLE_PROCESSES)'

e2e: setup ## The tests that start whole programs, kill them, and fill their disks
	$(SWIFT) test --filter '$(WHOLE_PROCESSES)'

examples: setup ## Build and run the examples of embedding the library
	$(SWIFT) run in-process-chain
	$(SWIFT) run custom-storage

lint: setup ## Check the style
	$(SWIFT) format lint --strict --recursive --parallel $(SOURCES)

format: setup ## Make the style right
	$(SWIFT) format --in-place --recursive --parallel $(SOURCES)

docs: setup docs-configuration ## Generate what is generated in Documentation/, and check its links
	$(SWIFT) test --filter DocumentationTests

docs-configuration: setup ## Generate Documentation/configuration.md from the table of keys
	$(SWIFT) build --product configuration-reference
	"$$($(SWIFT) build --show-bin-path)/configuration-reference" > Documentation/configuration.md.new
	mv Documentation/configuration.md.new Documentation/configuration.md

tuf-python: ## Fetch the Python implementation of TUF, for the tests that exchange repositories with it
	@Scripts/tuf-python.sh

demo: setup ## Show a chain of servers: import, sync, promote, refuse, block, undo, and a tampered server found out
	@SWIFT="$(SWIFT)" Examples/demo/demo.sh --build

run: setup ## Start one server in the foreground, on port 8080 with its data in ./livepatch-data
	$(SWIFT) build --product livepatch-server
	"$$($(SWIFT) build --show-bin-path)/livepatch-server" --data-dir "$(DATA)"

bench: setup ## Measure, small: minutes
	@SWIFT="$(SWIFT)" Benchmarks/run.sh

bench-full: setup ## Measure, whole: a catalogue of 50,000 files
	@SWIFT="$(SWIFT)" Benchmarks/run.sh --full

fuzz: setup ## Feed every parser bytes that no one would think of: a minute each, or SECONDS=…
	@SWIFT="$(SWIFT)" Fuzzing/run.sh "$(SECONDS)"

clean: ## Remove what was built
	rm -rf .build Fuzzing/.build
