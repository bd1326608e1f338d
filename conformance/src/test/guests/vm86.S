/*
 * Virtual-8086 mode: entry by IRET, faults and interrupts out of it, IOPL-sensitive instructions, the
 * I/O permission bitmap, segments and wrap, a task in it. And 16-bit protected mode. Intel SDM vol. 3
 * chapter 20.
 */
        .set    TSS_LIMIT, 0x68 + 0x80
        .include "guest32.inc"

        .set    C16, FREE + 0x00
        .set    D16, FREE + 0x08
        .set    TSS_V, FREE + 0x10

        .set    VSEG, 0x2000            # the segment of all code and data in it
        .set    VBASE, 0x20000

        /* copies the code from here to VCODEEND to VSEG:0x100 and enters it */
        .macro  V86 flags=0x3002
        movl    $9010f, %esi
        movl    $VBASE + 0x100, %edi
        movl    $9011f - 9010f, %ecx
        rep movsb
        movl    $0x100, case_mark
        movl    $0x1000, case_usp
        pushl   $VSEG + 3               # GS
        pushl   $VSEG + 2               # FS
        pushl   $VSEG + 1               # DS
        pushl   $VSEG                   # ES
        pushl   $VSEG                   # SS
        pushl   $0x1000                 # ESP
        pushl   $0x20000 + \flags
        pushl   $VSEG
        pushl   $0x100
        MARK
        iretl
        .code16
9010:
        .endm

        .macro  ENDV86
        int     $0x80
9011:
        .code32
        END
        .endm

