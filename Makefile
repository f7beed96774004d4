# Kumiko. The two commands: `make demo` and `make test`. `make help` lists the others.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CHECKED := --explicit-target-dependency-import-check error
TESTED := -c release -Xswiftc -enable-testing --scratch-path .build-test
KUMIKO := .build-test/release/kumiko
SOURCES := Package.swift Sources Tests Benchmarks Fuzzing Simulation Tools
DATA := $(or $(KUMIKO_DATA),../shared/data)
FILTER ?= .
INPUTS ?= 10000000

.PHONY: help demo build assets install-run install-test lint format generate test test-core test-swift test-commands \
	test-peers compare test-outlets test-fuzz test-node test-alliance test-referee bench scores fuzz soak clean

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

generate: ## Write the tables' generated code anew, after a table was changed
	KUMIKO_ROOMS=core swift run -c release --scratch-path .build-core GenerateAsterix

test: install-test assets lint test-swift test-commands test-peers test-outlets test-fuzz test-node test-alliance test-referee ## All that guards main
	@echo "All checks passed."

test-swift: ## Build everything with checked imports, and run the unit tests
	swift build $(TESTED) $(CHECKED) --build-tests
	swift test $(TESTED) --skip-build

test-core: ## The unit tests of the pure rooms only; FILTER=Name picks some
	KUMIKO_ROOMS=core swift test -c release -Xswiftc -enable-testing --scratch-path .build-core --filter "$(FILTER)"

test-commands: ## The commands of the README, and a short overload
	scripts/check_commands.sh $(KUMIKO) $(DATA)
	.build-test/release/kumiko-bench overload --minutes 1

# What others' decoders say of the same bytes. The slowest of them gets each tenth datagram here; `make compare` gives it all.
EVERY ?= 10

test-peers: ## Field by field against tshark, libasterix, rs1090, pyModeS, pyais and Google's protobuf
	@if [ -d $(DATA)/asterix ]; then \
		scripts/compare_tshark.py --decoder "$(KUMIKO) decode" && \
		scripts/compare_libasterix.py --every $(EVERY) --decoder "$(KUMIKO) decode" && \
		scripts/compare_modes.py --decoder "$(KUMIKO) decode" && \
		scripts/compare_ais.py --decoder "$(KUMIKO) decode"; \
	else echo "Skipped: no recordings at $(DATA) to compare others with."; fi
	scripts/compare_sapient.py --tool .build-test/release/kumiko-frames
	scripts/compare_referee.py --kumiko $(KUMIKO) --work .build-referee --only mix20,prim20
	rm -rf .build/ledger && .build-test/release/kumiko-bench-ledger write .build/ledger 1000 && scripts/check_ledger.py .build/ledger

compare: install-test ## Every leaf of every record, against all of them; takes a quarter of an hour
	swift build $(TESTED) --product kumiko
	swift build $(TESTED) --product kumiko-frames
	swift build $(TESTED) --product kumiko-bench-ledger
	$(MAKE) test-peers EVERY=1

test-outlets: ## What a node tells other systems, read by libasterix and tshark
	scripts/check_outlets.py $(KUMIKO)

SECONDS_EACH ?= 5
FUZZED = $(wildcard $(DATA)/asterix $(DATA)/fuzz-seeds $(DATA)/modes $(DATA)/other)

test-fuzz: ## Damaged bytes at every decoder: a million by seed, then some seconds each by coverage
	.build-test/release/kumiko-fuzz --inputs 1000000 --seed 1 $(FUZZED)
	scripts/fuzz_guided.sh --seconds $(SECONDS_EACH) --seeder .build-test/release/kumiko-fuzz $(FUZZED)

test-node: ## A running demonstration: its API by schemathesis, its map in Chromium
	node --test Tests/Browser/modules.test.js
	scripts/check_node.sh $(KUMIKO)

KILLS ?= 30

test-alliance: ## A simulated alliance, then three nations as processes: killed, cut off, searched; a client in Python
	.build-test/release/kumiko-simulate --seeds 2000
	.build-test/release/kumiko-simulate --mutants
	.build-test/release/kumiko-simulate --noninterference 2000
	scripts/check_alliance.py --kumiko $(KUMIKO) --kills $(KILLS)
	scripts/kill_ledger.py .build-test/release/kumiko-bench-ledger 20

test-referee: ## The tracker's scores beside those of Stone Soup
	@if [ -d $(DATA)/../referee ]; then scripts/referee.py --referee $(DATA)/../referee --kumiko $(KUMIKO) --work .build-referee --only mix20; \
	else echo "Skipped: no referee at $(DATA)/../referee."; fi

bench: install-test ## The figures: decoding, tracking, latency, memory, beside their goals
	swift build -c release
	.build/release/kumiko-bench-decode
	scripts/bench_peers.py
	scripts/compare_modes.py --bench --decoder ".build/release/kumiko decode"
	.build/release/kumiko-bench all
	.build/release/kumiko-bench region
	.build/release/kumiko-bench federation
	.build/release/kumiko-bench-tracker scale
	.build/release/kumiko-bench-release
	.build/release/kumiko-bench-ledger
	.build/release/kumiko-bench-ledger books
	rm -rf .build/durable && .build/release/kumiko-bench-ledger durable .build/durable 200000
	.build/release/kumiko-bench-federation
	.build/release/kumiko-bench-federation resync 1000000
	.build/release/kumiko-bench-wire
	KUMIKO_DATA=$(DATA) .build/release/kumiko-bench-recordings
	@if [ -d $(DATA)/../referee ]; then \
		scripts/referee.py --referee $(DATA)/../referee --kumiko .build/release/kumiko --work .build-referee && \
		scripts/bench_tracker_peer.py --referee $(DATA)/../referee --work .build-referee && \
		.build-referee/venv/bin/python $(DATA)/../referee/scenario.py --targets 200 --bias --out .build-referee/biased && \
		.build/release/kumiko-bench-tracker registration .build-referee/biased; fi

scores: install-test ## The tracker over many seeds, beside what was run of Stone Soup and the clairvoyant
	swift build $(TESTED) --product kumiko
	scripts/referee.py --referee $(DATA)/../referee --kumiko $(KUMIKO) --work .build-referee --seeds 1-20

fuzz: SECONDS_EACH = 600
fuzz: ## Ten million inputs by seed, then ten minutes for each decoder by coverage; INPUTS and SECONDS_EACH for more
	KUMIKO_ROOMS=core swift build -c release --scratch-path .build-core --product kumiko-fuzz
	.build-core/release/kumiko-fuzz --inputs $(INPUTS) --seed 1 $(FUZZED)
	scripts/fuzz_guided.sh --seconds $(SECONDS_EACH) --seeder .build-core/release/kumiko-fuzz $(FUZZED)

soak: install-run ## Ten minutes at twice the rate that the node can take; 20,000 simulated alliances; a thousand kills
	swift build -c release
	.build/release/kumiko-bench overload --minutes 10
	.build/release/kumiko-simulate --seeds 20000
	.build/release/kumiko-simulate --noninterference 10000
	scripts/check_alliance.py --kumiko .build/release/kumiko --kills 1000 --outage 10
	scripts/kill_ledger.py .build/release/kumiko-bench-ledger 1000

clean: ## Remove what was built and fetched
	rm -rf .build .build-test .build-core .build-fuzz .build-referee .assets .venv
