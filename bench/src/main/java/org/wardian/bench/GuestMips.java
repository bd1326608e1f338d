package org.wardian.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Guest instructions a microsecond (MIPS) of the interpreter, by mix. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-XX:+UseSerialGC",
      "--enable-native-access=ALL-UNNAMED",
      "--sun-misc-unsafe-memory-access=allow"
    })
public class GuestMips {
  /** The processor and its guest. */
  @State(Scope.Thread)
  public static class Guest {
    @Param public GuestMix mix;
    private BenchVcpu vcpu;

    @Setup(Level.Trial)
    public void setup() {
      vcpu = new BenchVcpu(mix);
    }

    @TearDown(Level.Trial)
    public void tearDown() {
      vcpu.close();
    }
  }

  /** Counts instructions; JMH divides by the time. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Counters {
    public long instructions;
  }

  @Benchmark
  public long run(Guest guest, Counters counters) {
    long executed = guest.vcpu.run(guest.mix.iterations());
    counters.instructions += executed;
    return executed;
  }
}