main:
        orl     $0x6000, idt + 0x80 * 8 + 4
        movl    %cr4, %eax
        andl    $~3, %eax
        movl    %eax, %cr4

        CASE    "entry: registers"
        V86
        movw    %cs, %ax
        shll    $16, %eax
        movw    %ds, %ax
        ENDV86
        CASE    "frame of an event: segments are null after it"
        movl    $hook_frame, trap_hook
        V86
        ud2
        ENDV86
        CASE    "hlt"
        V86
        hlt
        ENDV86
        CASE    "privileged: mov cr0"
        V86
        movl    %cr0, %eax
        ENDV86
        CASE    "smsw"
        V86
        smsww   %ax
        xorw    %ax, %ax
        ENDV86
        CASE    "sldt is undefined"
        V86
        sldtw   %ax
        ENDV86
        CASE    "lar is undefined"
        V86
        larw    %ax, %ax
        ENDV86
        CASE    "arpl is undefined"
        V86
        arpl    %ax, %ax
        ENDV86
        CASE    "lgdt"
        V86
        lgdtw   0
        ENDV86
        CASE    "sgdt"
        V86
        sgdtw   0
        xorl    %eax, %eax
        ENDV86

        /* ---- IOPL 0 and 3 ---- */
        .irp    iopl, 0, 3
        CASE    "cli, IOPL \iopl"
        V86     (\iopl*0x1000+0x202)
        cli
        xorl    %eax, %eax
        ENDV86
        CASE    "sti, IOPL \iopl"
        V86     (\iopl*0x1000+2)
        sti
        xorl    %eax, %eax
        ENDV86
        CASE    "pushf, IOPL \iopl"
        V86     (\iopl*0x1000+2)
        pushfw
        xorl    %eax, %eax
        popw    %ax
        ENDV86
        CASE    "pushfl, IOPL \iopl"
        V86     (\iopl*0x1000+2)
        pushfl
        popl    %eax
        ENDV86
        CASE    "popf, IOPL \iopl"
        V86     (\iopl*0x1000+2)
        pushw   $0x4202
        popfw
        pushfl
        popl    %eax
        ENDV86
        CASE    "int n, IOPL \iopl"
        V86     (\iopl*0x1000+2)
        int     $0x42
        ENDV86
        CASE    "int3 is not IOPL-sensitive, IOPL \iopl"
        V86     (\iopl*0x1000+2)
        int3
        ENDV86
        CASE    "iret, IOPL \iopl"
        V86     (\iopl*0x1000+2)
        pushw   $0x0246
        pushw   $VSEG
        pushw   $0x100 + 11
        iretw
        nop
        nop
        pushfl
        popl    %eax
        ENDV86
        CASE    "in by the bitmap, IOPL \iopl"
        movb    $2, tss + 0x68 + 0x80 / 8
        V86     (\iopl*0x1000+2)
        inb     $0x81, %al
        ENDV86
        CASE    "out where the bitmap allows, IOPL \iopl"
        V86     (\iopl*0x1000+2)
        outb    %al, $0x80
        xorl    %eax, %eax
        ENDV86
        .endr
        orl     $0x6000, idt + 0x42 * 8 + 4
        CASE    "int n through a gate of DPL 3, IOPL 3"
        V86     0x3002
        int     $0x42
        ENDV86
        CASE    "int3 through a gate of DPL 3"
        orl     $0x6000, idt + 3 * 8 + 4
        V86     2
        int3
        ENDV86
        CASE    "into through a gate of DPL 3"
        orl     $0x6000, idt + 4 * 8 + 4
        V86     2
        movb    $0x7f, %al
        incb    %al
        into
        ENDV86
        CASE    "gate to conforming code"
        DESCRIPTOR C16, 0, 0xfffff, 0x9f
        movw    $C16, idt + 3 * 8 + 2
        V86
        int3
        ENDV86
        CASE    "gate to ring 3"
        movw    $UCODE, idt + 3 * 8 + 2
        V86
        int3
        ENDV86
        movw    $KCODE, idt + 3 * 8 + 2

        /* ---- segments ---- */
        CASE    "a segment register takes any value"
        V86
        movw    $0x2345, %ax
        movw    %ax, %fs
        xorl    %eax, %eax
        movw    %fs, %ax
        ENDV86
        CASE    "limit: word at 0xffff"
        V86
        movl    $0xffff, %ebx
        movw    (%ebx), %ax
        ENDV86
        CASE    "limit: 32-bit offset"
        V86
        movl    $0x10000, %ebx
        movb    (%ebx), %al
        ENDV86
        CASE    "stack: push at 0 wraps"
        V86
        movw    $0, %sp
        pushw   $0x5678
        movl    %esp, %eax
        ENDV86
        CASE    "stack: push at 1 does not fit"
        V86
        movw    $1, %sp
        pushw   $0x5678
        ENDV86
        CASE    "far call and return"
        V86
        lcallw  $VSEG + 0x10, $10
        xorl    %eax, %eax
        int     $0x80
        lretw
        ENDV86
        CASE    "mov ss"
        V86
        movw    $0x2100, %ax
        movw    %ax, %ss
        popw    %ax
        movzwl  %ax, %eax
        xorl    %eax, %eax
        ENDV86
        CASE    "popf does not enter"
        pushl   $0x20002
        popfl
        pushfl
        popl    %eax
        MARK
        DONE
        END
        CASE    "single step in it"
        movl    $hook_step, trap_hook
        V86     0x3102
        nop
        nop
        xorl    %eax, %eax
        ENDV86

        /* ---- 16-bit protected mode ---- */
        DESCRIPTOR C16, 0, 0xffff, 0x9b, 0
        BASE    C16, code16
        DESCRIPTOR D16, VBASE, 0xffff, 0x93, 0
        CASE    "16-bit code: operand and address sizes"
        MARK
        ljmp    $C16, $0
        END
        CASE    "16-bit stack: sp wraps, high half of esp stays"
        movl    $D16, %eax
        movl    %eax, %ss
        movl    $0x12340000, %esp
        MARK
        pushl   $0x11111111
        movl    %esp, %eax
        movl    VBASE + 0xfffc, %ecx
        movl    $KDATA, %edx
        movl    %edx, %ss
        movl    case_esp, %esp
        SHOW    memory, %ecx
        DONE
        END
        CASE    "16-bit stack: leave and enter"
        movl    $D16, %eax
        movl    %eax, %ss
        movl    $0x12340100, %esp
        movl    $0x56780200, %ebp
        MARK
        enter   $16, $0
        movl    %esp, %eax
        movl    %ebp, %ebx
        leave
        movl    %esp, %ecx
        movl    %ebp, %esi
        movl    $KDATA, %edx
        movl    %edx, %ss
        movl    case_esp, %esp
        SHOW    ebp, %ebx
        SHOW    esp, %ecx
        SHOW    left, %esi
        DONE
        END
        CASE    "jump beyond the limit"
        V86
        .byte   0x66, 0xea
        .long   0x10000
        .word   VSEG
        ENDV86
        CASE    "iret with VM in ring 3 does not enter"
        USER
        pushl   $0x20002
        pushl   $UCODE
        pushl   $1f
        iretl
1:      pushfl
        popl    %eax
        MARK
        DONE
        END
        ret

hook_frame:
        xorl    %eax, %eax
        movl    F_SS + 4(%ebp), %eax
        SHOW    es, %eax, 4
        movl    F_SS + 8(%ebp), %eax
        SHOW    ds, %eax, 4
        movl    F_SS + 12(%ebp), %eax
        SHOW    fs, %eax, 4
        movl    F_SS + 16(%ebp), %eax
        SHOW    gs, %eax, 4
        /* what the handler found */
        movl    (%ebp), %eax
        SHOW    now, %eax, 4
        movl    12(%ebp), %eax
        SHOW    ds, %eax, 4
        xorl    %eax, %eax
        ret

hook_step:
        xorl    %eax, %eax
        cmpl    $1, F_VECTOR(%ebp)
        jne     1f
        movl    F_IP(%ebp), %eax
        SHOW    step, %eax, 3
        movl    $1, %eax
1:      ret

        .balign 16
code16: .code16
        movw    $0x1234, %ax
        shll    $16, %eax
        movw    $0x5678, %ax
        movl    $0x12340000, %ebx
        movw    $code16word - code16, %bx
        movw    %cs:(%bx), %cx
        addr32 movw %cs:code16word - code16, %cx
        leaw    1(%bx), %dx
        int     $0x80
code16word:
        .word   0x9abc
        .code32
