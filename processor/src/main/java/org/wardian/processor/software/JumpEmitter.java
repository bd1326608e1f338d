package org.wardian.processor.software;

import static org.wardian.processor.software.HostState.GUEST_RSP;
import static org.wardian.processor.software.HostState.STATE;
import static org.wardian.processor.software.HostState.T0;
import static org.wardian.processor.software.HostState.T1;

import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostCondition;
import org.wardian.processor.software.translator.HostMemory;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/**
 * Writes jumps, calls and returns. Jumps within the page are patched once their target is known;
 * all others look it up in the table of jump targets.
 */
final class JumpEmitter {
  private static final int PAGE_MASK = -4096;

  private final Emission e;
  private final HostAssembler a;
  private final MemoryEmitter memory;

  // Jumps that are patched: offset of the displacement, target.
  private final int[] linkAt = new int[GuestBlock.SIDES + 2];
  private final long[] linkTarget = new long[GuestBlock.SIDES + 2];
  private int links;

  // Conditional jumps that need more than a jump where they are taken.
  private final int[] sideLabel = new int[GuestBlock.SIDES + 1];
  private final long[] sideTarget = new long[GuestBlock.SIDES + 1];
  private final Object[] sideFlags = new Object[GuestBlock.SIDES + 1];

  /** Instructions behind the jump, which were counted when the block was entered. */
  private final int[] sideLeft = new int[GuestBlock.SIDES + 1];

  private int sides;

  // Lookups that fail: label, and the target that they looked for.
  private final int[] lookupLabel = new int[GuestBlock.SIDES + 3];
  private final long[] lookupTarget = new long[GuestBlock.SIDES + 3];
  private int lookups;

  JumpEmitter(Emission emission, MemoryEmitter memoryEmitter) {
    e = emission;
    a = emission.a;
    memory = memoryEmitter;
  }

  void start() {
    links = 0;
    sides = 0;
    lookups = 0;
  }

  /**
   * In front of a block whose bytes are in two pages: the table tells if the second is the same.
   */
  void lookUpItself(long rip) {
    int missing = a.newLabel();
    lookupLabel[lookups] = missing;
    lookupTarget[lookups++] = rip;
    a.movImmediate(8, T0, rip);
    lookUp(missing);
    a.jmpLoad(found());
  }

  /** Writes where conditional jumps lead that need more than a jump. */
  void writeSides() {
    for (int k = 0; k < sides; k++) {
      a.bind(sideLabel[k]);
      if (sideFlags[k] != null) {
        e.flags.writeBeside(sideFlags[k]);
      }
      if (sideLeft[k] > 0 && e.counted) {
        a.aluStoreImmediate(HostAssembler.SUB, 8, state(HostState.COUNT), sideLeft[k]);
      }
      jump(sideTarget[k]);
    }
  }

  /**
   * Writes the ways to Java of jumps whose target is not known.
   *
   * @param write where the code is written
   * @param run where it is executed
   * @param leave the common way out
   * @param lookAgain the routine that looks where the table of jump targets has no room
   */
  void writeExits(
      TranslatedBlock into, Exits exits, long write, long run, long leave, long lookAgain) {
    into.links(links);
    for (int k = 0; k < links; k++) {
      int id = exits.add(into, Exits.LINK, linkTarget[k], run + linkAt[k]);
      HostAssembler.patch(write + linkAt[k], run + linkAt[k], a.address());
      into.stub(k, write + linkAt[k], run + linkAt[k], a.address());
      exit(id, leave);
    }
    for (int k = 0; k < lookups; k++) {
      a.bind(lookupLabel[k]);
      a.movImmediate(8, T0, lookupTarget[k]);
      exit(exits.add(into, Exits.LOOKUP, lookupTarget[k], 0), lookAgain);
    }
  }

