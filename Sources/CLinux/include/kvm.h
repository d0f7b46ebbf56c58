// KVM's calls (linux/kvm.h), all of which are variadic ioctls, and what it shares with the processors' threads.
#pragma once
#if defined(__x86_64__)
#include <linux/kvm.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

// Of /dev/kvm.
int bh_kvm_api_version(int kvm);
int bh_kvm_check_extension(int kvm, int extension);
int bh_kvm_run_size(int kvm);
int bh_kvm_create_machine(int kvm);
/// `count` is the room before (at most 256) and the number of entries after.
int bh_kvm_supported_cpuid(int kvm, struct kvm_cpuid_entry2 *entries, uint32_t *count);

// Of a virtual machine.
/// No bytes (`count` 0) takes the slot away.
int bh_kvm_set_memory(int machine, uint32_t slot, uint32_t flags, uint64_t address, uint64_t count, void *host);
int bh_kvm_set_tss_address(int machine, uint32_t address);
int bh_kvm_set_identity_map(int machine, uint64_t address);
int bh_kvm_create_irqchip(int machine);
/// With a dummy at the speaker's port.
int bh_kvm_create_pit(int machine);
int bh_kvm_irqfd(int machine, int event, uint32_t line, int assign);
/// Four bytes with the value `match`, written to memory at `address`.
int bh_kvm_ioeventfd(int machine, int event, uint64_t address, uint32_t match, int assign);
int bh_kvm_create_processor(int machine, uint32_t number);

// Of a virtual processor.
int bh_kvm_run(int processor);
int bh_kvm_set_cpuid(int processor, const struct kvm_cpuid_entry2 *entries, uint32_t count);
int bh_kvm_get_registers(int processor, struct kvm_regs *registers);
int bh_kvm_set_registers(int processor, const struct kvm_regs *registers);
int bh_kvm_get_system_registers(int processor, struct kvm_sregs *registers);
int bh_kvm_set_system_registers(int processor, const struct kvm_sregs *registers);
int bh_kvm_set_fpu(int processor, uint16_t control_word, uint32_t mxcsr);
/// The number of registers that were taken: fewer than `count` where KVM refuses the next one. At most 64.
int bh_kvm_get_msrs(int processor, struct kvm_msr_entry *entries, uint32_t count);
int bh_kvm_set_msrs(int processor, const struct kvm_msr_entry *entries, uint32_t count);
int bh_kvm_get_lapic(int processor, struct kvm_lapic_state *state);
int bh_kvm_set_lapic(int processor, const struct kvm_lapic_state *state);
/// The state, or -1.
int bh_kvm_get_mp_state(int processor);
int bh_kvm_set_mp_state(int processor, uint32_t state);
/// Tells the guest's clock that the machine was paused; EINVAL where the guest has none.
int bh_kvm_clock_paused(int processor);

/// The area that a processor shares with its thread; NULL on failure.
struct kvm_run *bh_kvm_map_run(int processor, size_t size);

/// What made a processor leave the guest.
struct bh_kvm_exit {
    uint32_t reason;
    /// The bytes of one access, and how many accesses there are (of a port only).
    uint32_t size, count;
    /// The memory's or the port's.
    uint64_t address;
    uint8_t *data;
    int is_write;
};

static inline struct bh_kvm_exit bh_kvm_last_exit(struct kvm_run *run) {
    struct bh_kvm_exit exit = {.reason = run->exit_reason};
    if (exit.reason == KVM_EXIT_IO) {
        exit.size = run->io.size;
        exit.count = run->io.count;
        exit.address = run->io.port;
        exit.data = (uint8_t *)run + run->io.data_offset;
        exit.is_write = run->io.direction == KVM_EXIT_IO_OUT;
    } else if (exit.reason == KVM_EXIT_MMIO) {
        exit.size = run->mmio.len > 8 ? 8 : run->mmio.len;
        exit.count = 1;
        exit.address = run->mmio.phys_addr;
        exit.data = run->mmio.data;
        exit.is_write = run->mmio.is_write;
    }
    return exit;
}

static inline void bh_kvm_set_immediate_exit(struct kvm_run *run, uint8_t on) {
    __atomic_store_n(&run->immediate_exit, on, __ATOMIC_SEQ_CST);
}

/// The signal that takes a thread out of the guest, with a handler that does nothing: it only interrupts the call.
int bh_kvm_catch_kicks(void);
/// The calling thread takes it, whatever it has inherited: threads of libdispatch block it.
int bh_kvm_accept_kicks(void);
int bh_kvm_kick(pthread_t thread);
#endif
