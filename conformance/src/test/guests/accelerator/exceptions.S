/*
 * Each exception, from the kernel, from a user program, from 32-bit protected mode and real mode.
 * NAME_at is the instruction, NAME_next what follows it; the handler goes on at NAME_after.
 */

        .include "constants.inc"

        .macro  CASE name
\name:
        movq    $\name\()_after, resume
        .endm

        .macro  CASE32 name
\name:
        movl    $\name\()_after, resume
        .endm

        .macro  CASE16 name
\name:
        movw    $\name\()_after, resume
        .endm

        .macro  FAULT name, instruction:vararg
\name\()_at:
        \instruction
\name\()_next:
        nop
        DONE    1                       # nothing happened
\name\()_after:
        DONE
        .endm

        .section .text
        .include "trap64.inc"

        /* the same code serves kernel and user program, but where a name says otherwise */
        CASE    divide
        xorl    %ecx, %ecx
        xorl    %edx, %edx
        movl    $1, %eax
        FAULT   divide, divl %ecx

        CASE    divide_overflow
        movl    $2, %edx
        movl    $2, %ecx
        FAULT   divide_overflow, divl %ecx

        CASE    icebp
        FAULT   icebp, .byte 0xf1

        CASE    breakpoint
        FAULT   breakpoint, int3

        CASE    overflow                # INTO is not there in 64-bit mode
        FAULT   overflow, int $4

        CASE    software
        FAULT   software, int $0x50

        CASE    undefined
        FAULT   undefined, ud2

        CASE    no_coprocessor          # CR0.TS
        movq    %cr0, %rax
        orq     $8, %rax
        movq    %rax, %cr0
        FAULT   no_coprocessor, movaps %xmm0, %xmm1

        CASE    no_coprocessor_user     # the test sets CR0.TS
        FAULT   no_coprocessor_user, fld1

        CASE    bad_task                # interrupt stack 7 lies beyond the task state segment
        FAULT   bad_task, ud2

        CASE    absent_segment
        movl    $ABSENT_DATA, %eax
        FAULT   absent_segment, movw %ax, %ds

        CASE    absent_stack
        movl    $ABSENT_DATA, %eax
        FAULT   absent_stack, movw %ax, %ss

        CASE    stack_address           # not canonical, by RBP
        movabsq $0x8000000000001000, %rbp
        FAULT   stack_address, movq (%rbp), %rax

        CASE    address                 # not canonical
        movabsq $0x8000000000001000, %rbx
        FAULT   address, movq (%rbx), %rax

        CASE    selector
        movl    $BEYOND, %eax
        FAULT   selector, movw %ax, %ds

        CASE    privileged
        xorl    %eax, %eax
        FAULT   privileged, movq %rax, %cr3

        CASE    bad_control             # reserved bit of CR4
        movq    %cr4, %rax
        btsq    $31, %rax
        FAULT   bad_control, movq %rax, %cr4

        CASE    bad_msr
        movl    $0x12345678, %ecx
        FAULT   bad_msr, rdmsr

        /* page faults: the test has changed the entry of the page at 0x100000 */
        CASE    page_read
        FAULT   page_read, movl 0x100ff0, %eax

        CASE    page_write
        FAULT   page_write, movl %eax, 0x100ff0

        CASE    page_modify
        FAULT   page_modify, incl 0x100ff0

        CASE    page_across             # begins in a good page, ends in a bad one
        FAULT   page_across, movq %rax, 0xffffc

        CASE    page_fetch
        movl    $0x100ff0, %eax
        FAULT   page_fetch, jmp *%rax

        CASE    page_push
        movl    $0x101000, %esp
        FAULT   page_push, pushq %rax

        CASE    coprocessor             # the divide is told of by the next x87 instruction
        fninit
        fldcw   unmasked
        fldz
        fld1
        fdivp
        FAULT   coprocessor, fwait

        CASE    alignment
        pushfq
        orl     $0x40000, (%rsp)
        popfq
        FAULT   alignment, movl BUFFER + 1, %eax

        CASE    vector_float
        ldmxcsr vector_unmasked
        xorps   %xmm0, %xmm0
        movl    $1, %eax
        cvtsi2sd %eax, %xmm1
        FAULT   vector_float, divsd %xmm0, %xmm1

        /* a restartable fault: the handler leaves resume alone and the test mends the page */
mended: movl    $0x12345678, %eax
mended_at:
        addl    %eax, 0x100ff0
        DONE

        /* the fault of a REP in the middle: registers show how far it came */
        CASE    repeat
        cld
        movl    $0xffff0, %edi
        movl    $0x20, %ecx
        movl    $0x61, %eax
repeat_at:
        rep stosb
repeat_next:
        DONE    1
repeat_after:
        movl    %ecx, RESULTS
        movl    %edi, RESULTS + 8
        DONE

        /* the delivery of an exception fails; the test has spoilt gates */
twice:  movq    $twice_after, resume
        xorl    %ecx, %ecx
        movl    $1, %eax
        xorl    %edx, %edx
twice_at:
        divl    %ecx
twice_after:
        DONE

        .balign 4
unmasked:
        .word   0x37b                   # zero divide
        .balign 4
vector_unmasked:
        .long   0x1d80                  # zero divide

        .code32
        .include "trap32.inc"

        CASE32  protected_divide
        xorl    %ecx, %ecx
        xorl    %edx, %edx
        FAULT   protected_divide, divl %ecx

        CASE32  protected_breakpoint
        FAULT   protected_breakpoint, int3

        CASE32  protected_overflow
        movb    $0x7f, %al
        addb    $1, %al
        FAULT   protected_overflow, into

        CASE32  protected_bound
        movl    $100, %eax
        movl    $1, BUFFER
        movl    $99, BUFFER + 4
        FAULT   protected_bound, bound %eax, BUFFER

        CASE32  protected_undefined
        FAULT   protected_undefined, ud2

        CASE32  protected_absent
        movl    $ABSENT_DATA, %eax
        FAULT   protected_absent, movw %ax, %es

        CASE32  protected_selector
        movl    $BEYOND, %eax
        FAULT   protected_selector, movw %ax, %es

        CASE32  protected_page
        FAULT   protected_page, movl %eax, 0x800010

        .code16
        .include "trap16.inc"

        CASE16  real_divide
        xorw    %cx, %cx
        xorw    %dx, %dx
        FAULT   real_divide, divw %cx

        CASE16  real_breakpoint
        FAULT   real_breakpoint, int3

        CASE16  real_overflow
        movb    $0x7f, %al
        addb    $1, %al
        FAULT   real_overflow, into

        CASE16  real_undefined
        FAULT   real_undefined, ud2

        CASE16  real_software
        FAULT   real_software, int $0x15
