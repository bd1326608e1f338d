/*
 * Interrupts in 64-bit mode: the local APIC's registers, self-IPIs, priorities and TPR, timer modes,
 * NMI, the shadow of STI and MOV SS, HLT, PICs, I/O APIC with edge and level lines (the test
 * device's port 0x2000+n), PIT, RTC. Nothing here depends on how fast time passes. Intel SDM vol. 3
 * chapters 6 and 11, 8259A, 8254, 82093AA and MC146818 data sheets.
 *
 * r12 holds the address of the local APIC, r13 that of the I/O APIC. An interrupt prints
 * "[vector+offset]"; what else its handler does is up to flags.
 */
        .set    TSS_LIMIT, 0x67
        .include "guest64.inc"

        .set    TPR, 0x80
        .set    PPR, 0xa0
        .set    EOI, 0xb0
        .set    SVR, 0xf0
        .set    ISR, 0x100
        .set    TMR, 0x180
        .set    IRR, 0x200
        .set    ESR, 0x280
        .set    ICR, 0x300
        .set    ICR2, 0x310
        .set    LVT_TIMER, 0x320
        .set    LVT_LINT0, 0x350
        .set    LVT_LINT1, 0x360
        .set    LVT_ERROR, 0x370
        .set    TIMER_INITIAL, 0x380
        .set    TIMER_CURRENT, 0x390
        .set    TIMER_DIVIDE, 0x3e0

        .macro  SELF vector, mode=0
        movl    $0x44000 + (\mode << 8) + \vector, ICR(%r12)
        .endm

        .macro  APIC name, register, digits=8
        movl    \register(%r12), %eax
        SHOW    \name, %rax, \digits
        .endm

        /* the word of IRR or ISR with vectors 0x40 to 0x5f */
        .macro  WORDS
        APIC    irr, IRR+0x20
        APIC    isr, ISR+0x20
        .endm

        .macro  IOREAD register
        movl    $\register, (%r13)
        movl    0x10(%r13), %eax
        .endm

        .macro  IOWRITE register, value
        movl    $\register, (%r13)
        movl    $\value, 0x10(%r13)
        .endm

        .macro  LINE number, level
        movl    $0x2000 + \number, %edx
        movl    $\level, %eax
        outb    %al, %dx
        .endm

        .macro  WAITFOR
        call    wait_event
        .endm

        .macro  LISTEN name, flags=1
        CASE    "\name"
        movq    $interrupt, trap_hook
        movl    $\flags, behaviour
        movl    $0, events
        .endm

        .set    SEND_EOI, 1             # at once
        .set    NEST, 2                 # STI in the handler, EOI at its end
        .set    PIC_EOI, 4
        .set    QUIET, 8
        .set    FLAGS, 16               # print RF and TF of the frame
        .set    LOWER, 32               # lower the line of the test device first
        .set    ANYWHERE, 64            # when it comes is open: no offset
        .set    RING, 128               # print CS and SS of the frame

interrupt:
        movl    F_VECTOR(%rbp), %ebx
        cmpl    $0x20, %ebx
        jae     1f
        cmpl    $2, %ebx
        jbe     1f
        xorl    %eax, %eax
        ret
1:      cmpl    $0x80, %ebx
        jne     1f
        xorl    %eax, %eax
        ret
1:      incl    events
        testl   $QUIET, behaviour
        jnz     2f
        TEXT    " ["
        movl    %ebx, %eax
        movl    $2, %ecx
        call    puthex
        testl   $ANYWHERE, behaviour
        jnz     3f
        movq    F_IP(%rbp), %rax
        subq    case_mark, %rax
        cmpq    $0x1000, %rax
        jae     3f
        call    putoff
3:      testl   $RING, behaviour
        jz      3f
        SHOW    cs, F_CS(%rbp), 2
        SHOW    ss, F_SS(%rbp), 2
3:      testl   $FLAGS, behaviour
        jz      3f
        movq    F_FLAGS(%rbp), %rax
        SHOW    fl, %rax, 5
