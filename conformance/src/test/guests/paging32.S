/*
 * 32-bit paging with 4 KiB, 4 MiB and 36-bit pages, and PAE paging with its pointer registers. A probe
 * prints as in paging64. Intel SDM vol. 3 sections 4.3 and 4.4.
 */
        .set    TSS_LIMIT, 0x67
        .include "guest32.inc"

        .set    VA, 0x40000000

        .macro  SETCR0 set, clear=0
        movl    %cr0, %eax
        orl     $\set, %eax
        andl    $~(\clear), %eax
        movl    %eax, %cr0
        .endm

        .macro  SETCR4 set, clear=0
        movl    %cr4, %eax
        orl     $\set, %eax
        andl    $~(\clear), %eax
        movl    %eax, %cr4
        .endm

        .macro  EFER low
        movl    $0xc0000080, %ecx
        xorl    %edx, %edx
        movl    $\low, %eax
        wrmsr
        .endm

hook_probe:
        cmpl    $14, F_VECTOR(%ebp)
        je      1f
        xorl    %eax, %eax
        cmpl    $0x80, F_VECTOR(%ebp)
        jne     2f
        movl    $-1, probe_error
        jmp     3f
1:      movl    F_ERROR(%ebp), %eax
        movl    %eax, probe_error
        movl    %cr2, %eax
        cmpl    %eax, probe_va
        je      3f
        orl     $0x100, probe_error
3:      movl    probe_esp, %esp
        movl    $KDATA, %eax
        movl    %eax, %ds
        movl    %eax, %es
        jmp     probed
2:      ret

        /* %edi address, %esi access, %edx 0 supervisor, 1 user */
probe:  pushal
        movl    %esp, probe_esp
        movl    %edi, probe_va
        movl    $hook_probe, trap_hook
        movl    leaf, %ebx
        andl    $~0x60, (%ebx)
        movl    %cr3, %eax
        movl    %eax, %cr3
        cmpl    $1, %edx
        jb      probe_access
        pushl   $UDATA
        pushl   $user_stack_top
        pushl   $2
        pushl   $UCODE
        pushl   $probe_user
        iretl
probe_user:
        pushl   $UDATA
        popl    %ds
probe_access:
        cmpl    $1, %esi
        je      1f
        ja      2f
        movb    (%edi), %al
        int     $0x80
1:      movb    $0xc3, (%edi)
        int     $0x80
2:      call    *%edi
        int     $0x80
probed: pushl   $2
        popfl
        movb    $' ', %al
        call    putc
        movl    probe_error, %eax
        testl   %eax, %eax
        js      1f
        movl    $2, %ecx
        testl   $0x100, %eax
        jz      4f
        incl    %ecx
4:      call    puthex
        jmp     2f
1:      movb    $'-', %al
        call    putc
        call    putc
2:      movl    leaf, %ebx
        testb   $0x20, (%ebx)
        jz      3f
        movb    $'a', %al
        call    putc
3:      testb   $0x40, (%ebx)
        jz      3f
        movb    $'d', %al
        call    putc
3:      popal
        ret

probe_all:
        pushal
        xorl    %edx, %edx
1:      xorl    %esi, %esi
2:      call    probe
        incl    %esi
        cmpl    $3, %esi
        jb      2b
        incl    %edx
        cmpl    $2, %edx
        jb      1b
        call    newline
        popal
        ret

tables32:
        movl    $t_pt + 7, pd32 + 0x400
        movl    $target + 7, t_pt
        movl    $0, t_pt + 4
        movl    $t_pt, leaf
        ret

tables_pae:
        movl    $t_pd + 1, pdptes + 8
        movl    $0, pdptes + 12
        movl    $t_pt + 7, t_pd
        movl    $0, t_pd + 4
        movl    $target + 7, t_pt
        movl    $0, t_pt + 4
        movl    $t_pt, leaf
        movl    %cr3, %eax
        movl    %eax, %cr3
        ret

        /* every combination of U/S and R/W, and of NX where \nx is 8 */
        .macro  MATRIX name, entry, tables, nx=4
        CASE    "\name"
        MARK
        call    newline
        call    \tables
        xorl    %ebx, %ebx
