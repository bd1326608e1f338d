/*
 * Segments of 32-bit protected mode: limits of data, stack and code, types, null selectors, loads of
 * segment registers. QEMU does not check limits and types of memory accesses, so this guest's
 * expectation is the manual's: Intel SDM vol. 3 sections 5.3 to 5.7 and 6.15.
 */
        .set    TSS_LIMIT, 0x68 + 0x2000
        .include "guest32.inc"

        .set    S1, FREE + 0
        .set    S2, FREE + 8
        .set    S3, FREE + 16
        .set    S4, FREE + 24
        .set    S5, FREE + 32

        .macro  SETCR0 set, clear=0
        movl    %cr0, %eax
        orl     $\set, %eax
        andl    $~(\clear), %eax
        movl    %eax, %cr0
        .endm

        .macro  SETCR4 set, clear=0
        movl    %cr4, %eax
        orl     $\set, %eax
        andl    $~(\clear), %eax
        movl    %eax, %cr4
        .endm

main:
        /* ---- segment limits and types ---- */
        DESCRIPTOR S1, 0, 0xfff, 0x93, 4
        BASE    S1, scratch
        CASE    "limit: last byte"
        movl    $S1, %eax
        movl    %eax, %fs
        MARK
        movb    %fs:0xfff, %al
        xorl    %eax, %eax
        DONE
        END
        CASE    "limit: byte after"
        movl    $S1, %eax
        movl    %eax, %fs
        MARK
        movb    %fs:0x1000, %al
        END
        CASE    "limit: dword across"
        movl    $S1, %eax
        movl    %eax, %fs
        MARK
        movl    %fs:0xffd, %eax
        END
        CASE    "limit: store across"
        movl    $S1, %eax
        movl    %eax, %ds
        MARK
        movw    %ax, 0xfff
        END
        CASE    "limit: offset wraps"
        movl    $S1, %eax
        movl    %eax, %ds
        MARK
        movl    0xfffffffe, %eax
        END
        CASE    "limit: 16 bytes across"
        movl    $S1, %eax
        movl    %eax, %fs
        MARK
        movups  %fs:0xff1, %xmm0
        END
        DESCRIPTOR FREE + 40, 0, 0xfff, 0xf3, 4
        BASE    FREE + 40, scratch
        CASE    "limit: stack push in ring 3"
        USER
        movl    $FREE + 43, %eax
        movl    %eax, %ss
        movl    $0x1004, %esp
        MARK
        pushl   %eax
        END
        CASE    "limit: stack call in ring 3"
        USER
        movl    $FREE + 43, %eax
        movl    %eax, %ss
        movl    $0x1002, %esp
        MARK
        call    .
        END
        CASE    "limit: stack pop"
        movl    $S1, %eax
        movl    %eax, %ss
        movl    $0xffe, %esp
        MARK
        popl    %ecx
        END
        CASE    "limit: through ebp"
        movl    $S1, %eax
        movl    %eax, %ss
        movl    $0xffe, %ebp
        movl    $0x100, %esp
        MARK
        movl    (%ebp), %eax
        END
        /* an inner stack without room: the error code is its selector */
        DESCRIPTOR FREE+48, 0, 0xfffff, 0xbb
        DESCRIPTOR FREE+56, 0, 0xfff, 0xb3, 4
        movl    $8, tss + 12
        movl    $FREE + 57, tss + 16
        movw    $FREE + 49, idt + 0x43 * 8 + 2
        orl     $0x6000, idt + 0x43 * 8 + 4
        CASE    "inner stack: no room for an interrupt's frame"
        USER
        MARK
        int     $0x43
        END
        CASE    "inner stack: no room for a call gate's frame"
        GATE    gdt+FREE+64, FREE+49, scratch, 0xec, 4
        movl    $16, tss + 12
        USER
        MARK
        lcall   $FREE + 64, $0
        END
        DESCRIPTOR S2, 0, 0xfff, 0x97, 4
        BASE    S2, scratch
        CASE    "expand down: below the limit"
        movl    $S2, %eax
        movl    %eax, %fs
        MARK
        movb    %fs:0xfff, %al
        END
        CASE    "expand down: above the limit"
        movl    $S2, %eax
        movl    %eax, %fs
        MARK
        movb    %fs:0x1000, %al
        xorl    %eax, %eax
        DONE
        END
        DESCRIPTOR S2, 0, 0xfff, 0x97, 0
        BASE    S2, scratch
        CASE    "expand down: 16 bit, last"
        movl    $S2, %eax
        movl    %eax, %fs
        MARK
        movb    %fs:0xffff, %al
        xorl    %eax, %eax
        DONE
        END
        CASE    "expand down: 16 bit, beyond"
        movl    $S2, %eax
        movl    %eax, %fs
        MARK
        movw    %fs:0xffff, %ax
        END
        DESCRIPTOR S3, 0, 0xfffff, 0x91
        CASE    "read-only data: store"
        movl    $S3, %eax
        movl    %eax, %ds
        MARK
        movl    %eax, scratch
        END
        CASE    "read-only data: add faults before"
        movl    $S3, %eax
        movl    %eax, %ds
        MARK
        addl    %eax, scratch
        END
        CASE    "read-only data: load"
        movl    $S3, %eax
        movl    %eax, %ds
        MARK
        movl    scratch, %ecx
        xorl    %eax, %eax
        DONE
        END
        DESCRIPTOR S4, 0, 0xfffff, 0x99
        ONE     "execute-only code to ds", movw case_S4, %ds
        ONE     "store through cs", movl %eax, %cs:scratch
        CASE    "load through cs"
        MARK
        movl    %cs:minus1, %eax
        DONE
        END
        CASE    "load through execute-only cs"
        ljmp    $S4, $1f
