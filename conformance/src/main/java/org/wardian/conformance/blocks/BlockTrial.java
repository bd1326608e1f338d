package org.wardian.conformance.blocks;

import java.util.Arrays;
import java.util.List;
import org.wardian.conformance.oracle.EdgeValues;
import org.wardian.processor.Exit;
import org.wardian.x86.CpuModel;

/** Executes blocks by both ways and compares; a failure is taken down to its smallest block. */
final class BlockTrial implements AutoCloseable {
  private static final long DATA_SEED = 0x57_4152_4449_414eL;
  private static final int PAGES = 6;
  private static final int COUNTERS_AT = 4 * BlockLayout.PAGE;
  private static final long SIGHTING_MILLIS = 100;
  private static final int FRAMES = 8;
  private static final int PATIENCE = 40;

  private final CpuModel model;
  private final byte[] data = data();
  private final Thread watchdog = new Thread(this::watch, "block-watchdog");
  private volatile boolean closed;
  private volatile BlockEngine interpreter;
  private volatile BlockEngine translator;

  /** Blocks that differ after a store that hit their code by chance. */
  long strayed;

  /** Blocks that never ended. */
  long endless;

  private long stopped;

  /** Stops translated code, or null. */
  private final Stops stops;

  /**
   * @param stopping whether translated code is stopped at times, and goes on
   */
  BlockTrial(CpuModel model, boolean stopping) {
    this.model = model;
    stops = stopping ? new Stops() : null;
    renew();
    watchdog.setDaemon(true);
    watchdog.start();
  }

  private static byte[] data() {
    EdgeValues values = new EdgeValues(DATA_SEED);
    byte[] data = new byte[PAGES * BlockLayout.PAGE];
    for (int at = 0; at < data.length; at += 8) {
      long value = values.vectorHalf();
      if (at >= COUNTERS_AT && at < COUNTERS_AT + BlockLayout.PAGE) {
        value = 1 + values.below(6);
      }
      for (int k = 0; k < 8; k++) {
        data[at + k] = (byte) (value >>> 8 * k);
      }
    }
    return data;
  }

  /** Begins with processors that know nothing. */
  private void renew() {
    if (interpreter != null) {
      stopped += translator.stopped;
      interpreter.close();
      translator.close();
    }
    interpreter = new BlockEngine(model, false);
    translator = new BlockEngine(model, true);
    translator.resumes = stops != null;
  }

  /**
   * Ends a run that has been seen too often; by sightings, since a busy machine may stand still.
   */
  private void watch() {
    long seen = 0;
    int times = 0;
    while (!closed) {
      try {
        Thread.sleep(SIGHTING_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
      BlockEngine engine = interpreter.began != 0 ? interpreter : translator;
      long began = engine.began;
      times = began == seen ? times + 1 : 0;
      seen = began;
      if (began != 0 && times > PATIENCE) {
        engine.vcpu.kick();
      }
    }
  }

  /** What the two ways disagree about, or an empty text. */
  String run(BlockCase block) {
    FlagFlow flow = new FlagFlow(block);
    if (block.cold) {
      interpreter.cool();
      translator.cool();
    }
    for (BlockState state : block.states) {
      Exit expected = interpreter.run(block, state, data);
      if (expected != Exit.HALTED) {
        endless++;
        renew();
        return "";
      }
      long rip = interpreter.frame(0) - (interpreter.vector() == 3 ? 1 : 0);
      int undefined = flow.at(block, rip);
      for (int time = 1; time <= 2; time++) {
        Exit exit;
        if (time == 2 && translator.disturbed()) {
          // Both know nothing, then.
          interpreter.run(block, state, data);
        }
        try {
          exit = translate(block, state);
        } catch (RuntimeException | Error e) {
          List<StackTraceElement> trace = Arrays.asList(e.getStackTrace());
          renew();
          return "  " + e + " at " + trace.subList(0, Math.min(FRAMES, trace.size()));
        }
        if (exit != Exit.HALTED) {
          String where = translator.where();
          String found = interpreter.difference(translator, undefined);
          renew();
          return "  run " + time + ": does not end: " + exit + where + "\n" + found;
        }
        String difference = interpreter.difference(translator, undefined);
        if (!difference.isEmpty() && interpreter.strayed(block)) {
          strayed++;
          interpreter.cool();
          translator.cool();
          return "";
        }
        if (!difference.isEmpty()) {
          return "  run " + time + ", interpreter and translator:\n" + difference;
        }
      }
    }
    return "";
  }

  private Exit translate(BlockCase block, BlockState state) {
    if (stops == null) {
      return translator.run(block, state, data);
    }
    stops.of(translator);
    try {
      return translator.run(block, state, data);
    } finally {
      stops.of(null);
    }
  }

  /** As {@link #run}, on new processors. */
  String runAlone(BlockCase block) {
    renew();
    return run(block);
  }

  /** The smallest block found that fails alone, or {@code block}. */
  BlockCase shrink(BlockCase block) {
    BlockCase best = block;
    boolean progress = true;
    while (progress) {
      progress = false;
      for (int size = Math.max(1, best.items.size() / 2); size >= 1; size /= 2) {
        for (int at = best.items.size() - size; at >= 0; at -= size) {
          if (at + size > best.items.size()) {
            continue;
          }
          BlockCase smaller = best.without(at, at + size, model);
          if (fails(smaller)) {
            best = smaller;
            progress = true;
          }
        }
      }
      for (BlockState state : best.states) {
        if (best.states.size() > 1) {
          BlockCase one = best.withStates(List.of(state), model);
          if (fails(one)) {
            best = one;
            progress = true;
          }
        }
      }
    }
    return simpler(best);
  }

  /** The same block with registers of zero where that does not matter. */
  private BlockCase simpler(BlockCase block) {
    BlockCase best = block;
    for (int n = 0; best.states.size() == 1 && n < 16 + 32 + 1; n++) {
      BlockState state = best.states.getFirst().copy();
      if (n < 16) {
        state.gpr[n] = 0;
      } else if (n < 48) {
        state.vector[n - 16] = 0;
      } else {
        state.flags = 2;
      }
      BlockCase candidate = best.withStates(List.of(state), model);
      if (fails(candidate)) {
        best = candidate;
      }
    }
    return best;
  }

  private boolean fails(BlockCase block) {
    return block.valid && new FlagFlow(block).violation < 0 && !runAlone(block).isEmpty();
  }

  /** How often translated code was stopped and went on. */
  long stopped() {
    return stopped + translator.stopped;
  }

  /** The vector that ended the last block. */
  int vector() {
    return interpreter.vector();
  }

  @Override
  public void close() {
    closed = true;
    if (stops != null) {
      stops.close();
    }
    watchdog.interrupt();
    interpreter.close();
    translator.close();
  }
}
