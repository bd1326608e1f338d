/*
 * Hardware task switches: by JMP, CALL, IRET, interrupt and fault through task gates, 32 and 16-bit
 * TSS, busy bits, NT, links, CR0.TS, CR3, and what a new task's bad state raises. Intel SDM vol. 3
 * chapter 7.
 */
        .set    TSS_LIMIT, 0x67
        .include "guest32.inc"

        .set    TSS_A, FREE + 0x00
        .set    TSS_16, FREE + 0x08
        .set    GATE_A, FREE + 0x10
        .set    TSS_X, FREE + 0x18
        .set    LDT, FREE + 0x20
        .set    ABSENT, FREE + 0x28

        /* prints link, busy bits, NT, TS as the running task sees them */
state:  pushal
        str     %eax
        SHOW    tr, %eax, 4
        movl    gdt + TSS_MAIN + 4, %eax
        shrl    $8, %eax
        SHOW    main, %eax, 2
        movl    gdt + TSS_A + 4, %eax
        shrl    $8, %eax
        SHOW    a, %eax, 2
        movl    gdt + TSS_16 + 4, %eax
        shrl    $8, %eax
        SHOW    s, %eax, 2
        movzwl  tss_a, %eax
        SHOW    link, %eax, 4
        pushfl
        popl    %eax
        andl    $~0x8d5, %eax
        SHOW    fl, %eax, 5
        movl    %cr0, %eax
        SHOW    cr0, %eax, 2
        clts
        popal
        ret

        /* everything as at first: called in the main task */
fresh:  movl    $tss_a, %edi
        movl    $0x68 / 4, %ecx
        xorl    %eax, %eax
        rep stosl
        movl    $task_a, tss_a + 0x20
        movl    $2, tss_a + 0x24
        movl    $0x11, tss_a + 0x28
        movl    $0x22, tss_a + 0x2c
        movl    $0x33, tss_a + 0x30
        movl    $0x44, tss_a + 0x34
        movl    $task_stack_top, tss_a + 0x38
        movl    $KDATA, tss_a + 0x48
        movl    $KCODE, tss_a + 0x4c
        movl    $KDATA, tss_a + 0x50
        movl    $KDATA, tss_a + 0x54
        movl    $KDATA, tss_a + 0x58
        movl    $KDATA, tss_a + 0x5c
        movl    $trap_stack_top - 2048, tss_a + 4
        movl    $KDATA, tss_a + 8
        movw    $0x68, tss_a + 0x66
        DESCRIPTOR TSS_A, 0, 0x67, 0x89, 0
        BASE    TSS_A, tss_a
        DESCRIPTOR TSS_16, 0, 0x2b, 0x81, 0
        BASE    TSS_16, tss_16
        DESCRIPTOR TSS_MAIN, 0, 0x67, 0x89, 0
        BASE    TSS_MAIN, tss
        movl    $TSS_MAIN, %eax
        ltr     %ax
        movl    $TSS_A << 16, gdt + GATE_A
        movl    $0xe500, gdt + GATE_A + 4
        movl    $0, tss
        ret

        .macro  TASK name
        CASE    "\name"
        call    fresh
        .endm

