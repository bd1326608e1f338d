package org.wardian.processor.software;

import static org.wardian.processor.software.HostState.GUEST_RSP;
import static org.wardian.processor.software.HostState.STATE;
import static org.wardian.processor.software.HostState.T0;
import static org.wardian.processor.software.HostState.T1;

import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostCondition;
import org.wardian.processor.software.translator.HostMemory;
import org.wardian.processor.software.translator.HostRegister;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * Writes what memory operands need: their address, and the check against the TLB that must come
 * before an instruction changes anything.
 */
final class MemoryEmitter {
  private static final int PAGE_MASK = -4096;

  private final Emission e;
  private final HostAssembler a;

  MemoryEmitter(Emission emission) {
    e = emission;
    a = emission.a;
  }

  private static long state(int offset) {
    return HostMemory.at(STATE, offset);
  }

  private static long register(int guest) {
    return HostMemory.at(STATE, StateLayout.GPR + 8 * guest);
  }

  private static int host(int guest) {
    return HostState.REGISTERS[guest];
  }

  /** Writes the linear address of the memory operand to {@code to}; disturbs flags and no other. */
  void address(int n, Instruction i, int to) {
    effective(n, i, to);
    if (i.segment == StateLayout.FS || i.segment == StateLayout.GS) {
      a.aluLoad(HostAssembler.ADD, 8, to, state(StateLayout.segment(i.segment) + StateLayout.BASE));
    }
  }

  /** Writes the offset of the memory operand; flags survive unless both registers are in memory. */
  void effective(int n, Instruction i, int to) {
    effective(n, i, to, i.addressSize);
  }

  /** Whether {@link #effective} is one instruction, which reads no register that it has written. */
  static boolean isSimple(Instruction i) {
    return (i.base >= StateLayout.REGISTER_ZERO || host(i.base) >= 0)
        && (i.index >= StateLayout.REGISTER_ZERO || host(i.index) >= 0);
  }

  /** As above, with the low {@code width} bytes of the offset zero-extended. */
  void effective(int n, Instruction i, int to, int width) {
    if (i.base == StateLayout.REGISTER_CODE_PAGE) {
      long at = e.after(n) + i.displacement;
      a.movImmediate(8, to, width == 4 ? at & 0xffffffffL : at);
      return;
    }
    boolean based = i.base != StateLayout.REGISTER_ZERO;
    boolean indexed = i.index != StateLayout.REGISTER_ZERO;
    if (!based && !indexed) {
      a.movImmediate(8, to, width == 4 ? i.displacement & 0xffffffffL : i.displacement);
      return;
    }
    int displacement = (int) i.displacement;
    int base = based ? host(i.base) : HostRegister.IN_MEMORY;
    int index = indexed ? host(i.index) : HostRegister.IN_MEMORY;
    if (indexed && index < 0) {
      a.movLoad(8, to, register(i.index));
      if (!based) {
        a.lea(width, to, HostMemory.indexed(to, i.scale, displacement));
      } else if (base >= 0) {
        a.lea(width, to, HostMemory.at(base, to, i.scale, displacement));
      } else {
        if (i.scale != 0) {
          a.lea(8, to, HostMemory.indexed(to, i.scale, 0));
        }
        a.aluLoad(HostAssembler.ADD, 8, to, register(i.base));
        a.lea(width, to, HostMemory.at(to, displacement));
      }
      return;
    }
    if (based && base < 0) {
      a.movLoad(8, to, register(i.base));
      base = to;
    }
    long operand =
        !based
            ? HostMemory.indexed(index, i.scale, displacement)
            : indexed
                ? HostMemory.at(base, index, i.scale, displacement)
                : HostMemory.at(base, displacement);
    a.lea(width, to, operand);
  }

  /**
   * Checks that {@code size} bytes at the address in T0 can be accessed; T1 is then what to add to
   * the address for the host's. T0 and the flags are lost.
   */
  private void check(int n, int size, boolean write, int alignment) {
    if (alignment > 1) {
      a.testImmediate(4, T0, alignment - 1);
      a.jcc(HostCondition.NOT_EQUAL, e.slowPath(n));
    }
    a.mov(4, T1, T0);
    a.shift(HostAssembler.SHR, 4, T1, 7);
    a.aluImmediate(HostAssembler.AND, 4, T1, (int) Mmu.INDEX_MASK);
    if (size > 1) {
      a.aluImmediate(HostAssembler.ADD, 8, T0, size - 1);
    }
    compare(n, write);
  }

  /** Compares the page of T0 with the tag of the entry at T1, and loads the addend to T1. */
  private void compare(int n, boolean write) {
    a.aluImmediate(HostAssembler.AND, 8, T0, PAGE_MASK);
    a.aluLoad(HostAssembler.CMP, 8, T0, HostMemory.at(STATE, T1, 0, e.table + (write ? 8 : 0)));
    a.jcc(HostCondition.NOT_EQUAL, e.slowPath(n));
    a.movLoad(8, T1, HostMemory.at(STATE, T1, 0, e.table + 16));
    e.flags.lost();
  }

