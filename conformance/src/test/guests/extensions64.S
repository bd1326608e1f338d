/*
 * What QEMU 7.2's own processor does not have: x2APIC, the TSC deadline, PCID and INVPCID. The
 * expectation is the manual's: Intel SDM vol. 3 sections 4.10.1, 11.5.4.1 and 11.12, vol. 2 INVPCID.
 */
        .set    TSS_LIMIT, 0x67
        .include "guest64.inc"

        .macro  READ name, number
        CASE    "\name"
        movl    $\number, %ecx
        MARK
        rdmsr
        shlq    $32, %rdx
        orq     %rdx, %rax
        DONE
        END
        .endm

        .macro  WRITE name, number, high, low
        CASE    "\name"
        movl    $\number, %ecx
        movl    $\high, %edx
        movl    $\low, %eax
        MARK
        wrmsr
        xorl    %eax, %eax
        DONE
        END
        .endm

interrupt:
        xorl    %eax, %eax
        cmpl    $0x80, F_VECTOR(%rbp)
        je      1f
        cmpl    $0x20, F_VECTOR(%rbp)
        jb      1f
        incl    events
        movq    F_VECTOR(%rbp), %rax
        SHOW    vector, %rax, 2
        testl   $1, in_x2apic
        jz      2f
        SETMSR  0x80b, 0, 0
        movl    $1, %eax
        ret
2:      movl    $0xfee000b0, %eax
        movl    $0, (%rax)
        movl    $1, %eax
1:      ret

wait_event:
        pushq   %rcx
        movl    $200000000, %ecx
1:      cmpl    $0, events
        jne     2f
        pause
        decl    %ecx
        jnz     1b
        TEXT    " nothing came"
2:      popq    %rcx
        ret

        .macro  LISTEN name
        CASE    "\name"
        movq    $interrupt, trap_hook
        movl    $0, events
        .endm

main:
        /* ---- TSC deadline ---- */
        movl    $0xfee00000, %r12d
        movl    $0x1ff, 0xf0(%r12)
        WRITE   "deadline in one-shot mode is ignored", 0x6e0, 0, 5
        READ    "and reads 0", 0x6e0
        movl    $0x40050, 0x320(%r12)
        LISTEN  "deadline in the past"
        sti
        SETMSR  0x6e0, 0, 1
        call    wait_event
        MARK
        movl    $0x6e0, %ecx
        rdmsr
        cli
        DONE
        END
        LISTEN  "deadline soon"
        sti
        rdtsc
        addl    $20000, %eax
        adcl    $0, %edx
        movl    $0x6e0, %ecx
        wrmsr
        call    wait_event
        MARK
        rdmsr
        cli
        DONE
        END
        LISTEN  "deadline far, then 0"
        movl    $0x6e0, %ecx
        movl    $-1, %eax
        movl    $0x7fffffff, %edx
        wrmsr
        rdmsr
        SHOW    high, %rdx
        xorl    %eax, %eax
        xorl    %edx, %edx
        wrmsr
        rdmsr
        MARK
        DONE
        END
        LISTEN  "initial count in deadline mode"
        movl    $100, 0x380(%r12)
        movl    0x390(%r12), %eax
        MARK
        DONE
        END
        LISTEN  "leaving the mode disarms"
        movl    $0x6e0, %ecx
        movl    $-1, %eax
        movl    $0x7fffffff, %edx
        wrmsr
        movl    $0x10050, 0x320(%r12)
        movl    $0x50050, 0x320(%r12)
        rdmsr
        shlq    $32, %rdx
        orq     %rdx, %rax
        MARK
        DONE
        END

        /* ---- to x2APIC ---- */
        READ    "x2apic registers in xapic mode", 0x802
        WRITE   "extended without enabled", 0x1b, 0, 0xfee00500
        WRITE   "on", 0x1b, 0, 0xfee00d00
        movl    $1, in_x2apic
        READ    "base", 0x1b
        WRITE   "back to xapic at once", 0x1b, 0, 0xfee00900
        READ    "id", 0x802
        READ    "tpr", 0x808
        READ    "ldr", 0x80d
        READ    "svr", 0x80f
        READ    "no dfr", 0x80e
        READ    "no second icr", 0x831
        READ    "reserved register", 0x801
        READ    "reserved register at the end", 0x8ff
        READ    "eoi is write-only", 0x80b
        READ    "self-ipi is write-only", 0x83f
        WRITE   "id is read-only", 0x802, 0, 0
        WRITE   "ldr is read-only", 0x80d, 0, 0
        WRITE   "eoi must be 0", 0x80b, 0, 1
        WRITE   "esr must be 0", 0x828, 0, 1
        WRITE   "tpr reserved bits", 0x808, 0, 0x100
        WRITE   "svr reserved bits", 0x80f, 0, 0x2000
        WRITE   "self-ipi reserved bits", 0x83f, 0, 0x140
        WRITE   "high half", 0x808, 1, 0
        LISTEN  "self-ipi register"
        sti
        nop
        SETMSR  0x83f, 0, 0x61
        call    wait_event
        cli
        xorl    %eax, %eax
        MARK
        DONE
        END
        LISTEN  "icr is one register of 64 bits"
        sti
        nop
        SETMSR  0x830, 0, 0x4062
        call    wait_event
        cli
        movl    $0x830, %ecx
        rdmsr
        shlq    $32, %rdx
        orq     %rdx, %rax
        MARK
        DONE
        END
        LISTEN  "icr to all but itself does nothing here"
        sti
        nop
        SETMSR  0x830, 0, 0xc4063
        jmp     1f
