/*
 * A guest that starts each processor that comes while it runs, as QEMU's interface tells of it
 * (docs/specs/acpi_cpu_hotplug.txt), and says in each round on the first serial port which ones have
 * worked since the round before: "<a bit for each>\n" in hex. A processor that was started counts in
 * real mode, at the word of its APIC ID, for ever. No interrupts, no paging. Entered by multiboot in
 * 32-bit protected mode.
 */
        .set    MAGIC, 0x1badb002
        .set    FLAGS, 1 << 16
        .set    LOAD, 0x100000
        .set    COM1, 0x3f8
        .set    PLUG, 0xaf00
        .set    COMMAND, 0xfee00300     # of the local APIC
        .set    RECEIVER, 0xfee00310
        .set    INIT, 0x4500
        .set    STARTUP, 0x4650         # at START
        .set    START, 0x50000
        .set    COUNTERS, START + 0x100
        .set    MOST, 8

        .text
        .globl  _start
        .code32
header: .long   MAGIC, FLAGS, -(MAGIC + FLAGS)
        .long   header, header, end, end, _start

_start: movl    $stack, %esp
        cld
        movl    $other, %esi
        movl    $START, %edi
        movl    $after - other, %ecx
        rep     movsb

round:  xorl    %eax, %eax
        movw    $PLUG, %dx              # from the first processor on,
        outl    %eax, %dx
        movw    $PLUG + 5, %dx          # the next with an event
        outb    %al, %dx
        decl    %edx
        inb     %dx, %al
        testb   $2, %al                 # it has come
        jz      2f
        movb    $2, %al
        outb    %al, %dx
        incl    %edx
        movb    $3, %al                 # its APIC ID
        outb    %al, %dx
        movw    $PLUG + 8, %dx
        inl     %dx, %eax
        shll    $24, %eax
        movl    %eax, RECEIVER
        movl    $INIT, COMMAND
        call    rest
        movl    $STARTUP, COMMAND
        call    rest
        movl    $STARTUP, COMMAND

2:      xorl    %ecx, %ecx
        xorl    %ebx, %ebx
3:      movl    COUNTERS(,%ecx,4), %eax
        cmpl    last(,%ecx,4), %eax
        je      4f
        movl    %eax, last(,%ecx,4)
        btsl    %ecx, %ebx
4:      incl    %ecx
        cmpl    $MOST, %ecx
        jb      3b

        movl    $8, %ecx
1:      roll    $4, %ebx
        movl    %ebx, %eax
        andl    $15, %eax
        movb    digits(%eax), %al
        call    put
        decl    %ecx
        jnz     1b
        movb    $'\n', %al
        call    put
        call    rest
        jmp     round

rest:   movl    $2000, %ecx
1:      pause
        decl    %ecx
        jnz     1b
        ret

put:    movw    $COM1, %dx
        outb    %al, %dx
        ret

# What another processor does, at START.
        .code16
other:  movl    $1, %eax
        cpuid
        shrl    $24, %ebx
        shlw    $2, %bx
1:      lock incl %cs:COUNTERS - START(%bx)
        pause
        jmp     1b
after:

digits: .ascii  "0123456789abcdef"
        .align  4
last:   .skip   4 * MOST
        .skip   256
stack:
end:
