package org.wardian.processor.software.x87;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.processor.software.FlatContext;
import org.wardian.processor.software.GuestFault;
import org.wardian.processor.software.Vector;
import org.wardian.processor.software.mmx.MmxUnit;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * Replays instructions that an Intel processor executed: loads the state of a line, decodes and
 * executes its code, and compares everything that the line says. The head of each resource explains
 * its columns.
 */
public final class HostVectors implements AutoCloseable {
  private static final int CODE = 0;
  private static final int CONTROL = 1;
  private static final int STATUS = 2;
  private static final int TAGS = 3;
  private static final int FLAGS = 4;
  private static final int REGISTERS = 5;
  private static final int RAX = 9;
  private static final int MEMORY = 10;
  private static final int RESULT = 12;
  private static final int MEMORY_SIZE = 256;

  private static final long CR0_PE_MP_NE = 0x23;
  private static final int ROUNDED_UP = 0x200;

  private final Arena arena = Arena.ofConfined();
  private final FlatContext context = FlatContext.create(arena, MEMORY_SIZE);
  private final X87Unit x87 = new X87Unit();
  private final MmxUnit mmx = new MmxUnit(x87);
  private final Decoder decoder = new Decoder(CpuModel.standard());
  private final Instruction instruction = new Instruction();

  /** The lines of a resource beside this class or {@code neighbour}, without comments. */
  public static List<String> lines(Class<?> neighbour, String resource) {
    List<String> lines = new ArrayList<>();
    try (InputStream stream = neighbour.getResourceAsStream(resource)) {
      BufferedReader reader =
          new BufferedReader(new InputStreamReader(stream, StandardCharsets.US_ASCII));
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (!line.startsWith("#")) {
          lines.add(line);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return lines;
  }

  /**
   * Replays one line.
   *
   * @param tolerance by how many units in the last place a changed register may differ; C1 is not
   *     compared if it is not 0
   */
  public void replay(String line, int tolerance) {
    String[] fields = line.split(" ");
    load(fields);
    byte[] code = HexFormat.of().parseHex(fields[CODE]);
    assertThat(decoder.decode(code, 0, code.length, 8, instruction)).as(line).isZero();
    if (fields[RESULT].equals("#MF")) {
      expectFault(line);
      return;
    }
    boolean known = x87.execute(context, instruction) || mmx.execute(context, instruction);
    assertThat(known).as(line).isTrue();
    compare(line, fields, tolerance);
  }

  private void expectFault(String line) {
    GuestFault fault = null;
    try {
      assertThat(x87.execute(context, instruction)).as(line).isFalse();
      mmx.execute(context, instruction);
    } catch (GuestFault e) {
      fault = e;
    }
    assertThat(fault).as(line).isNotNull();
    assertThat(fault.vector).as(line).isEqualTo(Vector.MF);
  }

  private static int hex(String digits) {
    return Integer.parseInt(digits, 16);
  }

  private void load(String[] fields) {
    long state = context.state;
    RawMemory.fill(state, StateLayout.ARCHITECTURAL_SIZE + MEMORY_SIZE, (byte) 0);
    RawMemory.putLong(state + StateLayout.CR0, CR0_PE_MP_NE);
    RawMemory.putShort(state + StateLayout.FCW, (short) hex(fields[CONTROL]));
    int status = hex(fields[STATUS]);
    RawMemory.putShort(state + StateLayout.FSW, (short) status);
    RawMemory.putByte(state + StateLayout.FTW, (byte) hex(fields[TAGS]));
    Flags.set(state, hex(fields[FLAGS]));
    for (int i = 0; i < 4; i++) {
      String[] parts = fields[REGISTERS + i].split(":");
      long register = register((status >> 11) + i & 7);
      RawMemory.putShort(register + 8, (short) hex(parts[0]));
      RawMemory.putLong(register, Long.parseUnsignedLong(parts[1], 16));
    }
    context.gpr(0, Long.parseUnsignedLong(fields[RAX], 16));
    if (!fields[MEMORY].equals("-")) {
      byte[] bytes = HexFormat.of().parseHex(fields[MEMORY]);
      RawMemory.copy(bytes, 0, context.memory(), bytes.length);
    }
  }

  private long register(int physical) {
    return context.state + StateLayout.ST + physical * (long) StateLayout.ST_STRIDE;
  }

  private String registerText(int physical) {
    return String.format(
        "%04x:%016x",
        RawMemory.getShort(register(physical) + 8), RawMemory.getLong(register(physical)));
  }

  private void compare(String line, String[] fields, int tolerance) {
    long state = context.state;
    int statusMask = tolerance == 0 ? 0xffff : ~ROUNDED_UP & 0xffff;
    int status = RawMemory.getShort(state + StateLayout.FSW) & statusMask;
    int control = RawMemory.getShort(state + StateLayout.FCW) & 0xffff;
    assertThat(control).as("control word: %s", line).isEqualTo(hex(fields[RESULT]));
    assertThat(Integer.toHexString(status))
        .as("status word: %s", line)
        .isEqualTo(Integer.toHexString(hex(fields[RESULT + 1]) & statusMask));
    assertThat(RawMemory.getByte(state + StateLayout.FTW) & 0xff)
        .as("tags: %s", line)
        .isEqualTo(hex(fields[RESULT + 2]));
    assertThat(RawMemory.getShort(state + StateLayout.FOP) & 0xffff)
        .as("opcode: %s", line)
        .isEqualTo(expectedOpcode(fields));
    assertThat(Flags.get(state)).as("flags: %s", line).isEqualTo(hex(fields[RESULT + 4]));

    String[] registers = expectedRegisters(fields);
    String rax = fields[RAX];
    String memory = fields[MEMORY];
    for (int i = RESULT + 5; i < fields.length; i++) {
      String value = fields[i].substring(fields[i].indexOf('=') + 1);
      switch (fields[i].charAt(0)) {
        case 'a' -> rax = value;
        case 'm' -> memory = value;
        default -> registers[fields[i].charAt(1) - '0'] = value;
      }
    }
    for (int physical = 0; physical < 8; physical++) {
      compareRegister(line, physical, registers[physical], tolerance);
    }
    assertThat(Long.toHexString(context.gpr(0))).as("RAX: %s", line).isEqualTo(rax);
    if (!memory.equals("-")) {
      byte[] bytes = new byte[memory.length() / 2];
      RawMemory.copy(context.memory(), bytes, 0, bytes.length);
      assertThat(HexFormat.of().formatHex(bytes)).as("memory: %s", line).isEqualTo(memory);
    }
  }

  /**
   * FOP as the line has it; of the arithmetic on ST(0) and ST(0) the decoded form does not tell DC
   * C0 from D8 C0.
   */
  private int expectedOpcode(String[] fields) {
    int opcode = hex(fields[RESULT + 3]);
    boolean ambiguous = fields[CODE].matches("dc[cef][08]");
    return ambiguous && opcode != 0 ? opcode & 0xff : opcode;
  }

  private static String[] expectedRegisters(String[] fields) {
    String[] registers = new String[8];
    int top = hex(fields[STATUS]) >> 11 & 7;
    for (int i = 0; i < 8; i++) {
      registers[top + i & 7] = i < 4 ? fields[REGISTERS + i] : "0000:0000000000000000";
    }
    return registers;
  }

  private void compareRegister(String line, int physical, String expected, int tolerance) {
    String actual = registerText(physical);
    if (tolerance != 0 && !actual.equals(expected)) {
      int exponents = hex(expected.substring(0, 4)) - hex(actual.substring(0, 4));
      long difference =
          Long.parseUnsignedLong(expected.substring(5), 16) - RawMemory.getLong(register(physical));
      assertThat(exponents).as("exponent of %d: %s", physical, line).isZero();
      assertThat(Math.abs(difference))
          .as("significand of %d: %s", physical, line)
          .isLessThanOrEqualTo(tolerance);
      return;
    }
    assertThat(actual).as("register %d: %s", physical, line).isEqualTo(expected);
  }

  @Override
  public void close() {
    arena.close();
  }
}
