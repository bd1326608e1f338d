/*
 * Control registers, EFER and other MSRs, CPUID as seen from 64-bit mode, and the ways out of it and
 * back. Intel SDM vol. 3 sections 2.5, 2.6, 4.1 and 9.8.5; vol. 4 for MSRs.
 */
        .set    TSS_LIMIT, 0x67
        .include "guest64.inc"

        .macro  TRYCR number, name, set, clear=0
        CASE    "\name"
        movq    %cr\number, %rax
        movabsq $\set, %rcx
        orq     %rcx, %rax
        movabsq $~(\clear), %rcx
        andq    %rcx, %rax
        MARK
        movq    %rax, %cr\number
        movq    %cr\number, %rax
        DONE
        END
        .endm

        .macro  TRYMSR name, number, high, low
        CASE    "\name"
        movl    $\number, %ecx
        movl    $\high, %edx
        movl    $\low, %eax
        MARK
        wrmsr
        rdmsr
        shlq    $32, %rdx
        orq     %rdx, %rax
        DONE
        END
        .endm

        .macro  GETMSR name, number
        CASE    "\name"
        movl    $\number, %ecx
        MARK
        rdmsr
        shlq    $32, %rdx
        orq     %rdx, %rax
        DONE
        END
        .endm

main:
        /* ---- CR0 ---- */
        TRYCR   0, "cr0: PE off", 0, 1
        TRYCR   0, "cr0: PG off in 64-bit code", 0, 0x80000000
        TRYCR   0, "cr0: NW without CD", 0x20000000, 0x40000000
        TRYCR   0, "cr0: NW with CD", 0x60000000
        TRYCR   0, "cr0: ET cannot be cleared", 0, 0x60000010
        TRYCR   0, "cr0: bit 32", 0x100000000
        TRYCR   0, "cr0: reserved low bits are ignored", 0x1ffaffc0
        TRYCR   0, "cr0: back", 0, 0x50000
        CASE    "lmsw sets TS"
        movl    $0x9, %eax
        lmsw    %ax
        movq    %cr0, %rax
        clts
        MARK
        DONE
        END
        CASE    "lmsw cannot clear PE"
        movl    $0x2, %eax
        lmsw    %ax
        movq    %cr0, %rax
        MARK
        DONE
        END
        CASE    "smsw of 64 bits"
        movq    $-1, %rax
        smswq   %rax
        MARK
        DONE
        END
        CASE    "smsw of 16 bits"
        movq    $-1, %rax
        smsww   %ax
        MARK
        DONE
        END
        CASE    "smsw to memory is 16 bits"
        movq    $-1, scratch
        smsw    scratch
        movq    scratch, %rax
        MARK
        DONE
        END

        /* ---- CR4 ---- */
        TRYCR   4, "cr4: PAE off", 0, 0x20
        TRYCR   4, "cr4: bit 15", 0x8000
        TRYCR   4, "cr4: bit 32", 0x100000000
        TRYCR   4, "cr4: bit 31", 0x80000000
        TRYCR   4, "cr4: VMXE", 0x2000
        TRYCR   4, "cr4: TSD, DE, PSE, MCE, PGE, PCE", 0x1dc
        TRYCR   4, "cr4: back", 0, 0x1dc
        TRYCR   4, "cr4: OSXSAVE", 0x40000
        TRYCR   4, "cr4: no OSXSAVE", 0, 0x40000

        /* ---- CR3, CR2, CR8 ---- */
        CASE    "cr2 keeps 64 bits"
        movabsq $0x123456789abcdef0, %rax
        movq    %rax, %cr2
        xorl    %eax, %eax
        movq    %cr2, %rax
        MARK
        DONE
        END
        CASE    "cr3 low bits are kept"
        movq    %cr3, %rcx
        movq    %rcx, %rax
        orq     $0x18, %rax
        movq    %rax, %cr3
        movq    %cr3, %rax
        movq    %rcx, %cr3
        subq    %rcx, %rax
        MARK
        DONE
        END

        /* ---- EFER ---- */
        TRYMSR  "efer: LME off under paging", 0xc0000080, 0, 0x801
        TRYMSR  "efer: reserved bit", 0xc0000080, 0, 0x40000901
        TRYMSR  "efer: high half", 0xc0000080, 1, 0x901
        TRYMSR  "efer: LMA is not written", 0xc0000080, 0, 0x901
        TRYMSR  "efer: SCE off", 0xc0000080, 0, 0x900
        TRYMSR  "efer: back", 0xc0000080, 0, 0x901

        /* ---- other MSRs ---- */
        GETMSR  "pat", 0x277
        TRYMSR  "pat: new types", 0x277, 0x00010406, 0x00070106
        TRYMSR  "pat: type 2", 0x277, 0x00020406, 0x00070106
        TRYMSR  "pat: type 8", 0x277, 0x00010406, 0x08070106
        GETMSR  "star", 0xc0000081
        TRYMSR  "star: any", 0xc0000081, 0x12345678, 0x9abcdef0
        TRYMSR  "lstar", 0xc0000082, 0xffff8000, 0x1234
        TRYMSR  "fmask", 0xc0000084, 0, 0xffffffff
        TRYMSR  "fs base", 0xc0000100, 0x7fff, 0xffffffff
        TRYMSR  "gs base", 0xc0000101, 0xffff8000, 0
        TRYMSR  "kernel gs base", 0xc0000102, 0xffffffff, 0xffffffff
        TRYMSR  "kernel gs base not canonical", 0xc0000102, 0x8000, 0
        TRYMSR  "tsc aux", 0xc0000103, 0, 0x1234
        TRYMSR  "tsc aux: high half", 0xc0000103, 1, 0
        TRYMSR  "sysenter cs", 0x174, 0, 0x8
        TRYMSR  "sysenter esp", 0x175, 0, 0x1000
        TRYMSR  "sysenter esp not canonical", 0x175, 0x8000, 0
        CASE    "tsc: written"
        SETMSR  0x10, 0x7fff0000, 0
        rdtsc
        movl    %edx, %eax
        MARK
        DONE
        END
        GETMSR  "unknown in no range", 0x4321
        GETMSR  "unknown, high", 0xc0010fff
        CASE    "rdtscp gives tsc aux"
        rdtscp
        movl    %ecx, %eax
        MARK
        DONE
        END
        CASE    "tsc goes forward"
        rdtsc
        shlq    $32, %rdx
        leaq    (%rax, %rdx), %rbx
        rdtsc
        shlq    $32, %rdx
        leaq    (%rax, %rdx), %rax
        subq    %rbx, %rax
        shrq    $63, %rax
        MARK
        DONE
        END
        SETMSR  0x277, 0x00070406, 0x00070406

        /* ---- XCR0 ---- */
        ONE     "xgetbv without OSXSAVE", xgetbv
        SETCR4  0x40000
        CASE    "xcr0: x87 alone"
        xorl    %ecx, %ecx
        xorl    %edx, %edx
        movl    $1, %eax
        xsetbv
        xgetbv
        MARK
        DONE
        END
        CASE    "xcr0: without x87"
        movl    $2, %eax
        MARK
        xsetbv
        END
        CASE    "xcr0: zero"
        movl    $0, %eax
        MARK
        xsetbv
        END
        CASE    "xcr0: register 7"
        movl    $7, %ecx
        movl    $1, %eax
        MARK
        xsetbv
        END
        CASE    "xcr0: x87 and SSE"
        xorl    %ecx, %ecx
        xorl    %edx, %edx
        movl    $3, %eax
        xsetbv
        xgetbv
        MARK
        DONE
        END
        ONEUSER "xsetbv in ring 3", xsetbv
        CASE    "cpuid shows OSXSAVE"
        movl    $1, %eax
        cpuid
        movl    %ecx, %eax
        andl    $0x0c000000, %eax
        MARK
        DONE
        END
        SETCR4  0, 0x40000
        ONE     "xsave without OSXSAVE", xsave scratch

        /* ---- CPUID ---- */
        CASE    "cpuid: vendor"
        xorl    %eax, %eax
        cpuid
        SHOW    ebx, %rbx
        SHOW    edx, %rdx
        SHOW    ecx, %rcx
        xorl    %eax, %eax
        MARK
        DONE
        END
        CASE    "cpuid: upper halves are cleared"
        movq    $-1, %rcx
        movq    $-1, %rbx
        movq    $-1, %rdx
        movabsq $0xffffffff00000000, %rax
        cpuid
        orq     %rbx, %rax
        orq     %rcx, %rax
        orq     %rdx, %rax
        shrq    $32, %rax
        MARK
        DONE
        END
        CASE    "cpuid: what every kernel needs"
        movl    $1, %eax
        cpuid
        movl    %edx, %eax
        andl    $0x078bfbfd, %eax
        SHOW    edx, %rax
        movl    $0x80000001, %eax
        cpuid
        movl    %edx, %eax
        andl    $0x2c100800, %eax
        MARK
        DONE
        END
        CASE    "cpuid: address widths"
        movl    $0x80000008, %eax
        cpuid
        movzwl  %ax, %eax
        MARK
        DONE
        END
        CASE    "cpuid: unprivileged"
        USER
        xorl    %eax, %eax
        cpuid
        movl    %ebx, %eax
        MARK
        DONE
        END

        /* ---- out of long mode and back ---- */
        CASE    "to compatibility mode, paging off, PAE paging, 32-bit paging, and back"
        MARK
        cli
        ljmp    *to32
        .code32
out32:  movl    %cr0, %eax
        andl    $0x7fffffff, %eax
        movl    %eax, %cr0
        movl    $0xc0000080, %ecx
        rdmsr
        movl    %eax, steps             # LMA gone, LME there
        andl    $~0x100, %eax
        wrmsr
        /* PAE paging, three levels: the first GiB by pd */
        movl    $pd + 1, pdptes
        movl    $0, pdptes + 4
        movl    $pdptes, %eax
        movl    %eax, %cr3
        movl    %cr0, %eax
        orl     $0x80000000, %eax
        movl    %eax, %cr0
        rdmsr
        movl    %eax, steps + 4
        movl    %cr0, %eax
        andl    $0x7fffffff, %eax
        movl    %eax, %cr0
        /* 32-bit paging with PSE */
        movl    %cr4, %eax
        andl    $~0x20, %eax
        orl     $0x10, %eax
        movl    %eax, %cr4
        movl    $0x87, pd32
        movl    $pd32, %eax
        movl    %eax, %cr3
        movl    %cr0, %eax
        orl     $0x80000000, %eax
        movl    %eax, %cr0
        movl    pd32, %ebx
        movl    %ebx, steps + 8
        andl    $0x7fffffff, %eax
        movl    %eax, %cr0
        /* and back */
        movl    %cr4, %eax
        andl    $~0x10, %eax
        orl     $0x20, %eax
        movl    %eax, %cr4
        movl    $pml4, %eax
        movl    %eax, %cr3
        rdmsr
        orl     $0x100, %eax
        wrmsr
        movl    %cr0, %eax
        orl     $0x80000000, %eax
        movl    %eax, %cr0
        rdmsr
        movl    %eax, steps + 12
        ljmp    $KCODE, $9f
        .code64
9:      movl    steps, %eax
        SHOW    off, %rax, 4
        movl    steps + 4, %eax
        SHOW    pae, %rax, 4
        movl    steps + 8, %eax
        SHOW    pde, %rax, 2
        movl    steps + 12, %eax
        DONE
        END
        CASE    "upper halves of registers survive compatibility mode"
        movabsq $0x1122334455667788, %r8
        movabsq $0x1122334455667788, %r15
        MARK
        ljmp    *to32b
        .code32
out32b: nop
        ljmp    $KCODE, $9f
        .code64
9:      movq    %r8, %rax
        subq    %r15, %rax
        DONE
        END
        ret

        .section .data
        .balign 8
to32:   .long   out32
        .word   KCODE32
        .balign 8
to32b:  .long   out32b
        .word   KCODE32
        .section .bss
        .balign 4096
pd32:   .skip   4096
pdptes: .skip   64
        .balign 64
scratch:        .skip 1024
steps:  .skip   16