3:      movb    $']', %al
        call    putc
2:      testl   $LOWER, behaviour
        jz      3f
        movl    line_port, %edx
        movb    $0, %al
        outb    %al, %dx
3:      testl   $PIC_EOI, behaviour
        jz      3f
        cmpl    $0x28, %ebx
        jb      4f
        movb    $0x20, %al
        outb    %al, $0xa0
4:      movb    $0x20, %al
        outb    %al, $0x20
3:      testl   $SEND_EOI, behaviour
        jz      3f
        cmpl    $0x20, %ebx
        jb      3f
        movl    $0, EOI(%r12)
3:      testl   $NEST, behaviour
        jz      3f
        pushq   %rbp
        pushq   %rbx
        cmpl    $0x61, %ebx
        jne     4f
        SELF    0x55
        SELF    0x65
        SELF    0x75
4:      sti
        nop
        nop
        cli
        popq    %rbx
        popq    %rbp
        TEXT    " ("
        movl    %ebx, %eax
        movl    $2, %ecx
        call    puthex
        movb    $')', %al
        call    putc
        movl    $0, EOI(%r12)
3:      movl    $1, %eax
        ret

        /* until an event came, however long */
wait_event:
        pushq   %rcx
        movl    $200000000, %ecx
1:      cmpl    $0, events
        jne     2f
        pause
        decl    %ecx
        jnz     1b
        TEXT    " nothing came"
2:      popq    %rcx
        ret

drain:  /* takes whatever is pending, silently */
        movq    $interrupt, trap_hook
        movl    $QUIET + SEND_EOI, behaviour
        sti
        nop
        nop
        nop
        cli
        ret

main:
        movl    $0xfee00000, %r12d
        movl    $0xfec00000, %r13d

        /* ---- local APIC ---- */
        CASE    "reset values"
        APIC    id, 0x20
        APIC    tpr, TPR
        APIC    ppr, PPR
        APIC    ldr, 0xd0
        APIC    dfr, 0xe0
        APIC    timer, LVT_TIMER
        APIC    initial, TIMER_INITIAL
        APIC    current, TIMER_CURRENT
        APIC    divide, TIMER_DIVIDE
        APIC    error, LVT_ERROR
        xorl    %eax, %eax
        MARK
        DONE
        END
        CASE    "version and largest LVT"
        movl    0x30(%r12), %eax
        andl    $0xff, %eax
        SHOW    version, %rax, 2
        xorl    %eax, %eax
        MARK
        DONE
        END
        CASE    "apic base"
        movl    $0x1b, %ecx
        rdmsr
        MARK
        DONE
        END
        movl    $0x1ff, SVR(%r12)

        LISTEN  "self-ipi at once"
        sti
        nop
        SELF    0x40
        jmp     1f
        MARK
1:      nop
        jmp     1f
1:      cli
        xorl    %eax, %eax
        DONE
        END

        LISTEN  "self-ipi waits for IF"
        SELF    0x40
        WORDS
        MARK
        nop
        sti
        nop
        nop
        cli
        WORDS
        xorl    %eax, %eax
        DONE
        END

        LISTEN  "sti, cli: nothing is taken between"
        SELF    0x40
        MARK
        sti
        cli
        nop
        APIC    irr, IRR+0x20
        call    drain
        xorl    %eax, %eax
        DONE
        END

        LISTEN  "sti with IF set has no shadow"
        sti
        nop
        cli
        SELF    0x41
        pushq   $0x202
        movl    $0, %ecx
        MARK
        popfq
        sti
        nop
        cli
        xorl    %eax, %eax
        DONE
        END

        LISTEN  "popf has no shadow"
        SELF    0x42
        pushq   $0x202
        MARK
        popfq
        nop
        nop
        cli
        xorl    %eax, %eax
        DONE
        END

        LISTEN  "iret has no shadow"
        SELF    0x42
        movq    %rsp, %rcx
        pushq   $KDATA
        pushq   %rcx
        pushq   $0x202
        pushq   $KCODE
        pushq   $9f
        MARK
        iretq
