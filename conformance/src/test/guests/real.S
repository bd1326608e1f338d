/*
 * Real mode: the vector table, INT and IRET, limits and wrap-around, far transfers, string
 * instructions at 64 KiB, big offsets ("unreal" mode), single step, the way in and out, the A20
 * gate, and a shutdown at the end. Intel SDM vol. 3 chapter 20.
 */
        .set    TSS_LIMIT, 0x67
        .include "guest32.inc"

        .set    C16, FREE + 0x00
        .set    D16, FREE + 0x08
        .set    RSEG, 0x0800            # the monitor
        .set    CSEG, 0x1000            # the case
        .set    SSEG, 0x2000

        .macro  REAL
        movl    $9010f, %esi
        movl    $CSEG * 16, %edi
        movl    $9011f - 9010f, %ecx
        rep movsb
        call    enter_real
        MARK
        .code16
9010:
        .endm

        .macro  ENDREAL
        int     $0x80
9011:
        .code32
        END
        .endm

main:
        /* the vector table, and the monitor at RSEG */
        xorl    %edi, %edi
        movl    $stubs16 - monitor, %eax
        orl     $RSEG << 16, %eax
        movl    $256, %ecx
1:      stosl
        addl    $8, %eax
        loop    1b
        movl    $monitor, %esi
        movl    $RSEG * 16, %edi
        movl    $monitor_end - monitor, %ecx
        rep movsb
        DESCRIPTOR C16, RSEG*16, 0xffff, 0x9b, 0
        DESCRIPTOR D16, 0, 0xffff, 0x93, 0

        CASE    "entry"
        REAL
        movw    %cs, %ax
        shll    $16, %eax
        movw    %ss, %ax
        ENDREAL
        CASE    "int n"
        REAL
        nop
        int     $0x42
        ENDREAL
        CASE    "int clears IF and TF, frame has them"
        REAL
        sti
        int     $0x42
        ENDREAL
        CASE    "ud2"
        REAL
        ud2
        ENDREAL
        CASE    "div by zero: ip of the instruction"
        REAL
        xorw    %cx, %cx
        divw    %cx
        ENDREAL
        CASE    "into"
        REAL
        movb    $0x7f, %al
        incb    %al
        into
        ENDREAL
        CASE    "bound"
        REAL
        movw    $5, %ax
        movw    $1, 0x8000
        movw    $3, 0x8002
        boundw  %ax, 0x8000
        ENDREAL
        CASE    "protected-mode instructions are undefined: lar"
        REAL
        larw    %ax, %ax
        ENDREAL
        CASE    "lldt"
        REAL
        lldt    %ax
        ENDREAL
        CASE    "arpl"
        REAL
        arpl    %ax, %ax
        ENDREAL
        CASE    "smsw and lmsw work"
        REAL
        smsww   %ax
        andl    $1, %eax
        ENDREAL
        CASE    "clts, cli, hlt are allowed"
        REAL
        clts
        cli
        xorl    %eax, %eax
        ENDREAL
        CASE    "sysenter"
        REAL
        sysenter
        ENDREAL
        CASE    "push and pop"
        REAL
        movw    %sp, %cx
        pushl   $0x12345678
        popw    %ax
        popw    %dx
        subw    %sp, %cx
        shll    $16, %eax
        movw    %dx, %ax
        ENDREAL
        CASE    "iret"
        REAL
        pushw   $0x0ed7
        pushw   %cs
        pushw   $9
        iretw
        nop
        pushfw
        xorl    %eax, %eax
        popw    %ax
        ENDREAL
        CASE    "iretl keeps VM, loads AC and ID"
        REAL
        pushl   $0x263002
        pushl   $CSEG
        pushl   $0x13
        iretl
        nop
        nop
        pushfl
        popl    %eax
        pushl   $2
        popfl
        ENDREAL
        CASE    "far call and return"
        REAL
        lcallw  $CSEG - 1, $26
        jmp     1f
        nop
        nop
        nop
        movw    %cs, %ax
        lretw
