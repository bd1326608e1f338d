/*
 * Single steps, breakpoints and debug registers in 32-bit protected mode. Each #DB prints
 * "[offset DR6 flags]"; the handler returns. Intel SDM vol. 3 chapter 17.
 */
        .set    TSS_LIMIT, 0x68 + 0x2000
        .include "guest32.inc"

        /* prints an event and returns from it; all of RFLAGS in the frame, RF too */
trace:
        TEXT    " ["
        movl    F_VECTOR(%ebp), %eax
        cmpl    $1, %eax
        je      1f
        SHOW    v, %eax, 2
1:      movl    F_IP(%ebp), %eax
        subl    case_mark, %eax
        call    putoff
        movl    %db6, %eax
        movb    $' ', %al
        call    putc
        movl    %db6, %eax
        movl    $4, %ecx
        call    puthex
        movl    $0xffff0ff0, %eax
        movl    %eax, %db6
        movl    F_FLAGS(%ebp), %eax
        andl    $~0x8d5, %eax
        testl   $1, show_flags
        jz      2f
        movb    $' ', %al
        pushl   %eax
        movl    F_FLAGS(%ebp), %eax
        movb    $' ', %al
        call    putc
        popl    %eax
        movl    F_FLAGS(%ebp), %eax
        andl    $~0x8d5, %eax
        movl    $5, %ecx
        call    puthex
2:      movb    $']', %al
        call    putc
        cmpl    $1, F_VECTOR(%ebp)
        jne     3f
        movl    set_flags, %eax
        orl     %eax, F_FLAGS(%ebp)
        movl    clear_flags, %eax
        notl    %eax
        andl    %eax, F_FLAGS(%ebp)
        decl    events_left
        jz      4f
        movl    $1, %eax
        ret
3:      /* anything but #DB and INT 0x42 ends the case */
        xorl    %eax, %eax
        cmpl    $0x42, F_VECTOR(%ebp)
        jne     5f
        movl    $1, %eax
        ret
4:      xorl    %eax, %eax
5:      movl    $0, clear_flags
        movl    $0, set_flags
        movl    $20, events_left
        movl    $0, show_flags
        pushl   %eax
        xorl    %eax, %eax
        movl    %eax, %db7
        popl    %eax
        ret

        .section .data
        .balign 4
show_flags:     .long 0
set_flags:      .long 0
clear_flags:    .long 0
events_left:    .long 20
        .section .text

        .macro  STEPS name, flags=0x102
        CASE    "\name"
        movl    $trace, trap_hook
        pushl   $\flags
        popfl
        .endm

        .macro  WATCH register, address, control
        movl    $\address, %eax
        movl    %eax, %db\register
        movl    $((\control) << (16 + 4 * \register)) | (2 << (2 * \register)) | 0x700, %eax
        movl    %eax, %db7
        .endm

main:
        STEPS   "step: plain"
        MARK
        nop
        incl    %eax
        movl    %eax, %ecx
        DONE
        END

        STEPS   "step: first one after popf"
        nop
        MARK
        nop
        DONE
        END

        CASE    "step: popf clears TF"
        movl    $trace, trap_hook
        pushl   $2
        pushl   $0x102
        popfl
        MARK
        nop
        popfl
        nop
        nop
        nop
        DONE
        END

        CASE    "step: branch"
        movl    $trace, trap_hook
        pushl   $0x102
        popfl
        MARK
        jmp     1f
        nop
1:      call    2f
        DONE
2:      ret
        END

        STEPS   "step: int is not trapped at its handler"
        MARK
        nop
        int     $0x42
        nop
        DONE
        END

        STEPS   "step: fault"
        MARK
        nop
        ud2
        nop
        END

        CASE    "step: mov ss holds the trap back"
        movl    $trace, trap_hook
        movl    $KDATA, %edx
        pushl   $0x102
        popfl
        MARK
        nop
        movl    %edx, %ss
        nop
        nop
        DONE
        END

        CASE    "step: pop ss holds the trap back"
        movl    $trace, trap_hook
        pushl   $KDATA
        pushl   $0x102
        popfl
        MARK
        nop
        popl    %ss
        nop
        nop
        DONE
        END

        CASE    "step: lss does not"
        movl    $trace, trap_hook
        movl    %esp, pointer
        pushl   $0x102
        popfl
        MARK
        nop
        lssl    pointer, %esp
        nop
        DONE
        END

        STEPS   "step: sti does not"
        MARK
        nop
        sti
        nop
        cli
        DONE
        END

        STEPS   "step: rep movs"
        movl    $3, %ecx
        movl    $buffer, %esi
        movl    $buffer + 16, %edi
        MARK
        rep movsb
        nop
        DONE
        END

        STEPS   "step: rep with count 0"
        xorl    %ecx, %ecx
        MARK
        rep movsb
        nop
        DONE
        END

        STEPS   "step: cpuid and in"
        xorl    %eax, %eax
        MARK
        cpuid
        inb     $0x80, %al
        movb    $0, %al
        DONE
        END

        CASE    "step: iret sets TF"
        movl    $trace, trap_hook
        pushl   $0x102
        pushl   $KCODE
        pushl   $1f
        MARK
        iretl
