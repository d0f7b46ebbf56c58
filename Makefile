# Bulkhead's verbs. Each installs by itself what it needs (scripts/install-dependencies), so root is expected.
PREFIX ?= /usr/local
PROGRAMS := bulkheadd bulkhead bulkhead-monitor bulkhead-runtime bulkhead-guest bulkhead-vmm
SWIFT_BUILD := swift build -c release
# Runtime, monitor and agent, in the place of those in the full language.
EMBEDDED := $(MAKE) -j2 --no-print-directory -f scripts/embedded.mk
SWIFT_TEST := swift test --skip-build --disable-xctest

.PHONY: demo test build bench bench-vm lint format install uninstall clean dependencies

# Runs one program as a container, in a virtual machine, and twice in one machine, and prints what each costs.
demo: build
	scripts/demo

# Builds in the debug configuration and runs every test: units, the real kernel, peers, machines and the real clients.
test: dependencies
	scripts/fetch-tools docker dockerd podman
	scripts/make-rig
	scripts/make-vm-guest
	swift build --build-tests
	$(EMBEDDED) INTO=.build/debug
	BULKHEAD_BIN="$$(swift build --show-bin-path)" $(SWIFT_TEST)

# Release binaries under .build/release/. One product at a time would link six times as slowly.
build: dependencies
	$(SWIFT_BUILD)
	$(EMBEDDED) INTO=.build/release

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
