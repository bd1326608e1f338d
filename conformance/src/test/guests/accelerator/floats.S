/*
 * x87 and vector state over exits, interrupts and halts. What is loaded stands at BUFFER in FXSAVE's
 * format, what is found afterwards goes to BUFFER + 0x200.
 */

        .include "constants.inc"

        .section .text
        .include "trap64.inc"

        .balign 8
wanted: .quad   1

kept:   APIC_ON
        sti
        fxrstor64 BUFFER
        SIGNAL  1                       # an interrupt comes here
        AWAIT
        movw    $LATCH, %dx
        inl     %dx, %eax
        movl    $WINDOW, %ebx
        incl    (%rbx)
        incq    wanted
        cli
        SIGNAL  2                       # and one here
        sti
        hlt
        AWAIT
        fxsave64 BUFFER + 0x200
        DONE

        /* as a user program, which calculates as well */
user:   fxrstor64 BUFFER
        SIGNAL  1
        AWAIT
        fxsave64 BUFFER + 0x200
        movsd   BUFFER + 0x400, %xmm0
        addsd   BUFFER + 0x408, %xmm0
        movq    %xmm0, %xmm15
        fninit
        fldpi
        fld1
        SIGNAL  2
        faddp
        fstpt   RESULTS
        movsd   %xmm15, RESULTS + 16
        DONE

        /* the test has put the registers in place */
given:  fxsave64 BUFFER + 0x200
        DONE

        /* and finds them in place */
taken:  fxrstor64 BUFFER
        DONE