8:      andl    $~6, \entry
        andl    $0x7fffffff, \entry + 4
        movl    %ebx, %eax
        andl    $3, %eax
        addl    %eax, %eax
        orl     %eax, \entry
        testl   $4, %ebx
        jz      7f
        orl     $0x80000000, \entry + 4
7:      leal    (, %ebx, 2), %eax
        SHOW    rights, %eax, 1
        movl    $VA, %edi
        call    probe_all
        incl    %ebx
        cmpl    $\nx, %ebx
        jb      8b
        call    \tables
        jmp     9003f
        END
        .endm

        .macro  ENTRY name, entry, bits, tables=tables32
        CASE    "\name"
        call    \tables
        xorl    $\bits, \entry
        movl    $VA, %edi
        MARK
        call    probe_all
        call    \tables
        jmp     9003f
        END
        .endm

        .macro  LARGE name, entry, value, tables=tables32, high=0
        CASE    "\name"
        call    \tables
        movl    $\value, \entry
        .ifnc   \tables, tables32
        movl    $\high, \entry + 4
        .endif
        movl    $\entry, leaf
        movl    $VA + target, %edi
        MARK
        call    probe_all
        call    \tables
        jmp     9003f
        END
        .endm

main:
        movl    $0xc3c3c3c3, target
        /* 32-bit paging: the guest in one page of 4 MiB for every ring */
        SETCR4  0x10
        movl    $0x87, pd32
        movl    $pd32, %eax
        movl    %eax, %cr3
        call    tables32
        SETCR0  0x80010000

        MATRIX  "32-bit: table", t_pt, tables32
        MATRIX  "32-bit: directory", pd32+0x400, tables32
        SETCR0  0, 0x10000
        MATRIX  "32-bit: WP 0", t_pt, tables32
        SETCR0  0x10000
        ENTRY   "32-bit: table absent", t_pt, 1
        ENTRY   "32-bit: directory absent", pd32+0x400, 1
        ENTRY   "32-bit: bit 7 of a table's entry is PAT", t_pt, 0x80
        ENTRY   "32-bit: bit 6 of a directory's entry", pd32+0x400, 0x40
        LARGE   "4 MiB", pd32+0x400, 0x87
        LARGE   "4 MiB read-only", pd32+0x400, 0x85
        LARGE   "4 MiB supervisor", pd32+0x400, 0x83
        LARGE   "4 MiB bit 21", pd32+0x400, 0x200087
        LARGE   "4 MiB PAT", pd32+0x400, 0x1087
        /* the guest by a table of 4 KiB pages now */
        CASE    "PSE 0: bit 7 of the directory is ignored"
        MARK
        SETCR0  0, 0x80000000
        SETCR4  0, 0x10
        movl    $low_pt, %edi
        movl    $7, %eax
        movl    $1024, %ecx
