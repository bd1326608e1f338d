/*
 * Far transfers of 32-bit protected mode: jumps, calls, call gates with parameters, returns to outer
 * rings, IRET, conforming code, 16-bit segments and gates, LDT, access rights, the I/O permission
 * bitmap. Intel SDM vol. 3 chapter 5, vol. 2 for each instruction.
 */
        .set    TSS_LIMIT, 0x68 + 0x80
        .include "guest32.inc"

        .set    CONF0, FREE + 0x00      # conforming code, DPL 0
        .set    CONF3, FREE + 0x08      # conforming code, DPL 3
        .set    ABSENT, FREE + 0x10
        .set    G0, FREE + 0x18         # gate to ring 0, DPL 3
        .set    GP, FREE + 0x20         # with parameters
        .set    G16, FREE + 0x28        # 16-bit gate
        .set    GX, FREE + 0x30         # for ill ones
        .set    C1, FREE + 0x38         # ring 1 code
        .set    D1, FREE + 0x40         # ring 1 data
        .set    C16, FREE + 0x48        # 16-bit code ring 0
        .set    D16, FREE + 0x50        # 16-bit data ring 0
        .set    LDT, FREE + 0x58
        .set    RO3, FREE + 0x60
        .set    XO3, FREE + 0x68        # execute only
        .set    SMALL, FREE + 0x70
        .set    U16, FREE + 0x78
        .set    D3S, FREE + 0x80

        .macro  TELL name
        movl    %cs, %eax
        SHOW    \name, %eax, 4
        .endm

main:
        DESCRIPTOR CONF0, 0, 0xfffff, 0x9f
        DESCRIPTOR CONF3, 0, 0xfffff, 0xff
        DESCRIPTOR ABSENT, 0, 0xfffff, 0x1b
        GATE    gdt + G0, KCODE, inner, 0xec
        GATE    gdt + GP, KCODE, parameters, 0xec, 3
        GATE    gdt + G16, KCODE, 0, 0xe4
        DESCRIPTOR C1, 0, 0xfffff, 0xbb
        DESCRIPTOR D1, 0, 0xfffff, 0xb3
        DESCRIPTOR C16, 0, 0xffff, 0x9b, 0
        DESCRIPTOR D16, 0, 0xffff, 0x93, 0
        DESCRIPTOR LDT, 0, 31, 0x82, 0
        BASE    LDT, ldt
        DESCRIPTOR RO3, 0, 0xfffff, 0xf1
        DESCRIPTOR XO3, 0, 0xfffff, 0xf9
        DESCRIPTOR SMALL, 0, 0x123, 0x93, 4
        BASE    C16, code16
        movl    $stack_top - 0x1000, %eax
        movw    %ax, gdt + D16 + 2
        shrl    $16, %eax
        movb    %al, gdt + D16 + 4
        movl    $ring1_stack_top, tss + 12
        movl    $D1 + 1, tss + 16

        /* ---- direct ---- */
        ONE     "ljmp null", ljmp $0, $0
        ONE     "ljmp null with RPL", ljmp $3, $0
        ONE     "ljmp data", ljmp $KDATA, $0
        ONE     "ljmp beyond", ljmp $0x1000, $0
        ONE     "ljmp absent", ljmp $ABSENT, $0
        ONE     "ljmp outer", ljmp $UCODE, $0
        ONE     "ljmp RPL 3", ljmp $KCODE + 3, $0
        ONE     "ljmp conforming outer", ljmp $CONF3 + 3, $0
        ONE     "lcall absent: esp", lcall $ABSENT, $0
        ONE     "ljmp an LDT selector without LDT", ljmp $4, $0
        CASE    "ljmp conforming"
        ljmp    $CONF0, $1f
1:      TELL    cs
        MARK
        DONE
        END
        CASE    "ring 3 to conforming ring 0"
        USER
        ljmp    $CONF0, $1f
1:      movl    %cs, %eax
        MARK
        DONE
        END
        CASE    "ring 3 conforming: cli"
        USER
        ljmp    $CONF0, $1f
1:
        MARK
        cli
        END
        CASE    "lcall and lret"
        movl    %esp, %edx
        lcall   $KCODE, $2f
        subl    %esp, %edx
        movl    %edx, %eax
        MARK
        DONE