1:      nop
        nop
        DONE
        END

        CASE    "step: pushf image"
        movl    $trace, trap_hook
        pushl   $0x102
        popfl
        MARK
        pushfl
        popl    %eax
        andl    $0x10100, %eax
        DONE
        END

        CASE    "step: in ring 3"
        movl    $trace, trap_hook
        USER    0x102
        MARK
        nop
        movl    $5, %eax
        DONE
        END

        /* ---- instruction breakpoints ---- */
        CASE    "execute: fault before, then resumed by RF"
        movl    $trace, trap_hook
        movl    $1, show_flags
        movl    $0x10000, set_flags
        WATCH   0, 1f, 0
        xorl    %eax, %eax
        MARK
        nop
1:      incl    %eax
        nop
        DONE
        END

        CASE    "execute: again without RF"
        movl    $trace, trap_hook
        movl    $1, show_flags
        movl    $2, events_left
        WATCH   0, 1f, 0
        MARK
        nop
1:      incl    %eax
        nop
        DONE
        END

        CASE    "execute: RF is for one instruction"
        movl    $trace, trap_hook
        movl    $0x10000, set_flags
        WATCH   0, 1f, 0
        movl    $2, %ecx
        MARK
1:      loop    1b
        DONE
        END

        CASE    "execute: two at one address"
        movl    $trace, trap_hook
        movl    $0x10000, set_flags
        movl    $1f, %eax
        movl    %eax, %db1
        movl    %eax, %db3
        movl    $0x7aa, %eax
        movl    %eax, %db7
        MARK
        nop
1:      nop
        DONE
        END

        CASE    "execute: not after mov ss"
        movl    $trace, trap_hook
        movl    $0x10000, set_flags
        movl    $KDATA, %edx
        WATCH   0, 1f, 0
        MARK
        nop
        movl    %edx, %ss
1:      nop
        nop
        DONE
        END

        CASE    "execute: not in the middle of an instruction"
        movl    $trace, trap_hook
        WATCH   0, 1f + 1, 0
        MARK
        nop
1:      movl    $0x12345678, %ecx
        xorl    %eax, %eax
        DONE
        END

        CASE    "execute: before the fault of the instruction"
        movl    $trace, trap_hook
        movl    $0x10000, set_flags
        WATCH   2, 1f, 0
        MARK
        nop
1:      ud2
        END

        CASE    "execute: with a step"
        movl    $trace, trap_hook
        movl    $0x10000, set_flags
        WATCH   0, 1f, 0
        pushl   $0x102
        popfl
        MARK
        nop
1:      nop
        nop
        DONE
        END

        /* ---- data breakpoints: trap after ---- */
        CASE    "write: store"
        movl    $trace, trap_hook
        movl    $1, show_flags
        WATCH   1, buffer + 4, 0xd
        MARK
        movl    %eax, buffer
        movl    %eax, buffer + 4
        nop
        movl    %eax, buffer + 8
        movl    buffer + 4, %eax
        xorl    %eax, %eax
        DONE
        END

        CASE    "write: one byte of four"
        movl    $trace, trap_hook
        WATCH   1, buffer + 4, 0xd
        MARK
        movb    %al, buffer + 7
        nop
        movl    %eax, buffer + 1
        nop
        movw    %ax, buffer + 2
        movb    %al, buffer + 8
        xorl    %eax, %eax
        DONE
        END

        CASE    "write: length 1 and 2"
        movl    $trace, trap_hook
        WATCH   2, buffer + 4, 0x5
        MARK
        movb    %al, buffer + 4
        nop
        movb    %al, buffer + 5
        nop
        movb    %al, buffer + 6
        WATCH   2, buffer + 4, 0x1
        movb    %al, buffer + 5
        movb    %al, buffer + 4
        nop
        xorl    %eax, %eax
        DONE
        END

        CASE    "read or write"
        movl    $trace, trap_hook
        WATCH   3, buffer + 4, 0xf
        MARK
        movl    buffer + 4, %eax
        nop
        movl    %eax, buffer + 4
        nop
        addl    %eax, buffer + 4
        nop
        pushl   buffer + 4
        nop
        xorl    %eax, %eax
        DONE
        END

        CASE    "write: push and call"
        movl    $trace, trap_hook
        movl    %esp, %ecx
        subl    $4, %ecx
        movl    %ecx, %db0
        movl    $0x000d0702, %eax
        movl    %eax, %db7
        MARK
        pushl   %eax
        nop
        popl    %eax
        call    1f
