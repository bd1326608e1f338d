package org.wardian.processor.software;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.Locale;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Disassembler;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * Writes down what a translated block is made of: the guest's instructions with what is known of
 * their flags, the host code of each, and a line that starts with {@code reproduce}, from which
 * {@code BlockReplay} of the module {@code conformance} executes it again, alone.
 *
 * <p>Which blocks is said by {@link #request}, or by the system properties {@code
 * wardian.translator.dump} ({@code all}, or linear addresses in hexadecimal, separated by commas;
 * an address means every block that holds it) and {@code wardian.translator.dump.file} (the default
 * is {@code wardian-blocks.txt}). Blocks are appended as they are translated.
 */
public final class BlockDump {
  private static final String SELECTOR = "wardian.translator.dump";
  private static final String FILE = "wardian.translator.dump.file";
  private static final String DEFAULT_FILE = "wardian-blocks.txt";
  private static final String FLAG_LETTERS = "czspao";
  private static final int[] FLAGS = {Flags.CF, Flags.ZF, Flags.SF, Flags.PF, Flags.AF, Flags.OF};

  private static volatile BlockDump requested;

  /** Wanted addresses, or null for all blocks. */
  private final long[] addresses;

  private final Path file;
  private boolean fresh = true;

  private BlockDump(long[] addresses, Path file) {
    this.addresses = addresses;
    this.file = file;
  }

  /**
   * Has every processor that is made from now on write its blocks to {@code file}, which is
   * replaced.
   *
   * @param selector {@code all}, or linear addresses in hexadecimal separated by commas
   * @throws IllegalArgumentException if the selector is neither
   */
  public static void request(String selector, Path file) {
    requested = new BlockDump(parse(selector), file);
  }

  /** Has processors that are made from now on write nothing, unless a system property says so. */
  static void cancel() {
    requested = null;
  }

  /** What was asked for, or null. */
  static BlockDump wanted() {
    String selector = System.getProperty(SELECTOR);
    if (requested == null && selector != null) {
      request(selector, Path.of(System.getProperty(FILE, DEFAULT_FILE)));
    }
    return requested;
  }

