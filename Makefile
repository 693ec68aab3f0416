# The targets that a person or CI uses. "make help" lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO ?= go
# VERSION is given for releases; otherwise the binary takes it from the commit.
VERSION ?=
LDFLAGS := $(if $(VERSION),-X main.version=$(VERSION))
DATA ?= .data
FUZZTIME ?= 10s
BENCH ?= .

# AWS's own clients and an emulator. Tests hold Cairn against them where they are
# installed, on the path or by "make clients"; elsewhere those tests are skipped.
CLIENTS := .cache/clients
AWSCLI_VERSION := 1.45.11
BOTO3_VERSION := 1.43.11
MOTO_VERSION := 5.2.1
export PATH := $(CURDIR)/$(CLIENTS)/bin:$(PATH)

SOURCES := $(shell find . -name '*.go' -not -path './.*' -not -name '*_test.go') \
	go.mod go.sum internal/awsapi/models.zip

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: bin/cairn ## Build bin/cairn

bin/cairn: $(SOURCES)
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/cairn

.PHONY: run
run: build ## Build and start Cairn, with its data in .data
	exec bin/cairn serve --data $(DATA)

.PHONY: demo
demo: build ## Start a server on a free port, play a few scenes, show the events and a trail
	bin/cairn demo

.PHONY: test
test: format vet ## Check the format, vet, and run all tests with the race detector
	$(GO) mod download
	@for client in aws moto_server; do \
		command -v $$client >/dev/null || echo "$$client is not installed: the tests that need it are skipped (make clients)"; \
	done
	$(GO) test -race -timeout 10m ./...

.PHONY: clients
clients: ## Install the AWS CLI, boto3 and moto for the tests, in .cache/clients
	python3 -m venv $(CLIENTS)
	$(CLIENTS)/bin/pip install --quiet --disable-pip-version-check \
		awscli==$(AWSCLI_VERSION) boto3==$(BOTO3_VERSION) 'moto[server]==$(MOTO_VERSION)'

.PHONY: format
format:
	@unformatted=$$(gofmt -l .); \
	if [[ -n $$unformatted ]]; then echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; fi

.PHONY: vet
vet:
	$(GO) vet ./...

.PHONY: lint
lint: format vet ## gofmt, vet, staticcheck, govulncheck
	$(GO) tool staticcheck ./...
	@if out=$$($(GO) tool govulncheck ./... 2>&1); then echo "$$out"; \
	elif grep -q 'fetching vulnerabilities' <<<"$$out"; then echo "govulncheck: skipped, its database cannot be reached"; \
	else echo "$$out"; exit 1; fi

.PHONY: fuzz
fuzz: ## Fuzz each target for FUZZTIME (10s)
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package; \
		done; \
	done

.PHONY: bench
bench: ## Run the benchmarks that match BENCH (all)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...

.PHONY: bench-delivery
bench-delivery: ## Record at the full rate while trails deliver, and print both rates
	$(GO) test -run '^$$' -bench '^BenchmarkDelivery$$' -benchtime 3x -timeout 30m ./internal/app

.PHONY: generate
generate: ## Make the table of API models anew, from the installed botocore
	$(GO) generate ./...

.PHONY: clean
clean: ## Remove what was built and fetched; the data in .data stays
	rm -rf bin .cache
