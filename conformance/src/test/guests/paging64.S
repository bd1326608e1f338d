/*
 * 4-level paging: every combination of rights, each bit of the error code, accessed and dirty bits,
 * reserved bits, large pages, SMEP, SMAP, implicit supervisor accesses, page-crossing accesses,
 * repeated strings and instructions that fault half-way. Intel SDM vol. 3 chapter 4.
 *
 * A probe prints the error code of the #PF, or "--", and then which bits the walk has set in the
 * leaf: a (accessed), d (dirty).
 */
        .set    TSS_LIMIT, 0x67
        .include "guest64.inc"

        .set    VA, 0x8000000000        # PML4[1]
        .set    READ, 0
        .set    WRITE, 1
        .set    EXECUTE, 2

        /* the rights of all levels: writable for every ring; leaf at *r15 */
reset_tables:
        movq    $t_pdpt + 7, %rax
        movq    %rax, pml4 + 8
        movq    $t_pd + 7, %rax
        movq    %rax, t_pdpt
        movq    $t_pt + 7, %rax
        movq    %rax, t_pd
        movq    $target + 7, %rax
        movq    %rax, t_pt
        movq    $target + 4096 + 7, %rax
        movq    %rax, t_pt + 8
        movq    $t_pt, %r15
flush:  movq    %cr3, %rax
        movq    %rax, %cr3
        ret

hook_probe:
        cmpq    $14, F_VECTOR(%rbp)
        je      1f
        xorl    %eax, %eax
        cmpq    $0x80, F_VECTOR(%rbp)
        jne     2f
        movq    $-1, probe_error
        jmp     3f
1:      movq    F_ERROR(%rbp), %rax
        movq    %rax, probe_error
        movq    %cr2, %rax
        cmpq    %rax, probe_va
        je      3f
        orq     $0x100, probe_error     # a wrong CR2 shows
3:      movq    $probed, F_IP(%rbp)
        movq    $KCODE, F_CS(%rbp)
        movq    $KDATA, F_SS(%rbp)
        movq    $2, F_FLAGS(%rbp)
        movq    probe_rsp, %rax
        movq    %rax, F_RSP(%rbp)
        movl    $1, %eax
2:      ret

        /* %rdi address, %esi access, %edx 0 supervisor, 1 user, 2 supervisor with AC */
probe:  pushq   %rbx
        pushq   %rcx
        pushq   %rdx
        pushq   %rsi
        pushq   %rdi
        movq    %rsp, probe_rsp
        movq    %rdi, probe_va
        movq    $hook_probe, trap_hook
        andq    $~0x60, (%r15)
        movq    %cr3, %rax
        movq    %rax, %cr3
        cmpl    $1, %edx
        jb      probe_access
        je      1f
        pushq   $0x40002
        popfq
        jmp     probe_access
1:      pushq   $UDATA
        pushq   $user_stack_top
        pushq   $2
        pushq   $UCODE
        pushq   $probe_access
        iretq
probe_access:
        cmpl    $1, %esi
        je      1f
        ja      2f
        movb    (%rdi), %al
        int     $0x80
1:      movb    $0xc3, (%rdi)
        int     $0x80
2:      call    *%rdi
        int     $0x80
probed: movb    $' ', %al
        call    putc
        movq    probe_error, %rax
        testq   %rax, %rax
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
2:      testb   $0x20, (%r15)
        jz      3f
        movb    $'a', %al
        call    putc
3:      testb   $0x40, (%r15)
        jz      3f
        movb    $'d', %al
        call    putc
3:      popq    %rdi
        popq    %rsi
        popq    %rdx
        popq    %rcx
        popq    %rbx
        ret

        /* supervisor and user, read, write, execute at %rdi */
probe_all:
        xorl    %edx, %edx
1:      xorl    %esi, %esi
2:      call    probe
        incl    %esi
        cmpl    $3, %esi
        jb      2b
        incl    %edx
        cmpl    supervisor_ac, %edx
        jbe     1b
        call    newline
        ret

        /* every combination of U/S, R/W and NX in the entry at \entry */
        .macro  MATRIX name, entry
        CASE    "\name"
        MARK
        call    newline
        call    reset_tables
        xorl    %ebx, %ebx
