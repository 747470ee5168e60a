# What a contributor needs, in one place; CONTRIBUTING.md says when to use which.
# The build stays at three sets of artefacts, because every further profile or feature set compiles 200 crates again:
# debug with all features (tests, demo's registry), the same as metadata (clippy, doc), release (what is shipped).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
# No daemon: it would outlive the build. Plain output: the rich one garbles a log.
GRADLE ?= gradle --no-daemon --console=plain

# Java gives processes their arguments in the locale's charset; one without a language knows ASCII alone.
export LC_ALL := C.UTF-8

# The documentation is read with the private items in it, so links to them are right; and a URL in a C function's
# comment stands in the header, where <> would be noise.
RUSTDOCFLAGS := -D warnings -A rustdoc::private_intra_doc_links -A rustdoc::bare_urls

.PHONY: help setup build demo test check bench fmt clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

setup: ## install what is missing on this machine (Debian 12)
	@scripts/setup test

build: ## the jar with the shared library in it, and the command line, as shipped
	@scripts/setup build
	$(GRADLE) jar
	$(CARGO) build --release --locked --features cli --bin mcjr

# The registry of the demo comes from the artefacts of the tests: in release it would mean a third build of everything.
demo: ## build the jar, pull an image from an embedded registry through the Java client
	@scripts/setup build
	$(GRADLE) jar
	$(CARGO) build --locked --all-features --example registry
	@scripts/demo

test: ## everything, against the real parts (docker-registry, dockerd, skopeo) too
	@scripts/setup test
	$(CARGO) test --locked --all-features --no-fail-fast
	$(GRADLE) check

check: ## format, lints, documentation, header, javac warnings: no test is run
	@scripts/setup test
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS="$(RUSTDOCFLAGS)" $(CARGO) doc --locked --all-features --no-deps --document-private-items
	$(CARGO) test --locked --all-features --test header
	$(GRADLE) testClasses

bench: ## time mcjr beside its peers (bench/README.md); SCALE=0.1 for a quick look, CASES=multi,big for some
	@bench/run "$(or $(SCALE),1.0)" $(CASES)

fmt: ## format the Rust code
	$(CARGO) fmt

clean: ## remove everything that was built
	$(CARGO) clean
	rm -rf build .gradle
