package org.wardian.definition.capabilities;

import java.nio.charset.StandardCharsets;

/** Asks a processor, real or ours, what it is. */
@FunctionalInterface
public interface Cpuid {
  /** What CPUID leaves in the registers. */
  record Registers(int eax, int ebx, int ecx, int edx) {
    /** What is read of a leaf that there is none of. */
    public static final Registers NONE = new Registers(0, 0, 0, 0);
  }

  /**
   * Executes CPUID.
   *
   * @param leaf EAX; beyond the highest leaf the answer is all zeros
   * @param subleaf ECX
   */
  Registers at(int leaf, int subleaf);

  /** The vendor's twelve letters, such as GenuineIntel. */
  default String vendorId() {
    Registers registers = at(0, 0);
    byte[] letters = new byte[12];
    int[] words = {registers.ebx(), registers.edx(), registers.ecx()};
    for (int i = 0; i < letters.length; i++) {
      letters[i] = (byte) (words[i / 4] >> i % 4 * 8);
    }
    return new String(letters, StandardCharsets.ISO_8859_1);
  }

  /** The vendor as libvirt names it: Intel, AMD, Hygon; else the twelve letters. */
  default String vendor() {
    String id = vendorId();
    return switch (id) {
      case "GenuineIntel" -> "Intel";
      case "AuthenticAMD" -> "AMD";
      case "HygonGenuine" -> "Hygon";
      default -> id;
    };
  }

  /** The family, with what extends it. */
  default int family() {
    int signature = at(1, 0).eax();
    int family = signature >> 8 & 0xf;
    return family == 0xf ? family + (signature >> 20 & 0xff) : family;
  }

  /** The model, with what extends it. */
  default int model() {
    int signature = at(1, 0).eax();
    int family = signature >> 8 & 0xf;
    int model = signature >> 4 & 0xf;
    return family == 6 || family == 0xf ? model | (signature >> 16 & 0xf) << 4 : model;
  }

  /** The stepping. */
  default int stepping() {
    return at(1, 0).eax() & 0xf;
  }

  /** Bits of a physical address; 0 where the processor does not say. */
  default int physicalAddressBits() {
    return at(0x8000_0008, 0).eax() & 0xff;
  }
}
