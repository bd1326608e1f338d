package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.Flags;
import org.wardian.x86.StateLayout;

/**
 * x87 code that is translated leaves, bit for bit, what the same code leaves that is interpreted:
 * random programs from random states.
 */
class X87TranslationTest {
  private static final int PROGRAMS = Integer.getInteger("wardian.fuzz.iterations", 400);
  private static final int LENGTH = 40;

  /** Memory operands lie here, in two pages. */
  private static final long MEMORY = SoftwareGuest.DATA;

  private static final int BYTES = 4096 + 64;
  private static final int STATE_BYTES = 8 * StateLayout.ST_STRIDE;

  private static final long CR0_TS = 8;

  private final SoftwareGuest guest = new SoftwareGuest();
  private final SoftwareVcpu interpreted = guest.add(false);
  private final SoftwareVcpu translated = guest.add(true);

  @AfterEach
  void close() {
    guest.close();
  }

  @Test
  void programsWithAllExceptionsMasked() {
    Random random = new Random(1);
    for (int n = 0; n < PROGRAMS; n++) {
      compare(random, program(random, 0), 0x3f, 0);
    }
    assertThat(translated.counters().get("blocks-translated")).isGreaterThan(PROGRAMS);
  }

  @Test
  void programsThatUnmaskExceptionsAndLookAtTheWholeState() {
    Random random = new Random(2);
    for (int n = 0; n < PROGRAMS; n++) {
      compare(random, program(random, 25), 0x3f, 0);
    }
  }

  @Test
  void programsOfMmxInstructions() {
    Random random = new Random(5);
    for (int n = 0; n < PROGRAMS; n++) {
      compare(random, program(random, 2, 60), 0x3f, 0);
    }
  }

  @Test
  void programsWithExceptionsUnmasked() {
    Random random = new Random(3);
    for (int n = 0; n < PROGRAMS / 4; n++) {
      compare(random, program(random, 10), random.nextInt(64), 0);
    }
  }

  @Test
  void programsWithoutTheUnit() {
    Random random = new Random(4);
    for (int n = 0; n < 50; n++) {
      compare(random, program(random, 10), 0x3f, CR0_TS);
    }
  }

  @Test
  void loopsStayInHostCode() {
    // mov ecx,100000; fld1; fldz; l: fadd st0,st1; dec ecx; jnz l; fistp dword [rdi]; hlt
    guest.code(SoftwareGuest.CODE, "b9a0860100d9e8d9eed8c1ffc975fadb1ff4");
    start(translated, 0x37f, 0, 0, new byte[STATE_BYTES], 0);
    assertThat(translated.run()).isEqualTo(Exit.HALTED);
    assertThat((int) guest.get(MEMORY)).isEqualTo(100_000);
    assertThat(translated.counters().get("entries")).isLessThan(50);
  }

  @Test
  void theLastInstructionIsNamedWhereABranchLeavesTheBlock() {
    // stc; fld1; jc l; fldz; l: hlt
    guest.code(SoftwareGuest.CODE, "f9d9e87202d9eef4");
    start(translated, 0x37f, 0, 0, new byte[STATE_BYTES], 0);
    assertThat(translated.run()).isEqualTo(Exit.HALTED);
    assertThat(RawMemory.getLong(translated.state + StateLayout.FIP))
        .isEqualTo(SoftwareGuest.CODE + 1);
  }

  @Test
  void loopsOfMmxInstructionsDoToo() {
    // mov ecx,100000; pxor mm0,mm0; pcmpeqd mm1,mm1; l: psubd mm0,mm1; dec ecx; jnz l;
    // movq [rdi],mm0; emms; hlt
    guest.code(SoftwareGuest.CODE, "b9a08601000fefc00f76c90ffac1ffc975f90f7f070f77f4");
    start(translated, 0x37f, 0, 0, new byte[STATE_BYTES], 0);
    assertThat(translated.run()).isEqualTo(Exit.HALTED);
    assertThat(guest.get(MEMORY)).isEqualTo(100_000L << 32 | 100_000);
    assertThat(translated.counters().get("entries")).isLessThan(50);
  }