main:
        TASK    "jmp there, jmp back"
        MARK
        ljmp    $TSS_A, $0
        call    state
        DONE
        END

        TASK    "call there, iret back"
        movl    $task_iret, tss_a + 0x20
        MARK
        lcall   $TSS_A, $0
        call    state
        movl    tss_a + 0x20, %eax
        subl    $task_iret, %eax
        SHOW    eip, %eax, 2
        DONE
        END

        TASK    "saved state of the caller"
        movl    $task_saved, tss_a + 0x20
        movl    $0x5a, %eax
        movl    $0x5b, %ebx
        movl    $0x5c, %esi
        stc
        MARK
        lcall   $TSS_A, $0
        DONE
        END

        TASK    "registers of the new task"
        movl    $task_registers, tss_a + 0x20
        MARK
        lcall   $TSS_A, $0
        DONE
        END

        TASK    "jmp through a task gate"
        movl    $task_jmp_main, tss_a + 0x20
        MARK
        ljmp    $GATE_A, $0
        call    state
        DONE
        END

        TASK    "int through a task gate"
        movl    $task_iret, tss_a + 0x20
        movw    $TSS_A, idt + 0x42 * 8 + 2
        movb    $0x85, idt + 0x42 * 8 + 5
        MARK
        int     $0x42
        call    state
        DONE
        END

        TASK    "fault through a task gate has its error code on the new stack"
        movl    $task_error, tss_a + 0x20
        movw    $TSS_A, idt + 11 * 8 + 2
        movb    $0x85, idt + 11 * 8 + 5
        DESCRIPTOR ABSENT, 0, 0xfffff, 0x13
        movl    $ABSENT, %eax
        MARK
        movl    %eax, %fs
        xorl    %eax, %eax
        DONE
        END
        movw    $KCODE, idt + 11 * 8 + 2
        movb    $0x8e, idt + 11 * 8 + 5

        TASK    "task gate in the IDT to a busy task"
        orl     $0x200, gdt + TSS_A + 4
        MARK
        int     $0x42
        END
        TASK    "task gate in the IDT, absent"
        movb    $0x05, idt + 0x42 * 8 + 5
        MARK
        int     $0x42
        END
        movw    $KCODE, idt + 0x42 * 8 + 2
        movb    $0x8e, idt + 0x42 * 8 + 5

        TASK    "to ring 3 and back by an interrupt"
        movl    $task_user, tss_a + 0x20
        movl    $UCODE, tss_a + 0x4c
        movl    $UDATA, tss_a + 0x50
        movl    $UDATA, tss_a + 0x54
        movl    $UDATA, tss_a + 0x48
        movl    $0, tss_a + 0x58
        movl    $0, tss_a + 0x5c
        movl    $user_stack_top, tss_a + 0x38
        movl    $0x3202, tss_a + 0x24
        MARK
        ljmp    $TSS_A, $0
        DONE
        END

        TASK    "16-bit TSS: call and iret"
        movl    $tss_16, %edi
        movl    $11, %ecx
        xorl    %eax, %eax
        rep stosl
        movw    $task16 - task16, tss_16 + 0x0e
        movw    $2, tss_16 + 0x10
        movw    $0x1234, tss_16 + 0x12
        movw    $0xfff0, tss_16 + 0x1a
        movw    $KDATA, tss_16 + 0x22
        movw    $ABSENT, tss_16 + 0x24
        movw    $KDATA, tss_16 + 0x26
        movw    $KDATA, tss_16 + 0x28
        DESCRIPTOR ABSENT, 0, 0xffff, 0x9b, 4
        BASE    ABSENT, task16
        movl    $0x87654321, %ebx
        MARK
        lcall   $TSS_16, $0
        call    state
        movzwl  tss_16, %eax
        DONE
        END

        TASK    "nested: NT set by call, cleared by iret"
        movl    $task_nested, tss_a + 0x20
        MARK
        lcall   $TSS_A, $0
        pushfl
        popl    %eax
        andl    $0x4000, %eax
        DONE
        END

        /* ---- refused ---- */
        TASK    "jmp to the busy task itself"
        MARK
        ljmp    $TSS_MAIN, $0
        END
        TASK    "call the busy task"
        MARK
        lcall   $TSS_MAIN, $0
        END
        TASK    "tss absent"
        andl    $~0x8000, gdt + TSS_A + 4
        MARK
        ljmp    $TSS_A, $0
        END
        TASK    "tss too small"
        movw    $0x66, gdt + TSS_A
        MARK
        ljmp    $TSS_A, $0
        END
        TASK    "tss DPL 0 from ring 3"
        USER
        MARK
        ljmp    $TSS_A, $0
        END
        TASK    "tss RPL 3"
        MARK
        ljmp    $TSS_A + 3, $0
        END
        TASK    "task gate DPL 3 from ring 3"
        movl    $task_show_cs, tss_a + 0x20
        USER
        MARK
        lcall   $GATE_A, $0
        DONE
        END
        TASK    "task gate absent"
        movl    $0x6500, gdt + GATE_A + 4
        MARK
        ljmp    $GATE_A, $0
        END
        TASK    "task gate to data"
        movl    $KDATA << 16, gdt + GATE_A
        MARK
        ljmp    $GATE_A, $0
        END
        TASK    "task gate to an LDT selector"
        movl    $(TSS_A + 4) << 16, gdt + GATE_A
        MARK
        ljmp    $GATE_A, $0
        END
        TASK    "iret with NT to a task that is not busy"
        movw    $TSS_A, tss
        pushl   $0x4002
        popfl
        MARK
        iretl
        END
        TASK    "iret with NT to null"
        movw    $0, tss
        pushl   $0x4002
        popfl
        MARK
        iretl
        END
        TASK    "iret with NT to data"
        movw    $KDATA, tss
        pushl   $0x4002
        popfl
        MARK
        iretl
        END

        /*
         * ---- refused in the new task ----
         * The fault's handler is a task too: the new one has no stack to trust. It shows its error
         * code, the task that faulted, and that task's saved EIP.
         */
        movl    $tss_x, %edi
        movl    $0x68 / 4, %ecx
        xorl    %eax, %eax
        rep stosl
        movl    $KDATA, tss_x + 0x48
        movl    $KCODE, tss_x + 0x4c
        movl    $KDATA, tss_x + 0x50
        movl    $KDATA, tss_x + 0x54
        movl    $2, tss_x + 0x24
        .irp    v, 10, 11, 12, 13
        movw    $TSS_X, idt + \v * 8 + 2
        movb    $0x85, idt + \v * 8 + 5
        .endr
        .macro  NEWTASK name, offset, value
        TASK    "\name"
        movl    $\value, tss_a + \offset
        DESCRIPTOR TSS_X, 0, 0x67, 0x89, 0
        BASE    TSS_X, tss_x
        movl    $task_fault, tss_x + 0x20
        movl    $task_stack_top - 512, tss_x + 0x38
        movl    $task_none, case_mark
        movl    $task_none, tss_a + 0x20
        MARK
        ljmp    $TSS_A, $0
        END
        call    state
        call    newline
        .endm
        NEWTASK "new task: cs null", 0x4c, 0
        NEWTASK "new task: cs data", 0x4c, KDATA
        NEWTASK "new task: ss null", 0x50, 0
        NEWTASK "new task: ss RPL", 0x50, UDATA
        NEWTASK "new task: ds system", 0x54, TSS_A
        NEWTASK "new task: ldt data", 0x60, KDATA
        NEWTASK "new task: ldt in the ldt", 0x60, 0x0c
        DESCRIPTOR ABSENT, 0, 0xfffff, 0x13
        NEWTASK "new task: ds absent", 0x54, ABSENT
        NEWTASK "new task: ss absent", 0x50, ABSENT
        /* the fault of a delivery, seen by the task for #SS: EXT is set */
        DESCRIPTOR ABSENT, 0, 0xff, 0x93, 4
        TASK    "ss while ud is delivered"
        DESCRIPTOR TSS_X, 0, 0x67, 0x89, 0
        BASE    TSS_X, tss_x
        movl    $task_fault, tss_x + 0x20
        movl    $task_stack_top - 512, tss_x + 0x38
        movl    $ABSENT, %eax
        movl    %eax, %ss
        MARK
        ud2
        END
        TASK    "ss while int n is delivered"
        DESCRIPTOR TSS_X, 0, 0x67, 0x89, 0
        BASE    TSS_X, tss_x
        movl    $task_fault, tss_x + 0x20
        movl    $task_stack_top - 512, tss_x + 0x38
        movl    $ABSENT, %eax
        movl    %eax, %ss
        MARK
        int     $0x42
        END
        NEWTASK "new task: T bit", 0x64, 0x00680001

        .irp    v, 10, 11, 12, 13
        movw    $KCODE, idt + \v * 8 + 2
        movb    $0x8e, idt + \v * 8 + 5
        .endr

        TASK    "single step through jmp"
        movl    $hook_step, trap_hook
        movl    $task_step, tss_a + 0x20
        movl    $0x102, tss_a + 0x24
        MARK
        ljmp    $TSS_A, $0
        DONE
        END

        /* ---- with paging: CR3 goes with the task ---- */
        movl    $0x83, pd_a
        movl    $0x83, pd_b
        movl    $0x400083, pd_a + 0x400
        movl    $0x800083, pd_b + 0x400
        movl    $0x11, 0x400000
        movl    $0x22, 0x800000
        movl    %cr4, %eax
        orl     $0x10, %eax
        movl    %eax, %cr4
        movl    $pd_a, %eax
        movl    %eax, %cr3
        movl    %cr0, %eax
        orl     $0x80000000, %eax
        movl    %eax, %cr0
        TASK    "cr3 of each task"
        movl    $pd_b, tss_a + 0x1c
        movl    $pd_a, tss + 0x1c
        movl    $task_cr3, tss_a + 0x20
        movl    0x40000000, %eax
        SHOW    here, %eax, 2
        MARK
        lcall   $TSS_A, $0
        movl    0x40000000, %eax
        SHOW    here, %eax, 2
        movl    %cr3, %eax
        subl    $pd_a, %eax
        DONE
        END
        ret

