/* HLT, and everything that ends it. */

        .include "constants.inc"

        .section .text
        .include "trap64.inc"

        .balign 8
wanted: .quad   1
count:  .long   0                       # initial count of a timer, or ticks until the deadline

        /* one halt, ended from outside */
halt:   APIC_ON
        SIGNAL  1
        sti
        hlt
halt_after:
        cli
        SIGNAL  2
        DONE

        /* halts until the log is full enough */
        .macro  HALT_UNTIL
.Lhalt\@:
        cli
        movq    LOG, %rax
        cmpq    wanted, %rax
        jae     .Lenough\@
        sti
        hlt
        jmp     .Lhalt\@
.Lenough\@:
        DONE
        .endm

        .macro  TIMER lvt
        APIC_ON
        movl    $0xb, 0x3e0(%rbx)       # not divided
        movl    $\lvt, 0x320(%rbx)
        .endm

one_shot:
        TIMER   0x70
        SIGNAL  1
        movl    count, %eax
        movl    %eax, 0x380(%rbx)
        HALT_UNTIL

periodic:
        TIMER   0x20071
        SIGNAL  1
        movl    count, %eax
        movl    %eax, 0x380(%rbx)
        HALT_UNTIL

deadline:
        TIMER   0x40072
        SIGNAL  1
        rdtsc
        shlq    $32, %rdx
        orq     %rdx, %rax
        movl    count, %ecx
        addq    %rcx, %rax
        movq    %rax, %rdx
        shrq    $32, %rdx
        movl    $0x6e0, %ecx
        mfence
        wrmsr
        HALT_UNTIL

        .macro  PIT
        movb    $0x34, %al              # channel 0, both bytes, rate generator
        outb    %al, $0x43
        movl    count, %eax
        outb    %al, $0x40
        movb    %ah, %al
        outb    %al, $0x40
        .endm

pit_pin:
        APIC_ON
        movb    $0xff, %al              # the PICs see line 0 as well
        outb    %al, $0x21
        outb    %al, $0xa1
        movl    $IOAPIC, %ebx           # pin 2 is line 0
        movl    $0x15, (%rbx)
        movl    $0, 0x10(%rbx)
        movl    $0x14, (%rbx)
        movl    $0x60, 0x10(%rbx)
        SIGNAL  1
        PIT
        HALT_UNTIL

pit_pic:
        APIC_ON
        movl    $0x700, 0x350(%rbx)
        movb    $0x11, %al
        outb    %al, $0x20
        movb    $0x20, %al
        outb    %al, $0x21
        movb    $4, %al
        outb    %al, $0x21
        movb    $1, %al
        outb    %al, $0x21
        movb    $0xfe, %al
        outb    %al, $0x21
        SIGNAL  1
        PIT
        HALT_UNTIL

        /* with interrupts off nothing but an NMI goes on */
halt_off:
        APIC_ON
        SIGNAL  1
        cli
        hlt
halt_off_after:
        SIGNAL  2
        DONE

        /* spins, for ever or until a number of rounds is done */
        .set    rounds, BUFFER                  # not in the page of the code
spin:   incq    rounds
        jmp     spin

        /* NMIs with interrupts off; the handler tells the test, which may send another */
masked: APIC_ON
        cli
        SIGNAL  1
        AWAIT
        SIGNAL  2
        DONE
