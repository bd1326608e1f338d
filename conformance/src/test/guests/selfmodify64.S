/*
 * Code that is written while it runs: the next instruction, the same run, another page, an alias,
 * across a page boundary, by every kind of store, and pages that are mapped anew. Intel SDM vol. 3
 * section 8.1.3; the processor needs no serialization here because every store is its own.
 */
        .set    TSS_LIMIT, 0x67
        .include "guest64.inc"

        .set    ALIAS, 0x8000000000     # PML4[1]: the low memory again

        /* copies code to the page `place` at \offset, which the case then runs */
        .macro  PLACE offset, from, to
        movq    $\from, %rsi
        movq    $place + \offset, %rdi
        movl    $\to - \from, %ecx
        rep movsb
        .endm

main:
        movq    $pdpt + 7, %rax
        movq    %rax, pml4 + 8

        CASE    "immediate of the next instruction"
        xorl    %eax, %eax
        MARK
        movb    $0x77, 1f + 1
1:      movl    $0x11, %eax
        DONE
        END
        CASE    "again, now decoded already"
        movl    $3, %ebx
        xorl    %edx, %edx
        MARK
2:      movb    %bl, 1f + 1
1:      movl    $0x11, %eax
        shll    $8, %edx
        orl     %eax, %edx
        decl    %ebx
        jnz     2b
        movl    %edx, %eax
        DONE
        END
        CASE    "the instruction after the next"
        movl    $2, %ebx
        xorl    %eax, %eax
        MARK
2:      movl    $0x90909090, 1f
        nop
1:      incl    %eax
        incl    %eax
        decl    %ebx
        jnz     2b
        DONE
        END
        CASE    "opcode: inc becomes dec"
        movl    $100, %eax
        movl    $4, %ebx
        MARK
2:      xorb    $0x08, 1f + 1
1:      incl    %eax
        addl    %eax, %edx
        decl    %ebx
        jnz     2b
        DONE
        END
        CASE    "a branch of its own loop"
        movl    $5, %ebx
        MARK
2:      decl    %ebx
        movb    $0xeb, 1f
1:      jz      3f
        jmp     2b
3:      movl    %ebx, %eax
        DONE
        END
        CASE    "longer instructions than before"
        movl    $2, %ebx
        PLACE   0, 1f, 2f
        movq    $place, %rax
        MARK
        call    *%rax
        movl    %ecx, %edx
        movl    $0x0000b866, place              # 66 b8 00 00: movw $0, %ax
        movl    $0xc3c3c3c3, place + 4
        movl    $0x11112222, %eax
        movq    $place, %rcx
        call    *%rcx
        DONE
1:      nop
        nop
        movl    $7, %ecx
        ret
2:
        END
        .macro  STORE name, insn:vararg
        CASE    "store by \name"
        PLACE   0, 8f, 7f
        movq    $place, %rbx
        call    *%rbx
        movl    %eax, %edx
        movl    $0x55, %eax
        movd    %eax, %xmm0
        movabsq $0xc3000000000055b8, %rcx
        movq    %rcx, source
        movq    %rcx, %r10
        movups  source, %xmm0
        movl    $0xb8, %eax
        movl    $8, %ecx
        movq    $source, %rsi
        movq    $place, %rdi
        movabsq $ALIAS, %rbp
        MARK
        \insn
        call    *%rbx
        shll    $8, %edx
        orl     %edx, %eax
        DONE
8:      movl    $0x11, %eax
        nop
        nop
        ret
7:
        END
        .endm
        STORE   "movb", movb $0x55, 1(%rbx)
        STORE   "movl across", movl $0x000055b8, (%rbx)
        STORE   "movq", movq %r10, (%rbx)
        STORE   "rep movsb", rep movsb
        STORE   "movups", movups %xmm0, (%rbx)
        STORE   "xchg", xchgb %al, 1(%rbx)
        STORE   "or", orb $0x44, 1(%rbx)
        STORE   "inc", incb 1(%rbx)
        STORE   "bts", btsl $9, (%rbx)
        STORE   "the alias", movb $0x55, 1(%rbx, %rbp)
        STORE   "setcc", setz 1(%rbx)
        CASE    "store by push"
        PLACE   0, 1f, 2f
        movq    $place, %rbx
        call    *%rbx
        movl    %eax, %edx
        movq    %rsp, %rcx
        movq    $place + 8, %rsp
        MARK
        pushq   source
        movq    %rcx, %rsp
        call    *%rbx
        shll    $8, %edx
        orl     %edx, %eax
        DONE
