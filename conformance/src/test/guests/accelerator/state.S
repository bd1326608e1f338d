/*
 * Calculations that go on for a while with a timer interrupt now and then. The result does not
 * depend on when interrupts come, so that it is the same however often, and on whatever accelerator,
 * the guest was stopped and moved.
 */

        .include "constants.inc"

        .set    TIMER_VECTOR, 0x70
        .set    TABLE, 0x20000          # 4096 words of 8 bytes

        .section .text
        .include "trap64.inc"

        /* not in the page of the code, where every write costs */
        .set    rounds, BUFFER + 0x800          # how many; the test's choice
        .set    progress, BUFFER + 0x808        # how many are done
        .set    period, BUFFER + 0x810          # ticks of the timer between interrupts

        .balign 16
doubles:
        .double 1.0000001, 0.9999999
increments:
        .double 0.3, 0.7
x87_factor:
        .double 1.00000011920928955078125
x87_sum:
        .double 0.1

        /* in the kernel: sets the timer, then goes to the user program */
compute:
        APIC_ON
        movl    $0xb, 0x3e0(%rbx)
        movl    $0x20000 + TIMER_VECTOR, 0x320(%rbx)
        movl    period, %eax
        movl    %eax, 0x380(%rbx)
        pushq   $USER_DATA
        pushq   $0x30000
        pushq   $0x202
        pushq   $USER_CODE
        pushq   $compute_user
        iretq

compute_user:
        movabsq $0x9e3779b97f4a7c15, %rax
        xorl    %ebx, %ebx
        xorl    %ebp, %ebp
        movabsq $6364136223846793005, %r8
        movabsq $1442695040888963407, %r9
        movq    $-1, %r10
        movabsq $0x0123456789abcdef, %r11
        movaps  increments, %xmm0
        movaps  doubles, %xmm1
        movq    %r11, %xmm2
        movq    %r8, %xmm15
        punpcklqdq %xmm15, %xmm2
        pxor    %xmm3, %xmm3
        fninit
        fldl    x87_factor
        fldl    x87_sum                 # ST(0) the sum, ST(1) the factor
        cld
1:      imulq   %r8, %rax               # integers
        addq    %r9, %rax
        movq    %rax, %rcx
        shrq    $33, %rcx
        rolq    %cl, %r10
        adcq    %rax, %r10
        sbbq    %r11, %rbp
        movl    %ecx, %edx              # memory
        andl    $0xfff, %edx
        xorq    TABLE(, %rdx, 8), %rbx
        addq    %r10, TABLE(, %rdx, 8)
        pushq   %rbx                    # stack and calls
        call    2f
        popq    %rbx
        mulpd   %xmm1, %xmm0            # vectors of doubles
        addpd   increments, %xmm0
        paddq   %xmm2, %xmm3            # vectors of integers
        pshufd  $0x39, %xmm3, %xmm3
        fmul    %st(1), %st             # x87, 64 bits of significand
        fadds   small
        incq    progress
        movq    progress, %rdx
        cmpq    rounds, %rdx
        jb      1b
        fstpt   RESULTS + 0x40
        fstp    %st(0)
        movups  %xmm0, RESULTS + 0x50
        movups  %xmm3, RESULTS + 0x60
        movq    %rax, RESULTS
        movq    %rbx, RESULTS + 8
        movq    %rbp, RESULTS + 16
        movq    %r10, RESULTS + 24
        DONE
2:      xorq    $0x55, 8(%rsp)
        ret
        .balign 4
small:  .float  0.0009765625

        /* 32-bit protected mode; vectors and x87 are only carried, since the kernel does no sums */
        .code32
        .include "trap32.inc"
protected_compute:
        movl    $APIC, %ebx
        movl    $0x1ff, 0xf0(%ebx)
        movl    $0xb, 0x3e0(%ebx)
        movl    $0x20000 + TIMER_VECTOR, 0x320(%ebx)
        movl    period, %eax
        movl    %eax, 0x380(%ebx)
        fxrstor BUFFER
        movl    $0x9e3779b9, %eax
        xorl    %ebx, %ebx
        xorl    %ebp, %ebp
        cld
        sti
1:      imull   $1664525, %eax, %eax
        addl    $1013904223, %eax
        movl    %eax, %ecx
        shrl    $17, %ecx
        roll    %cl, %ebp
        adcl    %eax, %ebp
        movl    %ecx, %edx
        andl    $0xfff, %edx
        xorl    TABLE(, %edx, 8), %ebx
        addl    %ebp, TABLE(, %edx, 8)
        pushl   %ebx
        call    2f
        popl    %ebx
        incl    progress
        movl    progress, %edx
        cmpl    rounds, %edx
        jb      1b
        cli
        fxsave  BUFFER + 0x200
        movl    %eax, RESULTS
        movl    %ebx, RESULTS + 8
        movl    %ebp, RESULTS + 16
        DONE
2:      xorl    $0x55, 4(%esp)
        ret

        /* real mode; the table is a segment of its own */
        .code16
        .include "trap16.inc"
real_compute:
        movl    $0x1ff, %fs:0xf0
        movl    $0xb, %fs:0x3e0
        movl    $0x20000 + TIMER_VECTOR, %fs:0x320
        movl    period, %eax
        movl    %eax, %fs:0x380
        fxrstor BUFFER
        movw    $TABLE >> 4, %ax
        movw    %ax, %es
        movl    $0x9e3779b9, %eax
        xorl    %ebx, %ebx
        xorl    %ebp, %ebp
        cld
        sti
1:      imull   $1664525, %eax, %eax
        addl    $1013904223, %eax
        movl    %eax, %ecx
        shrl    $17, %ecx
        roll    %cl, %ebp
        adcl    %eax, %ebp
        movw    %cx, %di
        andw    $0xfff, %di
        shlw    $3, %di
        xorl    %es:(%di), %ebx
        addl    %ebp, %es:(%di)
        pushl   %ebx
        call    2f
        popl    %ebx
        incl    progress
        movl    progress, %edx
        cmpl    rounds, %edx
        jb      1b
        cli
        fxsave  BUFFER + 0x200
        movl    %eax, RESULTS
        movl    %ebx, RESULTS + 8
        movl    %ebp, RESULTS + 16
        DONE
2:      movw    %sp, %si
        xorl    $0x55, %ss:2(%si)
        ret

        /* from the reset vector: the last bytes below 4 GiB */
from_reset:
        movl    $0x600d, RESULTS
        DONE
