package org.wardian.conformance.blocks;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;

/**
 * Executes blocks that a guest met once more, interpreted and translated: what the lines {@code
 * reproduce} of a dump of blocks or of a lockstep report say. They run in the guest of {@link
 * BlockLayout}, which has not their memory: once with the registers as they were, and once with
 * those that may be addresses led to its pages of data.
 *
 * <p>Arguments: files. Ends with status 1 where there was a difference, 2 where a file cannot be
 * read.
 */
public final class BlockReplay {
  private static final String LINE = "reproduce ";
  private static final int STATUS_FLAGS = 0xcd5;
  private static final int LEAST_ADDRESS = 1 << 16;
  private static final int MASKS = 0x1f80;
  private static final int UNMASKABLE = 0x3f;

  private BlockReplay() {}

  /** Replays files and ends the process. */
  public static void main(String[] files) {
    int different = 0;
    try {
      for (String file : files) {
        different += replay(Files.readAllLines(Path.of(file)), System.out);
      }
    } catch (IOException | IllegalArgumentException e) {
      System.err.println("blocks: " + e);
      System.exit(2);
    }
    System.exit(different == 0 ? 0 : 1);
  }

  /**
   * Replays what some lines say.
   *
   * @return how many of them differed
   * @throws IllegalArgumentException if a line is not what it should be
   */
  static int replay(List<String> lines, PrintStream out) {
    CpuModel model = CpuModel.standard();
    int different = 0;
    try (BlockTrial trial = new BlockTrial(model, false)) {
      for (String line : lines) {
        if (!line.startsWith(LINE)) {
          continue;
        }
        BlockCase block = parse(line, model);
        String difference = trial.runAlone(block);
        out.println(BlockReport.text(block, true));
        out.println(difference.isEmpty() ? "no difference" : difference);
        different += difference.isEmpty() ? 0 : 1;
      }
    }
    return different;
  }

  /** The block of one line. */
  static BlockCase parse(String line, CpuModel model) {
    Map<String, String> fields = new HashMap<>();
    for (String word : line.substring(LINE.length()).strip().split(" ")) {
      int equals = word.indexOf('=');
      if (equals < 0) {
        throw new IllegalArgumentException("no value: " + word);
      }
      fields.put(word.substring(0, equals), word.substring(equals + 1));
    }
    long rip = number(field(fields, "rip"));
    boolean kernel = Boolean.parseBoolean(field(fields, "kernel"));
    long origin = BlockLayout.ORIGINS[kernel ? 2 : 0];
    BlockState exact = state(fields, kernel);
    List<BlockState> states = List.of(exact, relocated(exact, origin));
    List<BlockItem> items = items(HexFormat.of().parseHex(field(fields, "code")), model);
    int start = (int) rip & BlockLayout.PAGE - 1;
    BlockCase block = new BlockCase(0, items, states, origin, start, true, model);
    if (!block.valid) {
      throw new IllegalArgumentException("too long a block at " + Long.toHexString(rip));
    }
    return block;
  }

  private static String field(Map<String, String> fields, String name) {
    String value = fields.get(name);
    if (value == null) {
      throw new IllegalArgumentException("a block without " + name);
    }
    return value;
  }

  private static long number(String hex) {
    return Long.parseUnsignedLong(hex, 16);
  }

  private static List<BlockItem> items(byte[] code, CpuModel model) {
    Decoder decoder = new Decoder(model);
    Instruction i = new Instruction();
    List<BlockItem> items = new ArrayList<>();
    for (int at = 0; at < code.length; at += i.length) {
      if (decoder.decode(code, at, code.length - at, 8, i) != Decoder.OK) {
        throw new IllegalArgumentException("no instruction at byte " + at);
      }
      items.add(BlockItem.plain(Arrays.copyOfRange(code, at, at + i.length)));
    }
    return items;
  }

  private static BlockState state(Map<String, String> fields, boolean kernel) {
    BlockState state = new BlockState();
    String[] registers = field(fields, "gpr").split(",");
    String[] vectors = field(fields, "xmm").split(",");
    if (registers.length != 16 || vectors.length != 16) {
      throw new IllegalArgumentException("not 16 registers");
    }
    for (int n = 0; n < 16; n++) {
      state.gpr[n] = number(registers[n]);
      String[] halves = vectors[n].split(":");
      if (halves.length != 2) {
        throw new IllegalArgumentException("half a vector: " + vectors[n]);
      }
      state.vector[2 * n] = number(halves[1]);
      state.vector[2 * n + 1] = number(halves[0]);
    }
    state.kernel = kernel;
    state.flags = number(field(fields, "flags")) & STATUS_FLAGS | 2;
    state.fsBase = number(field(fields, "fs"));
    state.gsBase = number(field(fields, "gs"));
    state.mxcsr = (int) number(field(fields, "mxcsr")) | MASKS;
    state.fcw = (int) number(field(fields, "fcw")) | UNMASKABLE;
    return state;
  }

  private static BlockState relocated(BlockState exact, long origin) {
    BlockState state = exact.copy();
    for (int n = 0; n < 16; n++) {
      state.gpr[n] = relocated(exact.gpr[n], origin + BlockLayout.DATA);
    }
    long stack = exact.gpr[BlockGenerator.RSP] & 0x7f8;
    state.gpr[BlockGenerator.RSP] = origin + BlockLayout.STACK + 0x400 + stack;
    state.fsBase = relocated(exact.fsBase, origin + BlockLayout.DATA);
    state.gsBase = relocated(exact.gsBase, origin + BlockLayout.DATA);
    return state;
  }

  private static long relocated(long value, long page) {
    boolean address = value << 16 >> 16 == value && Math.abs(value) >= LEAST_ADDRESS;
    return address ? page + (value & 0xfff) : value;
  }
}
