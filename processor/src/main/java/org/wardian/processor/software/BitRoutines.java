package org.wardian.processor.software;

import static org.wardian.processor.software.HostState.STATE;
import static org.wardian.processor.software.HostState.T0;
import static org.wardian.processor.software.HostState.T1;
import static org.wardian.processor.software.translator.HostRegister.RAX;

import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostCondition;
import org.wardian.processor.software.translator.HostMemory;
import org.wardian.x86.Operation;

/**
 * Host code that all blocks share for BT, BTS, BTR and BTC of bit strings in memory: the bit's
 * number is in a register and may lie far from the operand's address.
 *
 * <p>A block leaves the address in {@link SystemWords#BIT_BASE} and the number, sign-extended, in
 * {@link SystemWords#BIT_NUMBER}; T0 and T1 are as for {@link StringRoutines}. All that change the
 * bit are locked, which is more than some ask for.
 */
final class BitRoutines {
  private static final int PAGE_MASK = -4096;

  /** CF in the second byte of {@link HostState#FLAG_A}. */
  private static final int CARRY = 1;

  private final HostAssembler a;
  private final long leave;
  private final long park;

  /** By operation, then for 4 and for 8 bytes. */
  private final long[] starts = new long[8];

  BitRoutines(HostAssembler a, long leave, long park) {
    this.a = a;
    this.leave = leave;
    this.park = park;
    for (int n = 0; n < starts.length; n++) {
      a.align(16);
      starts[n] = a.address();
      write(HostAssembler.BT + (n >> 1), (n & 1) == 0 ? 4 : 8);
    }
  }

  long[] starts() {
    return starts.clone();
  }

  /** The routine for an operation on operands of 4 or 8 bytes. */
  long of(Operation op, int size) {
    int n =
        switch (op) {
          case BT -> 0;
          case BTS -> 1;
          case BTR -> 2;
          default -> 3;
        };
    return starts[2 * n + (size == 4 ? 0 : 1)];
  }

  private static long state(int offset) {
    return HostMemory.at(STATE, offset);
  }

  private void write(int op, int size) {
    int bits = size == 4 ? 5 : 6;
    boolean writes = op != HostAssembler.BT;
    int unparked = a.newLabel();
    int fail = a.newLabel();
    a.movStore(8, state(SystemWords.BACK), T0);
    a.movStore(8, state(SystemWords.TABLE), T1);
    int again = a.here();
    a.aluStoreImmediate(HostAssembler.CMP, 4, state(HostState.RECIPE), FlagRecipe.PARKED);
    a.jcc(HostCondition.NOT_EQUAL, unparked);
    a.movStore(8, state(SystemWords.SPILL), RAX);
    a.movLoad(8, RAX, state(SystemWords.BIT_NUMBER));
    a.shift(HostAssembler.SAR, 8, RAX, bits);
    a.shift(HostAssembler.SHL, 8, RAX, bits - 3);
    a.aluLoad(HostAssembler.ADD, 8, RAX, state(SystemWords.BIT_BASE));
    if (writes) {
      a.testImmediate(4, RAX, size - 1);
      a.jcc(HostCondition.NOT_EQUAL, fail);
    }
    a.mov(4, T0, RAX);
    a.shift(HostAssembler.SHR, 4, T0, 7);
    a.aluImmediate(HostAssembler.AND, 4, T0, (int) Mmu.INDEX_MASK);
    a.aluLoad(HostAssembler.ADD, 4, T0, state(SystemWords.TABLE));
    a.lea(8, T1, HostMemory.at(RAX, size - 1));
    a.aluImmediate(HostAssembler.AND, 8, T1, PAGE_MASK);
    a.aluLoad(HostAssembler.CMP, 8, T1, HostMemory.at(STATE, T0, 0, writes ? 8 : 0));
    a.jcc(HostCondition.NOT_EQUAL, fail);
    a.aluLoad(HostAssembler.ADD, 8, RAX, HostMemory.at(STATE, T0, 0, 16));
    a.movLoad(4, T0, state(SystemWords.BIT_NUMBER));
    a.aluImmediate(HostAssembler.AND, 4, T0, 8 * size - 1);
    if (writes) {
      a.lock();
    }
    a.bitStore(op, size, HostMemory.at(RAX, 0), T0);
    a.setcc(HostCondition.BELOW, RAX);
    a.aluStoreImmediate(HostAssembler.AND, 1, state(HostState.FLAG_A + 1), ~CARRY);
    a.aluStore(HostAssembler.OR, 1, state(HostState.FLAG_A + 1), RAX);
    a.movLoad(8, RAX, state(SystemWords.SPILL));
    a.jmpLoad(state(SystemWords.BACK));
    a.bind(fail);
    a.movLoad(8, RAX, state(SystemWords.SPILL));
    a.jmpTo(leave);
    a.bind(unparked);
    a.lea(8, T0, HostMemory.label(again));
    a.jmpTo(park);
  }
}
