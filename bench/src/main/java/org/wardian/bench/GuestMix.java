package org.wardian.bench;

import java.util.HexFormat;
import java.util.Random;

/**
 * Small guests that measure the interpreter: 64-bit code at {@link BenchVcpu#CODE}, entered in ring
 * 0 with the iteration count in RCX, that ends in HLT.
 */
public enum GuestMix {
  /** Adds, shifts, a multiplication, an LEA and a rotate in a loop of 13 instructions. */
  INTEGER(
      "48c7c00100000048bb157c4a7fb979379e4801d84889c248c1ea1d4831d0480fafd3488d74820c29c64881e6ffff"
          + "00004809f748c1c00748ffc748ffc975d2f4"),

  /** Three conditional branches, a jump, and a call one time in four. */
  BRANCH("31c0f6c101740548ffc0eb044883c002f6c1067505e80c0000004839c872019048ffc975ddf44883c003c3"),

  /** Loads, stores, a push and a pop over 64 KiB. */
  MEMORY(
      "48c7c60000200031d2488b04d64801c8488904d60fb65cd603889cd600100000505f83c20781e2ff1f000048ffc9"
          + "75d9f4"),

  /** Packed integer and scalar double arithmetic. */
  SSE(
      "48c7c600002000660fefc0f30f6f0e660ffec1660f70d01b660fefcaf30f7f0ef2480f2ad9f20f59dbf20f58e348"
          + "ffc975d9f4"),

  /** An empty system call: SYSCALL, SWAPGS twice, stack, SYSRET. */
  SYSTEM(
      "4989cc488d05440000004889c248c1ea20b9820000c00f30b9810000c031c0ba100008000f30b9800000c00f3283c8"
          + "010f30488d0d0900000041bb02000000480f07b8270000000f054801c3ebf40f01f84989e5514153488d4307"
          + "415b590f01f849ffcc7403480f07f4"),

  /**
   * 40,000 blocks of about eight instructions, visited in a fixed random order: a kernel's
   * footprint.
   */
  COLD("");

  private static final int BLOCKS = 40_000;
  private static final int BLOCK_SIZE = 48;

  private final String hex;

  GuestMix(String hex) {
    this.hex = hex;
  }

  /** The code's bytes. */
  public byte[] code() {
    return this == COLD ? cold() : HexFormat.of().parseHex(hex);
  }

  /** Iterations that take about a tenth of a second at 100 MIPS. */
  public long iterations() {
    return this == COLD ? 30 : this == SYSTEM ? 500_000 : 1_000_000;
  }

  private static byte[] cold() {
    Random random = new Random(1);
    byte[] code = new byte[BLOCKS * BLOCK_SIZE + 64];
    int[] order = new int[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
      order[i] = i;
    }
    // Block 0 stays first; the others in random order.
    for (int i = BLOCKS - 1; i > 1; i--) {
      int j = 1 + random.nextInt(i);
      int t = order[i];
      order[i] = order[j];
      order[j] = t;
    }
    int tail = BLOCKS * BLOCK_SIZE;
    for (int i = 0; i < BLOCKS; i++) {
      int at = order[i] * BLOCK_SIZE;
      int end = at;
      for (int n = 0; n < 7; n++) {
        end = instruction(code, end, random);
      }
      int target = i + 1 < BLOCKS ? order[i + 1] * BLOCK_SIZE : tail;
      code[end] = (byte) 0xe9;
      int displacement = target - (end + 5);
      for (int b = 0; b < 4; b++) {
        code[end + 1 + b] = (byte) (displacement >> 8 * b);
      }
    }
    // dec rcx; jz +5; jmp start; hlt
    byte[] last = {
      0x48, (byte) 0xff, (byte) 0xc9, 0x74, 0x05, (byte) 0xe9, 0, 0, 0, 0, (byte) 0xf4
    };
    int back = -(tail + 10);
    for (int b = 0; b < 4; b++) {
      last[6 + b] = (byte) (back >> 8 * b);
    }
    System.arraycopy(last, 0, code, tail, last.length);
    return code;
  }

  /** One of ten common instructions on RAX, RDX, RBX, RBP, RDI; memory by RSI. */
  private static int instruction(byte[] code, int at, Random random) {
    int[] registers = {0, 2, 3, 5, 7};
    int a = registers[random.nextInt(registers.length)];
    int b = registers[random.nextInt(registers.length)];
    byte pair = (byte) (0xc0 | b << 3 | a);
    byte slot = (byte) (random.nextInt(16) * 8);
    byte[] bytes =
        switch (random.nextInt(10)) {
          case 0 -> new byte[] {0x48, 0x01, pair};
          case 1 -> new byte[] {0x48, (byte) 0x8b, (byte) (0x46 | a << 3), slot};
          case 2 -> new byte[] {0x48, (byte) 0x89, (byte) (0x46 | a << 3), slot};
          case 3 -> new byte[] {0x48, (byte) 0x89, pair};
          case 4 -> new byte[] {0x39, pair, 0x74, 0x00};
          case 5 -> new byte[] {(byte) 0x85, pair, 0x75, 0x00};
          case 6 ->
              new byte[] {0x48, (byte) 0x8d, (byte) (0x44 | b << 3), (byte) (0x06 | a << 3), slot};
          case 7 -> new byte[] {0x0f, (byte) 0xb6, (byte) (0x46 | a << 3), slot};
          case 8 -> new byte[] {(byte) 0x83, (byte) (0xe0 | a), 0x7f};
          default -> new byte[] {0x50, 0x5f};
        };
    System.arraycopy(bytes, 0, code, at, bytes.length);
    return at + bytes.length;
  }
}
