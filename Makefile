# widthlaw: `make` lists what can be made. Only Go and make are needed; everything else is fetched by Go itself.
GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -X main.version=$(VERSION)

# The race detector needs a C compiler; where there is none, the same tests run without it.
RACE := $(if $(shell command -v $$($(GO) env CC) 2>/dev/null),-race,)
# Packages whose tests are arithmetic: one thread's loops gain nothing from the race detector and lose a factor of ten.
ARITHMETIC := ./agent/gd/kernel/... ./agent/gd/elementary/... ./agent/gd/eigen/... ./agent/gd ./agent/launch ./results/plot ./results/table ./cmd/... ./test/...
CONCURRENT := ./sweep/... ./proto/... ./coordinator/... ./disk ./agent ./agent/spool ./results ./results/storetest ./results/fit

# Long tests of one goroutine in a package whose other tests are concurrent: they have a turn of their own, without it.
ALONE := ^TestFlippedBytes$$|^TestStore$$/^model$$

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: build
build: ## build bin/widthlaw
	$(GO) build -ldflags '$(LDFLAGS)' -o bin/widthlaw ./cmd/widthlaw

.PHONY: run
run: build ## run examples/first.yaml: a sweep of real trainings, its figure and its table, in under a minute
	bin/widthlaw run examples/first.yaml --figure first.svg

.PHONY: test
test: ## vet, and run all tests but the long ones
	$(GO) vet ./...
	$(GO) test $(RACE) -timeout 15m -skip '$(ALONE)' $(CONCURRENT)
	$(GO) test -timeout 15m -run '$(ALONE)' ./results
	$(GO) test -timeout 15m . $(ARITHMETIC)

.PHONY: test-cluster
test-cluster: ## launch and the agents on a real Slurm, a real sshd, cut networks (as root; installs what it needs)
	$(GO) -C test/kubernetes test -count 1 ./...
	$(GO) test -tags cluster -count 1 -timeout 15m -parallel 3 ./test/real

.PHONY: soak
soak: ## the long tests: fuzzing, kills by the hundred
	tools/soak.sh

.PHONY: bench
bench: build ## measure training beside PyTorch and numpy, write docs/performance.md, and measure the queue
	$(GO) run ./bench
	bin/widthlaw bench queue --tasks 300000 --agents 4

.PHONY: lint
lint: ## run the linters (the first time builds them: three minutes)
	$(GO) tool -modfile=tools/lint/go.mod golangci-lint run ./...

.PHONY: generate
generate: ## make the generated files again: the wire's Go code, the reference pages
	$(GO) -C tools/proto run . -root ../../proto widthlaw.proto
	$(GO) generate ./...
