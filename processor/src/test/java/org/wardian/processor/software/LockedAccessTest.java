package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;
import static org.wardian.processor.software.ParallelGuest.Execution.INTERPRETED;
import static org.wardian.processor.software.ParallelGuest.Execution.TRANSLATED;
import static org.wardian.processor.software.translator.HostRegister.R8;
import static org.wardian.processor.software.translator.HostRegister.RAX;
import static org.wardian.processor.software.translator.HostRegister.RBX;
import static org.wardian.processor.software.translator.HostRegister.RCX;
import static org.wardian.processor.software.translator.HostRegister.RDI;
import static org.wardian.processor.software.translator.HostRegister.RDX;
import static org.wardian.processor.software.translator.HostRegister.RSI;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.memory.RawMemory;
import org.wardian.processor.software.ParallelGuest.Execution;
import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostCondition;
import org.wardian.processor.software.translator.HostMemory;

/**
 * Locked instructions of several processors on one variable: nothing that one does is lost, however
 * the variable lies in lines and pages.
 */
class LockedAccessTest {
  private static final int ROUNDS = Integer.getInteger("wardian.locked.rounds", 2000);

  /** Where the variable is from the start of the shared memory: the first byte is at a line's. */
  private enum Place {
    ALIGNED(0x1000, ROUNDS),
    WITHIN_A_LINE(0x1003, ROUNDS),
    ACROSS_LINES(0x103d, ROUNDS / 20),
    ACROSS_PAGES(0x1ffd, ROUNDS / 20);

    final int offset;
    final int rounds;

    Place(int offset, int rounds) {
      this.offset = offset;
      this.rounds = rounds;
    }

    /** So that a variable of {@code size} bytes has some on either side. */
    int offset(int size) {
      return this == ACROSS_LINES || this == ACROSS_PAGES ? (offset | 3) + 1 - size / 2 : offset;
    }

    boolean crosses() {
      return this == ACROSS_LINES || this == ACROSS_PAGES;
    }
  }

  private static final List<List<Execution>> MIXES =
      List.of(
          List.of(INTERPRETED, INTERPRETED),
          List.of(TRANSLATED, TRANSLATED),
          List.of(INTERPRETED, TRANSLATED, INTERPRETED));

  static Stream<Arguments> mixesAndPlaces() {
    return MIXES.stream()
        .flatMap(mix -> Stream.of(Place.values()).map(place -> Arguments.of(mix, place)));
  }

  static Stream<List<Execution>> mixes() {
    return MIXES.stream();
  }

  /** One step of a program: changes the variable once. */
  private interface Step {
    void write(HostAssembler a, long variable);
  }

  /** Has each processor do a step so many times; returns the shared memory's sight of them. */
  private static long total(
      List<Execution> mix, int offset, int rounds, int size, long before, Step step) {
    try (ParallelGuest guest = new ParallelGuest(mix)) {
      store(guest.host() + offset, size, before);
      guest.run((n, a) -> {
        a.movImmediate(4, R8, rounds);
        a.lea(8, RSI, HostMemory.at(RDI, offset));
        int again = a.here();
        step.write(a, HostMemory.at(RSI, 0));
        a.aluImmediate(HostAssembler.SUB, 4, R8, 1);
        a.jcc(HostCondition.NOT_EQUAL, again);
      });
      for (int n = 0; n < mix.size(); n++) {
        assertThat(guest.vcpu(n).counters().getOrDefault("blocks-refused", 0L)).isZero();
      }
      return load(guest.host() + offset, size);
    }
  }

  private static void store(long at, int size, long value) {
    for (int i = 0; i < size; i++) {
      RawMemory.putByte(at + i, (byte) (value >>> 8 * i));
    }
  }

