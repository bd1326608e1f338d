package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;
import static org.wardian.processor.software.ParallelGuest.Execution.INTERPRETED;
import static org.wardian.processor.software.ParallelGuest.Execution.NATIVE;
import static org.wardian.processor.software.ParallelGuest.Execution.TRANSLATED;
import static org.wardian.processor.software.translator.HostRegister.RAX;
import static org.wardian.processor.software.translator.HostRegister.RCX;
import static org.wardian.processor.software.translator.HostRegister.RDX;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.processor.software.ParallelGuest.Execution;
import org.wardian.processor.software.translator.HostAssembler;

/**
 * x86's memory order among several processors, interpreted, translated and mixed: what it forbids
 * is never seen. The host's own processor is asked the same, to see that the tests are right.
 *
 * <p>{@code wardian.litmus.passes} (2 to 60) says how long.
 */
class LitmusTest {
  private static final int PASSES = Integer.getInteger("wardian.litmus.passes", 6);

  static Stream<List<Execution>> pairs() {
    return Stream.of(
        List.of(INTERPRETED, INTERPRETED),
        List.of(TRANSLATED, TRANSLATED),
        List.of(INTERPRETED, TRANSLATED),
        List.of(NATIVE, NATIVE));
  }

  static Stream<List<Execution>> quartets() {
    return Stream.of(
        List.of(INTERPRETED, INTERPRETED, INTERPRETED, INTERPRETED),
        List.of(TRANSLATED, TRANSLATED, TRANSLATED, TRANSLATED),
        List.of(TRANSLATED, INTERPRETED, TRANSLATED, INTERPRETED));
  }

  private static Map<String, Integer> run(List<Execution> executions, Litmus.Body body) {
    Map<String, Integer> outcomes = Litmus.run(executions, PASSES, body);
    if (Boolean.getBoolean("wardian.litmus.print")) {
      System.out.println(executions + " " + outcomes);
    }
    return outcomes;
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void storesMayWaitBehindLoads(List<Execution> executions) {
    Map<String, Integer> outcomes =
        run(
            executions,
            (n, a, x, y) -> {
              a.movStore(4, n == 0 ? x : y, RCX);
              a.movLoad(4, RAX, n == 0 ? y : x);
            });

    assertThat(outcomes.keySet()).isSubsetOf("00 00", "00 10", "10 00", "10 10");
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void storesDoNotWaitBehindFences(List<Execution> executions) {
    Map<String, Integer> outcomes =
        run(
            executions,
            (n, a, x, y) -> {
              a.movStore(4, n == 0 ? x : y, RCX);
              a.mfence();
              a.movLoad(4, RAX, n == 0 ? y : x);
            });

    assertThat(outcomes).doesNotContainKey("00 00");
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void storesDoNotWaitBehindLockedInstructions(List<Execution> executions) {
    Map<String, Integer> outcomes =
        run(
            executions,
            (n, a, x, y) -> {
              if (n == 0) {
                a.xchgStore(4, x, RCX);
              } else {
                a.movStore(4, y, RCX);
                a.lock();
                // Of a line of its own stack, as compilers have it for a fence.
                a.aluStoreImmediate(
                    HostAssembler.OR,
                    4,
                    org.wardian.processor.software.translator.HostMemory.at(
                        org.wardian.processor.software.translator.HostRegister.RSP, -64),
                    0);
              }
              a.movLoad(4, RAX, n == 0 ? y : x);
            });

    assertThat(outcomes).doesNotContainKey("00 00");
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void loadsDoNotSeeWhatIsStoredBehindThem(List<Execution> executions) {
    Map<String, Integer> outcomes =
        run(
            executions,
            (n, a, x, y) -> {
              a.movLoad(4, RAX, n == 0 ? x : y);
              a.movStore(4, n == 0 ? y : x, RCX);
            });

    assertThat(outcomes).doesNotContainKey("10 10");
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void messagesPassInOrder(List<Execution> executions) {
    Map<String, Integer> outcomes =
        run(
            executions,
            (n, a, x, y) -> {
              if (n == 0) {
                a.movStore(4, x, RCX);
                a.movStore(4, y, RCX);
              } else {
                a.movLoad(4, RAX, y);
                a.movLoad(4, RDX, x);
              }
            });

    assertThat(outcomes).doesNotContainKey("00 10");
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void oneVariableNeverGoesBack(List<Execution> executions) {
    Map<String, Integer> outcomes =
        run(
            executions,
            (n, a, x, y) -> {
              if (n == 0) {
                a.movStore(4, x, RCX);
              } else {
                a.movLoad(4, RAX, x);
                a.movLoad(4, RDX, x);
              }
            });

    assertThat(outcomes).doesNotContainKey("00 10");
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void storesOfBothAreInOneOrder(List<Execution> executions) {
    Map<String, Integer> outcomes =
        run(
            executions,
            (n, a, x, y) -> {
              // n = 0 stores to x, then sees y; n = 1 swaps them: with XADD both must be first.
              a.movImmediate(4, RDX, 1);
              a.lock();
              a.xaddStore(4, n == 0 ? x : y, RDX);
              a.movLoad(4, RAX, n == 0 ? y : x);
            });

    assertThat(outcomes).doesNotContainKey("00 00");
  }

  @ParameterizedTest
  @MethodSource("quartets")
  void allSeeIndependentStoresInOneOrder(List<Execution> executions) {
    Map<String, Integer> outcomes =
        run(
            executions,
            (n, a, x, y) -> {
              switch (n) {
                case 0 -> a.movStore(4, x, RCX);
                case 1 -> a.movStore(4, y, RCX);
                case 2 -> {
                  a.movLoad(4, RAX, x);
                  a.movLoad(4, RDX, y);
                }
                default -> {
                  a.movLoad(4, RAX, y);
                  a.movLoad(4, RDX, x);
                }
              }
            });

    assertThat(outcomes).doesNotContainKey("00 00 10 10");
  }
}
