# LienThong. `make demo` and `make test` are all a fresh Debian 12 with a Swift toolchain needs.

SHELL := /bin/bash
SWIFT ?= swift
# Debian packages: what the build links, then what the tests use as independent judges.
BUILD_PACKAGES := libssl-dev libsqlite3-dev libxml2-dev zlib1g-dev pkg-config openssl
TEST_PACKAGES := gcc libc6-dev xmlsec1 golang-go golang-golang-x-mod-dev poppler-utils curl python3
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
WARNINGS := $(if $(CI),-Xswiftc -warnings-as-errors,)

.PHONY: all demo test test-crash test-faults soak test-sanitize test-interop fuzz build debug format lint \
  bench packages test-packages clean

all: build

# Installs what is missing, and only then asks the package manager anything.
define install
	@missing=""; for p in $(1); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then echo "installing:$$missing"; \
	  $(SUDO) apt-get update -qq && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; fi
endef

packages:
	$(call install,$(BUILD_PACKAGES))

test-packages: packages
	$(call install,$(TEST_PACKAGES))

# Swift's libraries go into the programs: the machine that runs them needs no toolchain.
build: packages
	$(SWIFT) build -c release --static-swift-stdlib $(WARNINGS)

debug: packages
	$(SWIFT) build $(WARNINGS)

demo: build
	.build/release/lienthong demo

# Debug tests with every check on; the crash test and the end-to-end tests run the real daemon.
test: test-packages
	$(SWIFT) build --build-tests $(WARNINGS)
	$(SWIFT) test --skip-build

# 500 kills under load; `make test` runs a dozen. LIENTHONG_SEED makes a run again.
test-crash: test-packages
	$(SWIFT) build --build-tests
	LIENTHONG_CRASHES=$(or $(CRASHES),500) $(SWIFT) test --skip-build --filter "killed under load"

# 10,000 faults of the disk, drawn from a seed, and every fault at every call of a commit; half an hour or so.
# `make test` runs a few of them. LIENTHONG_SEED makes a run again.
test-faults: test-packages
	$(SWIFT) build --build-tests
	LIENTHONG_FAULTS=$(or $(FAULTS),10000) LIENTHONG_STEPS=all $(SWIFT) test --skip-build \
	  --filter "failing disk|Each step of a commit|killed under load"

# libFuzzer with AddressSanitizer over every entry of Tests/FuzzTests, or over TARGET alone, SECONDS each.
fuzz: packages
	set -o pipefail; LIENTHONG_FUZZ=1 $(SWIFT) build -c release --scratch-path .build-fuzz \
	  --product lienthong-fuzz --sanitize address --sanitize fuzzer -Xswiftc -sanitize=fuzzer,address 2>&1 \
	  | sed '/ld.gold: warning/d'
	Tests/FuzzTests/run "$(or $(TARGET),*)" $(or $(SECONDS),600)

# The tests under AddressSanitizer, then under ThreadSanitizer, each in a build folder of its own. Left out: tests
# that kill a daemon or look at the tree, which say nothing more there, and one that measures memory. LEAKS=1
# reports leaks too.
SANITIZE_SKIP := EndToEndTests|TidyTests|CommandLineTests|in little memory
test-sanitize: test-packages
	for kind in address thread; do \
	  $(SWIFT) build --build-tests --scratch-path .build-$$kind --sanitize $$kind && \
	  env SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=$(if $(LEAKS),1,0) \
	    LSAN_OPTIONS=suppressions=Tests/leak-sanitizer.txt \
	    TSAN_OPTIONS=suppressions=Tests/thread-sanitizer.txt \
	    $(SWIFT) test --skip-build --scratch-path .build-$$kind --sanitize $$kind \
	    --skip '$(SANITIZE_SKIP)' || exit 1; \
	done

# Signatures by signxml, xmlsec1, openssl and pyHanko, judged by them and by `lienthong verify`; a table, and 1
# where somebody disagrees without a reason that Tests/Interop/agreements.json gives.
test-interop: test-packages
	$(call install,python3-venv)
	$(SWIFT) build --product lienthong
	[ -x .build-interop/bin/python ] || python3 -m venv .build-interop
	.build-interop/bin/pip install --quiet --requirement Tests/Interop/requirements.txt
	.build-interop/bin/python Tests/Interop/interop.py .build/debug/lienthong .build-interop/cases

bench: build
	.build/release/lienthong bench all --report docs/performance.md

# At half of what the hub can take, or RATE letters a second, for MINUTES; samples every ten seconds.
soak: build
	.build/release/lienthong bench soak --rate $(or $(RATE),100) --seconds $$(( $(or $(MINUTES),30) * 60 )) \
	  --graph docs/soak.svg

format:
	$(SWIFT) format format --in-place --recursive Package.swift Sources Tests

lint:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests

clean:
	$(SWIFT) package clean
