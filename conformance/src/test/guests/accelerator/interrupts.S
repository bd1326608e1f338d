/* Interrupts of every origin, when they are taken and in which order. */

        .include "constants.inc"

        .section .text
        .include "trap64.inc"

        .balign 8
wanted: .quad   1                       # entries of the log to wait for
pin:    .long   0                       # what to write to the I/O APIC
entry_low:
        .long   0
entry_high:
        .long   0
pic_masks:
        .long   0xffff                  # master's mask in the low byte
release:
        .long   0                       # the test lets the guest go on

        /* keeps the PICs quiet, which see lines 0 to 15 as well */
        .macro  NO_PICS
        movb    $0xff, %al
        outb    %al, $0x21
        outb    %al, $0xa1
        .endm

        .macro  IOAPIC_SET
        movl    $IOAPIC, %ebx
        movl    pin, %ecx
        leal    0x11(, %ecx, 2), %eax
        movl    %eax, (%rbx)
        movl    entry_high, %eax
        movl    %eax, 0x10(%rbx)
        leal    0x10(, %ecx, 2), %eax
        movl    %eax, (%rbx)
        movl    entry_low, %eax
        movl    %eax, 0x10(%rbx)
        .endm

        .macro  TO_PIC port, value
        movb    $\value, %al
        outb    %al, $\port
        .endm

        .macro  PICS
        TO_PIC  0x20, 0x11
        TO_PIC  0x21, 0x20
        TO_PIC  0x21, 0x04
        TO_PIC  0x21, 0x01
        TO_PIC  0xa0, 0x11
        TO_PIC  0xa1, 0x28
        TO_PIC  0xa1, 0x02
        TO_PIC  0xa1, 0x01
        movl    pic_masks, %eax
        outb    %al, $0x21
        movb    %ah, %al
        outb    %al, $0xa1
        .endm

        /* takes what comes */
accept: APIC_ON
        sti
        SIGNAL  1
        AWAIT
        DONE

        /* holds back what comes, then takes it */
hold:   APIC_ON
        cli
        SIGNAL  1
        nop
        nop
        SIGNAL  2
        sti
        AWAIT
        DONE

        /* class 6 and below wait behind the task priority */
priority:
        APIC_ON
        movl    $6, %eax
        movq    %rax, %cr8
        sti
        SIGNAL  1
        AWAIT
        movl    $64, %ecx
1:      nop
        loop    1b
        SIGNAL  2
        movl    0x80(%rbx), %eax        # the register that CR8 is the upper half of
        movl    %eax, RESULTS
        incq    wanted
        xorl    %eax, %eax
        movq    %rax, %cr8
        AWAIT
        DONE

        /* the same by the register in memory */
priority_register:
        APIC_ON
        movl    $0x60, 0x80(%rbx)
        sti
        SIGNAL  1
        AWAIT
        movl    $64, %ecx
1:      nop
        loop    1b
        SIGNAL  2
        movq    %cr8, %rax
        movq    %rax, RESULTS
        incq    wanted
        movl    $0, 0x80(%rbx)
        AWAIT
        DONE

        /* one instruction after STI comes before the interrupt */
shadow_sti:
        APIC_ON
        cli
        SIGNAL  1
        sti
        nop
shadow_sti_at:
        nop
        AWAIT
        DONE

        /* POPF has no shadow */
shadow_popf:
        APIC_ON
        cli
        SIGNAL  1
        pushq   $0x202
        popfq
shadow_popf_at:
        nop
        AWAIT
        DONE

        /* the interrupt arrives while MOV SS reads its selector from a device */
shadow_stack:
        APIC_ON
        movl    $WINDOW, %ecx
        sti
        nop
        nop
        movw    (%rcx), %ss
        nop
shadow_stack_at:
        nop
        AWAIT
        DONE

        /* STI with nothing waiting, CLI right after it: no window at all */
no_window:
        APIC_ON
        cli
        SIGNAL  1
        sti
        cli
        movl    $64, %ecx
1:      nop
        loop    1b
        SIGNAL  2
        sti
        AWAIT
        DONE

        /* a handler with interrupts on, until it has ended its own: see nested_handler */
nested: APIC_ON
        sti
        SIGNAL  1
        AWAIT
        DONE
nested_handler:
        pushq   %rax
        pushq   %rbx
        pushq   %rcx
        pushq   %rdx
        movl    $APIC, %ebx
        movl    0x130(%rbx), %eax       # in service, vectors 0x60 to 0x7f
        movl    %eax, RESULTS
        movl    0xa0(%rbx), %eax        # processor priority
        movl    %eax, RESULTS + 8
        sti
        SIGNAL  2
        movl    $256, %ecx
1:      nop
        loop    1b
        SIGNAL  3
        movl    $0, 0xb0(%rbx)
        movl    $256, %ecx
1:      nop
        loop    1b
        SIGNAL  4
        cli
        popq    %rdx
        popq    %rcx
        popq    %rbx
        popq    %rax
        iretq

        /* to itself, by the interrupt command register */
self:   APIC_ON
        sti
        movl    $0, 0x310(%rbx)
        movl    $0x40055, 0x300(%rbx)
        AWAIT
        DONE

        /* through x2APIC's registers */
self_x2:
        movl    $0x1b, %ecx
        rdmsr
        orl     $0xc00, %eax
        wrmsr
        movl    $0x80f, %ecx
        movl    $0x1ff, %eax
        xorl    %edx, %edx
        wrmsr
        cli
        movl    $0x83f, %ecx
        movl    $0x56, %eax
        wrmsr
        movl    $0x822, %ecx            # IRR, vectors 0x40 to 0x5f
        rdmsr
        movl    %eax, RESULTS
        movl    $0x802, %ecx
        rdmsr
        movl    %eax, RESULTS + 8
        DONE

        /* by an I/O APIC pin */
pin_accept:
        APIC_ON
        NO_PICS
        IOAPIC_SET
        sti
        SIGNAL  1
        AWAIT
        SIGNAL  2
        movl    $64, %ecx
1:      nop
        loop    1b
        movl    $IOAPIC, %ebx           # the entry as it is afterwards
        movl    pin, %ecx
        leal    0x10(, %ecx, 2), %eax
        movl    %eax, (%rbx)
        movl    0x10(%rbx), %eax
        movl    %eax, RESULTS
        DONE

        /* notes what is in service among vectors 0x60 to 0x7f, then goes on as every handler */
pin_handler:
        pushq   %rax
        pushq   %rbx
        movl    $APIC, %ebx
        movl    0x130(%rbx), %eax
        movl    %eax, RESULTS + 16
        popq    %rbx
        popq    %rax
        jmp     stubs64 + 16 * 0x69

        /* pin masked, asserted, then unmasked */
pin_unmask:
        APIC_ON
        NO_PICS
        movl    entry_low, %esi
        orl     $0x10000, entry_low
        IOAPIC_SET
        sti
        SIGNAL  1
        movl    $64, %ecx
1:      nop
        loop    1b
        SIGNAL  2
        movl    %esi, entry_low
        IOAPIC_SET
        AWAIT
        DONE

        /* by the PICs, through LINT0 as ExtINT */
pic_accept:
        APIC_ON
        PICS
        movl    $0x700, 0x350(%rbx)
        sti
        SIGNAL  1
        AWAIT
        SIGNAL  2
        DONE

pic_hold:
        APIC_ON
        PICS
        movl    $0x700, 0x350(%rbx)
        cli
        SIGNAL  1
        nop
        nop
        SIGNAL  2
        sti
        AWAIT
        DONE

        /* with the local APIC as power-on leaves it, LINT0 masked: nothing comes through */
pic_masked:
        APIC_ON
        PICS
        movl    $0x10700, 0x350(%rbx)
        sti
        SIGNAL  1
        movl    $64, %ecx
1:      nop
        loop    1b
        SIGNAL  2
        movl    $0x700, 0x350(%rbx)
        /* KVM looks at its PICs again only when their output changes, not when the local pin is
           unmasked; so it is made to change */
        NO_PICS
        movl    pic_masks, %eax
        outb    %al, $0x21
        movb    %ah, %al
        outb    %al, $0xa1
        AWAIT
        DONE

        /* an interrupt's handler is running when the test stops the guest: see trap64.inc */
spin:   APIC_ON
        sti
        SIGNAL  1
1:      cmpl    $0, release
        je      1b
        DONE

        /* interrupts off until the test says so */
spin_off:
        APIC_ON
        cli
        SIGNAL  1
1:      cmpl    $0, release
        je      1b
        sti
        AWAIT
        DONE

        /* in user mode: the stack changes */
user:   SIGNAL  1
        AWAIT
        DONE

        .code16
        .include "trap16.inc"

        .macro  AWAIT16
.Lawait\@:
        movl    LOG, %eax
        cmpl    wanted, %eax
        jb      .Lawait\@
        .endm

real_accept:
        movl    $0x1ff, %fs:0xf0
        sti
        SIGNAL  1
        AWAIT16
        DONE

real_pic:
        movl    $0x1ff, %fs:0xf0
        PICS
        movl    $0x700, %fs:0x350
        sti
        SIGNAL  1
        AWAIT16
        DONE

        .code32
        .include "trap32.inc"

protected_accept:
        movl    $APIC, %ebx
        movl    $0x1ff, 0xf0(%ebx)
        sti
        SIGNAL  1
.Lprotected:
        movl    LOG, %eax
        cmpl    wanted, %eax
        jb      .Lprotected
        DONE