  // ---- programs

  /** What is executed in Java, or changes what may be emitted; per cent of {@code special}. */
  private static final String[] SPECIAL = {
    "d9f0",
    "d9fe",
    "d9ff",
    "d9f3",
    "9bdbe3",
    "dbe2",
    "dbe3",
    "660ffcc1",
    "0ffcca",
    "0f77",
    "0f6fc1",
    "0f7f87",
    "660f6fc8",
  };

  private static byte[] program(Random random, int special) {
    return program(random, special, special / 5);
  }

  private static byte[] program(Random random, int special, int packed) {
    ByteArrayOutputStream code = new ByteArrayOutputStream();
    int length = 1 + random.nextInt(LENGTH);
    for (int n = 0; n < length; n++) {
      int kind = random.nextInt(100);
      if (kind < special) {
        special(random, code);
      } else if (kind < special + packed) {
        packed(random, code);
      } else if (random.nextInt(8) == 0) {
        around(random, code);
      } else if (random.nextInt(8) < 3) {
        memory(random, code);
      } else {
        registers(random, code);
      }
    }
    code.write(0xf4);
    return code.toByteArray();
  }

  private static void registers(Random random, ByteArrayOutputStream code) {
    int opcode;
    int modrm;
    do {
      opcode = 0xd8 + random.nextInt(8);
      modrm = 0xc0 + random.nextInt(64);
    } while (!isRegisterForm(opcode, modrm));
    code.write(opcode);
    code.write(modrm);
  }

  private static boolean isRegisterForm(int opcode, int modrm) {
    int group = modrm >> 3 & 7;
    return switch (opcode) {
      case 0xd8, 0xdc -> true;
      case 0xde -> group != 3 || modrm == 0xd9;
      case 0xd9 ->
          group < 2
              || modrm == 0xd0
              || group == 3
              || modrm == 0xe0
              || modrm == 0xe1
              || modrm == 0xe4
              || modrm == 0xe5
              || group == 5 && modrm != 0xef
              || modrm >= 0xf4 && modrm != 0xf9 && modrm != 0xfb && modrm < 0xfe;
      case 0xda -> group < 4 || modrm == 0xe9;
      case 0xdb -> group < 4 || modrm == 0xe2 || group == 5 || group == 6;
      case 0xdd -> group < 6;
      default -> group < 4 || modrm == 0xe0 || group == 5 || group == 6;
    };
  }

  private static void memory(Random random, ByteArrayOutputStream code) {
    int opcode;
    int digit;
    do {
      opcode = 0xd8 + random.nextInt(8);
      digit = random.nextInt(8);
    } while (!isMemoryForm(opcode, digit));
    code.write(opcode);
    code.write(0x87 | digit << 3);
    displacement(random, code);
  }

  private static boolean isMemoryForm(int opcode, int digit) {
    return switch (opcode) {
      // No control words from memory here: they would be any.
      case 0xd9 -> digit == 0 || digit == 2 || digit == 3 || digit == 7;
      case 0xdb -> digit != 4 && digit != 6;
      case 0xdd -> digit < 4 || digit == 7;
      default -> true;
    };
  }

  /** Second opcode bytes of MMX instructions, and of those between MMX and XMM registers. */
  private static final byte[] PACKED =
      HexFormat.ofDelimiter(" ")
          .parseHex(
              "60 61 62 63 64 65 66 67 68 69 6a 6b 6e 6f 74 75 76 77 7e 7f d1 d2 d3 d4 d5 d8 d9 da"
                  + " db dc dd de df e0 e1 e2 e3 e4 e5 e8 e9 ea eb ec ed ee ef f1 f2 f3 f4 f5 f6"
                  + " f8 f9 fa fb fc fd fe 2a 2c 2d");