1:      stosl
        addl    $4096, %eax
        loop    1b
        movl    $low_pt + 7, pd32
        call    tables32
        orl     $0x80, pd32 + 0x400
        movl    $pd32, %eax
        movl    %eax, %cr3
        SETCR0  0x80000000
        movl    $VA, %edi
        call    probe_all
        jmp     9003f
        END
        CASE    "across 4 GiB: no page there"
        movl    $0xfffffffd, %edi
        MARK
        movl    %ds:(%edi), %eax
        END
        SETCR0  0, 0x80000000

        /* ---- PAE ---- */
        SETCR4  0x20
        movl    $0x87, low_pd
        movl    $0, low_pd + 4
        movl    $low_pd + 1, pdptes
        movl    $0, pdptes + 4
        movl    $pdptes, %eax
        movl    %eax, %cr3
        SETCR0  0x80000000
        call    tables_pae
        EFER    0x800
        MATRIX  "PAE: table", t_pt, tables_pae, 8
        MATRIX  "PAE: directory", t_pd, tables_pae, 8
        EFER    0
        MATRIX  "PAE: table, NXE 0", t_pt, tables_pae, 8
        ENTRY   "PAE: table absent", t_pt, 1, tables_pae
        ENTRY   "PAE: directory absent", t_pd, 1, tables_pae
        ENTRY   "PAE: bit 40", t_pt+4, 0x100, tables_pae
        ENTRY   "PAE: bit 52", t_pt+4, 0x100000, tables_pae
        ENTRY   "PAE: bit 62", t_pd+4, 0x40000000, tables_pae
        LARGE   "PAE: 2 MiB", t_pd, 0x87, tables_pae
        LARGE   "PAE: 2 MiB, bit 13", t_pd, 0x2087, tables_pae
        CASE    "PAE: pointers are read with cr3, not before"
        call    tables_pae
        movl    $0, pdptes + 8
        movb    VA, %al
        TEXT    " still there"
        movl    %cr3, %eax
        movl    %eax, %cr3
        MARK
        movb    VA, %al
        END
        .irp    bit, 0x2, 0x4, 0x20, 0x80, 0x100
        CASE    "PAE: reserved bit \bit of a pointer"
        movl    $t_pd + 1 + \bit, pdptes + 8
        movl    %cr3, %eax
        MARK
        movl    %eax, %cr3
        END
        .endr
        CASE    "PAE: reserved bits of an absent pointer"
        movl    $0x1fe, pdptes + 8
        movl    %cr3, %eax
        movl    %eax, %cr3
        xorl    %eax, %eax
        MARK
        DONE
        END
        CASE    "PAE: bit 40 of a pointer"
        movl    $t_pd + 1, pdptes + 8
        movl    $0x100, pdptes + 12
        movl    %cr3, %eax
        MARK
        movl    %eax, %cr3
        END
        call    tables_pae
        CASE    "PAE: CR4.PGE reads the pointers again"
        movl    $t_pd + 3, pdptes + 8
        movl    %cr4, %eax
        orl     $0x80, %eax
        MARK
        movl    %eax, %cr4
        END
        call    tables_pae
        CASE    "PAE: off while paging"
        movl    %cr4, %eax
        MARK
        movl    %eax, %cr4
        movl    %cr4, %eax
        andl    $0x20, %eax
        DONE
        END

        /* ---- the far side ---- */
        CASE    "LME without PAE"
        SETCR0  0, 0x80000000
        SETCR4  0, 0x20
        EFER    0x100
        movl    %cr0, %eax
        orl     $0x80000000, %eax
        MARK
        movl    %eax, %cr0
        END
        EFER    0
        CASE    "paging on with bad pointers"
        SETCR4  0x20
        movl    $t_pd + 3, pdptes + 8
        movl    %cr0, %eax
        orl     $0x80000000, %eax
        MARK
        movl    %eax, %cr0
        END
        CASE    "paging without protection"
        movl    %cr0, %eax
        orl     $0x80000000, %eax
        andl    $~1, %eax
        MARK
        movl    %eax, %cr0
        END
        CASE    "PCIDE outside long mode"
        movl    %cr4, %eax
        orl     $0x20000, %eax
        MARK
        movl    %eax, %cr4
        END
        ret

        .section .data
        .balign 4
leaf:   .long   t_pt
probe_error:    .long 0
probe_va:       .long 0
probe_esp:      .long 0
        .section .bss
        .balign 4096
pd32:   .skip   4096
low_pt: .skip   4096
low_pd: .skip   4096
t_pd:   .skip   4096
t_pt:   .skip   4096
target: .skip   8192
pdptes: .skip   64
