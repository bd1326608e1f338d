package org.wardian.processor.software;

import static org.wardian.processor.software.HostState.STATE;
import static org.wardian.processor.software.HostState.T0;
import static org.wardian.processor.software.HostState.T1;
import static org.wardian.processor.software.translator.HostRegister.RCX;
import static org.wardian.processor.software.translator.HostRegister.RDI;
import static org.wardian.processor.software.translator.HostRegister.RSI;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostCondition;
import org.wardian.processor.software.translator.HostMemory;
import org.wardian.x86.StateLayout;

/**
 * Host code that all blocks share for REP MOVS and REP STOS within a page. T0 is the host address
 * to go on at, T1 the offset of the TLB's table; otherwise they are like {@link SystemRoutines}.
 */
final class StringRoutines {
  private static final int PAGE = 4096;
  private static final int PAGE_MASK = -PAGE;

  private final HostAssembler a;
  private final long leave;

  /** By the logarithm of the size. */
  private final long[] stos = new long[4];

  private final long[] movs = new long[4];

  StringRoutines(HostAssembler a, long leave) {
    this.a = a;
    this.leave = leave;
    for (int n = 0; n < 4; n++) {
      a.align(16);
      stos[n] = a.address();
      writeStos(1 << n);
      a.align(16);
      movs[n] = a.address();
      writeMovs(1 << n);
    }
  }

  long[] starts() {
    return LongStream.concat(Arrays.stream(stos), Arrays.stream(movs)).toArray();
  }

  long stos(int size) {
    return stos[Integer.numberOfTrailingZeros(size)];
  }

  long movs(int size) {
    return movs[Integer.numberOfTrailingZeros(size)];
  }

  private static long state(int offset) {
    return HostMemory.at(STATE, offset);
  }

  /** Only upwards, and no more than a page. */
  private void startString(int size) {
    a.testStoreImmediate(4, state(StateLayout.EFLAGS), (int) Cpu.DF);
    a.jccTo(HostCondition.NOT_EQUAL, leave);
    a.aluImmediate(HostAssembler.CMP, 8, RCX, PAGE / size);
    a.jccTo(HostCondition.ABOVE, leave);
    int some = a.newLabel();
    a.test(8, RCX, RCX);
    a.jcc(HostCondition.NOT_EQUAL, some);
    a.jmpRegister(T0);
    a.bind(some);
    a.movStore(8, state(SystemWords.BACK), T0);
  }

  /** Compares the page of all elements with a tag; T1 becomes the entry's offset, T0 is lost. */
  private void probeString(int register, int size, int tag) {
    a.mov(4, T0, register);
    a.shift(HostAssembler.SHR, 4, T0, 7);
    a.aluImmediate(HostAssembler.AND, 4, T0, (int) Mmu.INDEX_MASK);
    a.alu(HostAssembler.ADD, 4, T1, T0);
    a.lea(8, T0, HostMemory.at(register, RCX, Integer.numberOfTrailingZeros(size), -1));
    a.aluImmediate(HostAssembler.AND, 8, T0, PAGE_MASK);
    a.aluLoad(HostAssembler.CMP, 8, T0, HostMemory.at(STATE, T1, 0, tag));
    a.jccTo(HostCondition.NOT_EQUAL, leave);
  }

  private void writeStos(int size) {
    startString(size);
    probeString(RDI, size, 8);
    a.movLoad(8, T0, HostMemory.at(STATE, T1, 0, 16));
    a.alu(HostAssembler.ADD, 8, RDI, T0);
    a.rep();
    a.stos(size);
    a.alu(HostAssembler.SUB, 8, RDI, T0);
    a.jmpLoad(state(SystemWords.BACK));
  }

  private void writeMovs(int size) {
    startString(size);
    a.movStore(8, state(SystemWords.SPILL), T1);
    probeString(RDI, size, 8);
    a.movLoad(8, T0, HostMemory.at(STATE, T1, 0, 16));
    a.movStore(8, state(SystemWords.SECOND_SPILL), T0);
    a.movLoad(8, T1, state(SystemWords.SPILL));
    probeString(RSI, size, 0);
    a.movLoad(8, T1, HostMemory.at(STATE, T1, 0, 16));
    a.movLoad(8, T0, state(SystemWords.SECOND_SPILL));
    a.alu(HostAssembler.ADD, 8, RDI, T0);
    a.alu(HostAssembler.ADD, 8, RSI, T1);
    a.rep();
    a.movs(size);
    a.alu(HostAssembler.SUB, 8, RDI, T0);
    a.alu(HostAssembler.SUB, 8, RSI, T1);
    a.jmpLoad(state(SystemWords.BACK));
  }
}
