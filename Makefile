# Bulkhead's verbs. Each installs by itself what it needs (scripts/install-dependencies), so root is expected.
PREFIX ?= /usr/local
PROGRAMS := bulkheadd bulkhead bulkhead-monitor bulkhead-runtime bulkhead-guest bulkhead-vmm
# Runtime, monitor and agent, in the place of those in the full language.
EMBEDDED := $(MAKE) --no-print-directory -f scripts/embedded.mk
SWIFT_TEST := swift test --skip-build --disable-xctest

.PHONY: demo test build bench bench-vm lint format install uninstall clean dependencies debug release embedded fixtures

# Runs one program as a container, in a virtual machine, and twice in one machine, and prints what each costs.
demo: build
	scripts/demo

# Builds in the debug configuration and runs every test: units, the real kernel, peers, machines and the real clients.
test: dependencies
	$(MAKE) -j3 --no-print-directory debug embedded fixtures
	+$(EMBEDDED) INTO=.build/debug
	BULKHEAD_BIN="$$(swift build --show-bin-path)" $(SWIFT_TEST)

# Release binaries under .build/release/.
build: dependencies
	$(MAKE) -j2 --no-print-directory release embedded
	+$(EMBEDDED) INTO=.build/release

debug:
	swift build --build-tests

# One product at a time would link six times as slowly.
release:
	swift build -c release

embedded:
	+$(EMBEDDED)

# What the tests run against.
fixtures:
	scripts/fetch-tools docker dockerd podman
	scripts/make-rig
# Without that kernel its tests are skipped: 69 says that it can't be fetched.
	scripts/make-rig-kernel || [ $$? = 69 ]
	scripts/make-vm-guest

# Side by side with runc, crun and dockerd, in one run: ratios count, machines are noisy.
bench: build
	scripts/fetch-tools docker dockerd
	bench/all

# Our machines beside QEMU's: on this host's KVM, and with Debian's kernel in the rig.
bench-vm: build
	scripts/make-rig
	scripts/make-vm-guest
	bench/vm
	bench/vm-rig

# The formatter's rules, and the arrows between the modules (docs/modules.md).
lint:
	swift format lint --strict --parallel --recursive Package.swift Sources Tests
	scripts/check-modules

format:
	swift format --in-place --parallel --recursive Package.swift Sources Tests

install: build
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(addprefix .build/release/,$(PROGRAMS)) $(DESTDIR)$(PREFIX)/bin

uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(PROGRAMS))

dependencies:
	scripts/install-dependencies

clean:
	rm -rf .build
