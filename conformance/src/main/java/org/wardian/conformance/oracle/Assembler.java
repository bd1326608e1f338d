package org.wardian.conformance.oracle;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The little of x86-64 that the trampoline needs, written by hand: literal bytes, values, and short
 * forward branches.
 */
final class Assembler {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final List<int[]> patches = new ArrayList<>();

  /** Appends bytes written in hexadecimal; blanks are for the reader. */
  Assembler hex(String text) {
    bytes.writeBytes(HexFormat.of().parseHex(text.replace(" ", "")));
    return this;
  }

  /** Appends an 8-bit value. */
  Assembler imm8(int value) {
    bytes.write(value);
    return this;
  }

  /** Appends a 32-bit value. */
  Assembler imm32(int value) {
    for (int i = 0; i < 32; i += 8) {
      bytes.write(value >>> i);
    }
    return this;
  }

  /** Appends a 64-bit value. */
  Assembler imm64(long value) {
    imm32((int) value);
    return imm32((int) (value >>> 32));
  }

  /** Appends a two-byte conditional branch whose target is set by {@link #bind}. */
  Assembler branch(int opcode, Label label) {
    bytes.write(opcode);
    label.sites.add(bytes.size());
    bytes.write(0);
    return this;
  }

  /** Makes the branches to {@code label} arrive here. */
  Assembler bind(Label label) {
    for (int site : label.sites) {
      int distance = bytes.size() - (site + 1);
      if (distance > Byte.MAX_VALUE) {
        throw new IllegalStateException("branch over " + distance + " bytes");
      }
      patches.add(new int[] {site, distance});
    }
    return this;
  }

  /** Offset of the next byte. */
  int position() {
    return bytes.size();
  }

  /** The assembled code. */
  byte[] code() {
    byte[] code = bytes.toByteArray();
    for (int[] patch : patches) {
      code[patch[0]] = (byte) patch[1];
    }
    return code;
  }

  /** The target of forward branches. */
  static final class Label {
    private final List<Integer> sites = new ArrayList<>();
  }
}