1:      popl    %eax
        subl    $64, %esp
        xorl    %eax, %eax
        DONE
        END

        CASE    "write: rep stos goes on after"
        movl    $trace, trap_hook
        WATCH   0, buffer + 8, 0xd
        movl    $buffer, %edi
        movl    $4, %ecx
        xorl    %eax, %eax
        MARK
        rep stosl
        nop
        movl    %ecx, %eax
        DONE
        END

        CASE    "write: and step"
        movl    $trace, trap_hook
        WATCH   0, buffer + 8, 0xd
        pushl   $0x102
        popfl
        MARK
        movl    %eax, buffer + 8
        nop
        DONE
        END

        CASE    "write: in ring 3"
        movl    $trace, trap_hook
        WATCH   0, buffer + 8, 0xd
        USER
        MARK
        movl    %eax, buffer + 8
        nop
        xorl    %eax, %eax
        DONE
        END

        CASE    "write: lock cmpxchg"
        movl    $trace, trap_hook
        WATCH   0, buffer + 8, 0xd
        xorl    %ecx, %ecx
        MARK
        lock cmpxchgl %eax, buffer + 8
        nop
        xorl    %eax, %eax
        DONE
        END

        CASE    "write: held back by mov ss from memory"
        movl    $trace, trap_hook
        movl    $KDATA, buffer + 8
        WATCH   0, buffer + 8, 0xf
        MARK
        movw    buffer + 8, %ss
        nop
        nop
        DONE
        END

        CASE    "local enable is as good"
        movl    $trace, trap_hook
        movl    $buffer, %eax
        movl    %eax, %db0
        movl    $0x000d0701, %eax
        movl    %eax, %db7
        MARK
        movl    %eax, buffer
        nop
        xorl    %eax, %eax
        DONE
        END

        CASE    "not enabled"
        movl    $trace, trap_hook
        movl    $buffer, %eax
        movl    %eax, %db0
        movl    $0x000d0700, %eax
        movl    %eax, %db7
        MARK
        movl    %eax, buffer
        nop
        xorl    %eax, %eax
        DONE
        END

        CASE    "i/o: with DE"
        movl    $trace, trap_hook
        movl    %cr4, %eax
        orl     $8, %eax
        movl    %eax, %cr4
        WATCH   0, 0x80, 0x2
        MARK
        outb    %al, $0x80
        nop
        inb     $0x80, %al
        nop
        inb     $0x81, %al
        nop
        xorl    %eax, %eax
        DONE
        END

        /* ---- registers ---- */
        CASE    "general detect"
        movl    $0x2400, %eax
        movl    %eax, %db7
        MARK
        movl    %db0, %eax
        END

        CASE    "general detect clears GD"
        MARK
        movl    %db7, %eax
        DONE
        END

        CASE    "dr7 reads back"
        movl    $0xfffffcff, %eax
        andl    $~0x2000, %eax
        andl    $~0xff, %eax
        movl    %eax, %db7
        movl    %db7, %ecx
        xorl    %eax, %eax
        movl    %eax, %db7
        movl    %db7, %eax
        MARK
        SHOW    dr7, %ecx
        DONE
        END

        CASE    "dr6 reads back"
        movl    $0xffffffff, %eax
        movl    %eax, %db6
        movl    %db6, %ecx
        xorl    %eax, %eax
        movl    %eax, %db6
        movl    %db6, %eax
        MARK
        SHOW    dr6, %ecx
        DONE
        END

        CASE    "hlt is left by a step"
        movl    $trace, trap_hook
        pushl   $0x102
        popfl
        MARK
        nop
        hlt
        nop
        DONE
        END
        ret

        .section .bss
        .balign 16
buffer: .skip   64
        .section .data
pointer: .long  0
        .word   KDATA