2:      lret
        END
        CASE    "lcall and lret 8"
        pushl   $1
        pushl   $2
        movl    %esp, %edx
        lcall   $KCODE, $2f
        subl    %esp, %edx
        movl    %edx, %eax
        MARK
        DONE
2:      lret    $8
        END
        CASE    "lcall of 16 bits"
        movl    %esp, %edx
        pushl   %edx
        ljmp    $C16, $0
back16: popl    %edx
        MARK
        DONE
        END
        ONEUSER "ring 3 to ring 0 directly", ljmp $KCODE, $0
        ONEUSER "ring 3 calls ring 0 directly", lcall $KCODE + 3, $0

        /* ---- call gates ---- */
        CASE    "gate from ring 3"
        USER
        movl    $0x77, %eax
        MARK
        lcall   $G0, $0x1234
        DONE
        END
        CASE    "gate from ring 0"
        MARK
        lcall   $G0, $0
        DONE
        END
        CASE    "jump through the gate in ring 0"
        movl    %esp, %edx
        pushl   %cs
        pushl   $1f
        MARK
        ljmp    $G0, $0
1:      DONE
        END
        ONEUSER "jump through the gate from ring 3", ljmp $G0, $0
        CASE    "gate with parameters"
        USER
        pushl   $0x11
        pushl   $0x22
        pushl   $0x33
        MARK
        lcall   $GP + 3, $0
        movl    %esp, %eax
        subl    $user_stack_top, %eax
        DONE
        END
        CASE    "gate with parameters, not inner"
        pushl   $0x11
        pushl   $0x22
        pushl   $0x33
        MARK
        lcall   $GP, $0
        xorl    %eax, %eax
        DONE
        END
        CASE    "gate DPL 0 from ring 3"
        GATE    gdt + GX, KCODE, inner, 0x8c
        USER
        MARK
        lcall   $GX, $0
        END
        CASE    "gate with RPL above its DPL"
        MARK
        lcall   $GX + 3, $0
        END
        CASE    "gate absent"
        GATE    gdt + GX, KCODE, inner, 0x6c
        MARK
        lcall   $GX, $0
        END
        CASE    "gate to null"
        GATE    gdt + GX, 0, inner, 0xec
        MARK
        lcall   $GX, $0
        END
        CASE    "gate to data"
        GATE    gdt + GX, KDATA, inner, 0xec
        MARK
        lcall   $GX, $0
        END
        CASE    "gate to absent code"
        GATE    gdt + GX, ABSENT, inner, 0xec
        MARK
        lcall   $GX, $0
        END
        CASE    "gate to outer code"
        GATE    gdt + GX, UCODE, inner, 0xec
        MARK
        lcall   $GX, $0
        END
        CASE    "gate to a gate"
        GATE    gdt + GX, G0, inner, 0xec
        MARK
        lcall   $GX, $0
        END
        CASE    "gate to conforming code from ring 3"
        GATE    gdt + GX, CONF0, conforming, 0xec
        USER
        MARK
        lcall   $GX, $0
        DONE
        END
        CASE    "gate to ring 1"
        GATE    gdt + GX, C1, ring1, 0xec
        USER
        MARK
        lcall   $GX, $0
        DONE
        END
        CASE    "gate: stack of the TSS null"
        movl    $0, tss + 16
        USER
        MARK
        lcall   $GX, $0
        END
        CASE    "gate: stack of the TSS of another ring"
        movl    $KDATA, tss + 16
        USER
        MARK
        lcall   $GX, $0
        END
        CASE    "gate: stack of the TSS absent"
        DESCRIPTOR D1, 0, 0xfffff, 0x33
        movl    $D1 + 1, tss + 16
        USER
        MARK
        lcall   $GX, $0
        END
        CASE    "gate: stack of the TSS beyond the GDT"
        movl    $0x4001, tss + 16
        USER
        MARK
        lcall   $GX, $0
        END
        DESCRIPTOR D1, 0, 0xfffff, 0xb3
        movl    $D1 + 1, tss + 16
        CASE    "system descriptor: jump to the LDT"
        MARK
        ljmp    $LDT, $0
        END
        CASE    "16-bit gate from ring 3"
        DESCRIPTOR SMALL, 0, 0xffff, 0x9b, 4
        BASE    SMALL, inner16
        movw    $SMALL, gdt + G16 + 2
        movw    $0, gdt + G16
        USER
        MARK
        lcall   $G16, $0
        xorl    %eax, %eax
        DONE
        END

        /* ---- returns ---- */
        CASE    "lret to ring 3"
        pushl   $UDATA
        pushl   $user_stack_top - 16
        pushl   $UCODE
        pushl   $1f
        lret
