/*
 * Single steps and breakpoints in 64-bit and compatibility mode: eight-byte watches, wide accesses,
 * steps across changes of ring and mode, the registers' upper halves. An event prints
 * "[offset DR6 RF]". Intel SDM vol. 3 chapter 17.
 */
        .set    TSS_LIMIT, 0x67
        .include "guest64.inc"

trace:  xorl    %eax, %eax
        cmpl    $1, F_VECTOR(%rbp)
        jne     9f
        TEXT    " ["
        movq    F_IP(%rbp), %rax
        subq    case_mark, %rax
        call    putoff
        movb    $' ', %al
        call    putc
        movq    %db6, %rax
        movl    $4, %ecx
        call    puthex
        movl    $0xffff0ff0, %eax
        movq    %rax, %db6
        testl   $0x10000, F_FLAGS(%rbp)
        jz      1f
        TEXT    " rf"
1:      cmpq    $KCODE, F_CS(%rbp)
        je      1f
        SHOW    cs, F_CS(%rbp), 2
1:      movb    $']', %al
        call    putc
        orq     $0x10000, F_FLAGS(%rbp) # resume past instruction breakpoints
        movl    $1, %eax
        ret
9:      pushq   %rax
        xorl    %eax, %eax
        movq    %rax, %db7
        popq    %rax
        ret

        .macro  TRACE name
        CASE    "\name"
        movq    $trace, trap_hook
        .endm

        .macro  STEPPED
        pushq   $0x102
        popfq
        .endm

        .macro  WATCH register, address, control
        movq    $\address, %rax
        movq    %rax, %db\register
        movl    $((\control) << (16 + 4 * \register)) | (2 << (2 * \register)) | 0x700, %eax
        movq    %rax, %db7
        .endm

main:
        TRACE   "step: plain"
        STEPPED
        MARK
        nop
        xorl    %eax, %eax
        DONE
        END
        TRACE   "step: iretq to ring 3"
        pushq   $UDATA
        pushq   $user_stack_top
        pushq   $0x102
        pushq   $UCODE
        pushq   $9f
        STEPPED
        MARK
        nop
        iretq
9:      nop
        xorl    %eax, %eax
        DONE
        END
        TRACE   "step: to compatibility mode and back"
        STEPPED
        MARK
        ljmp    *to32
        .code32
in32:   nop
        ljmp    $KCODE, $9f
        .code64
9:      nop
        xorl    %eax, %eax
        DONE
        END
        TRACE   "step: ring 3, compatibility"
        USER32  0x102
        MARK
        nop
        pushl   $1
        popl    %eax
        int     $0x80
        END32
        TRACE   "step: rep movsq has RF until its last round"
        movl    $3, %ecx
        movq    $buffer, %rsi
        movq    $buffer + 64, %rdi
        STEPPED
        MARK
        rep movsq
        xorl    %eax, %eax
        DONE
        END
        TRACE   "step: page fault then the step"
        movq    $fix, trap_hook
        movabsq $0xffff900000000000, %rbx
        STEPPED
        MARK
        movq    (%rbx), %rax
        xorl    %eax, %eax
        DONE
        END
        TRACE   "step: lss, pop ss in compatibility"
        KERNEL32
        pushl   $KDATA
        pushl   $0x102
        popfl
        MARK
        nop
        popl    %ss
        nop
        xorl    %eax, %eax
        int     $0x80
        END32
        TRACE   "watch: 8 bytes"
        WATCH   0, buffer+8, 0x9
        MARK
        movb    %al, buffer + 15
        nop
        movq    %rax, buffer + 1
        nop
        movb    %al, buffer + 16
        nop
        xorl    %eax, %eax
        DONE
        END
        TRACE   "watch: 16-byte store over it"
        WATCH   1, buffer+12, 0xd
        MARK
        movups  %xmm0, buffer
        nop
        movaps  %xmm0, buffer + 16
        nop
        movups  %xmm0, buffer + 8
        nop
        xorl    %eax, %eax
        DONE
        END
        TRACE   "watch: 16-byte load"
        WATCH   1, buffer+12, 0xf
        MARK
        movaps  buffer, %xmm1
        nop
        addps   buffer, %xmm1
        nop
        xorl    %eax, %eax
        DONE
        END
        TRACE   "watch: x87 store of 10 bytes"
        WATCH   1, buffer+8, 0x5
        fld1
        MARK
        fstpt   buffer
        nop
        xorl    %eax, %eax
        DONE
        END
        TRACE   "watch: cmpxchg16b"
        WATCH   2, buffer+8, 0xd
        MARK
        cmpxchg16b buffer
        nop
        xorl    %eax, %eax
        DONE
        END
        TRACE   "watch: rep stosb, RF in the middle"
        WATCH   3, buffer+2, 0x1
        movq    $buffer, %rdi
        movl    $4, %ecx
        MARK
        rep stosb
        nop
        xorl    %eax, %eax
        DONE
        END
        TRACE   "watch: gs-relative"
        SETMSR  0xc0000101, 0, buffer
        WATCH   0, buffer+8, 0xd
        MARK
        movl    %eax, %gs:8
        nop
        xorl    %eax, %eax
        DONE
        END
        TRACE   "watch: syscall and ring 3"
        WATCH   0, buffer+8, 0xd
        USER
        MARK
        movl    %eax, buffer + 8
        nop
        xorl    %eax, %eax
        DONE
        END
        TRACE   "execute: in ring 3"
        WATCH   0, 8f, 0
        USER
        MARK
        nop
8:      nop
        xorl    %eax, %eax
        DONE
        END
        TRACE   "execute: in compatibility mode"
        WATCH   0, 8f, 0
        USER32
        MARK
        nop
8:      nop
        xorl    %eax, %eax
        int     $0x80
        END32
        TRACE   "execute: the target of a branch"
        WATCH   0, 8f, 0
        MARK
        jmp     8f
        nop
8:      xorl    %eax, %eax
        DONE
        END
        TRACE   "execute: rep once, not each round"
        WATCH   0, 8f, 0
        movl    $3, %ecx
        movq    $buffer, %rdi
        MARK
        nop
8:      rep stosb
        xorl    %eax, %eax
        DONE
        END
        CASE    "dr7 of more than 32 bits"
        movabsq $0x100000400, %rax
        MARK
        movq    %rax, %db7
        END
        CASE    "dr6 of more than 32 bits"
        movabsq $0x1ffff0ff0, %rax
        MARK
        movq    %rax, %db6
        END
        CASE    "dr0 holds 64 bits"
        movabsq $0xffff800012345678, %rax
        movq    %rax, %db0
        xorl    %eax, %eax
        movq    %db0, %rax
        MARK
        DONE
        END
        CASE    "dr4 with DE"
        SETCR4  8
        MARK
        movq    %db4, %rax
        END
        SETCR4  0, 8
        ret

fix:    cmpl    $14, F_VECTOR(%rbp)
        jne     trace
        TEXT    " pf"
        movq    $buffer, %rbx
        movq    %rbx, 88(%rbp)          # the faulting code's rbx
        movl    $1, %eax
        ret

        .section .data
        .balign 8
to32:   .long   in32
        .word   KCODE32
        .section .bss
        .balign 64
buffer: .skip   256
