package org.wardian.conformance.blocks;

import java.io.PrintStream;
import org.wardian.conformance.oracle.EdgeValues;
import org.wardian.x86.CpuModel;

/**
 * The long run: random blocks, interpreted and translated.
 *
 * <p>Options: {@code --blocks N} (default 1,000,000), {@code --minutes M} at most, {@code --seed
 * S}, {@code --only SEED} one block by its own seed, {@code --show N} failures (default 5, then it
 * ends), {@code --x87 0} without x87 instructions, {@code --system 0} without system instructions,
 * {@code --stops 1} with translated code stopped at times, which must make no difference. Ends with
 * status 1 where there was a difference.
 */
public final class BlockRun {
  private final PrintStream out;
  private final CpuModel model = CpuModel.standard();
  private long blocks = 1_000_000;
  private long minutes = 1 << 20;
  private long seed = 1;
  private long only;
  private int show = 5;
  private boolean floatingPoint = true;
  private boolean privileged = true;
  private boolean stopping;

  private BlockRun(PrintStream out) {
    this.out = out;
  }

  /** Runs and ends the process with 0, 1 for differences, or 2 for a wrong option. */
  public static void main(String[] arguments) {
    BlockRun run = new BlockRun(System.out);
    if (!run.parse(arguments)) {
      System.err.println("blocks: unknown option, or a number is missing");
      System.exit(2);
    }
    System.exit(run.run() == 0 ? 0 : 1);
  }

  private boolean parse(String[] arguments) {
    if (arguments.length % 2 != 0) {
      return false;
    }
    for (int i = 0; i < arguments.length; i += 2) {
      long value = number(arguments[i + 1]);
      switch (arguments[i]) {
        case "--blocks" -> blocks = value;
        case "--minutes" -> minutes = value;
        case "--seed" -> seed = value;
        case "--only" -> only = value;
        case "--x87" -> floatingPoint = value != 0;
        case "--system" -> privileged = value != 0;
        case "--stops" -> stopping = value != 0;
        case "--show" -> show = (int) value;
        default -> {
          return false;
        }
      }
    }
    return true;
  }

  private static long number(String text) {
    return text.startsWith("0x")
        ? Long.parseUnsignedLong(text.substring(2), 16)
        : Long.parseLong(text);
  }

  /**
   * Runs {@code blocks} blocks of a seed.
   *
   * @return how many of them failed
   */
  static int run(long seed, long blocks, PrintStream out) {
    BlockRun run = new BlockRun(out);
    run.seed = seed;
    run.blocks = blocks;
    return run.run();
  }

  private int run() {
    int failures = 0;
    BlockGenerator generator = new BlockGenerator(model, floatingPoint, privileged);
    long end = System.nanoTime() + minutes * 60_000_000_000L;
    long[] ended = new long[257];
    long instructions = 0;
    // Twice over, so that blocks do not share parts of one sequence.
    EdgeValues seeds = new EdgeValues(new EdgeValues(seed).bits());
    long n = 0;
    try (BlockTrial trial = new BlockTrial(model, stopping)) {
      if (only != 0) {
        return examine(trial, generator.next(only), trial.runAlone(generator.next(only)));
      }
      for (; n < blocks && failures < show && System.nanoTime() < end; n++) {
        BlockCase block = generator.next(seeds.bits());
        String difference = trial.run(block);
        instructions += block.items.size();
        ended[trial.vector() & 0xff]++;
        if (!difference.isEmpty()) {
          failures += examine(trial, block, difference);
        }
        if ((n + 1) % 100_000 == 0) {
          out.println((n + 1) + " blocks, " + failures + " failures");
        }
      }
      out.println(
          n
              + " blocks, "
              + instructions
              + " instructions, "
              + failures
              + " failures, "
              + trial.endless
              + " without end, "
              + trial.strayed
              + " over their own code");
      if (stopping) {
        out.println("  stopped " + trial.stopped() + " times");
      }
    }
    for (int vector = 0; vector < 256; vector++) {
      if (ended[vector] != 0) {
        out.println("  ended by vector " + vector + ": " + ended[vector]);
      }
    }
    return failures;
  }

  private int examine(BlockTrial trial, BlockCase block, String difference) {
    out.println(BlockReport.text(block, false));
    if (difference.isEmpty()) {
      out.println("no difference");
      return 0;
    }
    out.println(difference);
    if (trial.runAlone(block).isEmpty()) {
      out.println("fails only after others");
      return 1;
    }
    BlockCase small = trial.shrink(block);
    out.println("smallest:");
    out.println(BlockReport.text(small, true));
    out.println(trial.runAlone(small));
    return 1;
  }
}
