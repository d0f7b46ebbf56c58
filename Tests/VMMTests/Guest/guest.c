// The tests' guest, a few kB without anything below it: it does what the first word of its command line says, tells what
// it sees at port 0x700, and ends at port 0x600 unless the word wants another end.
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

extern volatile u32 interrupts;
extern char second_start[], second_end[], interrupt_entry[];

static void out8(u16 port, u8 value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static u8 in8(u16 port) {
    u8 value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static u32 in32(u16 port) {
    u32 value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static u32 read32(u64 address) {
    u32 value;
    __asm__ volatile("movl (%1), %0" : "=r"(value) : "r"(address) : "memory");
    return value;
}
static void write32(u64 address, u32 value) {
    __asm__ volatile("movl %0, (%1)" : : "r"(value), "r"(address) : "memory");
}
static void print(const char *text) {
    while (*text) out8(0x700, (u8)*text++);
}
static void send(char character) {
    while (!(in8(0x3F8 + 5) & 0x20)) {}
    out8(0x3F8, (u8)character);
}
static void print_hex(u64 value) {
    char digits[17];
    int i = 16;
    digits[16] = 0;
    do {
        digits[--i] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value);
    print(digits + i);
}
static void tell(const char *what, u64 value) {
    print(what);
    print(" ");
    print_hex(value);
    print("\n");
}
static int is(const char *line, const char *word) {
    while (*word && *line == *word) line++, word++;
    return *word == 0 && (*line == 0 || *line == ' ');
}
static const char *argument(const char *line) {
    while (*line && *line != ' ') line++;
    return *line ? line + 1 : line;
}

static void power_off(void) { out8(0x600, 5 << 2 | 1 << 5); }

static void take_interrupts(u32 line) {
    static u64 table[2 * 0x41];
    static struct {
        u16 limit;
        u64 base;
    } __attribute__((packed)) where;
    u64 entry = (u64)interrupt_entry;
    table[2 * 0x40] = (entry & 0xFFFF) | 0x10ul << 16 | 0x8E00ul << 32 | (entry >> 16 & 0xFFFF) << 48;
    table[2 * 0x40 + 1] = entry >> 32;
    where.limit = sizeof table - 1;
    where.base = (u64)table;
    __asm__ volatile("lidt %0" : : "m"(where) : "memory");
    out8(0x21, 0xFF);                           // the PICs, to which the line leads as well, are off
    out8(0xA1, 0xFF);
    write32(0xFEE000F0, 0x1FF);                 // the local APIC is on
    write32(0xFEC00000, 0x10 + 2 * line + 1);   // the I/O APIC: to processor 0
    write32(0xFEC00010, 0);
    write32(0xFEC00000, 0x10 + 2 * line);       // vector 0x40, fixed, an edge, not masked
    write32(0xFEC00010, 0x40);
}

static void start_second_processor(void) {
    u8 *target = (u8 *)0x8000;
    for (char *byte = second_start; byte < second_end; byte++) *target++ = (u8)*byte;
    *(volatile u16 *)0x7000 = 0;
    write32(0xFEE000F0, 0x1FF);
    write32(0xFEE00310, 1u << 24);
    write32(0xFEE00300, 0x4500);                // INIT
    write32(0xFEE00310, 1u << 24);
    write32(0xFEE00300, 0x4600 | 0x8000 >> 12); // start at 0x8000
    while (*(volatile u16 *)0x7000 == 0) __asm__ volatile("pause");
    tell("processors", 1 + *(volatile u16 *)0x7000);
}

// A driver for the random numbers of the first virtio device (virtio 1.2, sections 4.2 and 5.4): one request.
static void ask_for_random_numbers(void) {
    static struct {
        u64 address;
        u32 count;
        u16 flags, next;
    } descriptors[2] __attribute__((aligned(16)));
    static u16 available[5] __attribute__((aligned(2)));
    static volatile struct {
        u16 flags, index;
        struct {
            u32 head, written;
        } ring[2];
    } used __attribute__((aligned(4)));
    static u8 bytes[64];
    const u64 device = 0xC0000000;
    u32 sum = 0;
    tell("magic", read32(device));
    tell("type", read32(device + 0x08));
    write32(device + 0x70, 0);
    write32(device + 0x70, 1 | 2);              // acknowledged, and there is a driver
    write32(device + 0x24, 1);
    write32(device + 0x20, 1);                  // VIRTIO_F_VERSION_1, and nothing else
    write32(device + 0x70, 1 | 2 | 8);
    write32(device + 0x30, 0);
    write32(device + 0x38, 2);
    write32(device + 0x80, (u32)(u64)descriptors);
    write32(device + 0x90, (u32)(u64)available);
    write32(device + 0xA0, (u32)(u64)&used);
    write32(device + 0x44, 1);
    write32(device + 0x70, 1 | 2 | 8 | 4);
    take_interrupts(5);
    descriptors[0].address = (u64)bytes;
    descriptors[0].count = sizeof bytes;
    descriptors[0].flags = 2;                   // the device writes
    available[1] = 1;
    write32(device + 0x50, 0);
    while (interrupts < 1) __asm__ volatile("sti; hlt; cli");
    tell("used", used.index);
    tell("written", used.ring[0].written);
    tell("cause", read32(device + 0x60));
    write32(device + 0x64, 1);
    tell("cause", read32(device + 0x60));
    for (u32 index = 0; index < sizeof bytes; index++) sum |= ((volatile u8 *)bytes)[index];
    print(sum ? "random\n" : "zeros\n");
}

void guest_main(const char *line) {
    if (is(line, "hello")) {
        print("hello\n");
        print(argument(line));
        print("\n");
    } else if (is(line, "serial")) {
        for (const char *text = argument(line); *text; text++) send(*text);
    } else if (is(line, "stay")) {
        for (const char *text = argument(line); *text; text++) send(*text);
        for (;;) __asm__ volatile("pause");
    } else if (is(line, "pour")) {
        for (u32 count = 0; count < 0x34000; count++) out8(0x3F8, (u8)"0123456789abcdef"[count % 16]);
    } else if (is(line, "flood")) {
        for (;;) out8(0x3F8, 'x');
    } else if (is(line, "unknown")) {
        out8(0x123, 1);
        tell("port", in32(0x123));
        write32(0xC8000000, 1);
        tell("memory", read32(0xC8000000));
    } else if (is(line, "device")) {
        write32(0xD0000004, 0x12345678);
        tell("device", read32(0xD0000004));
    } else if (is(line, "interrupt")) {
        take_interrupts(5);
        for (u32 count = 1; count <= 3; count++) {
            write32(0xD0000000, 1);             // asks the tests' device for an interrupt
            while (interrupts < count) __asm__ volatile("sti; nop; cli");
        }
        tell("interrupts", interrupts);
    } else if (is(line, "halt")) {
        take_interrupts(5);
        write32(0xD0000000, 1);
        while (interrupts < 1) __asm__ volatile("sti; hlt; cli");
        tell("interrupts", interrupts);
    } else if (is(line, "processors")) {
        start_second_processor();
    } else if (is(line, "spin")) {
        print("spinning\n");
        for (u32 count = 0;; count++) *(volatile u32 *)0x7000 = count;
    } else if (is(line, "count")) {
        for (;;) out8(0x701, 1);
    } else if (is(line, "notify")) {
        for (u32 queue = 0; queue < 3; queue++) write32(0xD0000050, queue);
        print("notified\n");
    } else if (is(line, "random")) {
        ask_for_random_numbers();
    } else if (is(line, "reset")) {
        while (in8(0x64) & 2) {}
        out8(0x64, 0xFE);
    } else if (is(line, "acpi-reset")) {
        out8(0x602, 1);
    } else if (is(line, "panic")) {
        out8(0x505, 1);
    } else if (is(line, "astray")) {
        ((void (*)(void))0xC8000000)();         // where there is no memory
    } else if (is(line, "fault")) {
        static struct {
            u16 limit;
            u64 base;
        } __attribute__((packed)) none;
        __asm__ volatile("lidt %0; ud2" : : "m"(none));
    } else {
        print("unknown command\n");
    }
    power_off();
    for (;;) __asm__ volatile("hlt");
}
