# The beginning of the tests' guest: however it is entered, `guest_main(command line)` runs in long mode with memory
# mapped to itself. PVH where PVH is defined, Linux's 64-bit protocol otherwise (an ELF file's entry; a bzImage's, too,
# which is 0x200 bytes into it).
#ifdef PVH
    .section .note.Xen, "a"
    .balign 4
    .long 4, 8, 18
    .asciz "Xen"
    .quad start32
#endif

    .section .text.start, "ax"
    .globl start_of_image
start_of_image:
    hlt
    .org 0x200
    .code64
    .globl start64
start64:
    movabsq $stack_end, %rsp
    movl 0x228(%rsi), %edi          # cmd_line_ptr of the boot parameters
    call guest_main
1:  hlt
    jmp 1b

    .code32
    .globl start32
start32:
#ifdef FIRST                            // for bench/vm: the first thing is a byte on the serial port
    movw $0x3F8, %dx
    movb $'x', %al
    outb %al, %dx
#endif
    movl $stack_end, %esp
    movl 24(%ebx), %edi             # cmdline_paddr of the start information
    movl $directory, %eax           # 1 GiB entries are not everywhere: 4 × 512 of 2 MiB
    movl $0x83, %ecx
2:  movl %ecx, (%eax)
    movl $0, 4(%eax)
    addl $8, %eax
    addl $0x200000, %ecx
    jnc 2b
    movl $directory + 3, %ecx
    movl $pointers, %eax
3:  movl %ecx, (%eax)
    addl $0x1000, %ecx
    addl $8, %eax
    cmpl $directory + 0x4003, %ecx
    jne 3b
    movl $pointers + 3, top
    movl %cr4, %eax
    orl $0x20, %eax
    movl %eax, %cr4
    movl $top, %eax
    movl %eax, %cr3
    movl $0xC0000080, %ecx
    rdmsr
    orl $0x100, %eax
    wrmsr
    movl %cr0, %eax
    orl $0x80000000, %eax
    movl %eax, %cr0
    lgdt table_register
    ljmp $0x10, $4f
    .code64
4:  movl $0x18, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movabsq $stack_end, %rsp
    call guest_main
5:  hlt
    jmp 5b

    .balign 8
table:
    .quad 0, 0, 0x00AF9B000000FFFF, 0x00CF93000000FFFF
table_register:
    .word 31
    .quad table

# What a second processor begins with, copied to 0x8000: real mode.
    .code16
    .globl second_start
second_start:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    lock incw 0x7000
6:  hlt
    jmp 6b
    .globl second_end
second_end:

# One interrupt: counted, and acknowledged at the local APIC.
    .code64
    .globl interrupt_entry
interrupt_entry:
    pushq %rax
    lock incl interrupts(%rip)
    movl $0xFEE000B0, %eax
    movl $0, (%rax)
    popq %rax
    iretq

    .section .bss
    .balign 4096
top: .skip 4096
pointers: .skip 4096
directory: .skip 16384
stack: .skip 8192
stack_end:
    .globl interrupts
interrupts: .long 0
