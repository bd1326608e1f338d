/*
 * When a changed page-table entry must be seen: after INVLPG of any address in the page, after a
 * write to CR3 unless the page is global, after CR4.PGE changes, after a write to CR4.SMEP or EFER.NXE;
 * for data, stores and code, in pages of 4 KiB, 2 MiB and 1 GiB, with and without the global bit.
 * Intel SDM vol. 3 section 4.10.4. A line: what the old and the new page say to a load, to a store
 * read back by its physical address, and to a call.
 */
        .set    TSS_LIMIT, 0x67
        .include "guest64.inc"

        .set    VA, 0x8000000123
        .set    A4, 0x800000            # physical
        .set    B4, 0x801000
        .set    A2, 0x1000000
        .set    B2, 0x1200000

        /* code that returns its mark, and the mark as data behind it */
        .macro  PAGE at, value
        movl    $0xc300b0 | (\value << 8), \at
        movb    $\value, \at + 4
        .endm

        /* entry, old, new, distance of another address in the page */
        .macro  KIND name, entry, old, new, other
        movq    $\entry, %r12
        movabsq $\old, %r13
        movabsq $\new, %r14
        movabsq $VA + \other, %r15
        TEXT    "\name"
        call    kinds
        .endm

main:
        PAGE    A4+0x123, 0x11
        PAGE    B4+0x123, 0x22
        PAGE    A2+0x123, 0x33
        PAGE    B2+0x123, 0x44
        PAGE    0x123, 0x55
        SETCR4  0x80
        KIND    "4K", t_pt, A4+7, B4+7, 0x800
        KIND    "4K read-only", t_pt, A4+5, B4+7, 0x800
        KIND    "4K first byte", t_pt, A4+7, B4+7, -0x123
        KIND    "2M", t_pd, A2+0x87, B2+0x87, 0x100000
        KIND    "2M last", t_pd, A2+0x87, B2+0x87, 0x1ffe00
        KIND    "2M to 4K", t_pd, A2+0x87, t_pt+7, 0x5000
        KIND    "4K to 2M", t_pd, t_pt+7, A2+0x87, 0
        KIND    "1G to 4K", t_pdpt, 0x87, t_pd+7, 0x3fff0000
        KIND    "1G to 4K, middle", t_pdpt, 0x87, t_pd+7, 0x20000000

        /* rights, too, are cached */
        CASE    "NX after invlpg"
        call    tables
        movq    $A4 + 7, %rax
        movq    %rax, t_pt
        movabsq $VA, %rbx
        call    *%rbx
        btsq    $63, t_pt
        invlpg  (%rbx)
        MARK
        call    *%rbx
        END
        CASE    "NX after efer"
        SETMSR  0xc0000080, 0, 0x101
        call    tables
        movq    $A4 + 7, %rax
        movq    %rax, t_pt
        movabsq $VA, %rbx
        call    *%rbx
        btsq    $63, t_pt
        SETMSR  0xc0000080, 0, 0x901
        movabsq $VA, %rbx
        invlpg  (%rbx)
        MARK
        call    *%rbx
        END
        CASE    "read-only after invlpg"
        call    tables
        movq    $A4 + 7, %rax
        movq    %rax, t_pt
        SETCR0  0x10000
        movabsq $VA, %rbx
        movb    %al, 8(%rbx)
        andq    $~2, t_pt
        invlpg  (%rbx)
        MARK
        movb    %al, 8(%rbx)
        END
        CASE    "WP needs no flush"
        call    tables
        movq    $A4 + 5, %rax
        movq    %rax, t_pt
        SETCR0  0, 0x10000
        movabsq $VA, %rbx
        movb    %al, 8(%rbx)
        SETCR0  0x10000
        MARK
        movb    %al, 8(%rbx)
        END
        CASE    "WP off needs none either"
        SETCR0  0, 0x10000
        movabsq $VA, %rbx
        MARK
        movb    %al, 8(%rbx)
        xorl    %eax, %eax
        DONE
        END
        CASE    "a page for ring 3 and for ring 0 in turn"
        call    tables
        movq    $A4 + 3, %rax
        movq    %rax, t_pt
        movabsq $VA, %rbx
        movb    4(%rbx), %al
        USER
        movabsq $VA, %rbx
        MARK
        movb    4(%rbx), %al
        END
        CASE    "its code too"
        movabsq $VA, %rbx
        call    *%rbx
        USER
        movabsq $VA, %rbx
        movq    $0, case_mark
        MARK
        call    *%rbx
        END
        CASE    "absent after a load, present again"
        call    tables
        movq    $hook_map, trap_hook
        movq    $0, t_pt
        movabsq $VA, %rbx
        invlpg  (%rbx)
        MARK
        movzbl  4(%rbx), %eax
        DONE
        END
        CASE    "dirty bit cleared, flushed, set again"
        call    tables
        movq    $A4 + 7, %rax
        movq    %rax, t_pt
        movabsq $VA, %rbx
        movb    $1, 8(%rbx)
        andq    $~0x60, t_pt
        invlpg  (%rbx)
        movb    8(%rbx), %al
        movq    t_pt, %rax
        SHOW    read, %rax, 2
        movb    $1, 8(%rbx)
        movq    t_pt, %rax
        SHOW    written, %rax, 2
        xorl    %eax, %eax
        MARK
        DONE
        END
        ret

