# The guest of nested-host's machines: a boot sector that reads 8 MiB from the disk that it came from,
# and then writes to each page of the memory up to MEMORY, for ever. Under 16-bit BIOS at 0x7c00.
        .set MEMORY, 96 << 20
        .code16
        .globl _start
_start: cli
        xorw %ax, %ax
        movw %ax, %ds
        movw %ax, %ss
        movw $0x7c00, %sp
        sti
        movw $256, %cx                  # reads of 64 sectors each
read:   pushw %cx
        movb $0x42, %ah
        movw $packet, %si
        int $0x13
        addl $64, lba
        popw %cx
        loop read
        cli
        inb $0x92, %al                  # the address line 20
        orb $2, %al
        outb %al, $0x92
        lgdt table
        movl %cr0, %eax
        orb $1, %al
        movl %eax, %cr0
        ljmp $8, $protected
        .code32
protected:
        movw $16, %ax
        movw %ax, %ds
again:  movl $0x200000, %ebx
touch:  incl (%ebx)
        addl $4096, %ebx
        cmpl $MEMORY, %ebx
        jb touch
        jmp again

        .balign 4
packet: .byte 16, 0
        .word 64, 0, 0x1000             # sectors, to 0x10000
lba:    .long 0, 0
        .balign 8
segments:
        .quad 0
        .quad 0x00cf9a000000ffff
        .quad 0x00cf92000000ffff
table:  .word 23
        .long segments
        .org 510
        .word 0xaa55