1:      xorw    %bx, %bx
        movzwl  %ax, %eax
        ENDREAL
        CASE    "segments are selector * 16"
        REAL
        movw    $0x1234, %ax
        movw    %ax, %es
        movw    $0x5678, %es:0
        xorw    %ax, %ax
        movw    %ax, %es
        movl    $0x12340, %ebx
        movw    $0x1200, %ax
        movw    %ax, %es
        xorl    %eax, %eax
        movw    %es:0x340, %ax
        ENDREAL
        CASE    "16-bit addresses wrap"
        REAL
        movb    $0x5a, 0x8000
        movw    $0xffff, %bx
        movw    $0x8001, %si
        xorl    %eax, %eax
        movb    (%bx, %si), %al
        ENDREAL
        CASE    "stack: push at 0 wraps"
        REAL
        movl    $0x55550000, %esp
        pushw   $0x1234
        movl    %esp, %eax
        movl    $0x1000, %esp
        ENDREAL
        CASE    "movs at 64 KiB: words"
        REAL
        movw    $0x8000, %si
        movw    $0xfffc, %di
        movw    $4, %cx
        rep movsw
        xorl    %eax, %eax
        movw    %di, %ax
        ENDREAL
        CASE    "stos at 64 KiB backwards"
        REAL
        movw    $2, %di
        movw    $3, %cx
        movw    $0x7777, %ax
        std
        rep stosw
        cld
        xorl    %eax, %eax
        movw    %di, %ax
        ENDREAL
        CASE    "loop with 16-bit count"
        REAL
        movl    $0x10002, %ecx
        xorl    %eax, %eax
1:      incl    %eax
        loopw   1b
        shll    $16, %eax
        shrl    $16, %ecx
        movw    %cx, %ax
        ENDREAL
        CASE    "unreal: 4 GiB limit kept"
        REAL
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        movw    $KDATA, %bx
        movw    %bx, %fs
        andb    $~1, %al
        movl    %eax, %cr0
        movw    $0, %bx
        movw    %bx, %fs
        movl    $0x300000, %ebx
        movl    $0x13579bdf, %fs:(%ebx)
        movl    %fs:(%ebx), %eax
        ENDREAL
        CASE    "lidt: another table"
        REAL
        movw    $0x2000, %ax
        movw    %ax, %es
        movw    $0, %si
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    $0x8000, %di
        movw    $0x200, %cx
        rep movsw
        lidtl   %cs:1f - 9010b
        int     $0x42
1:      .word   0x3ff
        .long   0x28000
        ENDREAL
        CASE    "single step"
        REAL
        movw    $steps16 - monitor, %es:4
        pushw   $0x102
        popfw
        nop
        nop
        pushw   $2
        popfw
        movl    %cs:0, %eax
        movl    $0, %eax
        movw    %bp, %ax
        movw    $stubs16 - monitor + 8, %es:4
        ENDREAL
        CASE    "a20 open: 1 MiB is not 0"
        REAL
        call    1f
1:      popw    %bx
        movw    $0xffff, %ax
        movw    %ax, %fs
        movb    $0x11, %es:0x500
        movb    $0x22, %fs:0x510
        xorl    %eax, %eax
        movb    %es:0x500, %al
        ENDREAL
        /* QEMU does not check limits: from here on the expectation is the manual's */
        CASE    "iret to 64 KiB"
        REAL
        pushl   $2
        pushl   $CSEG
        pushl   $0x10000
        iretl
        ENDREAL
        CASE    "limit: word at 0xffff"
        REAL
        movw    $0xffff, %bx
        movw    (%bx), %ax
        ENDREAL
        CASE    "limit: offset above 0xffff"
        REAL
        movl    $0x10000, %ebx
        movb    (%ebx), %al
        ENDREAL
        CASE    "stack: word at sp 1"
        REAL
        movw    $3, %sp
        pushw   $0x1234
        movw    %sp, %ax
        movw    $0x1000, %sp
        movzwl  %ax, %eax
        ENDREAL
        CASE    "movs at 64 KiB: a word across"
        REAL
        movw    $0x8000, %si
        movw    $0xfffd, %di
        movw    $4, %cx
        rep movsw
        ENDREAL
        CASE    "movs with 32-bit addresses past 64 KiB"
        REAL
        movl    $0x8000, %esi
        movl    $0xfffe, %edi
        movl    $4, %ecx
        addr32 rep movsw
        ENDREAL
        CASE    "jump past 64 KiB"
        REAL
        movl    $0x10000, %eax
        .byte   0x66, 0xff, 0xe0
        ENDREAL
        CASE    "run off the segment"
        REAL
        movw    $CSEG, %ax
        movw    %ax, %es
        movw    $0x9090, %es:0xfffe
        movw    $0xfffe, %ax
        jmp     *%ax
        ENDREAL
        CASE    "instruction across the segment's end"
        REAL
        movw    $CSEG, %ax
        movw    %ax, %es
        movb    $0xb8, %es:0xffff
        movw    $0xffff, %ax
        jmp     *%ax
        ENDREAL
        CASE    "idt limit: the last vector"
        REAL
        lidtl   %cs:1f - 9010b
        int     $0x42