hook_map:
        xorl    %eax, %eax
        cmpq    $14, F_VECTOR(%rbp)
        jne     1f
        movq    $B4 + 7, %rax           # no flush: absent entries are not cached
        movq    %rax, t_pt
        movl    $1, %eax
1:      ret

tables: movq    $t_pdpt + 7, %rax
        movq    %rax, pml4 + 8
        movq    $t_pd + 7, %rax
        movq    %rax, t_pdpt
        movq    $t_pt + 7, %rax
        movq    %rax, t_pd
        movq    $B4 + 7, %rax
        movq    %rax, t_pt
        movq    %cr4, %rax
        xorl    $0x80, %eax
        movq    %rax, %cr4
        xorl    $0x80, %eax
        movq    %rax, %cr4
        ret

        /* every way to flush, for a plain and a global page */
kinds:  xorl    %ebp, %ebp
1:      call    one_kind
        incl    %ebp
        cmpl    $8, %ebp
        jb      1b
        jmp     newline

one_kind: /* bits 0, 1 of %ebp: how; bit 2: global */
        cmpl    $6, %ebp                # CR3 does not flush a global page
        je      9f
        call    tables
        movabsq $VA, %rbx
        movq    %r13, %rax
        testl   $4, %ebp
        jz      1f
        testl   $0x80, %eax
        jnz     2f
        cmpq    $t_pt, %r12
        jne     1f
2:      orl     $0x100, %eax
1:      movq    %rax, (%r12)
        /* used as data, for stores and as code */
        movzbl  4(%rbx), %ecx
        movb    $0x66, 8(%rbx)
        call    *%rbx
        movzbl  %al, %eax
        shll    $8, %ecx
        orl     %ecx, %eax
        call    space_hex
        movb    $0, A4 + 0x12b
        movb    $0, B4 + 0x12b
        movb    $0, A2 + 0x12b
        movb    $0, B2 + 0x12b
        movb    $0, 0x12b
        movq    %r14, (%r12)
        movl    %ebp, %eax
        andl    $3, %eax
        jz      3f
        cmpl    $2, %eax
        jb      4f
        je      5f
        movq    %cr4, %rax
        xorl    $0x80, %eax
        movq    %rax, %cr4
        xorl    $0x80, %eax
        movq    %rax, %cr4
        jmp     6f
3:      invlpg  (%rbx)
        jmp     6f
4:      invlpg  (%r15)
        jmp     6f
5:      movq    %cr3, %rax
        movq    %rax, %cr3
6:      movzbl  4(%rbx), %ecx
        movb    $0x77, 8(%rbx)
        call    *%rbx
        movzbl  %al, %eax
        shll    $8, %ecx
        orl     %ecx, %eax
        call    arrow_hex
        /* which page the store has gone to */
        movb    $'?', %al
        cmpb    $0x77, A4 + 0x12b
        je      7f
        movb    $'4', %al
        cmpb    $0x77, B4 + 0x12b
        je      7f
        movb    $'a', %al
        cmpb    $0x77, A2 + 0x12b
        je      7f
        movb    $'b', %al
        cmpb    $0x77, B2 + 0x12b
        je      7f
        movb    $'-', %al
7:      call    putc
9:      ret

space_hex:
        pushq   %rax
        movb    $' ', %al
        jmp     1f
arrow_hex:
        pushq   %rax
        movb    $'>', %al
1:      call    putc
        popq    %rax
        movl    $4, %ecx
        jmp     puthex

        .section .bss
        .balign 4096
t_pdpt: .skip   4096
t_pd:   .skip   4096
t_pt:   .skip   4096
