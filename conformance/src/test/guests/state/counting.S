/*
 * A guest that never ends: each round it changes a table in memory, writes a sector of its IDE disk,
 * and says so on the first serial port. No interrupts, no paging: every accelerator can do it, a KVM
 * that interprets too. Entered by multiboot in 32-bit protected mode.
 *
 * A round: 64 times x = x * 1664525 + 1013904223, table[x >> 18 & 0xfff] += x, sum = (sum rol 1) ^
 * that entry. Then sector round & 127 gets round and sum, 64 times; then "<round> <sum>\n" in hex.
 */
        .set    MAGIC, 0x1badb002
        .set    FLAGS, 1 << 16
        .set    LOAD, 0x100000
        .set    TABLE, 0x200000         # 4,096 words, zero at the start
        .set    COM1, 0x3f8
        .set    IDE, 0x1f0

        .text
        .globl  _start
        .code32
header: .long   MAGIC, FLAGS, -(MAGIC + FLAGS)
        .long   header, header, end, end, _start

_start: movl    $stack, %esp
        cld
round:  movl    $64, %ecx
1:      imull   $1664525, seed, %eax
        addl    $1013904223, %eax
        movl    %eax, seed
        movl    %eax, %ebx
        shrl    $18, %ebx
        andl    $0xfff, %ebx
        addl    %eax, TABLE(,%ebx,4)
        movl    sum, %edx
        roll    $1, %edx
        xorl    TABLE(,%ebx,4), %edx
        movl    %edx, sum
        decl    %ecx
        jnz     1b

        # the sector
        movl    $64, %ecx
        movl    $sector, %edi
1:      movl    rounds, %eax
        stosl
        movl    sum, %eax
        stosl
        decl    %ecx
        jnz     1b
        call    ready
        movw    $IDE + 6, %dx
        movb    $0xe0, %al              # drive 0, LBA
        outb    %al, %dx
        movw    $IDE + 2, %dx
        movb    $1, %al
        outb    %al, %dx
        incl    %edx                    # LBA low
        movl    rounds, %eax
        andb    $127, %al
        outb    %al, %dx
        incl    %edx
        xorl    %eax, %eax
        outb    %al, %dx
        incl    %edx
        outb    %al, %dx
        movw    $IDE + 7, %dx
        movb    $0x30, %al              # WRITE SECTORS
        outb    %al, %dx
1:      inb     %dx, %al
        testb   $0x08, %al              # DRQ
        jz      1b
        movw    $IDE, %dx
        movl    $sector, %esi
        movl    $256, %ecx
        rep     outsw
        call    ready

        # the line
        movl    rounds, %eax
        call    hex
        movb    $' ', %al
        call    put
        movl    sum, %eax
        call    hex
        movb    $'\n', %al
        call    put
        incl    rounds
        jmp     round

# Waits until the drive is not busy.
ready:  movw    $IDE + 7, %dx
1:      inb     %dx, %al
        testb   $0x80, %al
        jnz     1b
        ret

# Prints %eax as 8 digits.
hex:    movl    %eax, %ebx
        movl    $8, %ecx
1:      roll    $4, %ebx
        movl    %ebx, %eax
        andl    $15, %eax
        movb    digits(%eax), %al
        call    put
        decl    %ecx
        jnz     1b
        ret

put:    movw    $COM1, %dx
        outb    %al, %dx
        ret

digits: .ascii  "0123456789abcdef"
        .align  4
rounds: .long   0
seed:   .long   1
sum:    .long   0
sector: .skip   512
        .skip   256
stack:
end:
