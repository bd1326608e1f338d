package org.wardian.processor.software.translator;

import java.util.random.RandomGenerator;

/** Random operands and their names in Intel syntax. */
final class OperandText {
  private static final String[] LOW = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"};
  private static final String[] HIGH = {"ah", "ch", "dh", "bh"};
  private static final String[] WORDS = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
  private static final int[] DISPLACEMENTS = {0, 0, 1, -1, 127, -128, 128, -129, 0x12345678, -2};

  private OperandText() {}

  static String register(int size, int register) {
    if (register >= 16) {
      return HIGH[register - 16];
    }
    if (register >= 8) {
      return "r" + register + (size == 1 ? "b" : size == 2 ? "w" : size == 4 ? "d" : "");
    }
    return switch (size) {
      case 1 -> LOW[register];
      case 2 -> WORDS[register];
      case 4 -> "e" + WORDS[register];
      default -> "r" + WORDS[register];
    };
  }

  static String pointer(int size) {
    return switch (size) {
      case 1 -> "BYTE PTR ";
      case 2 -> "WORD PTR ";
      case 4 -> "DWORD PTR ";
      case 8 -> "QWORD PTR ";
      case 10 -> "TBYTE PTR ";
      case 16 -> "XMMWORD PTR ";
      default -> "";
    };
  }

  static String memory(int size, long memory) {
    StringBuilder text = new StringBuilder(pointer(size)).append('[');
    int base = HostMemory.base(memory);
    int index = HostMemory.index(memory);
    int displacement = HostMemory.displacement(memory);
    if (base < 16) {
      text.append(register(8, base)).append('+');
    }
    if (index < 16) {
      text.append(register(8, index)).append('*').append(1 << HostMemory.shift(memory)).append('+');
    }
    if (base >= 16 && index >= 16) {
      return pointer(size) + "ds:0x" + Long.toHexString(displacement);
    }
    return text.append(displacement).append(']').toString();
  }

  static long memory(RandomGenerator random) {
    int displacement = DISPLACEMENTS[random.nextInt(DISPLACEMENTS.length)];
    int base = random.nextInt(16);
    int index = random.nextInt(16);
    return switch (random.nextInt(8)) {
      case 0 -> HostMemory.absolute(displacement & 0x7fff_ffff);
      case 1 -> HostMemory.indexed(index == 4 ? 5 : index, 1 + random.nextInt(3), displacement);
      case 2, 3 -> HostMemory.at(base, displacement);
      default -> HostMemory.at(base, index == 4 ? 12 : index, random.nextInt(4), displacement);
    };
  }
}