1:      movl    $0x11, %eax
        nop
        nop
        ret
2:
        END
        CASE    "store in ring 3, run in ring 0 and 3"
        PLACE   0, 1f, 2f
        movq    $place, %rbx
        call    *%rbx
        movl    %eax, %edx
        USER
        call    *%rbx
        shll    $8, %edx
        orl     %eax, %edx
        movb    $0x22, 1(%rbx)
        call    *%rbx
        shll    $8, %edx
        orl     %edx, %eax
        MARK
        DONE
1:      movl    $0x11, %eax
        ret
2:
        END
        CASE    "same bytes as 64-bit and as 32-bit code"
        PLACE   0, 1f, 2f
        movq    $place, %rbx
        xorl    %eax, %eax
        call    *%rbx
        movl    %eax, %edx
        MARK
        ljmp    *to32
        .code32
in32:   xorl    %eax, %eax
        call    *%ebx
        shll    $8, %edx
        orl     %eax, %edx
        movb    $0x05, place + 2
        call    *%ebx
        shll    $8, %edx
        orl     %eax, %edx
        ljmp    $KCODE, $9f
        .code64
9:      call    *%rbx
        shll    $8, %edx
        orl     %edx, %eax
        DONE
1:      .byte   0x48, 0xb0, 0x03, 0xc3  # 48: a prefix, or dec %eax
2:
        END
        CASE    "an instruction across pages: its second half"
        PLACE   4094, 1f, 2f
        movq    $place + 4094, %rbx
        call    *%rbx
        movl    %eax, %edx
        movb    $0x66, place + 4096
        MARK
        call    *%rbx
        movl    %eax, %ecx
        shll    $8, %edx
        orl     %ecx, %edx
        movb    $0x77, place + 4095
        call    *%rbx
        movzwl  %ax, %eax
        shll    $16, %edx
        orl     %edx, %eax
        DONE
1:      movl    $0x1100, %eax
        ret
2:
        END
        CASE    "run on into the next page, which changes"
        PLACE   4094, 1f, 2f
        movq    $place + 4094, %rbx
        call    *%rbx
        movl    %eax, %edx
        movb    $0x22, place + 4096 + 1
        MARK
        call    *%rbx
        shll    $8, %edx
        orl     %edx, %eax
        DONE
1:      nop
        nop
        movl    $0x11, %eax
        ret
2:
        END
        CASE    "data beside code in one page"
        PLACE   0, 1f, 2f
        movq    $place, %rbx
        movl    $1000, %ecx
        MARK
3:      call    *%rbx
        decl    %ecx
        jnz     3b
        movl    place + 128, %eax
        DONE
1:      incl    place + 128
        ret
2:
        END
        CASE    "the page is mapped anew"
        movq    $place_pt + 7, %rax
        movq    %rax, place_pd
        movq    $place_pd + 7, %rax
        movq    %rax, place_pdpt
        movq    $place_pdpt + 7, %rax
        movq    %rax, pml4 + 16
        movq    $place + 7, %rax
        movq    %rax, place_pt
        movabsq $ALIAS * 2, %rbx
        movl    $0xc301b0, place
        movl    $0xc302b0, place + 4096
        xorl    %eax, %eax
        call    *%rbx
        movl    %eax, %edx
        addq    $4096, place_pt
        invlpg  (%rbx)
        MARK
        call    *%rbx
        shll    $8, %edx
        orl     %eax, %edx
        subq    $4096, place_pt
        movq    %cr3, %rcx
        movq    %rcx, %cr3
        call    *%rbx
        shll    $8, %edx
        orl     %edx, %eax
        DONE
        END
        CASE    "int3 planted and lifted"
        movq    $hook_int3, trap_hook
        PLACE   0, 1f, 2f
        movq    $place, %rbx
        xorl    %eax, %eax
        call    *%rbx
        movb    $0xcc, place + 2
        MARK
        call    *%rbx
        call    *%rbx
        DONE
1:      incl    %eax
        incl    %eax
        ret
2:
        END
        ret

hook_int3:
        xorl    %eax, %eax
        cmpq    $3, F_VECTOR(%rbp)
        jne     1f
        TEXT    " int3"
        movb    $0xff, place + 2
        decq    F_IP(%rbp)
        movl    $1, %eax
1:      ret

        .section .data
        .balign 8
to32:   .long   in32
        .word   KCODE32
        .balign 8
source: .quad   0, 0
        .section .bss
        .balign 4096
place:  .skip   8192
place_pt:       .skip 4096
place_pd:       .skip 4096
place_pdpt:     .skip 4096
