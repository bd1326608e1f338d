# The guest of nested-host's machines on volumes: a boot sector that writes "WARDIAN" and zeroes to the
# second sector of the disk that it came from, and halts. Under 16-bit BIOS at 0x7c00.
        .code16
        .globl _start
_start: cli
        xorw %ax, %ax
        movw %ax, %ds
        movw %ax, %ss
        movw $0x7c00, %sp
        sti
        movb $0x43, %ah                 # extended write
        xorb %al, %al
        movw $packet, %si
        int $0x13
rest:   hlt
        jmp rest

        .balign 4
packet: .byte 16, 0
        .word 1, mark, 0                # one sector
        .quad 1
        .org 510 - 64
mark:   .ascii "WARDIAN"
        .org 510
        .byte 0x55, 0xaa
        .org 1024