1:      movl    %ds, %eax
        MARK
        DONE
        END
        CASE    "lret to ring 3 drops segments"
        pushl   $UDATA
        pushl   $user_stack_top
        pushl   $UCODE
        pushl   $1f
        movl    $UDATA, %eax
        movl    %eax, %fs
        movl    $CONF0, %eax
        movl    %eax, %gs
        lret
1:      movl    %ds, %eax
        shll    $16, %eax
        movw    %fs, %ax
        movl    %gs, %ecx
        shll    $8, %ecx
        orl     %ecx, %eax
        MARK
        DONE
        END
        CASE    "lret 8 to ring 3"
        pushl   $UDATA
        pushl   $user_stack_top - 16
        pushl   $0
        pushl   $0
        pushl   $UCODE
        pushl   $1f
        lret    $8
1:      movl    %esp, %eax
        subl    $user_stack_top, %eax
        MARK
        DONE
        END
        .macro  RETURN name, cs, ip, ss=UDATA, insn=lret
        CASE    "\name"
        pushl   $\ss
        pushl   $user_stack_top
        pushl   $\cs
        pushl   $\ip
        MARK
        \insn
        DONE
        END
        .endm
        RETURN  "lret to null", 0, 0
        RETURN  "lret to data", KDATA, 0
        RETURN  "lret to absent", ABSENT, 0
        RETURN  "lret to outer with RPL 0", UCODE-3, 0
        RETURN  "lret to inner code with RPL 3", KCODE+3, 0
        RETURN  "lret to outer, null ss", UCODE, 0, 0
        RETURN  "lret to outer, ss of ring 0", UCODE, 0, KDATA
        RETURN  "lret to outer, ss code", UCODE, 0, UCODE
        RETURN  "lret to outer, ss read-only", UCODE, 0, RO3+3
        RETURN  "lret beyond the GDT", 0x4000, 0
        CASE    "lret inwards"
        USER
        pushl   $KCODE
        pushl   $0
        MARK
        lret
        END
        CASE    "iret inwards"
        USER
        pushl   $2
        pushl   $KCODE
        pushl   $0
        MARK
        iretl
        END

        /* ---- IRET ---- */
        .macro  IRETS name, cs, flags, ss=UDATA
        CASE    "\name"
        pushl   $\ss
        pushl   $user_stack_top - 8
        pushl   $\flags
        pushl   $\cs
        pushl   $1f
        MARK
        iretl
1:      pushfl
        popl    %eax
        DONE
        END
        .endm
        IRETS   "iret to ring 0", KCODE, 0x202
        IRETS   "iret to ring 3", UCODE, 0x202
        IRETS   "iret to ring 3 with IOPL, AC, ID", UCODE, 0x243202
        IRETS   "iret to ring 0 with VIF and VIP", KCODE, 0x180002
        IRETS   "iret to null", 0, 2
        IRETS   "iret to absent", ABSENT, 2
        IRETS   "iret, ss null", UCODE, 2, 0
        IRETS   "iret, ss of ring 0", UCODE, 2, KDATA
        IRETS   "iret to RPL 1", C1+1, 2, D1+1
        IRETS   "iret to conforming outer", CONF3+3, 2
        IRETS   "iret to conforming inner", CONF0+3, 2
        CASE    "iret in ring 3 keeps IOPL and IF"
        USER    0x202
        pushl   $0x3002
        pushl   $UCODE
        pushl   $1f
        iretl
1:      pushfl
        popl    %eax
        MARK
        DONE
        END
        CASE    "iret of 16 bits"
        pushl   $0x0202
        movl    %esp, %edx
        pushw   $0x202
        pushw   $C16
        pushw   $iret16 - code16
        MARK
        iretw
