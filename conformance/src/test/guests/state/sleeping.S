/*
 * A guest that sleeps with its memory kept (ACPI S3), three times, and then switches off. It finds
 * the FACS as an operating system does, leaves a waking vector there, and says on the first serial
 * port "s\n" before it sleeps, and "w<times>\n" when it wakes in real mode and finds WAK_STS set; the
 * times are counted in memory. "x\n" is what it says where something is not as ACPI has it. No
 * interrupts, no paging. Entered by multiboot in 32-bit protected mode.
 */
        .set    MAGIC, 0x1badb002
        .set    FLAGS, 1 << 16
        .set    COM1, 0x3f8
        .set    PM1_STATUS, 0x600
        .set    PM1_CONTROL, 0x604
        .set    WAK_STS, 1 << 15
        .set    S3, 1 << 10 | 1 << 13
        .set    S5, 5 << 10 | 1 << 13
        .set    AREA, 0xe0000           # where the root pointer is looked for
        .set    CODE, 0x8000
        .set    VECTOR, CODE + 6        # segment and offset are not 0
        .set    TIMES, 3

        .text
        .globl  _start
        .code32
header: .long   MAGIC, FLAGS, -(MAGIC + FLAGS)
        .long   header, header, end, end, _start

_start: movl    $stack, %esp
        cld
        movl    $woken, %esi
        movl    $CODE, %edi
        movl    $after - woken, %ecx
        rep     movsb

        movl    $AREA, %ebx             # "RSD PTR "
1:      cmpl    $0x20445352, (%ebx)
        jne     2f
        cmpl    $0x20525450, 4(%ebx)
        je      3f
2:      addl    $16, %ebx
        cmpl    $0x100000, %ebx
        jb      1b
        jmp     wrong
3:      movl    24(%ebx), %ebx          # XSDT
        movl    4(%ebx), %ecx
        addl    %ebx, %ecx
        addl    $36, %ebx
4:      cmpl    %ecx, %ebx
        jae     wrong
        movl    (%ebx), %eax
        addl    $8, %ebx
        cmpl    $0x50434146, (%eax)     # "FACP"
        jne     4b
        movl    36(%eax), %eax
        cmpl    $0x53434146, (%eax)     # "FACS"
        jne     wrong
        movl    $VECTOR, 12(%eax)

        movb    $'s', %al
        call    say
        movw    $PM1_CONTROL, %dx
        movw    $S3, %ax
        outw    %ax, %dx
        movw    $PM1_STATUS, %dx        # as Linux waits
5:      inw     %dx, %ax
        testw   $WAK_STS, %ax
        jz      5b

wrong:  movb    $'x', %al
        call    say
6:      jmp     6b

say:    movw    $COM1, %dx
        outb    %al, %dx
        movb    $'\n', %al
        outb    %al, %dx
        ret

# What the processor begins with when it wakes, at CODE.
        .code16
woken:  .fill   6, 1, 0xf4
        movw    %cs, %ax
        movw    %ax, %ds
        movw    $PM1_STATUS, %dx
        inw     %dx, %ax
        testw   $WAK_STS, %ax
        jz      9f
        outw    %ax, %dx                # written ones clear
        inw     %dx, %ax
        testw   $WAK_STS, %ax
        jnz     9f
        incb    times - woken
        movw    $COM1, %dx
        movb    $'w', %al
        outb    %al, %dx
        movb    times - woken, %al
        addb    $'0', %al
        outb    %al, %dx
        movb    $'\n', %al
        outb    %al, %dx
        movw    $S3, %ax
        cmpb    $TIMES, times - woken
        jb      7f
        movw    $S5, %ax
7:      movw    $PM1_CONTROL, %dx
        outw    %ax, %dx
8:      cli
        hlt
        jmp     8b
9:      movw    $COM1, %dx
        movb    $'x', %al
        outb    %al, %dx
        movb    $'\n', %al
        outb    %al, %dx
        jmp     8b
times:  .byte   0
after:

        .align  4
        .skip   256
stack:
end:
