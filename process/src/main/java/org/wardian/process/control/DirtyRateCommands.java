package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.wardian.memory.GuestMemory;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;

/**
 * How much of its memory a guest writes a second: QEMU's {@code calc-dirty-rate} and {@code
 * query-dirty-rate}. By samples it compares some pages at the begin and at the end; by the dirty
 * log it counts all pages that were written.
 */
final class DirtyRateCommands {
  private static final String SAMPLES = "page-sampling";
  private static final String LOG = "dirty-bitmap";
  private static final String RING = "dirty-ring";

  private static final int LONGEST_SECONDS = 60;
  private static final int USUAL_SAMPLES = 512;
  private static final int LEAST_SAMPLES = 128;
  private static final int MOST_SAMPLES = 4096;
  private static final long SECOND = 1_000_000_000L;
  private static final long GIBIBYTE = 1L << 30;
  private static final long MEBIBYTE = 1L << 20;

  /** What was measured last, or is being measured. */
  private record Measurement(
      String status, long start, long seconds, long samples, String mode, long rate) {
    Measurement measured(long megabytes) {
      return new Measurement("measured", start, seconds, samples, mode, megabytes);
    }
  }

  private final MachineControl control;
  private Measurement last = new Measurement("unstarted", 0, 0, 0, SAMPLES, 0);

  DirtyRateCommands(MachineControl control) {
    this.control = control;
  }

  void addTo(CommandTable table) {
    table.add(
        "calc-dirty-rate",
        List.of(
            required("calc-time", ParameterType.INTEGER),
            optional("sample-pages", ParameterType.INTEGER),
            optional("mode", ParameterType.STRING)),
        this::start);
    table.add("query-dirty-rate", List.of(), arguments -> answer());
  }

  private synchronized JsonNode answer() {
    ObjectNode answer = Replies.object().put("status", last.status());
    if (last.mode().equals(SAMPLES)) {
      answer.put("sample-pages", last.samples());
    }
    if (last.status().equals("measured")) {
      answer.put("dirty-rate", last.rate());
    }
    return answer
        .put("start-time", last.start())
        .put("calc-time", last.seconds())
        .put("mode", last.mode());
  }

  private JsonNode start(Arguments arguments) throws QmpException {
    long seconds = arguments.integer("calc-time");
    String mode = arguments.has("mode") ? arguments.string("mode") : SAMPLES;
    boolean chosen = arguments.has("sample-pages");
    long samples = chosen ? arguments.integer("sample-pages") : USUAL_SAMPLES;
    if (seconds < 1 || seconds > LONGEST_SECONDS) {
      throw new QmpException("calc-time is out of range[1, " + LONGEST_SECONDS + "].");
    }
    if (!List.of(SAMPLES, LOG, RING).contains(mode)) {
      throw new QmpException("Invalid parameter '" + mode + "'");
    }
    if (mode.equals(RING)) {
      throw new QmpException("dirty ring is disabled, use sample method or remeasure later.");
    }
    if (chosen && !mode.equals(SAMPLES)) {
      throw new QmpException("either sample-pages or dirty-ring can be specified.");
    }
    if (samples < LEAST_SAMPLES || samples > MOST_SAMPLES) {
      throw new QmpException(
          "sample-pages is out of range[" + LEAST_SAMPLES + ", " + MOST_SAMPLES + "].");
    }
    Measurement begun =
        new Measurement(
            "measuring",
            System.nanoTime() / SECOND,
            seconds,
            mode.equals(SAMPLES) ? samples : 0,
            mode,
            0);
    synchronized (this) {
      if (last.status().equals("measuring")) {
        throw new QmpException("the last dirty rate measurement is in progress");
      }
      last = begun;
    }
    Thread.ofPlatform().daemon().name("dirty-rate").start(() -> measure(begun));
    return Arguments.none();
  }

  private void measure(Measurement begun) {
    long rate = 0;
    try {
      rate = begun.mode().equals(SAMPLES) ? bySamples(begun) : byLog(begun);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      synchronized (this) {
        last = begun.measured(rate);
      }
    }
  }

  private static void await(Measurement begun) throws InterruptedException {
    Thread.sleep(begun.seconds() * 1000);
  }

  private List<GuestMemory.Region> ram() {
    return control.machine().memory().regions().stream()
        .filter(GuestMemory.Region::writable)
        .toList();
  }

  // By samples.

  /** A page, and what it held. */
  private record Sample(long address, long sum) {}

  private long bySamples(Measurement begun) throws InterruptedException {
    Random random = new Random();
    List<Sample> samples = new ArrayList<>();
    long bytes = 0;
    for (GuestMemory.Region region : ram()) {
      bytes += region.size();
      long count = Math.max(1, region.size() * begun.samples() / GIBIBYTE);
      for (long i = 0; i < count; i++) {
        long page = random.nextLong(region.size() / GuestMemory.PAGE);
        long address = region.base() + page * GuestMemory.PAGE;
        samples.add(new Sample(address, sum(address)));
      }
    }
    await(begun);
    long written = samples.stream().filter(one -> sum(one.address()) != one.sum()).count();
    return bytes / MEBIBYTE * written / Math.max(1, samples.size()) / begun.seconds();
  }

  private long sum(long address) {
    byte[] page = new byte[GuestMemory.PAGE];
    control.machine().memory().read(address, page, 0, page.length);
    CRC32C sum = new CRC32C();
    sum.update(page);
    return sum.getValue();
  }

  // By the dirty log.

  private long byLog(Measurement begun) throws InterruptedException {
    GuestMemory memory = control.machine().memory();
    long[] pages = new long[1];
    memory.startDirtyLog();
    try {
      memory.collectDirty((region, written) -> {});
      await(begun);
      memory.collectDirty((region, written) -> {
        for (long word : written) {
          pages[0] += Long.bitCount(word);
        }
      });
    } finally {
      memory.stopDirtyLog();
    }
    return pages[0] * GuestMemory.PAGE / MEBIBYTE / begun.seconds();
  }
}
