/* Every exception of 32-bit protected mode, in rings 0 and 3: error code, saved EIP, flags. */
        .set    TSS_LIMIT, 0x67
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
        /* ---- divide ---- */
        CASE    "div by zero"
        xorl    %ecx, %ecx
        MARK
        divl    %ecx
        END
        CASE    "idiv overflow"
        movl    $0x80000000, %eax
        cltd
        movl    $-1, %ecx
        MARK
        idivl   %ecx
        END
        ONE     "aam 0", .byte 0xd4, 0
        CASE    "div by zero in ring 3"
        USER    0x202
        xorl    %ecx, %ecx
        MARK
        divb    %cl
        END

        /* ---- software interrupts and their gates ---- */
        ONE     "int3", int3
        ONE     "int 3 of two bytes", .byte 0xcd, 3
        ONE     "icebp", .byte 0xf1
        ONEUSER "int3 gate DPL 0 from ring 3", int3
        ONEUSER "int 14 gate DPL 0 from ring 3", int $14
        ONEUSER "int 0x41 gate DPL 0 from ring 3", int $0x41
        orl     $0x6000, idt + 3 * 8 + 4
        ONEUSER "int3 gate DPL 3 from ring 3", int3
        CASE    "into with overflow"
        movl    $0x7fffffff, %eax
        incl    %eax
        MARK
        into
        END
        CASE    "into without overflow"
        xorl    %eax, %eax
        MARK
        into
        END
        ONE     "int 0x41", int $0x41
        movw    $0x107, idtr
        lidt    idtr
        ONE     "int beyond the IDT limit", int $0x41
        ONE     "int of which one byte is missing", int $0x21
        ONE     "int of the last gate", int $0x20
        movw    $0x7ff, idtr
        lidt    idtr
        andl    $~0x8000, idt + 0x42 * 8 + 4
        ONE     "int gate not present", int $0x42
        ONEUSER "int gate not present and DPL 0", int $0x42
        orl     $0x8000, idt + 0x42 * 8 + 4
        movw    $0, idt + 0x42 * 8 + 2
        ONE     "int gate with null selector", int $0x42
        movw    $KDATA, idt + 0x42 * 8 + 2
        ONE     "int gate with data selector", int $0x42
        movw    $0x7f8, idt + 0x42 * 8 + 2
        ONE     "int gate with selector beyond GDT", int $0x42
        movw    $UCODE, idt + 0x42 * 8 + 2
        ONE     "int gate to outer ring", int $0x42
        movw    $KCODE + 4, idt + 0x42 * 8 + 2
        ONE     "int gate into the LDT without LDT", int $0x42
        DESCRIPTOR S1, 0, 0xfffff, 0x1b
        movw    $S1, idt + 0x42 * 8 + 2
        ONE     "int gate to absent code", int $0x42
        movb    $0x8c, idt + 0x42 * 8 + 5
        movw    $KCODE, idt + 0x42 * 8 + 2
        ONE     "int through a call gate", int $0x42
        movb    $0x00, idt + 0x42 * 8 + 5
        ONE     "int gate of type 0", int $0x42
        movb    $0x8e, idt + 0x42 * 8 + 5
        DESCRIPTOR S1, 0, 0xff, 0x9b, 0x4
        movw    $S1, idt + 0x42 * 8 + 2
        ONE     "int gate beyond the code limit", int $0x42
        movw    $KCODE, idt + 0x42 * 8 + 2
        movb    $0x8f, idt + 0x42 * 8 + 5
        CASE    "trap gate keeps IF"
        movl    $hook_flags, trap_hook
        sti
        MARK
        int     $0x42
        END
        movb    $0x8e, idt + 0x42 * 8 + 5
        CASE    "interrupt gate clears IF"
        movl    $hook_flags, trap_hook
        sti
        MARK
        int     $0x42
        END
        CASE    "NT and TF at a gate"
        movl    $hook_flags, trap_hook
        pushl   $0x4002
        popfl
        MARK
        int     $0x42
        END

        /* a fault while a fault is delivered */
        andl    $~0x8000, idt + 6 * 8 + 4
        ONE     "gate of ud not present", ud2
        andl    $~0x8000, idt + 13 * 8 + 4
        ONE     "double: gp in gate of gp", movl %eax, %cs:0
        ONE     "single: gp for int, then fine", int $0x42
        CASE    "double: de then np"
        andl    $~0x8000, idt + 4
        xorl    %ecx, %ecx
        MARK
        divl    %ecx
        END
        orl     $0x8000, idt + 4
        orl     $0x8000, idt + 6 * 8 + 4
        orl     $0x8000, idt + 13 * 8 + 4
        CASE    "np while np"
        movb    $0x0e, idt + 11 * 8 + 5
        movb    $0x0e, idt + 0x42 * 8 + 5
        MARK
        int     $0x42
        END
        movb    $0x8e, idt + 11 * 8 + 5
        movb    $0x8e, idt + 0x42 * 8 + 5

        /* ---- bound, undefined ---- */
        CASE    "bound inside"
        movl    $7, %eax
        MARK
        boundl  %eax, bounds
        DONE
        END
        CASE    "bound above"
        movl    $9, %eax
        MARK
        boundl  %eax, bounds
        END
        CASE    "bound below signed"
        movl    $-4, %eax
        MARK
        boundl  %eax, bounds
        END
        ONE     "ud2", ud2
        ONE     "ud1", .byte 0x0f, 0xb9, 0xc0
        ONE     "lock on a register", .byte 0xf0, 0x01, 0xc0
        ONE     "lock on a load", .byte 0xf0, 0x8b, 0x00
        ONE     "mov to cs", .byte 0x8e, 0xc8
        ONE     "lea of a register", .byte 0x8d, 0xc0
        ONE     "mov from cr1", .byte 0x0f, 0x20, 0xc8
        ONE     "mov to segment 7", .byte 0x8e, 0xf8
        ONE     "sysret in legacy mode", sysretl
        ONE     "swapgs in legacy mode", .byte 0x0f, 0x01, 0xf8
        ONE     "rsm outside SMM", rsm
        CASE    "dr4 with DE"
        SETCR4  8
        MARK
        movl    %db4, %eax
        END
        SETCR4  0, 8
        CASE    "dr4 without DE"
        MARK
        movl    %db4, %eax
        DONE
        END
        ONEUSER "ud2 in ring 3", ud2
        ONE     "16 bytes of prefixes", .byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90
        CASE    "15 bytes of instruction"
        movl    $0x55, %eax
        MARK
        .byte   0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x90
        DONE
        END
        ONE     "too long, undefined too", .byte 0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x3e,0x0f,0x0b

        /* ---- no coprocessor ---- */
        CASE    "fpu with TS"
        SETCR0  8
        MARK
        fld1
        END
        CASE    "fwait with TS and MP"
        SETCR0  2
        MARK
        fwait
        END
        CASE    "fwait with TS without MP"
        SETCR0  0, 2
        MARK
        fwait
        DONE
        END
        ONE     "mmx with TS", emms
        ONE     "sse with TS", movaps %xmm0, %xmm1
        ONE     "ldmxcsr with TS", ldmxcsr bounds
        ONE     "fxsave with TS", fxsave scratch
        ONE     "prefetch with TS", prefetcht0 bounds
        ONEUSER "fpu with TS in ring 3", fld1
        CASE    "fpu with EM"
        SETCR0  4, 8
        MARK
        fld1
        END
        ONE     "mmx with EM", emms
        ONE     "sse with EM", movaps %xmm0, %xmm1
        ONE     "fxsave with EM", fxsave scratch
        ONE     "fwait with EM", fwait
        CASE    "sse with EM and TS"
        SETCR0  8
        MARK
        movaps  %xmm0, %xmm1
        END
        SETCR0  2, 0xc
        CASE    "clts"
        SETCR0  8
        MARK
        clts
        movl    %cr0, %eax
        andl    $0x2e, %eax
        DONE
        END
        CASE    "sse without OSFXSR"
        SETCR4  0, 0x200
        MARK
        movaps  %xmm0, %xmm1
        END
        SETCR4  0x200

        /* ---- floating point ---- */
        CASE    "mf at the next instruction"
        movw    $0x37b, scratch
        fninit
        fldcw   scratch
        fld1
        fldz
        fdivrp
        nop
        MARK
        fld1
        END
        CASE    "mf at fwait"
        MARK
        fwait
        END
        CASE    "fnstsw does not wait"
        MARK
        fnstsw  %ax
        fnclex
        DONE
        END
        CASE    "mf in ring 3"
        fninit
        fldcw   scratch
        USER
        fld1
        fldz
        fdivrp
        MARK
        fwait
        END
        fninit
        CASE    "xm divide by zero"
        movl    $0x1d80, scratch
        ldmxcsr scratch
        xorps   %xmm0, %xmm0
        movl    $0x3f800000, %eax
        movd    %eax, %xmm1
        MARK
        divss   %xmm0, %xmm1
        END
        CASE    "ud instead of xm"
        SETCR4  0, 0x400
        MARK
        divss   %xmm0, %xmm1
        END
        SETCR4  0x400
        movl    $0x1f80, scratch
        ldmxcsr scratch
        ONE     "ldmxcsr reserved bits", ldmxcsr minus1
        ONE     "movaps misaligned", movaps scratch + 1, %xmm0
        ONE     "fxsave misaligned", fxsave scratch + 4
        ONE     "movups misaligned", movups scratch + 1, %xmm0

        /* ---- alignment ---- */
        CASE    "ac off without AM"
        USER    0x40002
        MARK
        movl    scratch + 1, %eax
        DONE
        END
        SETCR0  0x40000
        CASE    "ac load"
        USER    0x40002
        MARK
        movl    scratch + 1, %eax
        DONE
        END
        CASE    "ac store of two bytes"
        USER    0x40002
        MARK
        movw    %ax, scratch + 3
        DONE
        END
        CASE    "ac push"
        USER    0x40002
        subl    $2, %esp
        MARK
        pushl   %eax
        DONE
        END
        CASE    "ac fits"
        USER    0x40002
        MARK
        movw    scratch + 2, %ax
        movb    scratch + 1, %al
        movl    $0, %eax
        DONE
        END
        CASE    "ac fld of 8 bytes"
        USER    0x40002
        MARK
        fldl    scratch + 4
        DONE
        END
        CASE    "ac fld of 10 bytes at 8"
        USER    0x40002
        MARK
        fldt    scratch + 8
        movl    $0, %eax
        DONE
        END
        CASE    "ac movups is exempt from 16, not from 8"
        USER    0x40002
        MARK
        movups  scratch + 8, %xmm0
        movl    $0, %eax
        DONE
        END
        CASE    "ac without AC"
        USER    2
        MARK
        movl    scratch + 1, %eax
        DONE
        END
        CASE    "ac not in ring 0"
        pushl   $0x40002
        popfl
        MARK
        movl    scratch + 1, %eax
        movl    $0, %eax
        DONE
        END
        SETCR0  0, 0x40000
        fninit

        /* ---- privileged instructions ---- */
        ONEUSER "hlt", hlt
        ONEUSER "cli", cli
        ONEUSER "sti", sti
        ONEUSER "in", inb $0x80, %al
        ONEUSER "out", outb %al, $0x80
        ONEUSER "mov from cr0", movl %cr0, %eax
        ONEUSER "mov to cr3", movl %eax, %cr3
        ONEUSER "mov to db7", movl %eax, %db7
        ONEUSER "mov from db0", movl %db0, %eax
        ONEUSER "lgdt", lgdt gdtr
        ONEUSER "lidt", lidt idtr
        ONEUSER "lldt", lldt %ax
        ONEUSER "ltr", ltr %ax
        ONEUSER "clts", clts
        ONEUSER "lmsw", lmsw %ax
        ONEUSER "invd", invd
        ONEUSER "wbinvd", wbinvd
        ONEUSER "invlpg", invlpg scratch
        ONEUSER "rdmsr", rdmsr
        ONEUSER "wrmsr", wrmsr
        ONEUSER "sysexit", sysexit
        ONEUSER "mov from cr1", .byte 0x0f, 0x20, 0xc8
        ONEUSER "stac in ring 3", stac
        CASE    "unprivileged in ring 3"
        USER
        MARK
        sgdt    scratch
        sidt    scratch
        sldt    %eax
        str     %eax
        smsw    %cx
        lar     %eax, %edx
        pushfl
        popfl
        DONE
        END
        SETCR4  0x800
        ONEUSER "umip sgdt", sgdt scratch
        ONEUSER "umip sidt", sidt scratch
        ONEUSER "umip sldt", sldt %eax
        ONEUSER "umip str", str %eax
        ONEUSER "umip smsw", smsw %eax
        ONE     "umip sgdt in ring 0", sgdt scratch
        SETCR4  4, 0x800
        ONEUSER "rdtsc with TSD", rdtsc
        ONE     "rdtsc with TSD in ring 0", rdtsc
        SETCR4  0, 4
        CASE    "popf in ring 3 keeps IF and IOPL"
        USER    0x202
        pushl   $0x3002
        popfl
        pushfl
        popl    %eax
        MARK
        DONE
        END
        CASE    "popf with IOPL 3 changes IF"
        USER    0x3202
        pushl   $0x0002
        popfl
        pushfl
        popl    %eax
        MARK
        DONE
        END
        CASE    "cli with IOPL 3"
        USER    0x3202
        MARK
        cli
        pushfl
        popl    %eax
        DONE
        END
        CASE    "in with IOPL 3"
        USER    0x3202
        MARK
        inb     $0x80, %al
        movl    $0, %eax
        DONE
        END

        CASE    "rdmsr unknown"
        movl    $0x1234567, %ecx
        MARK
        rdmsr
        END
        CASE    "wrmsr unknown"
        movl    $0x1234567, %ecx
        MARK
        wrmsr
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