9:      nop
        nop
        cli
        xorl    %eax, %eax
        DONE
        END

        LISTEN  "highest first"
        SELF    0x40
        SELF    0x61
        SELF    0x55
        MARK
        sti
        nop
        nop
        nop
        nop
        cli
        xorl    %eax, %eax
        DONE
        END

        LISTEN  "nested by priority class", 2
        SELF    0x61
        sti
        nop
        nop
        nop
        nop
        cli
        MARK
        xorl    %eax, %eax
        DONE
        END

        LISTEN  "the same vector twice is one"
        SELF    0x44
        SELF    0x44
        MARK
        sti
        nop
        nop
        nop
        cli
        xorl    %eax, %eax
        DONE
        END

        LISTEN  "one in service, one requested", 0
        SELF    0x44
        sti
        nop
        nop
        cli
        SELF    0x44
        APIC    irr, IRR+0x20
        APIC    isr, ISR+0x20
        APIC    ppr, PPR, 2
        movl    $1, behaviour
        MARK
        sti
        nop
        cli
        TEXT    " eoi"
        movl    $0, EOI(%r12)
        sti
        nop
        nop
        cli
        xorl    %eax, %eax
        DONE
        END

        LISTEN  "tpr holds back"
        movl    $0x40, TPR(%r12)
        SELF    0x4f
        MARK
        sti
        nop
        nop
        APIC    ppr, PPR, 2
        movl    $0x3f, TPR(%r12)
        jmp     1f
1:      cli
        APIC    ppr, PPR, 2
        movl    $0, TPR(%r12)
        xorl    %eax, %eax
        DONE
        END

        LISTEN  "cr8 is the tpr's class"
        movl    $5, %eax
        movq    %rax, %cr8
        APIC    tpr, TPR, 2
        SELF    0x5f
        SELF    0x60
        MARK
        sti
        nop
        nop
        xorl    %eax, %eax
        movq    %rax, %cr8
        nop
        cli
        movl    $0x73, TPR(%r12)
        movq    %cr8, %rax
        SHOW    cr8, %rax, 2
        movl    $0, TPR(%r12)
        xorl    %eax, %eax
        DONE
        END
        CASE    "cr8 of five bits"
        movl    $0x10, %eax
        MARK
        movq    %rax, %cr8
        END

        LISTEN  "vector below 16 is an error", 1
        movl    $0, ESR(%r12)
        SELF    5
        movl    $0, ESR(%r12)
        APIC    esr, ESR, 2
        MARK
        sti
        nop
        nop
        cli
        xorl    %eax, %eax
        DONE
        END

        LISTEN  "nmi by self-ipi", 16
        MARK
        movl    $0x44400, ICR(%r12)
        jmp     1f
1:      nop
        xorl    %eax, %eax
        DONE
        END
        CASE    "nmi waits for iret"
        movq    $hook_nmi, trap_hook
        movl    $0, events
        MARK
        movl    $0x44400, ICR(%r12)
        nop
        movl    events, %eax
        DONE
        END

        LISTEN  "hlt with IF clear ends by an nmi"
        MARK
        movl    $0x44400, ICR(%r12)
        hlt
        movl    events, %eax
        DONE
        END

        LISTEN  "pending at iret to ring 3", 1+RING
        SELF    0x46
        pushq   $UDATA
        pushq   $user_stack_top
        pushq   $0x202
        pushq   $UCODE
        pushq   $9f
        MARK
        iretq
9:      nop
        xorl    %eax, %eax
        DONE
        END
        LISTEN  "pending at iret to compatibility mode", 1+RING
        SELF    0x46
        pushq   $UDATA
        pushq   $user_stack_top
        pushq   $0x202
        pushq   $UCODE32
        pushq   $9f
        MARK
        iretq
        .code32
