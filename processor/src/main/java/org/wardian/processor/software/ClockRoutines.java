package org.wardian.processor.software;

import static org.wardian.processor.software.HostState.STATE;
import static org.wardian.processor.software.HostState.T0;
import static org.wardian.processor.software.translator.HostRegister.RAX;
import static org.wardian.processor.software.translator.HostRegister.RCX;
import static org.wardian.processor.software.translator.HostRegister.RDI;
import static org.wardian.processor.software.translator.HostRegister.RDX;
import static org.wardian.processor.software.translator.HostRegister.RSI;
import static org.wardian.processor.software.translator.HostRegister.RSP;

import org.wardian.host.MonotonicClock;
import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostCondition;
import org.wardian.processor.software.translator.HostMemory;
import org.wardian.x86.StateLayout;

/**
 * Host code that all blocks share for RDTSC and RDTSCP: a call of the C function that Java reads
 * the clock by. T0 is the host address to go on at; otherwise they are like {@link SystemRoutines}.
 */
final class ClockRoutines {
  private static final int CR4_TSD = 1 << 2;

  final long timestamp;
  final long timestampAndProcessor;

  private final HostAssembler a;
  private final long leave;

  ClockRoutines(HostAssembler a, long leave) {
    this.a = a;
    this.leave = leave;
    a.align(16);
    timestamp = a.address();
    write(false);
    a.align(16);
    timestampAndProcessor = a.address();
    write(true);
  }

  long[] starts() {
    return new long[] {timestamp, timestampAndProcessor};
  }

  private static long state(int offset) {
    return HostMemory.at(STATE, offset);
  }

  /** RDTSC, and RDTSCP where {@code processor}. */
  private void write(boolean processor) {
    a.aluStoreImmediate(HostAssembler.CMP, 4, state(SystemWords.CLOCK), 0);
    a.jccTo(HostCondition.EQUAL, leave);
    a.testStoreImmediate(4, state(StateLayout.CR4), CR4_TSD);
    a.jccTo(HostCondition.NOT_EQUAL, leave);
    a.movStore(8, state(SystemWords.BACK), T0);
    HostCode.storeVectors(a);
    for (int guest = 0; guest < HostState.REGISTERS.length; guest++) {
      if (HostState.REGISTERS[guest] >= 0) {
        a.movStore(8, state(StateLayout.GPR + 8 * guest), HostState.REGISTERS[guest]);
      }
    }
    a.movImmediate(4, RDI, MonotonicClock.CLOCK_MONOTONIC);
    a.lea(8, RSI, state(SystemWords.TIME));
    a.movImmediate(8, RAX, MonotonicClock.function());
    // The ABI wants a stack aligned to 16; six registers and Java's address are on it.
    a.aluImmediate(HostAssembler.SUB, 8, RSP, 8);
    a.callRegister(RAX);
    a.aluImmediate(HostAssembler.ADD, 8, RSP, 8);
    HostCode.loadVectors(a);
    for (int guest = 0; guest < HostState.REGISTERS.length; guest++) {
      if (HostState.REGISTERS[guest] >= 0) {
        a.movLoad(8, HostState.REGISTERS[guest], state(StateLayout.GPR + 8 * guest));
      }
    }
    a.imulLoadImmediate(8, RDX, state(SystemWords.TIME), 1_000_000_000);
    a.aluLoad(HostAssembler.ADD, 8, RDX, state(SystemWords.TIME + 8));
    a.aluLoad(HostAssembler.ADD, 8, RDX, state(SystemWords.CLOCK_OFFSET));
    a.mov(4, RAX, RDX);
    a.shift(HostAssembler.SHR, 8, RDX, 32);
    if (processor) {
      a.movLoad(4, RCX, state(StateLayout.TSC_AUX));
    }
    a.jmpLoad(state(SystemWords.BACK));
  }
}