  private static void packed(Random random, ByteArrayOutputStream code) {
    int opcode = PACKED[random.nextInt(PACKED.length)] & 0xff;
    if ((opcode & 0xf0) == 0x20) {
      if (random.nextBoolean()) {
        code.write(0x66);
      }
    } else if (random.nextInt(12) == 0) {
      // MOVQ2DQ and MOVDQ2Q.
      code.write(0xf2 + random.nextInt(2));
      opcode = 0xd6;
    }
    if (opcode == 0x6e || opcode == 0x7e) {
      // Not from RSP or RDI.
      code.write(0x48);
    }
    code.write(0x0f);
    code.write(opcode);
    if (opcode == 0x77) {
      return;
    }
    boolean general = opcode == 0x6e || opcode == 0x7e;
    boolean memory = opcode != 0xd6 && random.nextInt(4) == 0;
    if (memory && (opcode & 0xf0) != 0x20) {
      code.write(0x87 | random.nextInt(8) << 3);
      displacement(random, code);
    } else {
      code.write(0xc0 | random.nextInt(8) << 3 | random.nextInt(general ? 4 : 8));
    }
  }

  private static void displacement(Random random, ByteArrayOutputStream code) {
    int at = random.nextInt(20) == 0 ? 4096 - random.nextInt(12) : random.nextInt(16) * 16 + 0x100;
    for (int shift = 0; shift < 32; shift += 8) {
      code.write(at >> shift);
    }
  }

  /** Integer instructions between: flags that live across, jumps that end a block. */
  private static void around(Random random, ByteArrayOutputStream code) {
    String hex =
        switch (random.nextInt(9)) {
          case 0 -> "eb00";
          case 1 -> "01c8"; // add eax,ecx
          case 2 -> "29d8"; // sub eax,ebx
          case 3 -> "0f9bc2"; // setnp dl
          case 4 -> "7300"; // jnc, to the next
          case 5 -> "9c5b"; // pushf; pop rbx
          case 6 -> "9b";
          case 7 -> "0f42c8"; // cmovb ecx,eax
          // The control word: all masked, any rounding and precision.
          default -> {
            int control = 0x7f | random.nextInt(4) << 10 | random.nextInt(4) << 8;
            // mov word [rdi],control; fldcw [rdi]
            yield "66c707%02x%02xd92f".formatted(control & 0xff, control >> 8);
          }
        };
    code.writeBytes(HexFormat.of().parseHex(hex));
  }

  private static void special(Random random, ByteArrayOutputStream code) {
    List<String> all = new ArrayList<>(List.of(SPECIAL));
    int control = 0x40 | random.nextInt(64) | random.nextInt(4) << 10 | random.nextInt(4) << 8;
    all.add("66c707%02x%02xd92f".formatted(control & 0xff, control >> 8));
    all.add("d93772"); // fnstenv [rdi], then a jump
    all.add("d937d927"); // and fldenv [rdi]
    all.add("ddb700010000dda700010000"); // fnsave, frstor [rdi+100h]
    all.add("0fae87000800000fae8f00080000"); // fxsave, fxrstor [rdi+800h]
    String hex = all.get(random.nextInt(all.size()));
    if (hex.equals("d93772")) {
      hex = "d937eb00";
    } else if (hex.equals("0f7f87")) {
      hex = "0f7f8700010000";
    }
    code.writeBytes(HexFormat.of().parseHex(hex));
  }

  // ---- states

  private static byte[] randomRegisters(Random random) {
    byte[] bytes = new byte[STATE_BYTES];
    for (int i = 0; i < 8; i++) {
      long significand = random.nextLong();
      int exponent = 0x3fff + random.nextInt(130) - 65;
      switch (random.nextInt(12)) {
        case 0 -> significand = 1L << 63;
        case 1 -> exponent = random.nextInt(4);
        case 2 -> exponent = 0x7fff - random.nextInt(4);
        case 3 -> significand &= 0xffff000000000000L;
        case 4 -> {
          significand = 0;
          exponent = 0;
        }
        default -> significand |= 1L << 63;
      }
      for (int at = 0; at < 8; at++) {
        bytes[i * StateLayout.ST_STRIDE + at] = (byte) (significand >> 8 * at);
      }
      int sign = random.nextInt(2) << 15;
      bytes[i * StateLayout.ST_STRIDE + 8] = (byte) exponent;
      bytes[i * StateLayout.ST_STRIDE + 9] = (byte) ((exponent | sign) >> 8);
    }
    return bytes;
  }