9:      nop
        xorl    %eax, %eax
        int     $0x80
        .code64
        END
        SETMSR  0xc0000081, 0x00180008, 0
        LISTEN  "pending at sysret", 1+RING
        SELF    0x46
        movq    $9f, %rcx
        movl    $0x202, %r11d
        movq    $user_stack_top, %rsp
        MARK
        sysretq
9:      nop
        xorl    %eax, %eax
        DONE
        END
        LISTEN  "sti in ring 3 with IOPL 3", 1+RING
        SELF    0x46
        USER    0x3002
        MARK
        sti
        nop
        nop
        xorl    %eax, %eax
        DONE
        END
        LISTEN  "popf in ring 3 without IOPL leaves IF", 1+RING
        SELF    0x46
        USER    0x2
        pushq   $0x202
        MARK
        popfq
        nop
        xorl    %eax, %eax
        DONE
        END
        call    drain
        LISTEN  "a step goes before an interrupt"
        SELF    0x47
        pushq   $0x302
        pushq   $0x102
        popfq
        MARK
        popfq
        nop
        nop
        cli
        pushq   $2
        popfq
        xorl    %eax, %eax
        DONE
        END
        LISTEN  "sti, then a step, then the interrupt"
        SELF    0x47
        pushq   $0x102
        popfq
        MARK
        nop
        sti
        nop
        nop
        cli
        pushq   $2
        popfq
        xorl    %eax, %eax
        DONE
        END
        LISTEN  "a fault in the shadow of sti"
        movq    $hook_fault, trap_hook
        SELF    0x48
        MARK
        sti
        ud2
        nop
        cli
        xorl    %eax, %eax
        DONE
        END

        LISTEN  "hlt ends by an interrupt"
        SELF    0x45
        MARK
        sti
        hlt
        cli
        xorl    %eax, %eax
        DONE
        END

        LISTEN  "rep is interrupted between rounds", QUIET+SEND_EOI
        movl    $3, TIMER_DIVIDE(%r12)
        movl    $0x50, LVT_TIMER(%r12)
        movq    $hook_repeat, trap_hook
        movl    $5000, TIMER_INITIAL(%r12)
        sti
1:      movl    $0x10000, %ecx
        movq    $buffer, %rsi
        MARK
        rep lodsb
        cmpl    $0, events
        je      1b
        cli
        xorl    %eax, %eax
        DONE
        END

        /* ---- timer ---- */
        LISTEN  "one-shot", ANYWHERE+SEND_EOI
        movl    $0xb, TIMER_DIVIDE(%r12)
        movl    $0x51, LVT_TIMER(%r12)
        movl    $1000, TIMER_INITIAL(%r12)
        sti
        MARK
        nop
        nop
        WAITFOR
        cli
        APIC    current, TIMER_CURRENT
        APIC    initial, TIMER_INITIAL
        movl    events, %eax
        DONE
        END
        LISTEN  "periodic", 9
        movl    $0x20052, LVT_TIMER(%r12)
        movl    $1000, TIMER_INITIAL(%r12)
        sti
        MARK
1:      cmpl    $5, events
        jb      1b
        movl    $0, TIMER_INITIAL(%r12)
        cli
        call    drain
        APIC    current, TIMER_CURRENT
        TEXT    " five came"
        xorl    %eax, %eax
        DONE
        END
        LISTEN  "masked timer does not fire but counts"
        movl    $0x10053, LVT_TIMER(%r12)
        movl    $10, TIMER_INITIAL(%r12)