  /** As {@link #check}, of an operand whose address one instruction computes. */
  private void checkSimple(int n, Instruction i, int size, boolean write, int alignment) {
    if (alignment > 1) {
      a.lea(8, T0, operand(i, 0));
      a.testImmediate(4, T0, alignment - 1);
      a.jcc(HostCondition.NOT_EQUAL, e.slowPath(n));
    }
    a.lea(4, T1, operand(i, 0));
    a.shift(HostAssembler.SHR, 4, T1, 7);
    a.aluImmediate(HostAssembler.AND, 4, T1, (int) Mmu.INDEX_MASK);
    a.lea(8, T0, operand(i, size - 1));
    compare(n, write);
  }

  private static long operand(Instruction i, int more) {
    int displacement = (int) i.displacement + more;
    return i.index == StateLayout.REGISTER_ZERO
        ? HostMemory.at(host(i.base), displacement)
        : HostMemory.at(host(i.base), host(i.index), i.scale, displacement);
  }

  /** Probes the memory operand; returns it as the host's, based on T1. T0 is free afterwards. */
  long probe(int n, Instruction i, int size, boolean write, int alignment) {
    if (isFixed(i)) {
      long at = fixed(n, i);
      if (((at ^ (at + size - 1)) & PAGE_MASK) == 0
          && (at & alignment - 1) == 0
          && at << 16 >> 16 == at) {
        return probeFixed(n, at, write);
      }
    }
    if (i.addressSize == 8
        && i.segment != StateLayout.FS
        && i.segment != StateLayout.GS
        && isSimple(i)
        && i.base < StateLayout.REGISTER_ZERO
        && i.displacement <= Integer.MAX_VALUE - size) {
      checkSimple(n, i, size, write, alignment);
    } else {
      address(n, i, T0);
      check(n, size, write, alignment);
    }
    boolean plain =
        i.addressSize == 8
            && i.segment == StateLayout.NO_SEGMENT
            && i.index == StateLayout.REGISTER_ZERO
            && i.base < StateLayout.REGISTER_ZERO
            && host(i.base) >= 0;
    if (plain) {
      return HostMemory.at(T1, host(i.base), 0, (int) i.displacement);
    }
    address(n, i, T0);
    a.alu(HostAssembler.ADD, 8, T1, T0);
    return HostMemory.at(T1, 0);
  }

  /** Whether the linear address of the memory operand is known when the block is written. */
  private static boolean isFixed(Instruction i) {
    return i.segment != StateLayout.FS
        && i.segment != StateLayout.GS
        && i.index == StateLayout.REGISTER_ZERO
        && (i.base == StateLayout.REGISTER_CODE_PAGE || i.base == StateLayout.REGISTER_ZERO);
  }

  private long fixed(int n, Instruction i) {
    long at = i.displacement + (i.base == StateLayout.REGISTER_CODE_PAGE ? e.after(n) : 0);
    return i.addressSize == 4 ? at & 0xffffffffL : at;
  }

  /** As {@link #probe} for a fixed address, within one page and canonical: so is the entry. */
  private long probeFixed(int n, long at, boolean write) {
    long page = at & PAGE_MASK;
    int entry = e.table + (int) (page >>> 7 & Mmu.INDEX_MASK);
    long tag = state(entry + (write ? 8 : 0));
    boolean small = page == (int) page;
    if (small) {
      a.aluStoreImmediate(HostAssembler.CMP, 8, tag, (int) page);
    } else {
      a.movImmediate(8, T0, page);
      a.aluLoad(HostAssembler.CMP, 8, T0, tag);
    }
    a.jcc(HostCondition.NOT_EQUAL, e.slowPath(n));
    e.flags.lost();
    a.movLoad(8, T1, state(entry + 16));
    if (small) {
      return HostMemory.at(T1, (int) at);
    }
    a.alu(HostAssembler.ADD, 8, T1, T0);
    return HostMemory.at(T1, (int) (at & ~PAGE_MASK));
  }

  void probePush(int n) {
    probeStack(n, GUEST_RSP, -8, true);
  }

  void probeTop(int n, int from) {
    probeStack(n, from, 0, false);
  }

  private void probeStack(int n, int base, int displacement, boolean write) {
    a.lea(4, T1, HostMemory.at(base, displacement));
    a.shift(HostAssembler.SHR, 4, T1, 7);
    a.aluImmediate(HostAssembler.AND, 4, T1, (int) Mmu.INDEX_MASK);
    a.lea(8, T0, HostMemory.at(base, displacement + 7));
    compare(n, write);
  }
}
