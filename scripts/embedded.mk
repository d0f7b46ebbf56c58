# Builds runtime, monitor and agent in Embedded Swift: make -f scripts/embedded.mk [INTO=FOLDER]
#
# Into .build/embedded, always optimised, and to FOLDER, .build/debug say, where one is given. All their sources are compiled
# as one module, into an object each, and the linker takes for each program what is reached from its main function in
# Sources/Embedded/Programs; the modules that they import are empty. Swift 6.3 compiles what a module uses of others anew in
# each, and numbers a function's constant arrays anew each time: the linker then takes unlike ones of one name for the same,
# and messages go out with each other's names.
out := .build/embedded
programs := bulkhead-runtime bulkhead-monitor bulkhead-guest
modules := Linux OCI Wire Seccomp ContainerRuntime Monitor GuestAgent
sources := $(shell find $(addprefix Sources/,$(modules) bulkhead-runtime Embedded/Programs) -name '*.swift' \
    ! -name main.swift | LC_ALL=C sort)

# Swift's own folder, `lib/swift`, and the name of this machine: the tables of Unicode lie in a folder that the linker isn't
# told of, and the compiler of C that belongs to it is perhaps not the host's.
target := $(shell swiftc -print-target-info | python3 -c 'import json, sys; info = json.load(sys.stdin); \
    print(info["paths"]["runtimeResourcePath"], info["target"]["unversionedTriple"])')
tables := $(firstword $(target))/embedded/$(lastword $(target))
clang := $(abspath $(firstword $(target))/../../bin/clang)
maps := $(out)/CLinux.modulemap $(out)/CLibrary.modulemap Sources/CSeccomp/module.modulemap
# The C library is musl: a static program of glibc asks the processor some thirty questions before its main function, each of
# which leaves a virtual machine: half of the start. The kernel's headers lie among glibc's, which are not for musl.
processor := $(shell uname -m)
musl := /usr/lib/$(processor)-linux-musl
kernel := $(addprefix /usr/include/,linux asm-generic mtd seccomp.h seccomp-syscalls.h) /usr/include/$(processor)-linux-gnu/asm
library := -nostdlibinc -isystem /usr/include/$(processor)-linux-musl -isystem $(abspath $(out))/include
# Warnings are the other build's to give: it compiles the same sources, with the modules that are imported.
swiftc := swiftc -swift-version 6 -package-name bulkhead -suppress-warnings -Osize -wmo \
    -enable-experimental-feature Embedded -enable-experimental-feature Extern \
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature MemberImportVisibility \
    -enable-upcoming-feature InternalImportsByDefault -Xfrontend -function-sections \
    $(addprefix -Xcc -fmodule-map-file=,$(abspath $(maps))) $(addprefix -Xcc ,$(library)) -I $(abspath $(out))

c := $(wildcard Sources/CLinux/*.c Sources/CProtectedStart/*.c Sources/Embedded/CLibrary/*.c)
headers := $(wildcard Sources/CLinux/include/*.h Sources/CProtectedStart/include/*.h Sources/Embedded/CLibrary/include/*.h)
objects := $(patsubst Sources/%.c,$(out)/%.o,$(c)) $(out)/Glibc.o \
    $(patsubst %.swift,$(out)/programs/%.o,$(notdir $(sources)))

.DELETE_ON_ERROR:
.PHONY: all
all: $(addprefix $(out)/,$(programs))
# Not written over the old one, which may be running.
ifdef INTO
	for program in $(programs); do \
	    install -m 755 $(out)/$$program $(INTO)/$$program.new && mv -f $(INTO)/$$program.new $(INTO)/$$program || exit; \
	done
endif

# musl's CMSG_NXTHDR compares a signed number with an unsigned one.
$(out)/%.o: Sources/%.c $(headers) $(out)/include
	@mkdir -p $(@D)
	$(clang) -O2 -Wall -Wextra -Wno-sign-compare -ffunction-sections $(library) $(addprefix -I,$(sort $(dir $(headers)))) \
	    -c $< -o $@

$(out)/include: scripts/embedded.mk
	@mkdir -p $@
	ln -sfn $(kernel) $@
	@touch $@

$(out)/CLinux.modulemap $(out)/CLibrary.modulemap: $(out)/%.modulemap: $(headers) $(out)/include
	echo 'module $* { header "$(abspath $(filter %/$*.h,$(headers)))" export * }' > $@

$(out)/Glibc.swiftmodule $(out)/Glibc.o &: Sources/Embedded/Glibc/Glibc.swift $(maps)
	$(swiftc) -parse-as-library -module-name Glibc $< -emit-module -emit-module-path $(out)/Glibc.swiftmodule \
	    -c -o $(out)/Glibc.o
	@touch $(out)/Glibc.swiftmodule $(out)/Glibc.o # the compiler leaves what is as it was

$(addprefix $(out)/,$(addsuffix .swiftmodule,$(modules))): $(out)/%.swiftmodule: $(maps)
	echo > $(out)/$*.swift
	$(swiftc) -parse-as-library -module-name $* $(out)/$*.swift -emit-module -emit-module-path $@
	@touch $@

$(filter $(out)/programs/%,$(objects)) &: $(sources) $(out)/Glibc.swiftmodule \
        $(addprefix $(out)/,$(addsuffix .swiftmodule,$(modules)))
	@mkdir -p $(out)/programs
	cd $(out)/programs && $(swiftc) -num-threads 2 -parse-as-library -module-name Programs -c $(abspath $(sources))
	@touch $(out)/programs/*.o

# The runtime ends within milliseconds and has one thread: its heap is one for that.
$(out)/Embedded/Heap/heap.o: library += -fno-builtin
$(out)/bulkhead-runtime: $(out)/Embedded/Heap/heap.o

# Programs that enter containers begin in CProtectedStart.
$(out)/bulkhead-runtime $(out)/bulkhead-monitor: start := -Wl,--entry=bh_protected_start
$(addprefix $(out)/,$(programs)): $(out)/%: $(objects)
	$(clang) -static -nostdlib -fuse-ld=lld -Wl,--gc-sections -Wl,--defsym=main=$(subst -,_,$*) $(start) \
	    $(musl)/crt1.o $(musl)/crti.o $^ -L$(tables) -lswiftUnicodeDataTables -L$(musl) -lseccomp -lc \
	    $(shell $(clang) -print-libgcc-file-name) $(musl)/crtn.o -o $@
