# Kumiko. The two commands: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := demo

CHECKED := --explicit-target-dependency-import-check error
RELEASE := swift build -c release $(CHECKED)
TESTED := -c release -Xswiftc -enable-testing --scratch-path .build-test
KUMIKO := .build-test/release/kumiko
FILTER ?= .

.PHONY: demo build install-run install-test assets lint format test test-core test-swift test-browser test-api \
	test-tshark test-referee test-commands bench fuzz soak clean

demo: install-run assets build ## Start the demonstration and print the address of the map
	.build/release/kumiko demo

build: ## Build the release binary, .build/release/kumiko
	$(RELEASE) --product kumiko

install-run:
	@scripts/setup.sh run

install-test:
	@scripts/setup.sh test

assets: install-run ## The map's library and base map, from PyPI and Debian
	@python3 scripts/fetch_map_assets.py

lint: ## The format of the code, and its checks
	swift format lint --strict --recursive Package.swift Sources Tests Benchmarks Fuzzing

format:
	swift format --in-place --recursive Package.swift Sources Tests Benchmarks Fuzzing

test: install-test assets lint test-swift test-commands test-tshark test-api test-browser test-referee ## All that guards main
	@echo "All checks passed."

test-swift:
	swift build $(TESTED) $(CHECKED) --build-tests
	swift test $(TESTED) --skip-build

test-core: ## The tests of the pure rooms only
	KUMIKO_ROOMS=core swift test -c release -Xswiftc -enable-testing --scratch-path .build-core --filter "$(FILTER)"
