/* Registers in memory: widths, alignments, instructions that read and write at once, strings. */

        .include "constants.inc"

        .macro  KEEP register, result
        mov     %\register, RESULTS + \result
        .endm

        .macro  READ instruction, offset, register, result
        movl    $0x5a5a5a5a, %eax
        \instruction \offset(%rbx), %\register
        movl    %eax, RESULTS + \result
        .endm

        .macro  READ32 instruction, offset, register, result
        movl    $0x5a5a5a5a, %eax
        \instruction \offset(%ebx), %\register
        movl    %eax, RESULTS + \result
        .endm

        .section .text
        .code32
protected_widths:
        movl    $WINDOW, %ebx
        movl    $0x44332211, %eax
        movb    %al, (%ebx)
        movw    %ax, 2(%ebx)
        movl    %eax, 4(%ebx)
        movb    $0x99, 8(%ebx)
        movw    $0xaabb, 10(%ebx)
        movl    $0xccddeeff, 12(%ebx)
        READ32  movb, 0, al, 0
        READ32  movw, 2, ax, 8
        READ32  movl, 4, eax, 16
        READ32  movzbl, 8, eax, 24
        READ32  movsbl, 8, eax, 32
        READ32  movzwl, 10, eax, 40
        READ32  movswl, 10, eax, 48
        DONE

        .code64
long_widths:
        movl    $WINDOW, %ebx
        movl    $0x44332211, %eax
        movb    %al, (%rbx)
        movw    %ax, 2(%rbx)
        movl    %eax, 4(%rbx)
        movb    $0x99, 8(%rbx)
        movw    $0xaabb, 10(%rbx)
        movl    $0xccddeeff, 12(%rbx)
        movabsq $0x8877665544332211, %rax
        movq    %rax, 16(%rbx)
        movq    $-2, 24(%rbx)
        READ    movb, 0, al, 0
        READ    movw, 2, ax, 8
        READ    movl, 4, eax, 16
        READ    movzbl, 8, eax, 24
        READ    movsbl, 8, eax, 32
        READ    movzwl, 10, eax, 40
        READ    movswl, 10, eax, 48
        movq    16(%rbx), %rax
        movq    %rax, RESULTS + 56
        movq    $-1, %rax
        movl    4(%rbx), %eax           # clears the upper half
        movq    %rax, RESULTS + 64
        movslq  12(%rbx), %rax
        movq    %rax, RESULTS + 72
        DONE

unaligned:
        movl    $WINDOW, %ebx
        movabsq $0x8877665544332211, %rax
        movw    %ax, 0x21(%rbx)
        movl    %eax, 0x25(%rbx)
        movq    %rax, 0x33(%rbx)
        movzwl  0x21(%rbx), %eax
        movl    %eax, RESULTS
        movl    0x25(%rbx), %eax
        movl    %eax, RESULTS + 8
        movq    0x33(%rbx), %rax
        movq    %rax, RESULTS + 16
        DONE

        /* from the end of RAM into a window, and back */
        .set    EDGE, 0x400000
from_ram:
        movl    $EDGE, %ebx
        movabsq $0x8877665544332211, %rax
        movq    %rax, -3(%rbx)
        movq    -3(%rbx), %rax
        movq    %rax, RESULTS
        movzwl  -1(%rbx), %eax
        movl    %eax, RESULTS + 8
        addl    $0x01010101, -2(%rbx)
        movl    -2(%rbx), %eax
        movl    %eax, RESULTS + 16
        DONE

        /* from one window into the next: at a page's end and within a page */
between:
        movl    $WINDOW, %ebx
        movabsq $0x8877665544332211, %rax
        movq    %rax, 0xffb(%rbx)
        movq    0xffb(%rbx), %rax
        movq    %rax, RESULTS
        movl    $0x12345678, %eax
        movl    %eax, 0x180e(%rbx)
        movl    0x180e(%rbx), %eax
        movl    %eax, RESULTS + 8
        DONE

modify:
        movl    $WINDOW, %ebx
        addl    $5, 0x40(%rbx)
        SIGNAL  1
        incb    0x44(%rbx)
        SIGNAL  2
        movl    $0x31415926, %eax
        xchgl   %eax, 0x48(%rbx)
        movl    %eax, RESULTS
        SIGNAL  3
        lock orq $0x30, 0x50(%rbx)
        SIGNAL  4
        notw    0x58(%rbx)
        SIGNAL  5
        btsl    $3, 0x5c(%rbx)
        setc    RESULTS + 8
        SIGNAL  6
        movl    $7, %ecx
        movl    $0x60606060, %eax
        lock cmpxchgl %ecx, 0x60(%rbx)
        setz    RESULTS + 16
        SIGNAL  7
        lock xaddl %ecx, 0x64(%rbx)
        movl    %ecx, RESULTS + 24
        SIGNAL  8
        shll    $4, 0x68(%rbx)
        SIGNAL  9
        DONE

        /* looks without writing, and operands of the stack */
look:
        movl    $WINDOW, %ebx
        cmpl    $0x40404040, 0x40(%rbx)
        setz    RESULTS
        SIGNAL  1
        testb   $0x04, 0x44(%rbx)
        setnz   RESULTS + 8
        SIGNAL  2
        pushq   0x48(%rbx)
        popq    RESULTS + 16
        SIGNAL  3
        movq    $0x1234, %rax
        pushq   %rax
        popq    0x50(%rbx)
        SIGNAL  4
        movl    $3, %eax
        imull   0x58(%rbx), %eax
        movl    %eax, RESULTS + 24
        SIGNAL  5
        DONE

strings:
        cld
        movl    $WINDOW + 0x100, %esi   # from the device
        movl    $BUFFER, %edi
        movl    $5, %ecx
        rep movsl
        SIGNAL  1
        movl    $BUFFER + 0x100, %esi   # to the device
        movl    $WINDOW + 0x200, %edi
        movl    $7, %ecx
        rep movsb
        SIGNAL  2
        movl    $WINDOW + 0x100, %esi   # within the device
        movl    $WINDOW + 0x240, %edi
        movl    $3, %ecx
        rep movsw
        SIGNAL  3
        movl    $WINDOW + 0x280, %edi
        movl    $0x0badcafe, %eax
        movl    $3, %ecx
        rep stosl
        SIGNAL  4
        movl    $WINDOW + 0x104, %esi
        lodsl
        movl    %eax, RESULTS
        SIGNAL  5
        movl    $BUFFER, %esi
        movl    $WINDOW + 0x100, %edi
        movl    $20, %ecx
        repe cmpsb
        setz    RESULTS + 8
        SIGNAL  6
        DONE

        /* sixteen bytes at once */
wide:
        movl    $WINDOW, %ebx
        movdqu  0x100(%rbx), %xmm1
        movdqu  %xmm1, RESULTS
        movdqu  %xmm1, 0x180(%rbx)
        DONE

        /* an address that nobody claims */
nobody:
        movl    $WINDOW + 0x100000, %ebx
        movl    $0x11223344, %eax
        movl    %eax, (%rbx)
        movzbl  (%rbx), %eax
        movl    %eax, RESULTS
        movzwl  (%rbx), %eax
        movl    %eax, RESULTS + 8
        movl    (%rbx), %eax
        movl    %eax, RESULTS + 16
        movq    (%rbx), %rax
        movq    %rax, RESULTS + 24
        DONE
