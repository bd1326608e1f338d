/*
 * Exceptions and event delivery of long mode: 64-bit and compatibility code, rings 0 and 3, gates,
 * IST, stack alignment, IRET, call gates, non-canonical addresses, double faults. Intel SDM vol. 3
 * chapters 5 and 6.
 */
        .set    TSS_LIMIT, 0x67
        .include "guest64.inc"

        .set    ABSENT, FREE + 0
        .set    BOTH, FREE + 8          # code with L and D
        .set    CONF0, FREE + 16
        .set    CGATE, FREE + 32        # 16 bytes
        .set    CGATEX, FREE + 48
        .set    LDT, FREE + 64
        .set    C16, FREE + 80
        .set    C1, FREE + 88
        .set    D1, FREE + 96

main:
        DESCRIPTOR ABSENT, 0, 0xfffff, 0x1b, 0xa
        DESCRIPTOR BOTH, 0, 0xfffff, 0x9b, 0xe
        DESCRIPTOR CONF0, 0, 0xfffff, 0x9f, 0xa
        DESCRIPTOR C1, 0, 0xfffff, 0xbb, 0xa
        DESCRIPTOR D1, 0, 0xfffff, 0xb3
        GATE    gdt+CGATE, KCODE, inner, 0xec

        CASE    "div by zero"
        xorl    %ecx, %ecx
        MARK
        divq    %rcx
        END
        CASE    "stack aligned by 16"
        subq    $4, %rsp
        MARK
        ud2
        END
        CASE    "ring 3"
        USER    0x202
        MARK
        ud2
        END
        CASE    "ring 3, compatibility"
        USER32  0x202
        MARK
        ud2
        END32
        CASE    "ring 0, compatibility"
        KERNEL32
        MARK
        ud2
        END32
        ONE     "int3", int3
        ONE     "into in 64-bit code", .byte 0xce
        ONE     "push cs in 64-bit code", .byte 0x0e
        ONE     "pusha in 64-bit code", .byte 0x60
        ONE     "les in 64-bit code", .byte 0xc4, 0x00
        ONE     "aam in 64-bit code", .byte 0xd4, 0x0a
        ONE     "ljmp direct in 64-bit code", .byte 0xea, 0, 0, 0, 0, 8, 0
        ONE     "arpl is movsxd", .byte 0x63, 0xc0
        ONEUSER "ring 3 hlt", hlt
        ONEUSER "ring 3 cli", cli
        ONEUSER "ring 3 mov cr8", movq %cr8, %rax
        ONEUSER "ring 3 swapgs", swapgs
        ONEUSER "ring 3 rdmsr", rdmsr
        ONEUSER "ring 3 int 0x42 with DPL 0", int $0x42
        ONEUSER "ring 3 int3 with DPL 0", int3
        ONEUSER32 "compatibility int 0x42 with DPL 0", int $0x42
        ONEUSER "ring 3 out", outb %al, $0x80
        CASE    "fpu with TS"
        SETCR0  8
        MARK
        fld1
        END
        SETCR0  0, 8

        CASE    "into in compatibility mode"
        movb    $0xee, idt + 4 * 16 + 5
        USER32
        movb    $0x7f, %al
        incb    %al
        MARK
        into
        END32
        CASE    "bound in compatibility mode"
        USER32
        movl    $7, %eax
        MARK
        boundl  %eax, limits
        END32
        CASE    "mf"
        fninit
        movw    $0x37b, scratch
        fldcw   scratch
        fld1
        fldz
        fdivrp
        MARK
        fwait
        END
        fninit
        CASE    "xm"
        movl    $0x1d80, scratch
        ldmxcsr scratch
        xorps   %xmm0, %xmm0
        movl    $0x3f800000, %eax
        movd    %eax, %xmm1
        MARK
        divss   %xmm0, %xmm1
        END
        movl    $0x1f80, scratch
        ldmxcsr scratch
        SETCR0  0x40000
        CASE    "ac"
        USER    0x40002
        MARK
        movq    scratch + 4, %rax
        DONE
        END
        CASE    "ac in compatibility mode"
        USER32  0x40002
        MARK
        movl    scratch + 2, %eax
        END32
        /* not said in the manual: seen on a Xeon */
        CASE    "ac of an absent page goes before its page fault"
        USER    0x40002
        movabsq $0xffff900000000001, %rbx
        MARK
        movl    (%rbx), %eax
        DONE
        END
        CASE    "ac: push of an odd stack"
        USER    0x40002
        decq    %rsp
        MARK
        pushq   %rax
        END
        SETCR0  0, 0x40000
        CASE    "movaps misaligned is gp"
        USER
        MARK
        movaps  scratch + 8, %xmm0
        END

        /* ---- non-canonical ---- */
        movq    $0x8000000000000000, %r8
        movq    $0x0000800000000000, %r9
        movq    $0x00007ffffffffffe, %r10
        ONE     "load", movq (%r8), %rax
        ONE     "store", movq %rax, (%r9)
        ONE     "load across the edge", movl (%r10), %eax
        ONE     "cmpxchg16b", cmpxchg16b (%r9)
        ONE     "lea is fine", leaq (%r9), %rax
        CASE    "push"
        USER
        movq    %r9, %rsp
        addq    $8, %rsp
        MARK
        pushq   %rax
        END
        CASE    "pop"
        USER
        movq    %r9, %rsp
        movq    $0, case_usp
        MARK
        popq    %rax
        END
        CASE    "call"
        USER
        movq    %r9, %rsp
        addq    $8, %rsp
        movq    $0, case_usp
        MARK
        call    .
        END
        CASE    "through rbp: #SS"
        movq    %r9, %rbp
        MARK
        movq    (%rbp), %rax
        END
        CASE    "through rsp: #SS"
        USER
        movq    %r9, %rsp
        movq    $0, case_usp
        MARK
        movq    8(%rsp), %rax
        END
        CASE    "rbp as index: #GP"
        movq    %r9, %rbp
        xorl    %ecx, %ecx
        MARK
        movq    (%rcx, %rbp, 1), %rax
        END
        CASE    "rbp with ds override: ignored"
        movq    %r9, %rbp
        MARK
        movq    %ds:(%rbp), %rax
        END
        CASE    "rbp with fs override: #GP"
        movq    %r9, %rbp
        MARK
        movq    %fs:(%rbp), %rax
        END
        CASE    "r13 as base: #GP or #SS"
        movq    %r9, %r13
        MARK
        movq    (%r13), %rax
        END
        ONE     "jmp", jmp *%r9
        CASE    "call: nothing pushed"
        MARK
        call    *%r9
        END
        CASE    "ret: rsp stays"
        pushq   %r9
        MARK
        ret
        END
        CASE    "iret to it"
        pushq   $KDATA
        pushq   $stack_top - 2048
        pushq   $2
        pushq   $KCODE
        pushq   %r9
        MARK
        iretq
        END
        CASE    "lret to it"
        pushq   $KCODE
        pushq   %r9
        MARK
        lretq
        END
        CASE    "rep movsb to it"
        movl    $4, %ecx
        movq    %r9, %rdi
        subq    $2, %rdi
        movq    $gdt, %rsi
        movq    $hook_edge, trap_hook
        MARK
        rep movsb
        END
        ONE     "invlpg is no load", invlpg (%r9)
        ONE     "clflush", clflush (%r9)
        CASE    "fs base"
        movl    $0xc0000100, %ecx
        xorl    %eax, %eax
        movl    $0x8000, %edx
        MARK
        wrmsr
        END
        CASE    "lstar"
        movl    $0xc0000082, %ecx
        movl    $0x8000, %edx
        MARK
        wrmsr
        END

        /* ---- gates ---- */
        .macro  GATEFIELD name, offset, size, value, instruction:vararg
        CASE    "\name"
        mov\size $\value, idt + 0x42 * 16 + \offset
        MARK
        \instruction
        END
        GATE    idt+0x42*16, KCODE, stubs+0x42*16, 0x8e
        .endm
        GATEFIELD "gate absent", 5, b, 0x0e, int $0x42
        GATEFIELD "gate type 5", 5, b, 0x85, int $0x42
        GATEFIELD "gate type 6", 5, b, 0x86, int $0x42
        GATEFIELD "gate type 12", 5, b, 0x8c, int $0x42
        GATEFIELD "trap gate", 5, b, 0x8f, int $0x42
        GATEFIELD "gate: null selector", 2, w, 0, int $0x42
        GATEFIELD "gate: data selector", 2, w, KDATA, int $0x42
        GATEFIELD "gate: 32-bit code", 2, w, KCODE32, int $0x42
        GATEFIELD "gate: code with L and D", 2, w, BOTH, int $0x42
        GATEFIELD "gate: absent code", 2, w, ABSENT, int $0x42
        GATEFIELD "gate: code of ring 3", 2, w, UCODE, int $0x42
        GATEFIELD "gate: conforming code", 2, w, CONF0, int $0x42
        GATEFIELD "gate: TSS as code", 2, w, TSS_MAIN, int $0x42
        GATEFIELD "gate: target not canonical", 8, l, 0x8000, int $0x42
        GATEFIELD "gate: reserved type bits", 12, l, 0x1f00, int $0x42
        CASE    "conforming gate from ring 3 keeps ring 3"
        movw    $CONF0, idt + 0x42 * 16 + 2
        movb    $0xee, idt + 0x42 * 16 + 5
        movq    $conforming - (stubs + 0x42 * 16), %rax
        GATE    idt+0x42*16, CONF0, conforming, 0xee
        USER
        MARK
        int     $0x42
        END
        GATE    idt+0x42*16, KCODE, stubs+0x42*16, 0x8e
        CASE    "IDT limit"
        movw    $0x42 * 16 + 14, idtr
        lidt    idtr
        MARK
        int     $0x42
        END
        movw    $256 * 16 - 1, idtr
        lidt    idtr
        CASE    "ist 1"
        movq    $ist_top, tss + 0x24
        movb    $1, idt + 0x42 * 16 + 4
        movq    $hook_stack, trap_hook
        MARK
        int     $0x42
        END
        CASE    "ist 1, unaligned"
        movq    $ist_top - 9, tss + 0x24
        movq    $hook_stack, trap_hook
        MARK
        int     $0x42
        END
        CASE    "ist 7 from ring 3"
        movq    $ist_top - 256, tss + 0x54
        movb    $7, idt + 6 * 16 + 4
        movq    $hook_stack, trap_hook
        USER
        MARK
        ud2
        END
        movb    $0, idt + 6 * 16 + 4
        CASE    "ist not canonical"
        movq    %r9, tss + 0x24
        MARK
        int     $0x42
        END
        CASE    "ist beyond the TSS"
        movw    $0x23, gdt + TSS_MAIN
        andb    $~2, gdt + TSS_MAIN + 5
        movl    $TSS_MAIN, %eax
        ltr     %ax
        MARK
        int     $0x42
        END
        movw    $0x67, gdt + TSS_MAIN
        andb    $~2, gdt + TSS_MAIN + 5
        movl    $TSS_MAIN, %eax
        ltr     %ax
        movb    $0, idt + 0x42 * 16 + 4

        /* double faults, on a stack of their own */
        movq    $ist_top, tss + 0x24
        movb    $1, idt + 8 * 16 + 4
        CASE    "double: pf on the stack of pf"
        movq    $0xffff900000000000, %rsp
        MARK
        movq    (%rsp), %rax
        END
        CASE    "double: gp for a gate of gp"
        movb    $0x0e, idt + 13 * 16 + 5
        MARK
        movq    (%r9), %rax
        END
        CASE    "double: np then gp"
        movb    $0x86, idt + 11 * 16 + 5
        movb    $0x0e, idt + 0x42 * 16 + 5
        movb    $0x8e, idt + 13 * 16 + 5
        MARK
        int     $0x42
        END
        CASE    "pf for a gate of gp: in sequence"
        movb    $0x8e, idt + 11 * 16 + 5
        movb    $0x8e, idt + 0x42 * 16 + 5
        movq    (%r9), %rax
        MARK
        END
        CASE    "ss: the stack of ring 0 not canonical"
        movb    $1, idt + 12 * 16 + 4
        movq    %r9, %rsp
        MARK
        ud2
        END
        movb    $0, idt + 12 * 16 + 4
        CASE    "np for ud: no double"
        movb    $0x0e, idt + 6 * 16 + 5
        MARK
        ud2
        END
        movb    $0x8e, idt + 6 * 16 + 5

        /* ---- IRET ---- */
        .macro  IRETS name, cs, flags=2, ss=UDATA, sp=user_stack_top-8
        CASE    "\name"
        pushq   $\ss
        pushq   $\sp
        pushq   $\flags
        pushq   $\cs
        pushq   $8f
        MARK
        iretq