8:      movq    \entry, %rax
        andq    $~6, %rax
        btrq    $63, %rax
        movl    %ebx, %ecx
        andl    $3, %ecx
        leaq    (%rax, %rcx, 2), %rax
        testl   $4, %ebx
        jz      7f
        btsq    $63, %rax
7:      movq    %rax, \entry
        leaq    (, %rbx, 2), %rax
        SHOW    rights, %rax, 1
        movq    $VA, %rdi
        call    probe_all
        incl    %ebx
        cmpl    matrix_end, %ebx
        jb      8b
        call    reset_tables
        jmp     9003f
        END
        .endm

        .macro  ENTRY name, entry, bits, high=0
        CASE    "\name"
        call    reset_tables
        movq    $((\high) << 32) | (\bits), %rcx
        xorq    %rcx, \entry
        movq    $VA, %rdi
        MARK
        call    probe_all
        call    reset_tables
        jmp     9003f
        END
        .endm

main:
        SETCR0  0x10000
        movb    $0xc3, target
        MATRIX  "leaf", t_pt
        MATRIX  "directory", t_pd
        MATRIX  "pointer", t_pdpt
        MATRIX  "root", "pml4+8"
        SETCR0  0, 0x10000
        MATRIX  "leaf, WP 0", t_pt
        SETCR0  0x10000
        /*
         * The guest itself is in pages of ring 3. Under SMEP and SMAP it cannot be, so that user
         * probes only fault at their own fetch, elsewhere than at the address probed (1xx).
         */
        movl    $2, supervisor_ac
        call    supervisor_low
        SETCR4  0x100000
        MATRIX  "leaf, SMEP", t_pt
        SETCR4  0, 0x100000
        SETCR4  0x200000
        MATRIX  "leaf, SMAP", t_pt
        SETCR0  0, 0x10000
        MATRIX  "leaf, SMAP, WP 0", t_pt
        SETCR0  0x10000
        SETCR4  0x100000
        MATRIX  "leaf, SMAP and SMEP", t_pt
        /* without NXE bit 63 is reserved */
        SETCR4  0, 0x300000
        call    user_low
        movl    $1, supervisor_ac
        SETMSR  0xc0000080, 0, 0x101
        MATRIX  "leaf, NXE 0", t_pt
        call    supervisor_low
        SETCR4  0x100000
        ENTRY   "NXE 0 with SMEP: instruction bit", t_pt, 4
        SETCR4  0, 0x100000
        call    user_low
        SETMSR  0xc0000080, 0, 0x901

        /* ---- absent and reserved, level by level ---- */
        .irp    level, pml4+8, t_pdpt, t_pd, t_pt
        ENTRY   "absent \level", "\level", 1
        ENTRY   "bit 51 \level", "\level", 0, 0x80000
        ENTRY   "bit 40 \level", "\level", 0, 0x100
        ENTRY   "bit 52 is ignored \level", "\level", 0, 0x100000
        ENTRY   "absent, reserved bits do not count \level", "\level", 1, 0x80100
        .endr
        ENTRY   "bit 7 in the root", "pml4+8", 0x80
        ENTRY   "bit 7 in a leaf is PAT", t_pt, 0x80
        ENTRY   "bit 8 in the root is ignored", "pml4+8", 0x100

        .macro  LARGE name, entry, value, high=0
        CASE    "\name"
        call    reset_tables
        movabsq $((\high) << 32) + (\value), %rax
        movq    %rax, \entry
        movq    $\entry, %r15
        movabsq $VA + target, %rdi
        MARK
        call    probe_all
        call    reset_tables
        jmp     9003f
        END
        .endm
        /* the directory maps 1 GiB: VA + x is x for the guest's own addresses */
        LARGE   "2 MiB", t_pd, 0x87
        LARGE   "2 MiB read-only", t_pd, 0x85
        LARGE   "2 MiB supervisor, NX", t_pd, 0x83, 0x80000000
        LARGE   "2 MiB PAT bit 12", t_pd, 0x1087
        LARGE   "2 MiB bit 13", t_pd, 0x2087
        LARGE   "2 MiB bit 20", t_pd, 0x100087
        LARGE   "1 GiB", t_pdpt, 0x87
        LARGE   "1 GiB read-only", t_pdpt, 0x85
        LARGE   "1 GiB bit 13", t_pdpt, 0x2087
        LARGE   "1 GiB bit 29", t_pdpt, 0x20000087

        /* ---- accessed bits above the leaf ---- */
        CASE    "accessed in every level"
        call    reset_tables
        movq    $VA, %rdi
        xorl    %esi, %esi
        xorl    %edx, %edx
        MARK
        call    probe
        movq    pml4 + 8, %rax
        SHOW    pml4, %rax, 2
        movq    t_pdpt, %rax
        SHOW    pdpt, %rax, 2
        movq    t_pd, %rax
        SHOW    pd, %rax, 2
        movq    t_pt, %rax
        SHOW    pt, %rax, 2
        xorl    %eax, %eax
        movq    $0, trap_hook
        DONE
        END
        CASE    "failed cmpxchg is a write"
        call    reset_tables
        movq    $VA, %rdi
        movb    $0x11, target
        movb    $0x22, %al
        lock cmpxchgb %cl, (%rdi)
        movq    t_pt, %rax
        andl    $0x60, %eax
        MARK
        DONE
        END
        CASE    "bt of memory is a read, bts a write"
        call    reset_tables
        movq    $VA, %rdi
        movl    $5, %ecx
        btq     %rcx, (%rdi)
        movq    t_pt, %rax
        andl    $0x60, %eax
        SHOW    bt, %rax, 2
        btsq    %rcx, (%rdi)
        movq    t_pt, %rax
        andl    $0x60, %eax
        MARK
        DONE
        END

        /* ---- across pages ---- */
        .macro  CROSS name, second, insn:vararg
        CASE    "\name"
        call    reset_tables
        movq    $target + 4096 + \second, %rax
        movq    %rax, t_pt + 8
        call    flush
        movq    $hook_memory, trap_hook
        movq    $0x1122334455667788, %rax
        movq    %rax, target + 4088
        movq    %rax, target + 4096
        movq    $VA + 4096, %rbx
        movq    $-1, %rcx
        MARK
        \insn
        movq    %rcx, %rax
        DONE
        END
        .endm
        CROSS   "load, second absent", 6, movq -3(%rbx), %rcx
        CROSS   "store, second absent", 6, movq %rcx, -3(%rbx)
        CROSS   "store, second read-only", 5, movq %rcx, -3(%rbx)
        CROSS   "add, second read-only", 5, addq %rcx, -3(%rbx)
        CROSS   "16 bytes, second read-only", 5, movups %xmm0, -3(%rbx)
        CROSS   "load", 7, movq -3(%rbx), %rcx
        CROSS   "fst of 10 bytes, second read-only", 5, fstpt -3(%rbx)
        CASE    "push across into read-only"
        call    reset_tables
        andq    $~2, t_pt
        call    flush
        USER
        movq    $VA + 4100, %rsp
        movq    $0, case_usp
        MARK
        pushq   %rax
        END

        CASE    "rep movsb into an absent page"
        call    reset_tables
        andq    $~1, t_pt + 8
        call    flush
        movq    $hook_string, trap_hook
        movq    $VA + 4096 - 5, %rdi
        movq    $gdt, %rsi
        movl    $32, %ecx
        MARK
        rep movsb
        END
        CASE    "rep movsq, an element across"
        call    reset_tables
        andq    $~1, t_pt + 8
        call    flush
        movq    $hook_string, trap_hook
        movq    $VA + 4096 - 20, %rdi
        movq    $gdt, %rsi
        movl    $32, %ecx
        MARK
        rep movsq
        END
        CASE    "rep movsb backwards from an absent page"
        call    reset_tables
        andq    $~1, t_pt
        call    flush
        movq    $hook_string, trap_hook
        movq    $VA + 4096 + 3, %rsi
        movq    $scratch + 32, %rdi
        movl    $32, %ecx
        std
        MARK
        rep movsb
        END
        CASE    "rep stosl into read-only"
        call    reset_tables
        andq    $~2, t_pt + 8
        call    flush
        movq    $hook_string, trap_hook
        movq    $VA + 4096 - 16, %rdi
        movl    $32, %ecx
        MARK
        rep stosl
        END
        CASE    "repe cmpsb into an absent page"
        call    reset_tables
        andq    $~1, t_pt + 8
        movq    $0, target + 4088
        call    flush
        movq    $hook_string, trap_hook
        movq    $VA + 4096 - 5, %rdi
        movq    $zeroes, %rsi
        movl    $32, %ecx
        MARK
        repe cmpsb
        END
        CASE    "instruction across into an absent page"
        call    reset_tables
        andq    $~1, t_pt + 8
        movl    $0x90b8, target + 4094          # b8: mov imm32
        movb    $0x90, target + 4094
        movb    $0xb8, target + 4095
        call    flush
        movq    $VA + 4094, %rbx
        MARK
        jmp     *%rbx
        END
        CASE    "instruction across into an NX page"
        call    reset_tables
        btsq    $63, t_pt + 8
        call    flush
        movq    $VA + 4095, %rbx
        MARK
        jmp     *%rbx
        END
        CASE    "instruction across, fine"
        call    reset_tables
        movb    $0xb8, target + 4095
        movl    $0x12345678, target + 4096
        movw    $0x80cd, target + 4100
        movq    $VA + 4095, %rbx
        MARK
        jmp     *%rbx
        END
        CASE    "undefined one byte before an absent page"
        call    reset_tables
        andq    $~1, t_pt + 8
        movb    $0x06, target + 4095
        call    flush
        movq    $VA + 4095, %rbx
        MARK
        jmp     *%rbx
        END

        /* ---- implicit supervisor accesses: an LDT in the page under test ---- */
        movq    $0x0000820000000000 + 31, %rax
        movq    %rax, gdt + FREE
        movq    $VA >> 32, %rax
        movq    %rax, gdt + FREE + 8
        call    reset_tables
        movq    $0x00cff3000000ffff, %rax
        movq    %rax, target
        movq    $0x00cff2000000ffff, %rax
        movq    %rax, target + 8
        movl    $FREE, %eax
        lldt    %ax
        CASE    "user loads a segment from a supervisor LDT"
        andq    $~4, t_pt
        call    flush
        USER
        movl    $7, %eax
        movl    %eax, %fs
        movl    %fs, %eax
        MARK
        DONE
        END
        CASE    "user loads a segment from an absent LDT"
        andq    $~1, t_pt
        call    flush
        USER
        movl    $7, %eax
        MARK
        movl    %eax, %fs
        END
        CASE    "lar from an absent LDT"
        movl    $7, %eax
        MARK
        lar     %eax, %ecx
        END
        CASE    "accessed bit into a read-only LDT"
        call    reset_tables
        andq    $~2, t_pt
        call    flush
        movl    $15, %eax
        MARK
        movl    %eax, %fs
        END
        CASE    "already accessed, read-only LDT"
        movl    $7, %eax
        movl    %eax, %fs
        MARK
        DONE
        END
        call    supervisor_low
        call    reset_tables
        SETCR4  0x200000
        CASE    "SMAP: LDT in a user page, with AC"
        pushq   $0x40002
        popfq
        movl    $7, %eax
        MARK
        movl    %eax, %fs
        END
        SETCR4  0, 0x200000
        call    user_low
        movb    $0xc3, target
        CASE    "stac and clac"
        stac
        pushfq
        popq    %rax
        clac
        pushfq
        popq    %rcx
        shlq    $32, %rcx
        orq     %rcx, %rax
        andl    $~0x8d5, %eax
        btrq    $34, %rax
        btrq    $38, %rax
        MARK
        DONE
        END
        ONEUSER "stac in ring 3", stac
        ONEUSER "clac in ring 3", clac

        /* ---- translations that are kept ---- */
        CASE    "invlpg"
        call    reset_tables
        movb    $0x11, target
        movb    $0x22, target + 4096
        movq    $VA, %rdi
        movb    (%rdi), %al
        movq    $target + 4096 + 7, %rcx
        movq    %rcx, t_pt
        invlpg  (%rdi)
        movb    (%rdi), %ah
        movzwl  %ax, %eax
        MARK
        DONE
        END
        CASE    "invlpg inside a large page"
        call    reset_tables
        movq    $0x87, %rax
        movq    %rax, t_pd
        movq    $VA, %rdi
        movb    target(%rdi), %al
        movb    target + 4096(%rdi), %al
        movq    $t_pt + 7, %rcx
        movq    %rcx, t_pd
        invlpg  (%rdi)
        movb    (%rdi), %al
        movzbl  %al, %eax
        MARK
        DONE
        END
        CASE    "global page after CR4.PGE"
        call    reset_tables
        SETCR4  0x80
        orq     $0x100, t_pt
        movq    $VA, %rdi
        movb    $0x11, target
        movb    $0x22, target + 4096
        movb    (%rdi), %cl
        movq    $target + 4096 + 0x107, %rax
        movq    %rax, t_pt
        SETCR4  0, 0x80
        movb    (%rdi), %ch
        movzwl  %cx, %eax
        MARK
        DONE
        END
        CASE    "write after read: dirty through the TLB"
        call    reset_tables
        movq    $VA, %rdi
        movb    (%rdi), %al
        movq    t_pt, %rax
        SHOW    read, %rax, 2
        movb    %al, (%rdi)
        movq    t_pt, %rax
        SHOW    written, %rax, 2
        xorl    %eax, %eax
        MARK
        DONE
        END
        CASE    "alias: a store by one address is read by the other"
        call    reset_tables
        movq    $target + 7, %rax
        movq    %rax, t_pt + 8
        movq    $VA, %rdi
        movl    $0x12345678, 16(%rdi)
        movl    4096 + 16(%rdi), %eax
        MARK
        DONE
        END
        CASE    "root changes with cr3"
        call    reset_tables
        movq    $pml4, %rsi
        movq    $pml4_2, %rdi
        movl    $512, %ecx
        rep movsq
        movq    $0, pml4_2 + 8
        movq    $VA, %rbx
        movb    (%rbx), %al
        movq    $pml4_2, %rax
        movq    %rax, %cr3
        MARK
        movb    (%rbx), %al
        END
        movq    $pml4, %rax
        movq    %rax, %cr3
        CASE    "cr3 bits beyond MAXPHYADDR"
        movq    %cr3, %rax
        btsq    $40, %rax
        MARK
        movq    %rax, %cr3
        END
        ret

        /* the low 4 GiB for the supervisor alone */