1:      .word   0x42 * 4 + 3
        .long   0
        ENDREAL
        CASE    "idt limit: #GP has no error code"
        REAL
        lidtl   %cs:1f - 9010b
        int     $0x42
1:      .word   0x42 * 4 + 2
        .long   0
        ENDREAL
        TEXT    "shutdown:"
        call    newline
        lidt    no_idt
        int3

        /* to real mode, at CSEG:0; prints the event that ends it */
enter_real:
        movl    $0, case_mark
        popl    %eax
        movl    %esp, real_esp
        lidt    real_idtr
        ljmp    $C16, $go_real - monitor

real_trap: /* from the monitor: what it has saved lies at RSEG:saved */
        movl    $KDATA, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %fs
        movl    %eax, %gs
        movl    %eax, %ss
        movl    case_esp, %esp
        lidt    idtr
        movl    $RSEG * 16 + saved - monitor, %edi
        movzwl  8(%edi), %eax
        cmpl    $0x80, %eax
        jne     1f
        TEXT    " ok"
        SHOW    eax, (%edi)
        jmp     2f
1:      SHOW    v, %eax, 2
        movzwl  10(%edi), %eax
        SHOW    ip, %eax, 4
        movzwl  12(%edi), %eax
        SHOW    cs, %eax, 4
        movzwl  14(%edi), %eax
        andl    $~0x8d5, %eax
        SHOW    fl, %eax, 4
        movl    4(%edi), %eax
        SHOW    sp, %eax, 8
        movzwl  16(%edi), %eax
        andl    $~0x8d5, %eax
        SHOW    now, %eax, 4
2:      call    newline
        call    settle
        jmp     *case_resume

        .balign 16
monitor:
        .code16
go_real:
        movw    $D16, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        movl    %cr0, %eax
        andb    $~1, %al
        movl    %eax, %cr0
        ljmpw   $RSEG, $1f - monitor
1:      movw    $SSEG, %ax
        movw    %ax, %ss
        movl    $0x1000, %esp
        movw    $CSEG + 0x200, %ax
        movw    %ax, %ds
        xorw    %ax, %ax
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        xorl    %eax, %eax
        xorl    %ebx, %ebx
        xorl    %ecx, %ecx
        xorl    %edx, %edx
        xorl    %esi, %esi
        xorl    %edi, %edi
        xorl    %ebp, %ebp
        pushl   $2
        popfl
        ljmpw   $CSEG, $0

        .balign 8
stubs16:
        .set    vector, 0
        .rept   256
        .balign 8
        pushw   $vector
        jmp     common16
        .set    vector, vector + 1
        .endr
common16:
        pushfw
        movl    %eax, %cs:saved - monitor
        popw    %cs:saved - monitor + 16
        popw    %cs:saved - monitor + 8
        popw    %cs:saved - monitor + 10
        popw    %cs:saved - monitor + 12
        popw    %cs:saved - monitor + 14
        movl    %esp, %cs:saved - monitor + 4
        lgdtl   %cs:gdtr16 - monitor
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $KCODE, $real_trap
steps16: /* counts in bp */
        incw    %bp
        iretw
        .balign 4
saved:  .fill   20, 1, 0
gdtr16: .word   gdt_end - gdt - 1
        .long   gdt
monitor_end:
        .code32

        .section .data
        .balign 4
real_esp:       .long 0
        .word   0
no_idt: .word   0
        .long   0
        .word   0
real_idtr:
        .word   0x3ff
        .long   0