1:      movl    TIMER_CURRENT(%r12), %eax
        testl   %eax, %eax
        jnz     1b
        sti
        MARK
        nop
        nop
        cli
        movl    events, %eax
        DONE
        END
        LISTEN  "zero stops it"
        movl    $0x54, LVT_TIMER(%r12)
        movl    $0x7fffffff, TIMER_INITIAL(%r12)
        movl    $0, TIMER_INITIAL(%r12)
        MARK
        APIC    current, TIMER_CURRENT
        xorl    %eax, %eax
        DONE
        END
        CASE    "software disable masks the LVT"
        movl    $0x55, LVT_TIMER(%r12)
        movl    $0xff, SVR(%r12)
        APIC    timer, LVT_TIMER
        movl    $0x55, LVT_TIMER(%r12)
        APIC    again, LVT_TIMER
        movl    $0x1ff, SVR(%r12)
        APIC    enabled, LVT_TIMER
        movl    $0x10055, LVT_TIMER(%r12)
        xorl    %eax, %eax
        MARK
        DONE
        END

        /* ---- PICs through LINT0 as ExtINT ---- */
        call    init_pics
        movl    $0x700, LVT_LINT0(%r12)
        LISTEN  "pic: line 5", ANYWHERE+PIC_EOI
        movb    $~0x20, %al
        outb    %al, $0x21
        LINE    5, 1
        LINE    5, 0
        LINE    5, 1
        sti
        MARK
        nop
        WAITFOR
        cli
        LINE    5, 0
        xorl    %eax, %eax
        DONE
        END
        LISTEN  "pic: an edge that is gone is spurious", 4
        LINE    5, 1
        LINE    5, 0
        MARK
        sti
        nop
        nop
        cli
        xorl    %eax, %eax
        DONE
        END
        LISTEN  "pic: cascade, line 15", ANYWHERE+PIC_EOI
        movb    $~0x04, %al
        outb    %al, $0x21
        movb    $~0x80, %al
        outb    %al, $0xa1
        LINE    15, 1
        sti
        MARK
        nop
        WAITFOR
        cli
        LINE    15, 0
        xorl    %eax, %eax
        DONE
        END
        LISTEN  "pic: masked", 4
        movb    $0xff, %al
        outb    %al, $0x21
        LINE    5, 1
        sti
        MARK
        nop
        nop
        cli
        movb    $0x0a, %al
        outb    %al, $0x20
        inb     $0x20, %al
        movzbl  %al, %eax
        andl    $0x20, %eax
        SHOW    irr, %rax, 2
        LINE    5, 0
        xorl    %eax, %eax
        DONE
        END
        LISTEN  "pic: priority and in service", 0
        movb    $~0x28, %al
        outb    %al, $0x21
        LINE    5, 1
        LINE    3, 1
        sti
        MARK
        nop
        nop
        nop
        cli
        movb    $0x0b, %al
        outb    %al, $0x20
        inb     $0x20, %al
        movzbl  %al, %eax
        SHOW    isr, %rax, 2
        movb    $0x20, %al
        outb    %al, $0x20
        TEXT    " eoi"
        sti
        nop
        nop
        cli
        movb    $0x20, %al
        outb    %al, $0x20
        LINE    5, 0
        LINE    3, 0
        xorl    %eax, %eax
        DONE
        END
        LISTEN  "pic: masks read back"
        movb    $0x5a, %al
        outb    %al, $0x21
        inb     $0x21, %al
        movzbl  %al, %eax
        MARK
        DONE
        END
        movb    $0xff, %al
        outb    %al, $0x21
        outb    %al, $0xa1

        LISTEN  "pit: mode 0 by the pic", ANYWHERE+PIC_EOI
        movb    $0x30, %al
        outb    %al, $0x43
        movb    $~0x01, %al
        outb    %al, $0x21
        movb    $100, %al
        outb    %al, $0x40
        movb    $0, %al
        outb    %al, $0x40
        sti
        MARK
        nop
        WAITFOR
        cli
        movb    $0xff, %al
        outb    %al, $0x21
        xorl    %eax, %eax
        DONE
        END
        LISTEN  "pit: mode 2 repeats", 12
        movb    $0x34, %al
        outb    %al, $0x43
        movb    $~0x01, %al
        outb    %al, $0x21
        movb    $0xe8, %al
        outb    %al, $0x40
        movb    $3, %al
        outb    %al, $0x40
        sti
        MARK