supervisor_low:
        pushq   %rcx
        xorl    %ecx, %ecx
1:      andq    $~4, pd(, %rcx, 8)
        incl    %ecx
        cmpl    $2048, %ecx
        jb      1b
        popq    %rcx
        jmp     flush
user_low:
        pushq   %rcx
        xorl    %ecx, %ecx
1:      orq     $4, pd(, %rcx, 8)
        incl    %ecx
        cmpl    $2048, %ecx
        jb      1b
        popq    %rcx
        jmp     flush

hook_memory:
        cmpq    $0x80, F_VECTOR(%rbp)
        je      1f
        movq    target + 4088, %rax
        SHOW    first, %rax, 16
        movq    target + 4096, %rax
        SHOW    second, %rax, 16
1:      xorl    %eax, %eax
        ret
hook_string:
        SHOW    rcx, %rcx, 2
        movq    $VA + 4096, %rdx
        movq    %rdi, %rax
        subq    %rdx, %rax
        TEXT    " rdi="
        call    put_near
        movq    %rsi, %rax
        subq    %rdx, %rax
        TEXT    " rsi="
        call    put_near
        xorl    %eax, %eax
        ret
put_near: /* an address by its distance from the page boundary, or * where it is elsewhere */
        leaq    0x10000(%rax), %rcx
        cmpq    $0x20000, %rcx
        jb      putoff
        movb    $'*', %al
        jmp     putc

        .section .data
        .balign 8
supervisor_ac:  .long 1
matrix_end:     .long 8

        .section .bss
        .balign 4096
t_pdpt: .skip   4096
t_pd:   .skip   4096
t_pt:   .skip   4096
pml4_2: .skip   4096
target: .skip   8192
scratch:        .skip 4096
zeroes: .skip   64
probe_error:    .skip 8
probe_va:       .skip 8
probe_rsp:      .skip 8
