/*
 * SYSCALL, SYSRET, SYSENTER, SYSEXIT and SWAPGS in long mode, with single steps, flags and the
 * conditions of each. Intel SDM vol. 2 for each instruction; AMD APM vol. 2 section 13.1.4 for TF.
 */
        .set    TSS_LIMIT, 0x67
        .include "guest64.inc"

main:
        SETMSR  0xc0000081, 0x00180008, 0       # STAR
        SETMSR  0xc0000082, 0, entry            # LSTAR
        SETMSR  0xc0000083, 0, entry_compatible # CSTAR
        SETMSR  0xc0000084, 0, 0x200            # FMASK: IF

        CASE    "syscall and sysret"
        USER    0x202
        movl    $0x77, %edx
        MARK
        syscall
9:      subq    $9b, %rcx
        movl    %cs, %eax
        movl    %ss, %ecx
        shll    $16, %ecx
        orl     %ecx, %eax
        DONE
        END
        CASE    "syscall in ring 0"
        movq    $entry_kernel, %rax
        movq    %rax, %rdx
        shrq    $32, %rdx
        movl    $0xc0000082, %ecx
        wrmsr
        pushq   $0x246
        popfq
        MARK
        syscall
        END
        SETMSR  0xc0000082, 0, entry
        CASE    "syscall without SCE"
        SETMSR  0xc0000080, 0, 0x900
        MARK
        syscall
        END
        CASE    "sysret without SCE"
        MARK
        sysretq
        END
        SETMSR  0xc0000080, 0, 0x901
        ONEUSER "sysret in ring 3", sysretq
        CASE    "sysret to a non-canonical address"
        movq    $0x0000800000000000, %rcx
        movq    $2, %r11
        MARK
        sysretq
        END
        CASE    "sysretl takes 32 bits of rcx"
        movq    $0x1234567800000000, %rcx
        movq    $9f, %rax
        orq     %rax, %rcx
        movl    $0x202, %r11d
        movq    $user_stack_top, %rsp
        MARK
        sysretl
        .code32
9:      movl    %cs, %eax
        DONE
        END32
        CASE    "sysretq with reserved flags"
        movq    $9f, %rcx
        movq    $-1, %r11
        movabsq $0xfffffffffffffeff, %r11
        movq    $user_stack_top, %rsp
        MARK
        sysretq
9:      pushfq
        popq    %rax
        DONE
        END
        CASE    "syscall from compatibility mode"
        USER32
        MARK
        syscall
        END32
        CASE    "sysret in compatibility ring 0"
        KERNEL32
        MARK
        sysretl
        END32

        /* ---- with TF ---- */
        CASE    "step: syscall with TF not masked"
        movq    $hook_step, trap_hook
        USER    0x102
        MARK
        nop
        syscall
9:      nop
        DONE
        END
        CASE    "step: syscall with TF masked"
        SETMSR  0xc0000084, 0, 0x300
        movq    $hook_step, trap_hook
        USER    0x102
        MARK
        nop
        syscall
9:      nop
        DONE
        END
        CASE    "step: sysret sets TF"
        movq    $hook_step, trap_hook
        movq    $9f, %rcx
        movq    $0x102, %r11
        movq    $user_stack_top, %rsp
        MARK
        sysretq
9:      nop
        nop
        DONE
        END
        SETMSR  0xc0000084, 0, 0x200

        /* ---- SYSENTER ---- */
        SETMSR  0x174, 0, 0
        ONEUSER "sysenter with CS 0", sysenter
        CASE    "sysexit with CS 0"
        MARK
        sysexitl
        END
        SETMSR  0x174, 0, KCODE
        SETMSR  0x175, 0, trap_stack_top
        SETMSR  0x176, 0, enter
        CASE    "sysenter from ring 3"
        USER    0x202
        MARK
        sysenter
        END
        CASE    "sysenter from compatibility mode"
        USER32  0x202
        MARK
        sysenter
        END32
        ONEUSER "sysexit in ring 3", sysexitl
        CASE    "sysexitq"
        movq    $9f, %rdx
        movq    $user_stack_top - 8, %rcx
        MARK
        .byte   0x48
        sysexitl
9:      movl    %cs, %eax
        movl    %ss, %ecx
        shll    $16, %ecx
        orl     %ecx, %eax
        DONE
        END
        CASE    "sysexitl"
        movq    $9f, %rdx
        movabsq $0x100000000 + user_stack_top, %rcx
        MARK
        sysexitl
        .code32