back16b:
        subl    %esp, %edx
        movl    %edx, %eax
        DONE
        END

        /* ---- 16-bit frames ---- */
        DESCRIPTOR U16, 0, 0xffff, 0xfb, 0
        BASE    U16, user16
        xorl    %ebx, %ebx
        CASE    "iretw to ring 3 with a 32-bit stack"
        pushw   $UDATA
        pushw   $0x1234
        pushw   $2
        pushw   $U16+3
        pushw   $0
        MARK
        iretw
        END
        CASE    "lretw to ring 3 with a 32-bit stack"
        pushw   $UDATA
        pushw   $0x1234
        pushw   $U16+3
        pushw   $0
        MARK
        lretw
        END
        CASE    "iretl to ring 3 with a 16-bit stack"
        DESCRIPTOR D3S, 0, 0xffff, 0xf3, 0
        pushl   $D3S+3
        pushl   $0x56781234
        pushl   $2
        pushl   $U16+3
        pushl   $0
        movl    %esp, %ebx
        addl    $20, %ebx
        andl    $0xffff0000, %ebx
        MARK
        iretl
        END
        CASE    "int through a 16-bit gate"
        movw    $SMALL, idt + 0x43 * 8 + 2
        movw    $0, idt + 0x43 * 8
        movw    $0xe600, idt + 0x43 * 8 + 4
        movw    $0, idt + 0x43 * 8 + 6
        BASE    SMALL, frame16
        pushl   $0x202
        popfl
        MARK
        int     $0x43
        END
        CASE    "int through a 16-bit trap gate from ring 3"
        movw    $0xe700, idt + 0x43 * 8 + 4
        USER    0x202
        MARK
        int     $0x43
        END

        /* ---- access rights ---- */
        .macro  RIGHTS selector
        movl    $\selector, %ecx
        call    rights
        .endm
        CASE    "rights in ring 0"
        MARK
        RIGHTS  KCODE
        RIGHTS  KDATA
        RIGHTS  UCODE
        RIGHTS  KDATA+3
        RIGHTS  CONF0+3
        RIGHTS  ABSENT
        RIGHTS  TSS_MAIN
        RIGHTS  LDT
        RIGHTS  G0
        RIGHTS  G16
        RIGHTS  RO3
        RIGHTS  XO3
        RIGHTS  0
        RIGHTS  0x4000
        RIGHTS  4
        RIGHTS  SMALL
        DONE
        END
        CASE    "rights in ring 3"
        pushl   $UDATA
        pushl   $user_stack_top
        pushl   $0x3002
        pushl   $UCODE
        pushl   $1f
        iretl