1:      cmpl    $3, events
        jb      1b
        cli
        movb    $0xff, %al
        outb    %al, $0x21
        TEXT    " three came"
        xorl    %eax, %eax
        DONE
        END
        CASE    "pit: latch and read back"
        movb    $0xb0, %al              # counter 2, both bytes, mode 0
        outb    %al, $0x43
        movb    $0x34, %al
        outb    %al, $0x42
        movb    $0x12, %al
        outb    %al, $0x42
        movb    $0xe8, %al              # read back status of counter 2
        outb    %al, $0x43
        inb     $0x42, %al
        andl    $0x3f, %eax
        SHOW    status, %rax, 2
        xorl    %eax, %eax
        MARK
        DONE
        END
        movb    $0x30, %al              # quiet again
        outb    %al, $0x43

        LISTEN  "rtc: periodic interrupt by the cascade", ANYWHERE+PIC_EOI
        movb    $~0x04, %al
        outb    %al, $0x21
        movb    $~0x01, %al
        outb    %al, $0xa1
        movb    $0x0a, %al              # periodic, 1024 Hz
        outb    %al, $0x70
        movb    $0x26, %al
        outb    %al, $0x71
        movb    $0x0c, %al
        outb    %al, $0x70
        inb     $0x71, %al
        movb    $0x0b, %al
        outb    %al, $0x70
        movb    $0x42, %al              # PIE, 24 h
        outb    %al, $0x71
        sti
        MARK
        nop
        WAITFOR
        cli
        movb    $0x0b, %al
        outb    %al, $0x70
        movb    $0x02, %al
        outb    %al, $0x71
        movb    $0x0c, %al
        outb    %al, $0x70
        inb     $0x71, %al
        andl    $0xc0, %eax
        SHOW    c, %rax, 2
        inb     $0x71, %al
        andl    $0xc0, %eax
        SHOW    again, %rax, 2
        xorl    %eax, %eax
        DONE
        END
        movb    $0xff, %al
        outb    %al, $0x21
        outb    %al, $0xa1
        movl    $0x10700, LVT_LINT0(%r12)

        /* ---- I/O APIC ---- */
        CASE    "ioapic registers"
        IOREAD  1
        SHOW    version, %rax
        IOREAD  0x10+2*14
        SHOW    low, %rax
        IOREAD  0x11+2*14
        SHOW    high, %rax
        xorl    %eax, %eax
        MARK
        DONE
        END
        LISTEN  "ioapic: edge"
        movl    $0x10 + 2 * 14, (%r13)
        movl    $0x60, 0x10(%r13)
        LINE    14, 1
        LINE    14, 0
        MARK
        sti
        nop
        nop
        cli
        xorl    %eax, %eax
        DONE
        END
        LISTEN  "ioapic: masked edge is lost"
        IOWRITE 0x10+2*14, 0x10060
        LINE    14, 1
        LINE    14, 0
        IOWRITE 0x10+2*14, 0x60
        MARK
        sti
        nop
        nop
        cli
        movl    events, %eax
        DONE
        END
        LISTEN  "ioapic: level, remote IRR until EOI", 0
        IOWRITE 0x10+2*14, 0x8061
        LINE    14, 1
        MARK
        sti
        nop
        nop
        cli
        IOREAD  0x10+2*14
        SHOW    entry, %rax
        APIC    tmr, TMR+0x30
        LINE    14, 0
        IOREAD  0x10+2*14
        SHOW    lowered, %rax
        movl    $0, EOI(%r12)
        IOREAD  0x10+2*14
        SHOW    eoi, %rax
        xorl    %eax, %eax
        DONE
        END
        LISTEN  "ioapic: level still high comes again", 0
        LINE    14, 1
        sti
        nop
        nop
        cli
        movl    $0, EOI(%r12)
        MARK
        sti
        nop
        nop
        cli
        LINE    14, 0
        movl    $0, EOI(%r12)
        movl    events, %eax
        DONE
        END
        LISTEN  "ioapic: level unmasked while high"
        IOWRITE 0x10+2*14, 0x18061
        LINE    14, 1
        movl    $LOWER + SEND_EOI, behaviour
        movl    $0x2000 + 14, line_port
        sti
        MARK
        nop
        movl    $0x10 + 2 * 14, (%r13)
        movl    $0x8061, 0x10(%r13)
        jmp     1f