  private void exit(int id, long leave) {
    a.movStoreImmediate(4, state(HostState.EXIT), id);
    a.jmpTo(leave);
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

  /** Goes to where the block's code runs on into something else. */
  void finish() {
    jump(e.pageRip + e.block.offsets[e.block.count]);
  }

  private boolean samePage(long target) {
    return (target & PAGE_MASK) == e.pageRip;
  }

  /** A jump to a known address: patched within the page, looked up elsewhere. */
  void jump(long target) {
    if (samePage(target)) {
      link(target, a.jmpPatchable(a.address()));
      return;
    }
    int missing = a.newLabel();
    lookupLabel[lookups] = missing;
    lookupTarget[lookups] = target;
    lookups++;
    a.movImmediate(8, T0, target);
    lookUp(missing);
    a.jmpLoad(found());
  }

  private void link(long target, int at) {
    linkAt[links] = at;
    linkTarget[links] = target;
    links++;
  }

  /** Finds the host address of the target in T0; T1 is then the entry's offset. */
  void lookUp(int missing) {
    a.movzx(4, T1, 2, T0);
    a.shift(HostAssembler.SHL, 4, T1, 4);
    a.aluLoad(HostAssembler.XOR, 8, T0, state(HostState.JUMP_KEY));
    a.aluLoad(HostAssembler.CMP, 8, T0, HostMemory.at(STATE, T1, 0, HostState.jumpTable()));
    a.jcc(HostCondition.NOT_EQUAL, missing);
    e.flags.lost();
  }

  static long found() {
    return HostMemory.at(STATE, T1, 0, HostState.jumpTable() + 8);
  }

  boolean conditional(int n, Instruction i) {
    e.restoreFlags();
    long target = e.target(n, i);
    Object beside = e.block.side[n] == GuestBlock.DEAD ? null : e.flags.beside();
    int left = e.block.count - 1 - n;
    if (samePage(target) && beside == null && (left == 0 || !e.counted)) {
      link(target, a.jccPatchable(i.condition, a.address()));
    } else {
      sideLabel[sides] = a.newLabel();
      sideTarget[sides] = target;
      sideFlags[sides] = beside;
      sideLeft[sides] = left;
      a.jcc(i.condition, sideLabel[sides++]);
    }
    if (n + 1 < e.block.count) {
      return false;
    }
    e.flags.end();
    jump(e.after(n));
    return true;
  }

  void jumpIndirect(int n, Instruction i) {
    loadTarget(n, i);
    lookUp(e.slowPath(n));
    a.jmpLoad(found());
  }

  /** Writes the target of an indirect jump or call to T0. */
  private void loadTarget(int n, Instruction i) {
    if (i.kind0 == Instruction.MEMORY) {
      long operand = memory.probe(n, i, 8, false, 1);
      a.movLoad(8, T0, operand);
    } else if (host(i.reg0) < 0) {
      a.movLoad(8, T0, register(i.reg0));
    } else {
      a.mov(8, T0, host(i.reg0));
    }
  }

  void call(int n, Instruction i) {
    boolean direct = i.kind0 == Instruction.RELATIVE;
    if (!direct) {
      loadTarget(n, i);
      lookUp(e.slowPath(n));
      a.movLoad(8, T0, found());
      a.movStore(8, state(HostState.HELD_TARGET), T0);
    }
    memory.probePush(n);
    long slot = HostMemory.at(T1, GUEST_RSP, 0, -8);
    long back = e.after(n);
    if (back == (int) back) {
      a.movStoreImmediate(8, slot, (int) back);
    } else {
      a.movImmediate(8, T0, back);
      a.movStore(8, slot, T0);
    }
    a.lea(8, GUEST_RSP, HostMemory.at(GUEST_RSP, -8));
    if (direct) {
      jump(e.target(n, i));
    } else {
      a.jmpLoad(state(HostState.HELD_TARGET));
    }
  }

  void ret(int n, Instruction i) {
    memory.probeTop(n, GUEST_RSP);
    a.movLoad(8, T0, HostMemory.at(T1, GUEST_RSP, 0, 0));
    lookUp(e.slowPath(n));
    int popped = 8 + (i.operands > 0 && i.kind0 == Instruction.IMMEDIATE ? (int) i.immediate : 0);
    a.lea(8, GUEST_RSP, HostMemory.at(GUEST_RSP, popped));
    a.jmpLoad(found());
  }
}
