# Kumiko. The two commands: `make demo` and `make test`. `make help` lists the others.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CHECKED := --explicit-target-dependency-import-check error
TESTED := -c release -Xswiftc -enable-testing --scratch-path .build-test
KUMIKO := .build-test/release/kumiko
SOURCES := Package.swift Sources Tests Benchmarks Fuzzing
DATA := $(or $(KUMIKO_DATA),../shared/data)
FILTER ?= .
INPUTS ?= 10000000

.PHONY: help demo build assets install-run install-test lint format test test-core test-swift test-commands \
	test-tshark test-node test-referee bench fuzz soak clean

help: ## List these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: install-run assets build ## Start the demonstration; prints the address of the map
	.build/release/kumiko demo

build: install-run ## Build the release binary, .build/release/kumiko
	swift build -c release --product kumiko

assets: install-run ## Get the map's library and base map (PyPI), into .assets
	@python3 scripts/fetch-map-assets.py

install-run:
	@scripts/setup.sh run

install-test:
	@scripts/setup.sh test

lint: ## Check the format of the code
	swift format lint --strict --recursive $(SOURCES)

format: ## Mend the format of the code
	swift format --in-place --recursive $(SOURCES)

test: install-test assets lint test-swift test-commands test-tshark test-node test-referee ## All that guards main
	@echo "All checks passed."

test-swift: ## Build everything with checked imports, and run the unit tests
	swift build $(TESTED) $(CHECKED) --build-tests
	swift test $(TESTED) --skip-build

test-core: ## The unit tests of the pure rooms only; FILTER=Name picks some
	KUMIKO_ROOMS=core swift test -c release -Xswiftc -enable-testing --scratch-path .build-core --filter "$(FILTER)"

test-commands: ## The commands of the README, a short fuzz run and a short overload
	scripts/check_commands.sh $(KUMIKO) $(DATA)
	.build-test/release/kumiko-fuzz --inputs 1000000 --seed 1 $(wildcard $(DATA)/asterix $(DATA)/fuzz-seeds $(DATA)/modes)
	.build-test/release/kumiko-bench overload --minutes 1

test-tshark: ## Field by field against tshark, on real recordings
	@if [ -d $(DATA)/asterix ]; then scripts/compare_tshark.py --decoder "$(KUMIKO) decode"; \
	else echo "Skipped: no recordings at $(DATA)/asterix to compare with tshark."; fi

test-node: ## A running demonstration: its API by schemathesis, its map in Chromium
	node --test Tests/Browser/modules.test.js
	scripts/check_node.sh $(KUMIKO)

test-referee: ## The tracker's scores beside those of Stone Soup
	@if [ -d $(DATA)/../referee ]; then scripts/referee.py --referee $(DATA)/../referee --kumiko $(KUMIKO) --work .build-referee --only mix20; \
	else echo "Skipped: no referee at $(DATA)/../referee."; fi

bench: install-run ## The figures: decoding, tracking, latency, memory, beside their goals
	swift build -c release
	.build/release/kumiko-bench-decode
	.build/release/kumiko-bench all
	@if [ -d $(DATA)/../referee ]; then scripts/referee.py --referee $(DATA)/../referee --kumiko .build/release/kumiko --work .build-referee; fi

fuzz: ## Ten million mutated inputs; INPUTS=N for more or fewer
	KUMIKO_ROOMS=core swift build -c release --scratch-path .build-core --product kumiko-fuzz
	.build-core/release/kumiko-fuzz --inputs $(INPUTS) --seed 1 $(wildcard $(DATA)/asterix $(DATA)/fuzz-seeds $(DATA)/modes)

soak: install-run ## Ten minutes at twice the rate that the node can take
	swift build -c release
	.build/release/kumiko-bench overload --minutes 10

clean: ## Remove what was built and fetched
	rm -rf .build .build-test .build-core .build-referee .assets .venv
