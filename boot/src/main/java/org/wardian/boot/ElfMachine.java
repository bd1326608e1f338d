package org.wardian.boot;

/** Names of ELF machine numbers, for messages. */
final class ElfMachine {

  private ElfMachine() {}

  static String name(int machine) {
    return switch (machine) {
      case 2, 18, 43 -> "SPARC";
      case 4 -> "Motorola 68000";
      case 8, 10 -> "MIPS";
      case 15 -> "PA-RISC";
      case 20 -> "PowerPC";
      case 21 -> "64-bit PowerPC";
      case 22 -> "S/390";
      case 40 -> "32-bit ARM";
      case 42 -> "SuperH";
      case 50 -> "Itanium";
      case 183 -> "AArch64 (arm64)";
      case 243 -> "RISC-V";
      case 247 -> "BPF";
      case 258 -> "LoongArch";
      case 0x9026 -> "Alpha";
      default -> "machine number " + machine;
    };
  }
}