8:      movl    %ss, %ecx
        pushfq
        popq    %rax
        shlq    $32, %rcx
        orq     %rcx, %rax
        DONE
        END
        .endm
        IRETS   "iretq to ring 3", UCODE, 0x202
        IRETS   "iretq to ring 0", KCODE, 2, KDATA, stack_top-2048
        IRETS   "iretq to ring 0 with null ss", KCODE, 2, 0, stack_top-2048
        IRETS   "iretq to ring 3 with null ss", UCODE, 2, 0
        IRETS   "iretq to ring 3 with null ss RPL 3", UCODE, 2, 3
        IRETS   "iretq to ring 1 with null ss RPL 1", C1+1, 2, 1
        IRETS   "iretq to ring 1 with null ss RPL 0", C1+1, 2, 0
        IRETS   "iretq with NT", KCODE, 2, KDATA, stack_top-2048
        IRETS   "iretq to null", 0
        IRETS   "iretq to absent", ABSENT
        IRETS   "iretq to L and D", BOTH, 2, KDATA, stack_top-2048
        IRETS   "iretq to ss of ring 0", UCODE, 2, KDATA
        IRETS   "iretq to data", KDATA
        IRETS   "iretq with VM set", UCODE, 0x20202
        CASE    "iretq with NT set"
        pushq   $0x4002
        popfq
        MARK
        iretq
        END
        CASE    "iretl in 64-bit code pops ss too"
        subq    $20, %rsp
        movl    $8f, (%rsp)
        movl    $KCODE, 4(%rsp)
        movl    $2, 8(%rsp)
        movl    $stack_top - 1024, 12(%rsp)
        movl    $KDATA, 16(%rsp)
        MARK
        iretl