  private static long load(long at, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (RawMemory.getByte(at + i) & 0xffL) << 8 * i;
    }
    return value;
  }

  @ParameterizedTest
  @MethodSource("mixesAndPlaces")
  void everyAdditionCounts(List<Execution> mix, Place place) {
    List<Step> steps = new ArrayList<>();
    int[] sizes = place.crosses() ? new int[] {2, 4, 8} : new int[] {1, 2, 4, 8};
    for (int size : sizes) {
      steps.clear();
      steps.add((a, variable) -> {
        a.lock();
        a.incStore(size, variable);
      });
      steps.add((a, variable) -> {
        a.lock();
        a.aluStoreImmediate(HostAssembler.ADD, size, variable, 1);
      });
      steps.add((a, variable) -> {
        a.movImmediate(4, RAX, 1);
        a.lock();
        a.xaddStore(size, variable, RAX);
      });
      steps.add((a, variable) -> {
        int again = a.here();
        a.movLoad(size, RAX, variable);
        a.lea(4, RCX, HostMemory.at(RAX, 1));
        if (size == 8) {
          a.lea(8, RCX, HostMemory.at(RAX, 1));
        }
        a.lock();
        a.cmpxchgStore(size, variable, RCX);
        a.jcc(HostCondition.NOT_EQUAL, again);
      });
      // With the carry of one that was set before.
      steps.add((a, variable) -> {
        a.stc();
        a.lock();
        a.aluStoreImmediate(HostAssembler.ADC, size, variable, 0);
      });
      for (Step step : steps) {
        long mask = -1L >>> 64 - 8 * size;
        long before = 0x7ffe_fffe_fffe_fff0L & mask;
        long after = total(mix, place.offset(size), place.rounds, size, before, step);
        assertThat(after)
            .as("%d bytes, instruction %d", size, steps.indexOf(step))
            .isEqualTo(before + (long) mix.size() * place.rounds & mask);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("mixes")
  void sixteenBytesAreExchangedAsOne(List<Execution> mix) {
    int rounds = ROUNDS / 10;
    try (ParallelGuest guest = new ParallelGuest(mix)) {
      guest.run((n, a) -> {
        a.push(RBX);
        a.movImmediate(4, R8, rounds);
        int again = a.here();
        a.movLoad(8, RAX, HostMemory.at(RDI, 0x1000));
        a.movLoad(8, RDX, HostMemory.at(RDI, 0x1008));
        int retry = a.here();
        a.lea(8, RBX, HostMemory.at(RAX, 1));
        a.lea(8, RCX, HostMemory.at(RDX, 2));
        a.lock();
        a.cmpxchg16b(HostMemory.at(RDI, 0x1000));
        a.jcc(HostCondition.NOT_EQUAL, retry);
        a.aluImmediate(HostAssembler.SUB, 4, R8, 1);
        a.jcc(HostCondition.NOT_EQUAL, again);
        a.pop(RBX);
      });

      assertThat(load(guest.host() + 0x1000, 8)).isEqualTo((long) rounds * mix.size());
      assertThat(load(guest.host() + 0x1008, 8)).isEqualTo(2L * rounds * mix.size());
    }
  }

  @ParameterizedTest
  @MethodSource("mixesAndPlaces")
  void eightBytesAreExchangedAsOne(List<Execution> mix, Place place) {
    int rounds = place.rounds / 2;
    int offset = place.offset(8);
    try (ParallelGuest guest = new ParallelGuest(mix)) {
      guest.run((n, a) -> {
        a.push(RBX);
        a.movImmediate(4, R8, rounds);
        int again = a.here();
        a.movLoad(4, RAX, HostMemory.at(RDI, offset));
        a.movLoad(4, RDX, HostMemory.at(RDI, offset + 4));
        int retry = a.here();
        a.lea(4, RBX, HostMemory.at(RAX, 1));
        a.lea(4, RCX, HostMemory.at(RDX, 2));
        a.lock();
        a.cmpxchg8b(HostMemory.at(RDI, offset));
        a.jcc(HostCondition.NOT_EQUAL, retry);
        a.aluImmediate(HostAssembler.SUB, 4, R8, 1);
        a.jcc(HostCondition.NOT_EQUAL, again);
        a.pop(RBX);
      });

      assertThat(load(guest.host() + offset, 4)).isEqualTo((long) rounds * mix.size());
      assertThat(load(guest.host() + offset + 4, 4)).isEqualTo(2L * rounds * mix.size());
    }
  }

  /** A lock taken by XCHG or BTS guards a counter that is changed by ordinary instructions. */
  @ParameterizedTest
  @MethodSource("mixesAndPlaces")
  void locksExclude(List<Execution> mix, Place place) {
    for (boolean bit : new boolean[] {false, true}) {
      int lock = place.offset(4);
      int rounds = place.rounds / 4;
      try (ParallelGuest guest = new ParallelGuest(mix)) {
        guest.run((n, a) -> {
          a.movImmediate(4, R8, rounds);
          int again = a.here();
          int take = a.newLabel();
          int taken = a.newLabel();
          a.bind(take);
          if (bit) {
            a.lock();
            a.bitStoreImmediate(HostAssembler.BTS, 4, HostMemory.at(RDI, lock), 9);
            a.jcc(HostCondition.ABOVE_EQUAL, taken);
          } else {
            a.movImmediate(4, RAX, 1);
            a.xchgStore(4, HostMemory.at(RDI, lock), RAX);
            a.test(4, RAX, RAX);
            a.jcc(HostCondition.EQUAL, taken);
          }
          a.pause();
          a.jmp(take);
          a.bind(taken);
          a.movLoad(8, RAX, HostMemory.at(RDI, 0x8000));
          a.aluImmediate(HostAssembler.ADD, 8, RAX, 1);
          a.movStore(8, HostMemory.at(RDI, 0x8000), RAX);
          // An ordinary store opens it.
          a.movStoreImmediate(4, HostMemory.at(RDI, lock), 0);
          a.aluImmediate(HostAssembler.SUB, 4, R8, 1);
          a.jcc(HostCondition.NOT_EQUAL, again);
        });

        assertThat(load(guest.host() + 0x8000, 8)).isEqualTo((long) rounds * mix.size());
      }
    }
  }

  /** Locked accesses of single bytes leave their neighbours to others. */
  @ParameterizedTest
  @MethodSource("mixes")
  void neighboursAreLeftAlone(List<Execution> mix) {
    try (ParallelGuest guest = new ParallelGuest(mix)) {
      guest.run((n, a) -> {
        a.movImmediate(4, R8, ROUNDS);
        int again = a.here();
        long own = HostMemory.at(RDI, 0x1000 + n);
        if (n > 0) {
          a.lock();
        }
        a.incStore(1, own);
        a.aluImmediate(HostAssembler.SUB, 4, R8, 1);
        a.jcc(HostCondition.NOT_EQUAL, again);
      });

      for (int n = 0; n < mix.size(); n++) {
        assertThat(load(guest.host() + 0x1000 + n, 1)).isEqualTo(ROUNDS & 0xff);
      }
    }
  }

  /** What one loads of eight aligned bytes is what some one stored. */
  @ParameterizedTest
  @MethodSource("mixes")
  void alignedAccessesAreWhole(List<Execution> mix) {
    try (ParallelGuest guest = new ParallelGuest(mix)) {
      guest.run((n, a) -> {
        a.movImmediate(4, R8, ROUNDS * 4);
        a.movImmediate(8, RDX, 0);
        a.movImmediate(8, RCX, 0);
        int again = a.here();
        if (n == 0) {
          a.aluImmediate(HostAssembler.XOR, 8, RCX, -1);
          a.movStore(8, HostMemory.at(RDI, 0x1008), RCX);
        } else {
          a.movLoad(8, RAX, HostMemory.at(RDI, 0x1008));
          // All ones or none: the value plus 1 is 0 or 1.
          a.aluImmediate(HostAssembler.ADD, 8, RAX, 1);
          a.aluImmediate(HostAssembler.CMP, 8, RAX, 1);
          int whole = a.newLabel();
          a.jcc(HostCondition.BELOW_EQUAL, whole);
          a.movStoreImmediate(4, HostMemory.at(RDI, 0x2000), 1);
          a.bind(whole);
        }
        a.aluImmediate(HostAssembler.SUB, 4, R8, 1);
        a.jcc(HostCondition.NOT_EQUAL, again);
      });

      assertThat(load(guest.host() + 0x2000, 4)).isZero();
    }
  }
}
