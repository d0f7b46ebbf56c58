#define _GNU_SOURCE
#include "kvm.h"
#if defined(__x86_64__)
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

enum { most_cpuid_entries = 256, most_msrs = 64 };

int bh_kvm_api_version(int kvm) { return ioctl(kvm, KVM_GET_API_VERSION, 0); }
int bh_kvm_check_extension(int kvm, int extension) { return ioctl(kvm, KVM_CHECK_EXTENSION, extension); }
int bh_kvm_run_size(int kvm) { return ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0); }
int bh_kvm_create_machine(int kvm) { return ioctl(kvm, KVM_CREATE_VM, 0); }

// The kernel's structures end with the entries, as many as there are.
union cpuid {
    struct kvm_cpuid2 head;
    char room[sizeof(struct kvm_cpuid2) + most_cpuid_entries * sizeof(struct kvm_cpuid_entry2)];
};

int bh_kvm_supported_cpuid(int kvm, struct kvm_cpuid_entry2 *entries, uint32_t *count) {
    union cpuid cpuid;
    memset(&cpuid, 0, sizeof cpuid);
    cpuid.head.nent = *count < most_cpuid_entries ? *count : most_cpuid_entries;
    if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid) < 0) return -1;
    memcpy(entries, cpuid.head.entries, cpuid.head.nent * sizeof *entries);
    *count = cpuid.head.nent;
    return 0;
}

int bh_kvm_set_memory(int machine, uint32_t slot, uint32_t flags, uint64_t address, uint64_t count, void *host) {
    struct kvm_userspace_memory_region region = {slot, flags, address, count, (uintptr_t)host};
    return ioctl(machine, KVM_SET_USER_MEMORY_REGION, &region);
}

int bh_kvm_set_tss_address(int machine, uint32_t address) {
    return ioctl(machine, KVM_SET_TSS_ADDR, (unsigned long)address);
}

int bh_kvm_set_identity_map(int machine, uint64_t address) {
    return ioctl(machine, KVM_SET_IDENTITY_MAP_ADDR, &address);
}

int bh_kvm_create_irqchip(int machine) { return ioctl(machine, KVM_CREATE_IRQCHIP, 0); }

int bh_kvm_create_pit(int machine) {
    struct kvm_pit_config configuration = {.flags = KVM_PIT_SPEAKER_DUMMY};
    return ioctl(machine, KVM_CREATE_PIT2, &configuration);
}

int bh_kvm_irqfd(int machine, int event, uint32_t line, int assign) {
    struct kvm_irqfd irqfd = {.fd = (uint32_t)event, .gsi = line, .flags = assign ? 0 : KVM_IRQFD_FLAG_DEASSIGN};
    return ioctl(machine, KVM_IRQFD, &irqfd);
}

int bh_kvm_ioeventfd(int machine, int event, uint64_t address, uint32_t match, int assign) {
    struct kvm_ioeventfd ioeventfd = {
        .datamatch = match,
        .addr = address,
        .len = 4,
        .fd = event,
        .flags = KVM_IOEVENTFD_FLAG_DATAMATCH | (assign ? 0 : KVM_IOEVENTFD_FLAG_DEASSIGN),
    };
    return ioctl(machine, KVM_IOEVENTFD, &ioeventfd);
}

int bh_kvm_create_processor(int machine, uint32_t number) {
    return ioctl(machine, KVM_CREATE_VCPU, (unsigned long)number);
}

int bh_kvm_run(int processor) { return ioctl(processor, KVM_RUN, 0); }

int bh_kvm_set_cpuid(int processor, const struct kvm_cpuid_entry2 *entries, uint32_t count) {
    if (count > most_cpuid_entries) {
        errno = E2BIG;
        return -1;
    }
    union cpuid cpuid;
    memset(&cpuid, 0, sizeof cpuid);
    cpuid.head.nent = count;
    memcpy(cpuid.head.entries, entries, count * sizeof *entries);
    return ioctl(processor, KVM_SET_CPUID2, &cpuid);
}