task_a: call    state
        ljmp    $TSS_MAIN, $0

task_iret:
        call    state
        iretl
        DONE

task_saved:
        movl    $tss, %ebp
        clts
        SHOW    eax, %ds:0x28(%ebp), 2
        SHOW    ebx, %ds:0x34(%ebp), 2
        SHOW    esi, %ds:0x40(%ebp), 2
        SHOW    fl, %ds:0x24(%ebp), 4
        movl    %ds:0x20(%ebp), %eax
        subl    case_mark, %eax
        SHOW    eip, %eax, 2
        SHOW    cs, %ds:0x4c(%ebp), 4
        SHOW    ss, %ds:0x50(%ebp), 4
        iretl

task_registers:
        clts
        SHOW    eax, %eax, 2
        SHOW    ecx, %ecx, 2
        SHOW    edx, %edx, 2
        SHOW    ebx, %ebx, 2
        movl    %ss, %eax
        SHOW    ss, %eax, 4
        movl    $task_stack_top, %eax
        subl    %esp, %eax
        SHOW    esp, %eax, 4
        iretl

task_jmp_main:
        call    state
        ljmp    $TSS_MAIN, $0

task_error:
        popl    %eax
        SHOW    error, %eax, 4
        movl    $task_stack_top, %eax
        subl    %esp, %eax
        SHOW    left, %eax, 8
        movl    tss + 0x20, %eax
        subl    case_mark, %eax
        SHOW    eip, %eax, 2
        /* step over it */
        addl    $2, tss + 0x20
        clts
        iretl