  private void compare(Random random, byte[] code, int masks, long cr0) {
    int control = 0x40 | masks | random.nextInt(4) << 10 | random.nextInt(4) << 8;
    int status = random.nextInt(8) << 11 | random.nextInt(0x40) & masks;
    int tags = random.nextInt(3) == 0 ? random.nextInt(256) : random.nextBoolean() ? 0xff : 0x0f;
    byte[] registers = randomRegisters(random);
    byte[] memory = new byte[BYTES];
    random.nextBytes(memory);
    for (int at = 0; at + 16 <= BYTES; at += 32) {
      System.arraycopy(randomRegisters(random), 0, memory, at, 10);
    }
    guest.memory.write(SoftwareGuest.CODE, code, 0, code.length);
    String expected = run(interpreted, control | status << 16, tags, registers, memory, cr0);
    String found = run(translated, control | status << 16, tags, registers, memory, cr0);
    assertThat(found).as(HexFormat.of().formatHex(code)).isEqualTo(expected);
  }

  private void start(
      SoftwareVcpu vcpu, int control, int status, int tags, byte[] registers, long cr0) {
    guest.start(vcpu, SoftwareGuest.CODE);
    long s = vcpu.state();
    RawMemory.putLong(s + StateLayout.CR0, RawMemory.getLong(s + StateLayout.CR0) | 0x22 | cr0);
    RawMemory.putShort(s + StateLayout.FCW, (short) control);
    RawMemory.putShort(s + StateLayout.FSW, (short) status);
    RawMemory.putByte(s + StateLayout.FTW, (byte) tags);
    for (int at = 0; at < registers.length; at++) {
      RawMemory.putByte(s + StateLayout.ST + at, registers[at]);
    }
    vcpu.stateChanged();
  }

  /** Everything that the program can have changed. */
  private String run(
      SoftwareVcpu vcpu, int words, int tags, byte[] registers, byte[] memory, long cr0) {
    guest.memory.write(MEMORY, memory, 0, memory.length);
    start(vcpu, words & 0xffff, words >>> 16, tags, registers, cr0);
    Exit exit = vcpu.run();
    long s = vcpu.state();
    StringBuilder text = new StringBuilder();
    text.append("mxcsr %x ".formatted(RawMemory.getInt(s + StateLayout.MXCSR)));
    for (int i = 0; i < 8; i++) {
      long at = s + StateLayout.VECTOR + i * StateLayout.VECTOR_STRIDE;
      text.append("%016x%016x ".formatted(RawMemory.getLong(at + 8), RawMemory.getLong(at)));
    }
    text.append(exit).append(' ');
    text.append(
        "fcw %04x fsw %04x ftw %02x fop %04x fip %x fdp %x flags %x rip %x%n"
            .formatted(
                RawMemory.getShort(s + StateLayout.FCW),
                RawMemory.getShort(s + StateLayout.FSW),
                RawMemory.getByte(s + StateLayout.FTW),
                RawMemory.getShort(s + StateLayout.FOP),
                RawMemory.getLong(s + StateLayout.FIP),
                RawMemory.getLong(s + StateLayout.FDP),
                Flags.get(s),
                vcpu.rip()));
    for (int i = 0; i < 16; i++) {
      text.append("%x ".formatted(vcpu.gpr(i)));
    }
    for (int i = 0; i < 8; i++) {
      long at = s + StateLayout.ST + i * StateLayout.ST_STRIDE;
      text.append(
          "%n%d %04x %016x".formatted(i, RawMemory.getShort(at + 8), RawMemory.getLong(at)));
    }
    byte[] left = new byte[BYTES];
    guest.memory.read(MEMORY, left, 0, BYTES);
    for (int at = 0; at < BYTES; at++) {
      if (left[at] != memory[at]) {
        text.append("%n%04x: %02x".formatted(at, left[at]));
      }
    }
    return text.toString();
  }
}
