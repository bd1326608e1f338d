/*
 * Does what the test asks by ports, one command after the other, and touches no memory but what the
 * command names. A fault is reported instead of a result.
 */

        .include "constants.inc"

        .set    RESULT_PORT, COMMAND_PORT + 0x20
        .set    FAULT_PORT, COMMAND_PORT + 0x40

        .section .text
        .code64
monitor:
        movw    $COMMAND_PORT, %dx
        inl     %dx, %eax               # what to do
        movl    %eax, %edi
        addw    $4, %dx
        inl     %dx, %eax               # address
        movl    %eax, %ebx
        addw    $4, %dx
        inl     %dx, %eax
        shlq    $32, %rax
        orq     %rax, %rbx
        addw    $4, %dx
        inl     %dx, %eax               # value
        movl    %eax, %esi
        addw    $4, %dx
        inl     %dx, %eax
        shlq    $32, %rax
        orq     %rax, %rsi
        jmp     *operations(, %rdi, 8)

report: /* %rax */
        movw    $RESULT_PORT, %dx
        outl    %eax, %dx
        shrq    $32, %rax
        addw    $4, %dx
        outl    %eax, %dx
finish: movw    $DONE_PORT, %dx
        xorl    %eax, %eax
        outl    %eax, %dx
        jmp     monitor

read1:  movzbl  (%rbx), %eax
        jmp     report
read2:  movzwl  (%rbx), %eax
        jmp     report
read4:  movl    (%rbx), %eax
        jmp     report
read8:  movq    (%rbx), %rax
        jmp     report
write1: movb    %sil, (%rbx)
        jmp     report
write2: movw    %si, (%rbx)
        jmp     report
write4: movl    %esi, (%rbx)
        jmp     report
write8: movq    %rsi, (%rbx)
        jmp     report
call:   call    *%rbx
        jmp     report
add8:   lock addq %rsi, (%rbx)
        jmp     report
getmsr: movl    %ebx, %ecx
        rdmsr
        shlq    $32, %rdx
        orq     %rdx, %rax
        jmp     report
setmsr: movl    %ebx, %ecx
        movq    %rsi, %rax
        movq    %rsi, %rdx
        shrq    $32, %rdx
        wrmsr
        jmp     report
getcpuid:
        movl    %ebx, %eax
        movl    %esi, %ecx
        cpuid
        movl    %edx, %esi
        movw    $RESULT_PORT, %dx
        outl    %eax, %dx
        addw    $4, %dx
        movl    %ebx, %eax
        outl    %eax, %dx
        addw    $4, %dx
        movl    %ecx, %eax
        outl    %eax, %dx
        addw    $4, %dx
        movl    %esi, %eax
        outl    %eax, %dx
        jmp     finish
gettsc: rdtsc
        shlq    $32, %rdx
        orq     %rdx, %rax
        jmp     report
setcr3: movq    %rsi, %cr3
        jmp     report
invalidate:
        invlpg  (%rbx)
        jmp     report
getcr8: movq    %cr8, %rax
        jmp     report
setcr8: movq    %rsi, %cr8
        jmp     report
fill:   movq    %rbx, %rdi              # value: bytes to set to 0xa5
        movq    %rsi, %rcx
        movb    $0xa5, %al
        rep stosb
        jmp     report

        .balign 8
operations:
        .quad   read1, read2, read4, read8
        .quad   write1, write2, write4, write8
        .quad   call, add8, getmsr, setmsr, getcpuid, gettsc, setcr3, invalidate
        .quad   getcr8, setcr8, fill

        /* every exception ends here: error codes are not told apart from saved RIPs */
        .balign 16
stubs64:
        .set    vector, 0
        .rept   32
        .balign 16
        movl    $vector, %edi
        jmp     fault
        .set    vector, vector + 1
        .endr
        .rept   96
        .balign 16
        iretq
        .endr
fault:  movq    (%rsp), %rsi            # the error code, if this vector has one
        movq    $stack_top, %rsp
        movl    %edi, %eax
        movw    $FAULT_PORT, %dx
        outl    %eax, %dx
        addw    $4, %dx
        movl    %esi, %eax
        outl    %eax, %dx
        jmp     finish

        .set    stack_top, 0x38000

        /* code that the test copies elsewhere and calls */
answer: movl    $42, %eax
        ret
answer_end:

        /* writes to memory in the middle of a run; the port's handler changes what is there */
        .set    FAR, 0x800000
around: movq    $FAR, %rbx
        SIGNAL  1                       # the region appears
        movq    $0x1111, (%rbx)
        movq    (%rbx), %rax
        movq    %rax, RESULTS
        SIGNAL  2                       # it is gone
        movq    (%rbx), %rax
        movq    %rax, RESULTS + 8
        movq    $0x2222, (%rbx)
        SIGNAL  3                       # another is there
        movq    (%rbx), %rax
        movq    %rax, RESULTS + 16
        movq    $0x3333, (%rbx)
        movq    (%rbx), %rax
        movq    %rax, RESULTS + 24
        call    *%rbp                   # code in it
        movl    %eax, RESULTS + 32
        SIGNAL  4                       # the code is another's
        call    *%rbp
        movl    %eax, RESULTS + 40
        DONE

        /* stores to 64 pages round and round, a counter that the test can follow */
        .set    PAGES, 0x200000
writer: xorl    %ecx, %ecx
1:      movl    %ecx, %eax
        imull   $0x9e3779b1, %eax, %edx
        shrl    $14, %edx               # 64 pages by 512 words, twice
        andl    $0x7fff, %edx
        incq    %rcx
        movq    %rcx, PAGES(, %rdx, 8)
        cmpq    limit, %rcx
        jb      1b
        DONE
        .balign 8
limit:  .quad   0

        /* a doorbell now and then */
ringer: movl    $WINDOW, %ebx
        movl    $3, %ecx
1:      movw    $LATCH, %dx
        movl    $7, %eax
        outl    %eax, %dx
        movl    $8, %eax
        outl    %eax, %dx
        movl    $7, (%rbx)
        movl    $8, (%rbx)
        movw    $7, 0x10(%rbx)
        loop    1b
        DONE