task_user:
        movl    %cs, %eax
        movl    %ds, %ecx
        shll    $16, %eax
        movw    %cx, %ax
        int     $0x80

task_show_cs:
        clts
        movl    %cs, %eax
        SHOW    cs, %eax, 4
        movl    tss + 0x4c, %eax
        SHOW    from, %eax, 4
        iretl

task_nested:
        clts
        pushfl
        popl    %eax
        andl    $0x4000, %eax
        SHOW    nt, %eax, 4
        iretl

task_none:
        nop
        DONE

task_fault:
        clts
        popl    %eax
        SHOW    error, %eax, 4
        movzwl  tss_x, %eax
        SHOW    from, %eax, 4
        movl    tss_a + 0x20, %eax
        subl    case_mark, %eax
        SHOW    eip, %eax, 8
        SHOW    cs, tss_a + 0x4c, 4
        SHOW    ss, tss_a + 0x50, 4
        SHOW    ds, tss_a + 0x54, 4
        call    newline
        andw    $~0x4000, flags_image
        pushl   flags_image
        popfl
        movl    case_esp, %esp
        jmp     *case_resume

task_step:
        nop
        nop
        DONE

task_cr3:
        clts
        movl    0x40000000, %eax
        SHOW    there, %eax, 2
        movl    %cr3, %eax
        subl    $pd_b, %eax
        SHOW    cr3, %eax, 1
        iretl

hook_step:
        xorl    %eax, %eax
        cmpl    $1, F_VECTOR(%ebp)
        jne     1f
        movl    F_IP(%ebp), %eax
        subl    $task_step, %eax
        SHOW    step, %eax, 2
        movl    $1, %eax
1:      ret

        .balign 16
task16: .code16
        movw    %ax, %cx
        movl    %ebx, %edx
        clts
        iretw
        .code32

        .section .data
        .balign 4
flags_image:    .long 2
        .section .bss
        .balign 4096
pd_a:   .skip   4096
pd_b:   .skip   4096
        .balign 128
tss_x:  .skip   0x68
        .balign 128
tss_a:  .skip   0x68
        .balign 128
tss_16: .skip   0x2c
        .skip   1024
task_stack_top:
        .skip   16