  private static long[] parse(String selector) {
    if (selector.equals("all")) {
      return null;
    }
    String[] words = selector.split(",", -1);
    long[] addresses = new long[words.length];
    for (int i = 0; i < words.length; i++) {
      String digits = words[i].strip().toLowerCase(Locale.ROOT);
      digits = digits.startsWith("0x") ? digits.substring(2) : digits;
      try {
        addresses[i] = Long.parseUnsignedLong(digits, 16);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "blocks to dump: `all` or hexadecimal addresses, not: " + selector, e);
      }
    }
    return addresses;
  }

  /** Whether the block with these bytes is wanted. */
  boolean wants(long rip, int bytes) {
    if (addresses == null) {
      return true;
    }
    for (long address : addresses) {
      if (address - rip >= 0 && address - rip < bytes) {
        return true;
      }
    }
    return false;
  }

  /**
   * Appends the block to the file.
   *
   * @throws UncheckedIOException if it cannot be written
   */
  synchronized void append(String text) {
    try {
      Files.writeString(
          file,
          text,
          StandardCharsets.UTF_8,
          StandardOpenOption.CREATE,
          fresh ? StandardOpenOption.TRUNCATE_EXISTING : StandardOpenOption.APPEND);
      fresh = false;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  /**
   * The text of a block.
   *
   * @param page what the guest's page, and perhaps the start of the next one, held
   * @param emitter that wrote it last
   * @param at host address of its code
   * @param length of its code in bytes
   * @param note whether it was accepted
   * @param state the processor's state block, for the registers
   */
  static String text(
      TranslatedBlock block,
      GuestBlock guest,
      byte[] page,
      BlockEmitter emitter,
      long at,
      int length,
      String note,
      long state) {
    StringBuilder out = new StringBuilder(4096);
    int bytes = guest.offsets[guest.count] - guest.offsets[0];
    out.append("block ").append(hex(block.rip));
    out.append(", physical ").append(Long.toHexString(block.physical | block.from));
    out.append(", ").append(mode(block.mode)).append("; ");
    out.append(guest.count).append(" instructions, ").append(bytes).append(" bytes; host code ");
    out.append(Long.toHexString(at)).append(", ").append(length).append(" bytes; ");
    out.append(note).append('\n');
    guest(out, block, guest, page);
    host(out, guest, emitter, at, length);
    reproducer(out, block, HexFormat.of().formatHex(page, block.from, block.from + bytes), state);
    return out.append('\n').toString();
  }

  private static String mode(int mode) {
    String who =
        switch (mode & 3) {
          case Mmu.USER -> "user";
          case Mmu.SUPERVISOR_AC -> "supervisor with AC";
          default -> "supervisor";
        };
    return who
        + ((mode & Translations.SSE) != 0 ? ", SSE" : "")
        + ((mode & Translations.X87) != 0 ? ", x87" : "");
  }

  private static void guest(
      StringBuilder out, TranslatedBlock block, GuestBlock guest, byte[] page) {
    Decoder decoder = new Decoder(CpuModel.everything());
    Instruction i = new Instruction();
    for (int n = 0; n < guest.count; n++) {
      int offset = guest.offsets[n];
      long rip = block.rip + offset - guest.offsets[0];
      int size = guest.offsets[n + 1] - offset;
      String text =
          decoder.decode(page, offset, Math.min(15, page.length - offset), 8, i) == Decoder.OK
              ? Disassembler.text(i, rip)
              : "?";
      out.append("  ").append(hex(rip)).append("  ");
      column(out, HexFormat.of().formatHex(page, offset, offset + size), 24);
      column(out, text, 40);
      out.append("reads ").append(flags(guest.reads[n]));
      out.append(" writes ").append(flags(guest.writes[n]));
      out.append(guest.kept[n] ? " kept" : "").append(guest.parked[n] ? " parked" : "");
      out.append(guest.exposes[n] ? " exposes" : "");
      out.append(guest.units[n] != 0 ? " unit " + guest.units[n] : "");
      out.append('\n');
    }
  }

  private static void column(StringBuilder out, String text, int width) {
    out.append(text).repeat(' ', Math.max(1, width - text.length()));
  }

  private static String flags(int mask) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < FLAGS.length; i++) {
      text.append((mask & FLAGS[i]) != 0 ? FLAG_LETTERS.charAt(i) : '-');
    }
    return text.toString();
  }

  private static void host(
      StringBuilder out, GuestBlock guest, BlockEmitter emitter, long at, int length) {
    byte[] code = new byte[length + 16];
    RawMemory.copy(at, code, 0, length);
    Decoder decoder = new Decoder(CpuModel.everything());
    Instruction i = new Instruction();
    int next = 0;
    for (int offset = 0; offset < length; ) {
      while (next < guest.count && emitter.entry(next) <= offset) {
        out.append("    instruction ").append(next++).append('\n');
      }
      boolean known = decoder.decode(code, offset, length - offset, 8, i) == Decoder.OK;
      int size = known ? i.length : 1;
      out.append("    ").append(Long.toHexString(at + offset)).append("  ");
      column(out, HexFormat.of().formatHex(code, offset, offset + size), 32);
      out.append(known ? Disassembler.text(i, at + offset) : "(bad)").append('\n');
      offset += size;
    }
  }

  /** One line with all that it takes to execute the guest's bytes again. */
  static void reproducer(StringBuilder out, TranslatedBlock block, String bytes, long state) {
    out.append("reproduce rip=").append(hex(block.rip));
    out.append(" kernel=").append((block.mode & 3) != Mmu.USER);
    out.append(" code=").append(bytes).append(" gpr=");
    for (int n = 0; n < 16; n++) {
      out.append(n == 0 ? "" : ",");
      out.append(Long.toHexString(RawMemory.getLong(state + StateLayout.GPR + 8L * n)));
    }
    long flags = RawMemory.getLong(state + StateLayout.EFLAGS) & ~(long) Flags.STATUS;
    out.append(" flags=").append(Long.toHexString(flags | Flags.get(state) | 2));
    out.append(" fs=").append(base(state, StateLayout.FS));
    out.append(" gs=").append(base(state, StateLayout.GS));
    out.append(" mxcsr=").append(Integer.toHexString(RawMemory.getInt(state + StateLayout.MXCSR)));
    int control = RawMemory.getShort(state + StateLayout.FCW) & 0xffff;
    out.append(" fcw=").append(Integer.toHexString(control)).append(" xmm=");
    for (int n = 0; n < 16; n++) {
      long vector = state + StateLayout.VECTOR + (long) n * StateLayout.VECTOR_STRIDE;
      out.append(n == 0 ? "" : ",");
      out.append(Long.toHexString(RawMemory.getLong(vector + 8))).append(':');
      out.append(Long.toHexString(RawMemory.getLong(vector)));
    }
    out.append('\n');
  }

  private static String base(long state, int segment) {
    long at = state + StateLayout.segment(segment) + StateLayout.BASE;
    return Long.toHexString(RawMemory.getLong(at));
  }

  private static String hex(long value) {
    return String.format("%016x", value);
  }
}