8:      movq    $stack_top, %rax
        subq    %rsp, %rax
        DONE
        END
        CASE    "compatibility: int and iret"
        movq    $hook_return, trap_hook
        USER32
        movl    $0x11223344, %eax
        MARK
        int     $0x80
        int     $0x80
        END32

        /* ---- far transfers ---- */
        CASE    "call gate from ring 3"
        USER
        MARK
        lcall   *gate_pointer
        DONE
        END
        CASE    "call gate from compatibility mode"
        USER32
        MARK
        lcall   $CGATE, $0
        xorl    %eax, %eax
        DONE
        END32
        CASE    "call gate from ring 0"
        MARK
        lcall   *gate_pointer
        DONE
        END
        CASE    "call gate: DPL"
        GATE    gdt+CGATEX, KCODE, inner, 0x8c
        USER
        MARK
        lcall   *gate_pointer_x
        END
        CASE    "call gate: to 32-bit code"
        GATE    gdt+CGATEX, KCODE32, inner, 0xec
        MARK
        lcall   *gate_pointer_x
        END
        CASE    "call gate: upper type"
        GATE    gdt+CGATEX, KCODE, inner, 0xec
        movl    $0x0100, gdt + CGATEX + 12
        MARK
        lcall   *gate_pointer_x
        END
        CASE    "call gate: not canonical"
        GATE    gdt+CGATEX, KCODE, inner, 0xec
        movl    $0x8000, gdt + CGATEX + 8
        MARK
        lcall   *gate_pointer_x
        END
        CASE    "call gate: absent"
        GATE    gdt+CGATEX, KCODE, inner, 0x6c
        MARK
        lcall   *gate_pointer_x
        END
        CASE    "call gate: stack not canonical"
        movq    %r9, tss + 4
        movb    $1, idt + 12 * 16 + 4
        USER
        MARK
        lcall   *gate_pointer
        END
        movb    $0, idt + 12 * 16 + 4
        movq    $trap_stack_top, tss + 4
        CASE    "far jump to a TSS"
        MARK
        ljmp    *tss_pointer
        END
        CASE    "lcall and lretq"
        movq    %rsp, %rbx
        .byte   0x48
        lcall   *far_pointer
        movq    %rsp, %rax
        subq    %rbx, %rax
        MARK
        DONE
        END
        CASE    "to compatibility mode and back by far jump"
        ljmp    *compatible_pointer
