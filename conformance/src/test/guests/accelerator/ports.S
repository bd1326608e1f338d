/* Ports of every width, by immediate and by DX, element by element, in every mode. */

        .include "constants.inc"

        .macro  TO_PORT register, width, port, value
        movl    $\value, %eax
        movw    $\port, %dx
        out\width %\register, %dx
        .endm

        .macro  FROM_PORT register, width, port, result
        movl    $0x5a5a5a5a, %eax
        movw    $\port, %dx
        in\width %dx, %\register
        movl    %eax, RESULTS + \result
        .endm

        .macro  FROM_IMMEDIATE register, width, port, result
        movl    $0x5a5a5a5a, %eax
        in\width $\port, %\register
        movl    %eax, RESULTS + \result
        .endm

        .macro  PORTS
        TO_PORT al, b, LATCH, 0xffffff12
        TO_PORT ax, w, LATCH + 2, 0xffff3456
        TO_PORT eax, l, LATCH + 4, 0x789abcde
        TO_PORT ax, w, LATCH + 9, 0x1357
        TO_PORT eax, l, LATCH + 13, 0x2468ace0
        movl    $0x21436587, %eax
        outb    %al, $0xe0
        outw    %ax, $0xe2
        outl    %eax, $0xe4
        FROM_PORT al, b, LATCH, 0
        FROM_PORT ax, w, LATCH + 2, 8
        FROM_PORT eax, l, LATCH + 4, 16
        FROM_PORT ax, w, LATCH + 9, 24
        FROM_PORT eax, l, LATCH + 13, 32
        FROM_IMMEDIATE al, b, 0xe0, 40
        FROM_IMMEDIATE ax, w, 0xe2, 48
        FROM_IMMEDIATE eax, l, 0xe4, 56
        FROM_PORT al, b, NOBODY_PORT, 64
        FROM_PORT ax, w, NOBODY_PORT, 72
        FROM_PORT eax, l, NOBODY_PORT, 80
        TO_PORT eax, l, NOBODY_PORT, 0x11223344
        .endm

        /* registers afterwards: address and count */
        .macro  AFTER address, result
        movl    %\address, RESULTS + \result
        movl    %ecx, RESULTS + \result + 4
        .endm

        .macro  OUTS width, address, count, result
        movl    $\address, %esi
        movl    $\count, %ecx
        movw    $LATCH, %dx
        rep outs\width
        AFTER   esi, \result
        .endm

        .macro  INS width, address, count, result
        movl    $\address, %edi
        movl    $\count, %ecx
        movw    $LATCH, %dx
        rep ins\width
        AFTER   edi, \result
        .endm

        .macro  STRINGS
        cld
        OUTS    b, BUFFER+0x001, 5, 0
        OUTS    w, BUFFER+0x010, 3, 8
        OUTS    l, BUFFER+0x021, 3, 16
        OUTS    l, BUFFER-0x10, 9, 24
        OUTS    b, BUFFER, 0, 32
        INS     b, BUFFER+0x401, 5, 40
        INS     w, BUFFER+0x410, 3, 48
        INS     l, BUFFER+0x421, 3, 56
        INS     l, BUFFER-0x1e, 9, 64
        INS     b, BUFFER+0x480, 0, 72
        INS     w, BUFFER+0x800, 600, 80
        std
        OUTS    b, BUFFER+0x104, 5, 88
        OUTS    w, BUFFER+0x110, 3, 96
        OUTS    l, BUFFER+0x021, 12, 104
        INS     b, BUFFER+0x504, 5, 112
        INS     w, BUFFER+0x510, 3, 120
        INS     l, BUFFER+0x521, 3, 128
        cld
        .endm

        .section .text
        .code16
real_ports:
        PORTS
        DONE
real_strings:
        STRINGS
        DONE

        .code32
protected_ports:
        PORTS
        DONE
protected_strings:
        STRINGS
        DONE

        .code64
long_ports:
        PORTS
        movq    $-1, %rax
        movw    $LATCH + 4, %dx
        inl     %dx, %eax
        movq    %rax, RESULTS + 88
        DONE
long_strings:
        STRINGS
        DONE

        /* a port that changes what the next instruction reads: the handler runs before it */
order:
        movq    $0x200000, %rbx
        movq    (%rbx), %rax
        movq    %rax, RESULTS
        SIGNAL  1
        movq    (%rbx), %rax
        movq    %rax, RESULTS + 8
        movq    $0x77, (%rbx)
        SIGNAL  2
        movq    (%rbx), %rax
        movq    %rax, RESULTS + 16
        DONE
