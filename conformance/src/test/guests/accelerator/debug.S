/* Debug registers and the trap flag. */

        .include "constants.inc"

        .macro  ARM register, address, control
        movq    $\address, %rax
        movq    %rax, %db\register
        movl    $\control, %eax
        movq    %rax, %db7
        .endm

        .section .text
        .include "trap64.inc"

        /* the fault comes before the instruction; RF lets it run afterwards */
break:  movq    $break_after, resume
        ARM     0, break_at, 0x402
        nop
break_at:
        nop
        DONE    1
break_after:
        DONE

        /* four bytes, written */
watch_write:
        movq    $0, resume
        ARM     1, BUFFER + 8, 0xd00408
        movl    BUFFER + 8, %eax        # a read does not count
        movl    %eax, BUFFER + 12       # nor the next four bytes
        movl    $7, BUFFER + 4
        movb    $9, BUFFER + 10
watch_write_next:
        nop
        movq    %db6, %rax
        movq    %rax, RESULTS
        DONE

watch_read:
        ARM     2, BUFFER + 16, 0xf000420
        movl    $7, BUFFER + 24
        movl    BUFFER + 16, %eax
watch_read_next:
        nop
        DONE

step:   pushfq
        orl     $0x100, (%rsp)
        popfq
        nop                             # the first trap comes after this one
step_1: incl    %eax
step_2: pushfq
step_3: andl    $~0x100, (%rsp)
step_4: popfq
step_5: nop                             # the trap of POPF itself comes still
step_6: nop
        DONE

        /* an access to a debug register while DR7.GD is set */
guard:  movq    $guard_after, resume
        movl    $0x2400, %eax
        movq    %rax, %db7
guard_at:
        movq    %db0, %rax
        DONE    1
guard_after:
        movq    %db7, %rax
        movq    %rax, RESULTS
        DONE

        /* in user mode: the test has armed the registers */
user_watch:
        movl    BUFFER + 8, %eax
        movl    $7, BUFFER + 8
user_watch_next:
        nop
        DONE
user_break:
        nop
user_break_at:
        nop
        DONE
user_step:
        pushfq
        orl     $0x100, (%rsp)
        popfq
        nop
user_step_1:
        nop
user_step_2:
        DONE