compatible:
        .code32
        movl    $0x12345678, %eax
        decl    %eax
        ljmp    $KCODE, $9f
        .code64
9:
        MARK
        DONE
        END
        CASE    "lretq to ring 3"
        pushq   $UDATA
        pushq   $user_stack_top
        pushq   $UCODE
        pushq   $9f
        lretq
9:      movl    %ds, %eax
        MARK
        DONE
        END
        CASE    "lretl to compatibility ring 3"
        subq    $16, %rsp
        movl    $UDATA, 12(%rsp)
        movl    $user_stack_top, 8(%rsp)
        movl    $UCODE32, 4(%rsp)
        movl    $9f, (%rsp)
        lretl
        .code32
9:      movl    %cs, %eax
        MARK
        DONE
        END32

        /* ---- segments ---- */
        CASE    "null selectors and bases"
        SETMSR  0xc0000100, 0x1234, 0x5678
        xorl    %eax, %eax
        movl    %eax, %fs
        movl    $0xc0000100, %ecx
        rdmsr
        shlq    $32, %rdx
        orq     %rdx, %rax
        MARK
        DONE
        END
        CASE    "fs base of a descriptor"
        DESCRIPTOR C16, 0x12345678, 0xfffff, 0x93
        SETMSR  0xc0000100, 0x1234, 0x5678
        movl    $C16, %eax
        movl    %eax, %fs
        movl    $0xc0000100, %ecx
        rdmsr
        shlq    $32, %rdx
        orq     %rdx, %rax
        MARK
        DONE
        END
        CASE    "ss null in ring 0"
        xorl    %eax, %eax
        movl    %eax, %ss
        MARK
        ud2
        END
        CASE    "ss null with RPL 1 in ring 0"
        movl    $1, %eax
        MARK
        movl    %eax, %ss
        END
        CASE    "ss null in ring 3"
        USER
        movl    $3, %eax
        MARK
        movl    %eax, %ss
        END
        CASE    "ss null in compatibility ring 0"
        KERNEL32
        xorl    %eax, %eax
        MARK
        movl    %eax, %ss
        END32
        CASE    "compatibility: null ds"
        USER32
        xorl    %eax, %eax
        movl    %eax, %ds
        MARK
        movl    far_pointer, %eax
        END32
        CASE    "limits are ignored in 64-bit code"
        DESCRIPTOR C16, 0, 0x10, 0x93, 0
        movl    $C16, %eax
        movl    %eax, %ds
        movl    %eax, %es
        MARK
        movq    far_pointer, %rcx
        xorl    %eax, %eax
        DONE
        END
        CASE    "lldt of 16 bytes"
        DESCRIPTOR LDT, 0x1000, 0xff, 0x82, 0
        movl    $0xffff8000, gdt + LDT + 8
        movl    $0, gdt + LDT + 12
        movl    $LDT, %eax
        lldt    %ax
        sldt    %eax
        MARK
        DONE
        END
        CASE    "lldt: upper type"
        movl    $0x1000, gdt + LDT + 12
        movl    $LDT, %eax
        MARK
        lldt    %ax
        END
        CASE    "lldt: base not canonical"
        movl    $0x8000, gdt + LDT + 8
        movl    $0, gdt + LDT + 12
        movl    $LDT, %eax
        MARK
        lldt    %ax
        END
        CASE    "str, ltr of a busy TSS"
        movl    $TSS_MAIN, %eax
        MARK
        ltr     %ax
        END
        CASE    "cr2 of 64 bits"
        movq    $0xffff900000001234, %rax
        MARK
        movq    (%rax), %rax
        END
        CASE    "cr2 across pages"
        movq    $0xffff900000000ffd, %rax
        MARK
        movq    (%rax), %rax
        END
        CASE    "fetch"
        movq    $0xffff900000000ffd, %rax
        MARK
        jmp     *%rax
        END
        /* ---- RF in the frame: set by faults, clear for traps and INT n ---- */
        .macro  RESUME name, insn:vararg
        CASE    "\name"
        movq    $hook_rf, trap_hook
        xorl    %eax, %eax
        MARK
        \insn
        END
        .endm
        RESUME  "rf: ud", ud2
        RESUME  "rf: gp", ltr %ax
        RESUME  "rf: int3", int3
        RESUME  "rf: int n", int $0x42
        RESUME  "rf: pf", movabsb 0xffff900000000000, %al

        /* QEMU loads it and stops here */
        movq    $0x0000800000000000, %r9
        CASE    "lgdt of such a base"
        movq    %r9, bad_table + 2
        MARK
        lgdt    bad_table
        END
        ret