1:      pushl   $UDATA
        popl    %ds
        MARK
        RIGHTS  KCODE
        RIGHTS  KDATA
        RIGHTS  UCODE
        RIGHTS  UDATA
        RIGHTS  CONF0
        RIGHTS  TSS_MAIN
        RIGHTS  G0
        RIGHTS  RO3
        RIGHTS  XO3
        DONE
        END
        CASE    "arpl"
        movw    $0x10, %ax
        movw    $0x1b, %cx
        arpl    %cx, %ax
        pushfl
        SHOW    raised, %eax, 4
        arpl    %ax, %cx
        pushfl
        SHOW    kept, %ecx, 4
        popl    %eax
        popl    %ecx
        shll    $16, %eax
        movw    %cx, %ax
        andl    $0x400040, %eax
        MARK
        DONE
        END

        /* ---- LDT ---- */
        CASE    "lldt and use"
        movl    $LDT, %eax
        lldt    %ax
        movl    $4, %eax
        movl    %eax, %fs
        movl    %fs:sel_24, %eax
        sldt    %cx
        SHOW    ldtr, %ecx, 4
        MARK
        DONE
        END
        ONE     "ldt: beyond its limit", movw sel_24, %fs
        ONE     "ldt: entry 0 is no null selector", movw sel_0c, %fs
        CASE    "lldt null, then use"
        xorl    %eax, %eax
        lldt    %ax
        MARK
        movw    sel_04, %fs
        END
        ONE     "lldt of a TSS", lldt sel_tss
        ONE     "lldt from the LDT", lldt sel_04
        ONE     "lldt beyond", lldt sel_4000
        CASE    "lldt absent"
        andl    $~0x8000, gdt + LDT + 4
        MARK
        lldt    sel_ldt
        END
        ONE     "ltr busy", ltr sel_tss
        ONE     "ltr of data", ltr sel_data
        CASE    "str"
        str     %eax
        MARK
        DONE
        END

        /* ---- I/O permission bitmap ---- */
        CASE    "io: allowed"
        USER
        MARK
        outb    %al, $0x80
        xorl    %eax, %eax
        DONE
        END
        CASE    "io: denied by its bit"
        movb    $2, tss + 0x68 + 0x80 / 8
        USER
        MARK
        outb    %al, $0x81
        END
        CASE    "io: the port beside"
        USER
        MARK
        outb    %al, $0x80
        xorl    %eax, %eax
        DONE
        END
        CASE    "io: a word over a denied one"
        USER
        MARK
        outw    %ax, $0x80
        END
        CASE    "io: a word over the byte's end"
        movb    $1, tss + 0x68 + 0x88 / 8
        USER
        MARK
        inw     $0x87, %ax
        END
        movb    $0, tss + 0x68 + 0x88 / 8
        CASE    "io: beyond the TSS"
        USER
        movl    $0x400, %edx
        MARK
        inb     %dx, %al
        END
        CASE    "io: last byte of the bitmap needs one more"
        USER
        movl    $0x407, %edx
        MARK
        inb     %dx, %al
        END
        CASE    "io: ins checks too"
        USER
        movl    $0x81, %edx
        movl    $buffer, %edi
        MARK
        insb
        END
        ret

inner:  pushl   %eax
        TELL    inner
        movl    %ss, %eax
        SHOW    ss, %eax, 4
        popl    %eax
        lret
conforming:
        movl    %cs, %eax
        lret
ring1:  movl    %ss, %eax
        shll    $16, %eax
        movw    %cs, %ax
        lret
parameters:
        SHOW    first, 8(%esp), 2
        SHOW    last, 16(%esp), 2
        lret    $12

rights: /* %ecx; eax lar, edx lsl, and the four ZF */
        SHOW    sel, %ecx, 4
        movl    $0x55555555, %eax
        lar     %ecx, %eax
        SHOW    lar, %eax
        movl    $0x55555555, %eax
        lsl     %ecx, %eax
        SHOW    lsl, %eax
        xorl    %eax, %eax
        verr    %cx
        setz    %al
        verw    %cx
        jnz     1f
        orl     $2, %eax
1:      SHOW    rw, %eax, 1
        call    newline
        ret

        .balign 16
code16: .code16
        movl    %esp, %eax
        lcall   $C16, $far16 - code16
        subl    %esp, %eax
        ljmpl   $KCODE, $back16
far16:  lretw
iret16: ljmpl   $KCODE, $back16b
        .code32
user16: .code16
        movl    %esp, %eax
        subl    %ebx, %eax
        int     $0x80
        .code32
frame16: /* ip is an address, so only the selector and the flags */
        movw    2(%esp), %ax
        shll    $16, %eax
        movw    4(%esp), %ax
        andl    $~0x8d5, %eax
        pushfl
        popl    %ecx
        andl    $0x200, %ecx
        orl     %ecx, %eax
        DONE
inner16: /* entered with a frame of 16-bit words: the selectors in it */
        movw    6(%esp), %ax
        shll    $16, %eax
        movw    2(%esp), %ax
        DONE

        .section .rodata
        .balign 4
sel_24: .word   0x24
sel_0c: .word   0x0c
sel_04: .word   0x04
sel_4000:       .word 0x4000
sel_tss:        .word TSS_MAIN
sel_ldt:        .word LDT
sel_data:       .word KDATA
sel_0:  .word   0
        .section .data
        .balign 8
ldt:    .quad   0x00cf93000000ffff
        .quad   0x00cf13000000ffff
        .quad   0, 0
        .section .bss
buffer: .skip   16
        .skip   1024
ring1_stack_top:
        .skip   16