1:      cli
        movl    events, %eax
        MARK
        DONE
        END
        LISTEN  "cr8 and tpr are one"
        movl    $6, %eax
        movq    %rax, %cr8
        movl    $0x808, %ecx
        rdmsr
        SHOW    tpr, %rax, 2
        SETMSR  0x808, 0, 0
        movq    %cr8, %rax
        MARK
        DONE
        END
        CASE    "off, then xapic"
        SETMSR  0x1b, 0, 0xfee00100
        movl    $0, in_x2apic
        SETMSR  0x1b, 0, 0xfee00900
        movl    0x20(%r12), %eax
        MARK
        DONE
        END
        CASE    "off, then x2apic at once"
        SETMSR  0x1b, 0, 0xfee00100
        movl    $0xfee00d00, %eax
        MARK
        wrmsr
        END
        SETMSR  0x1b, 0, 0xfee00900

        /* ---- PCID ---- */
        movq    $t_pdpt + 7, %rax
        movq    %rax, pml4 + 8
        movq    $t_pd + 7, %rax
        movq    %rax, t_pdpt
        movq    $t_pt + 7, %rax
        movq    %rax, t_pd
        movq    $pml4, %rsi
        movq    $other, %rdi
        movl    $512, %ecx
        rep movsq
        movq    $o_pdpt + 7, %rax
        movq    %rax, other + 8
        movq    $o_pd + 7, %rax
        movq    %rax, o_pdpt
        movq    $o_pt + 7, %rax
        movq    %rax, o_pd
        movb    $0x11, target
        movb    $0x22, target + 4096
        movq    $target + 7, %rax
        movq    %rax, t_pt
        movq    $target + 4096 + 7, %rax
        movq    %rax, o_pt
        movabsq $0x8000000000, %rbx

        CASE    "pcide with a pcid in cr3"
        movq    $pml4 + 0x18, %rax
        movq    %rax, %cr3
        movq    %cr4, %rax
        orl     $0x20000, %eax
        MARK
        movq    %rax, %cr4
        END
        movq    $pml4, %rax
        movq    %rax, %cr3
        CASE    "cr3 bit 63 without pcide"
        movq    $pml4, %rax
        btsq    $63, %rax
        MARK
        movq    %rax, %cr3
        END
        SETCR4  0x20000
        CASE    "two spaces, tagged"
        movq    $pml4 + 1, %rax
        movq    %rax, %cr3
        movzbl  (%rbx), %edx
        movq    $other + 2, %rax
        movq    %rax, %cr3
        movzbl  (%rbx), %ecx
        shll    $8, %edx
        orl     %ecx, %edx
        movq    $pml4 + 1, %rax
        btsq    $63, %rax
        movq    %rax, %cr3
        movzbl  (%rbx), %ecx
        shll    $8, %edx
        orl     %ecx, %edx
        movq    %cr3, %rax
        subq    $pml4, %rax
        shlq    $32, %rax
        orq     %rdx, %rax
        MARK
        DONE
        END
        CASE    "without bit 63 the space is flushed"
        movq    $pml4 + 1, %rax
        movq    %rax, %cr3
        movzbl  (%rbx), %edx
        movq    $other + 2, %rax
        movq    %rax, %cr3
        movq    $target + 4096 + 7, %rax
        movq    %rax, t_pt
        movq    $pml4 + 1, %rax
        movq    %rax, %cr3
        movzbl  (%rbx), %eax
        shll    $8, %edx
        orl     %edx, %eax
        movq    $target + 7, %rcx
        movq    %rcx, t_pt
        MARK
        DONE
        END
        .macro  INVALIDATE name, type, pcid, address
        CASE    "\name"
        movq    $pml4 + 1, %rax
        movq    %rax, %cr3
        movzbl  (%rbx), %edx
        movq    $target + 4096 + 7, %rax
        movq    %rax, t_pt
        movabsq $\pcid, %rax
        movq    %rax, descriptor
        movabsq $\address, %rax
        movq    %rax, descriptor + 8
        movl    $\type, %eax
        MARK
        invpcid descriptor, %rax
        movzbl  (%rbx), %eax
        shll    $8, %edx
        orl     %edx, %eax
        DONE
        END
        movq    $target + 7, %rcx
        movq    %rcx, t_pt
        .endm
        INVALIDATE "invpcid: address", 0, 1, 0x8000000000
        INVALIDATE "invpcid: context", 1, 1, 0
        INVALIDATE "invpcid: all and global", 2, 0, 0
        INVALIDATE "invpcid: all", 3, 0, 0
        INVALIDATE "invpcid: type 4", 4, 0, 0
        INVALIDATE "invpcid: address not canonical", 0, 1, 0x800000000000
        INVALIDATE "invpcid: reserved bits of the descriptor", 0, 0x1001, 0x8000000000
        CASE    "invpcid in ring 3"
        USER
        movl    $2, %eax
        MARK
        invpcid descriptor, %rax
        END
        CASE    "paging off with pcide"
        movq    $pml4, %rax
        movq    %rax, %cr3
        KERNEL32
        movl    %cr0, %eax
        andl    $0x7fffffff, %eax
        MARK
        movl    %eax, %cr0
        END32
        SETCR4  0, 0x20000
        CASE    "invpcid without pcide: pcid 0 alone"
        movq    $5, descriptor
        movl    $1, %eax
        MARK
        invpcid descriptor, %rax
        END
        ret

        .section .data
        .balign 16
descriptor:     .quad 0, 0
events: .long   0
in_x2apic:      .long 0
        .section .bss
        .balign 4096
t_pdpt: .skip   4096
t_pd:   .skip   4096
t_pt:   .skip   4096
other:  .skip   4096
o_pdpt: .skip   4096
o_pd:   .skip   4096
o_pt:   .skip   4096
target: .skip   8192