int bh_kvm_get_registers(int processor, struct kvm_regs *registers) {
    return ioctl(processor, KVM_GET_REGS, registers);
}

int bh_kvm_set_registers(int processor, const struct kvm_regs *registers) {
    return ioctl(processor, KVM_SET_REGS, registers);
}

int bh_kvm_get_system_registers(int processor, struct kvm_sregs *registers) {
    return ioctl(processor, KVM_GET_SREGS, registers);
}

int bh_kvm_set_system_registers(int processor, const struct kvm_sregs *registers) {
    return ioctl(processor, KVM_SET_SREGS, registers);
}

int bh_kvm_set_fpu(int processor, uint16_t control_word, uint32_t mxcsr) {
    struct kvm_fpu fpu = {.fcw = control_word, .mxcsr = mxcsr};
    return ioctl(processor, KVM_SET_FPU, &fpu);
}

union msrs {
    struct kvm_msrs head;
    char room[sizeof(struct kvm_msrs) + most_msrs * sizeof(struct kvm_msr_entry)];
};

static int msrs(int processor, unsigned long request, union msrs *msrs, const struct kvm_msr_entry *entries,
                uint32_t count) {
    if (count > most_msrs) {
        errno = E2BIG;
        return -1;
    }
    memset(msrs, 0, sizeof *msrs);
    msrs->head.nmsrs = count;
    memcpy(msrs->head.entries, entries, count * sizeof *entries);
    return ioctl(processor, request, msrs);
}

int bh_kvm_get_msrs(int processor, struct kvm_msr_entry *entries, uint32_t count) {
    union msrs all;
    int taken = msrs(processor, KVM_GET_MSRS, &all, entries, count);
    if (taken > 0) memcpy(entries, all.head.entries, (size_t)taken * sizeof *entries);
    return taken;
}

int bh_kvm_set_msrs(int processor, const struct kvm_msr_entry *entries, uint32_t count) {
    union msrs all;
    return msrs(processor, KVM_SET_MSRS, &all, entries, count);
}

int bh_kvm_get_lapic(int processor, struct kvm_lapic_state *state) { return ioctl(processor, KVM_GET_LAPIC, state); }

int bh_kvm_set_lapic(int processor, const struct kvm_lapic_state *state) {
    return ioctl(processor, KVM_SET_LAPIC, state);
}

int bh_kvm_get_mp_state(int processor) {
    struct kvm_mp_state state;
    if (ioctl(processor, KVM_GET_MP_STATE, &state) < 0) return -1;
    return (int)state.mp_state;
}

int bh_kvm_set_mp_state(int processor, uint32_t value) {
    struct kvm_mp_state state = {value};
    return ioctl(processor, KVM_SET_MP_STATE, &state);
}

int bh_kvm_clock_paused(int processor) { return ioctl(processor, KVM_KVMCLOCK_CTRL, 0); }

struct kvm_run *bh_kvm_map_run(int processor, size_t size) {
    void *area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, processor, 0);
    return area == MAP_FAILED ? NULL : area;
}

static void nothing(int signal) { (void)signal; }

int bh_kvm_catch_kicks(void) {
    struct sigaction action = {.sa_handler = nothing};
    sigemptyset(&action.sa_mask);
    return sigaction(SIGRTMIN, &action, NULL);
}

int bh_kvm_accept_kicks(void) {
    sigset_t kick;
    sigemptyset(&kick);
    sigaddset(&kick, SIGRTMIN);
    errno = pthread_sigmask(SIG_UNBLOCK, &kick, NULL);
    return errno == 0 ? 0 : -1;
}

int bh_kvm_kick(pthread_t thread) {
    int error = pthread_kill(thread, SIGRTMIN);
    if (error == 0) return 0;
    errno = error;
    return -1;
}
#endif