hook_edge:
        movq    $0x0000800000000000, %rax
        subq    %rdi, %rax
        negq    %rax
        SHOW    count, %rcx, 4
        SHOW    rdi, %rax, 4
        xorl    %eax, %eax
        ret
hook_rf:
        movq    F_FLAGS(%rbp), %rax
        andl    $0x10000, %eax
        SHOW    rf, %rax, 5
        xorl    %eax, %eax
        ret
hook_stack:
        movq    $ist_top, %rax
        leaq    F_SS + 8(%rbp), %rdx
        subq    %rdx, %rax
        SHOW    below, %rax, 4
        movl    %ss, %eax
        SHOW    ss, %rax, 4
        xorl    %eax, %eax
        ret
hook_return:
        cmpq    $0, case_mark
        jne     1f
        xorl    %eax, %eax
        ret
1:      movq    $0, case_mark
        SHOW    cs, F_CS(%rbp), 4
        movl    $1, %eax
        ret

conforming:
        movl    %cs, %eax
        movl    %ss, %ecx
        shll    $16, %ecx
        orl     %ecx, %eax
        int     $0x80

inner:  movl    %cs, %eax
        SHOW    cs, %rax, 4
        movl    %ss, %eax
        SHOW    ss, %rax, 4
        movq    8(%rsp), %rax
        SHOW    from, %rax, 4
        lretq

far_inner:
        lretq

        .section .data
        .balign 8
limits: .long   0, 3
gate_pointer:
        .long   0
        .word   CGATE
gate_pointer_x:
        .long   0
        .word   CGATEX
tss_pointer:
        .long   0
        .word   TSS_MAIN
compatible_pointer:
        .long   compatible
        .word   KCODE32
        .balign 8
far_pointer:
        .quad   far_inner
        .word   KCODE
        .balign 8
bad_table:
        .word   0
        .quad   0
        .section .bss
        .balign 16
scratch:        .skip 64
        .skip   2048
ist_top:
        .skip   16
