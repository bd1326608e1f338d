package org.wardian.x86;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.random.RandomGenerator;

/**
 * Makes random encodings of a form: random registers, addressing modes, immediates and such
 * prefixes as leave the form the same. The source of cases for oracle and fuzz tests.
 *
 * <p>Holds a decoder, so each thread needs its own.
 */
public final class FormSampler {
  private static final int ATTEMPTS = 1000;
  private static final int[] SEGMENT_PREFIXES = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
  private static final CpuModel EVERYTHING =
      new CpuModel("everything", EnumSet.allOf(Feature.class));

  private final Decoder decoder = new Decoder(EVERYTHING);
  private final Instruction instruction = new Instruction();
  private final byte[] code = new byte[32];
  private int length;

  /** A sampler for all forms, whatever their feature. */
  public FormSampler() {}

  /**
   * One encoding of {@code form}, which decodes to it.
   *
   * @param codeSize 2, 4 or 8, as for {@link Decoder#decode}
   * @return 1 to 15 bytes
   * @throws IllegalArgumentException if the form does not exist in such code
   */
  public byte[] sample(Form form, RandomGenerator random, int codeSize) {
    return sample(form, random, codeSize, true);
  }

  /**
   * As {@link #sample(Form, RandomGenerator, int)}.
   *
   * @param decorated whether prefixes that the form does not need may be there: operand and address
   *     size, segment, REX, repetition, LOCK
   */
  public byte[] sample(Form form, RandomGenerator random, int codeSize, boolean decorated) {
    if (!form.validIn(codeSize)) {
      throw new IllegalArgumentException("not in code of size " + codeSize + ": " + form);
    }
    for (int i = 0; i < ATTEMPTS; i++) {
      generate(form, random, codeSize, decorated);
      int result = decoder.decode(code, 0, Decoder.MAX_LENGTH, codeSize, instruction);
      if (result == Decoder.OK && instruction.form == form) {
        return Arrays.copyOf(code, instruction.length);
      }
    }
    throw new IllegalStateException("no encoding found for: " + form);
  }

  private void generate(Form form, RandomGenerator random, int codeSize, boolean decorated) {
    Encoding encoding = form.encoding;
    length = 0;
    if (decorated) {
      prefixes(form, random);
    }
    if (!encoding.anyPrefix()) {
      switch (encoding.prefixes()) {
        case 2 -> put(0x66);
        case 4 -> put(0xf3);
        case 8 -> put(0xf2);
        default -> {
          // NP and NFx need no prefix.
        }
      }
    }
    if (codeSize == 8) {
      rex(encoding, random, decorated);
    }
    if (encoding.map() > 0) {
      put(0x0f);
    }
    if (encoding.map() > 1) {
      put(encoding.map() == 2 ? 0x38 : 0x3a);
    }
    put(encoding.opcode() + random.nextInt(encoding.opcodes()));
    if (encoding.modrm()) {
      put(modrm(encoding, random));
    }
    while (length < Decoder.MAX_LENGTH) {
      // Now and then a byte from which extreme immediates and displacements are made.
      put(
          random.nextInt(4) == 0
              ? new int[] {0, 0xff, 0x7f, 0x80, 1}[random.nextInt(5)]
              : random.nextInt(256));
    }
  }

  private void prefixes(Form form, RandomGenerator random) {
    Encoding encoding = form.encoding;
    boolean takesOperandSize = encoding.anyPrefix() || (encoding.prefixes() & 3) == 3;
    boolean keepsOperandSize = !encoding.anyPrefix() && encoding.prefixes() >= 4;
    if (random.nextInt(3) == 0 && (takesOperandSize || keepsOperandSize)) {
      put(0x66);
    }
    if (random.nextInt(6) == 0) {
      put(0x67);
    }
    if (random.nextInt(6) == 0) {
      put(SEGMENT_PREFIXES[random.nextInt(SEGMENT_PREFIXES.length)]);
    }
    if (form.lockable() && random.nextInt(4) == 0) {
      put(0xf0);
    }
    if (form.repeatable() && random.nextInt(3) != 0) {
      put(random.nextBoolean() ? 0xf3 : 0xf2);
    }
  }

  private void rex(Encoding encoding, RandomGenerator random, boolean decorated) {
    int rex = decorated && random.nextBoolean() ? 0x40 | random.nextInt(16) : 0;
    switch (encoding.extra()) {
      case Encoding.W1 -> rex |= 0x48;
      case Encoding.W0 -> rex &= ~8;
      case Encoding.B0 -> rex &= ~1;
      default -> {
        // REX does not choose the form.
      }
    }
    if (rex != 0) {
      put(rex);
    }
  }

  private static int modrm(Encoding encoding, RandomGenerator random) {
    if (encoding.fixed() >= 0) {
      return encoding.fixed() + random.nextInt(encoding.fixedCount());
    }
    int modrm = random.nextInt(256);
    if (encoding.digit() >= 0) {
      modrm = modrm & ~0x38 | encoding.digit() << 3;
    }
    if (encoding.mods() == Encoding.REGISTER) {
      return modrm | 0xc0;
    }
    if (encoding.mods() == Encoding.MEMORY) {
      return modrm & 0x3f | random.nextInt(3) << 6;
    }
    // Registers as often as memory.
    return random.nextBoolean() ? modrm | 0xc0 : modrm & 0x3f | random.nextInt(3) << 6;
  }

  private void put(int value) {
    code[length++] = (byte) value;
  }
}