1:
        MARK
        movl    %cs:scratch, %eax
        END
        CASE    "null ds: load it"
        xorl    %eax, %eax
        movl    %eax, %ds
        movl    $3, %eax
        movl    %eax, %es
        movl    %es, %eax
        MARK
        DONE
        END
        CASE    "null ds: use it"
        xorl    %eax, %eax
        movl    %eax, %ds
        MARK
        movl    scratch, %eax
        END
        CASE    "null fs: use it"
        xorl    %eax, %eax
        movl    %eax, %fs
        MARK
        movb    %al, %fs:scratch
        END
        CASE    "null es: stos"
        xorl    %eax, %eax
        movl    %eax, %es
        movl    $scratch, %edi
        MARK
        stosl
        END
        ONE     "ltr null", ltr case_null
        ONE     "null ss", movw case_null, %ss
        ONE     "ss with RPL 3", movw case_S1u, %ss
        ONE     "ss with code", movw case_KCODE, %ss
        ONE     "ss read-only", movw case_S3, %ss
        ONE     "ds beyond the GDT", movw case_beyond, %ds
        ONE     "ds from no LDT", movw case_local, %ds
        ONE     "ds with a TSS", movw case_tss, %ds
        DESCRIPTOR S5, 0, 0xfffff, 0x13
        ONE     "ds absent", movw case_S5, %ds
        ONE     "ss absent", movw case_S5, %ss
        ONEUSER "kernel data in ring 3", movw %cs:case_KDATA, %ds
        ONEUSER "kernel data with RPL 3 in ring 3", movw %cs:case_KDATA3, %ds
        ONEUSER "ss of ring 0 in ring 3", movw case_KDATA, %ss
        CASE    "RPL 3 in ring 0 for kernel data"
        MARK
        movw    case_KDATA3, %ds
        END
        CASE    "accessed bit set by a load"
        DESCRIPTOR S5, 0, 0xfffff, 0x92
        movl    $S5, %eax
        movl    %eax, %fs
        movl    gdt + S5 + 4, %eax
        MARK
        DONE
        END
        CASE    "accessed bit not set by a fault"
        DESCRIPTOR S5, 0, 0xfffff, 0x12
        movl    $S5, %eax
        MARK
        movl    %eax, %fs
        END
        CASE    "accessed bit after the fault"
        movl    gdt + S5 + 4, %eax
        MARK
        DONE
        END
        CASE    "pop ds faults: esp stays"
        movl    $hook_esp, trap_hook
        pushl   $TSS_MAIN
        movl    %esp, scratch
        MARK
        popl    %ds
        END
        CASE    "les faults: register stays"
        movl    $0x77, %eax
        MARK
        lesl    far_bad, %eax
        END
        CASE    "lss loads both"
        movl    $0, %eax
        MARK
        lssl    far_good, %eax
        DONE
        END

        /* ---- code limits ---- */
        DESCRIPTOR S1, 0, 0x3f, 0x9b, 4
        BASE    S1, limited
        CASE    "jump near beyond the limit"
        movl    $0, case_mark
        ljmp    $S1, $0
limited:
        MARK
        .byte   0xe9
        .long   0x100
        END
        CASE    "jump far beyond the limit"
        MARK
        ljmp    $S1, $0x40
        END
        CASE    "run off the end"
        movl    $0, case_mark
        BASE    S1, limited2
        ljmp    $S1, $0x3e
        .balign 4
limited2:
        MARK
        .fill   128, 1, 0x90
        END
        CASE    "instruction across the limit"
        movl    $0, case_mark
        BASE    S1, limited3
        ljmp    $S1, $0x3c
        .balign 4
limited3:
        MARK
        .fill   0x3d, 1, 0x90
        .byte   0xb8, 1, 2, 3, 4, 0xcd, 0x80
        END
        CASE    "ret beyond the limit"
        movl    $0, case_mark
        BASE    S1, limited4
        pushl   $0x123
        ljmp    $S1, $0x10
        .balign 4
limited4:
        MARK
        .fill   0x10, 1, 0x90
        ret
        END
        CASE    "call beyond the limit: nothing pushed"
        movl    $hook_esp, trap_hook
        movl    $0, case_mark
        BASE    S1, limited5
        movl    %esp, scratch
        ljmp    $S1, $0x10
        .balign 4
limited5:
        MARK
        .fill   0x10, 1, 0x90
        call    .+0x1000
        END
        ret

hook_flags:
        pushfl
        popl    %eax
        andl    $~0x108d5, %eax
        SHOW    handler, %eax, 6
        xorl    %eax, %eax
        ret

hook_esp:
        leal    F_ESP(%ebp), %eax
        subl    scratch, %eax
        SHOW    moved, %eax
        xorl    %eax, %eax
        ret

        .section .rodata
        .balign 4
bounds: .long   0, 8
minus1: .long   -1
case_null:      .long 0
case_S1u:       .long S1 + 3
case_S3:        .long S3
case_S4:        .long S4
case_S5:        .long S5
case_KCODE:     .long KCODE
case_KDATA:     .long KDATA
case_KDATA3:    .long KDATA + 3
case_beyond:    .long 0x4000
case_local:     .long 0xc
case_tss:       .long TSS_MAIN
far_bad:        .long 0x1234
                .word TSS_MAIN
                .balign 4
far_good:       .long 0x1234
                .word KDATA

        .section .bss
        .balign 4096
scratch:
        .skip   8192