9:      movl    %cs, %eax
        movl    %ss, %ecx
        shll    $16, %ecx
        orl     %ecx, %eax
        DONE
        END32
        CASE    "sysexitq to a non-canonical address"
        movq    $0x0000800000000000, %rdx
        movq    $user_stack_top, %rcx
        MARK
        .byte   0x48
        sysexitl
        END
        CASE    "sysexitq with a non-canonical stack"
        movq    $9f, %rdx
        movq    $0x0000800000000000, %rcx
        MARK
        .byte   0x48
        sysexitl
9:
        END
        CASE    "sysenter keeps TF"
        movq    $hook_step, trap_hook
        USER    0x102
        MARK
        nop
        sysenter
        END

        /* ---- SWAPGS ---- */
        CASE    "swapgs"
        SETMSR  0xc0000101, 0x11, 0x2222
        SETMSR  0xc0000102, 0x33, 0x4444
        swapgs
        movl    $0xc0000101, %ecx
        rdmsr
        shlq    $32, %rdx
        orq     %rdx, %rax
        MARK
        DONE
        END
        CASE    "swapgs in compatibility mode"
        KERNEL32
        MARK
        .byte   0x0f, 0x01, 0xf8
        END32
        CASE    "wrgsbase without FSGSBASE"
        MARK
        wrgsbase %rax
        END
        CASE    "wrgsbase and rdgsbase"
        SETCR4  0x10000
        movabsq $0x123456789abc, %rcx
        USER
        wrgsbase %rcx
        rdgsbase %rax
        MARK
        DONE
        END
        CASE    "wrfsbase non-canonical"
        movabsq $0x0000800000000000, %rcx
        MARK
        wrfsbase %rcx
        END
        CASE    "wrfsbase in compatibility mode"
        USER32
        MARK
        .byte   0xf3, 0x0f, 0xae, 0xd1
        END32
        SETCR4  0, 0x10000
        ret

entry:  /* prints in ring 0, back with what SYSCALL left */
        movq    %rsp, %r10
        movq    $trap_stack_top, %rsp
        pushq   %rcx
        pushq   %r11
        pushfq
        popq    %rax
        andl    $~0x8d5, %eax
        TEXT    " entry"
        SHOW    fl, %rax, 6
        movl    %cs, %eax
        SHOW    cs, %rax, 4
        movl    %ss, %eax
        SHOW    ss, %rax, 4
        movq    %r11, %rax
        andl    $~0x8d5, %eax
        SHOW    r11, %rax, 6
        movq    %rcx, %rax
        subq    case_mark, %rax
        SHOW    rcx, %rax, 2
        movq    %r10, %rax
        subq    $user_stack_top, %rax
        SHOW    rsp, %rax, 2
        popq    %r11
        popq    %rcx
        movq    %r10, %rsp
        andl    $~0x100, %r11d
        sysretq
entry_kernel:
        subq    case_mark, %rcx
        SHOW    rcx, %rcx, 2
        SHOW    r11, %r11, 6
        pushfq
        popq    %rax
        DONE
entry_compatible:
        movl    $0x99, %eax
        DONE
enter:  pushfq
        popq    %rax
        andl    $~0x8d5, %eax
        TEXT    " enter"
        SHOW    fl, %rax, 6
        movl    %cs, %eax
        SHOW    cs, %rax, 4
        movl    %ss, %eax
        SHOW    ss, %rax, 4
        movq    $trap_stack_top, %rax
        subq    %rsp, %rax
        SHOW    rsp, %rax, 4
        xorl    %eax, %eax
        DONE

hook_step:
        xorl    %eax, %eax
        cmpl    $1, F_VECTOR(%rbp)
        jne     1f
        movq    F_IP(%rbp), %rax
        leaq    entry, %rdx
        movb    $'e', %cl
        cmpq    %rdx, %rax
        je      2f
        leaq    enter, %rdx
        movb    $'n', %cl
        cmpq    %rdx, %rax
        je      2f
        subq    case_mark, %rax
        cmpq    $64, %rax
        ja      3f
        SHOW    step, %rax, 2
3:      movl    $1, %eax
1:      ret
2:      movb    $' ', %al
        call    putc
        movb    %cl, %al
        call    putc
        /* no more steps */
        andq    $~0x100, F_FLAGS(%rbp)
        jmp     3b