1:      cli
        movl    events, %eax
        DONE
        END
        CASE    "ioapic: bits that are read-only"
        IOWRITE 0x10+2*14, 0xffffffff
        IOREAD  0x10+2*14
        SHOW    low, %rax
        IOWRITE 0x10+2*14, 0x10000
        IOREAD  0x10+2*14
        SHOW    low, %rax
        xorl    %eax, %eax
        MARK
        DONE
        END
        LISTEN  "ioapic: nmi delivery", ANYWHERE
        IOWRITE 0x10+2*14, 0x400
        LINE    14, 1
        LINE    14, 0
        jmp     1f
1:
        MARK
        nop
        IOWRITE 0x10+2*14, 0x10000
        movl    events, %eax
        DONE
        END

        CASE    "apic disabled by the msr"
        movl    $0x1b, %ecx
        rdmsr
        pushq   %rax
        andl    $~0x800, %eax
        wrmsr
        movl    $1, %eax
        cpuid
        movl    %edx, %esi
        movl    $0x1b, %ecx
        xorl    %edx, %edx
        popq    %rax
        wrmsr
        movl    $1, %eax
        cpuid
        shll    $16, %edx
        movw    %si, %dx
        movl    %edx, %eax
        andl    $0x02000200, %eax
        MARK
        DONE
        END
        CASE    "apic base with reserved bits"
        movl    $0x1b, %ecx
        rdmsr
        orl     $1, %eax
        MARK
        wrmsr
        END
        ret

hook_fault: /* steps over UD2, which is two bytes */
        cmpl    $6, F_VECTOR(%rbp)
        jne     interrupt
        TEXT    " ud"
        movq    F_FLAGS(%rbp), %rax
        andl    $0x200, %eax
        SHOW    if, %rax, 3
        addq    $2, F_IP(%rbp)
        movl    $1, %eax
        ret

hook_repeat: /* asks for the timer again unless it has hit the string instruction */
        xorl    %eax, %eax
        cmpl    $0x50, F_VECTOR(%rbp)
        jne     9f
        movl    $0, EOI(%r12)
        movq    F_IP(%rbp), %rax
        cmpq    case_mark, %rax
        jne     1f
        testq   %rcx, %rcx
        jz      1f
        cmpq    $0x10000, %rcx
        je      1f
        incl    events
        leaq    (%rcx, %rsi), %rax
        subq    $buffer, %rax
        SHOW    sum, %rax
        movq    F_FLAGS(%rbp), %rax
        andl    $0x10000, %eax
        SHOW    rf, %rax, 5
        movl    $1, %eax
9:      ret
1:      movl    $5000, TIMER_INITIAL(%r12)
        movl    $1, %eax
        ret

hook_nmi:
        xorl    %eax, %eax
        cmpl    $2, F_VECTOR(%rbp)
        jne     9f
        incl    events
        cmpl    $1, events
        ja      1f
        TEXT    " first"
        movl    $0x44400, ICR(%r12)     # not before the IRET of this one
        movl    $0x44400, ICR(%r12)     # and this is one with it
        nop
        TEXT    " held"
        movl    $1, %eax
        ret
1:      TEXT    " second"
        movl    $1, %eax
9:      ret

init_pics:
        movb    $0x11, %al
        outb    %al, $0x20
        outb    %al, $0xa0
        movb    $0x20, %al
        outb    %al, $0x21
        movb    $0x28, %al
        outb    %al, $0xa1
        movb    $4, %al
        outb    %al, $0x21
        movb    $2, %al
        outb    %al, $0xa1
        movb    $1, %al
        outb    %al, $0x21
        outb    %al, $0xa1
        movb    $0xff, %al
        outb    %al, $0x21
        outb    %al, $0xa1
        ret

        .section .data
        .balign 4
behaviour:      .long 0
events: .long   0
line_port:      .long 0
        .section .bss
buffer: .skip   0x10000
