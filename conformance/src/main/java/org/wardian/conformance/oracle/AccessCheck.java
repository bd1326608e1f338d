package org.wardian.conformance.oracle;

import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * Refuses cases that could touch memory outside the window. In 16- and 32-bit code the segments'
 * limits do that; in 64-bit code only this check stands between a case and our own process.
 */
final class AccessCheck {
  /** How far a single access or a short repetition may reach from its address. */
  private static final long REACH = 0x800;

  private AccessCheck() {}

  /** Whether every access of the finished case is to the window or faults. */
  static boolean safe(CaseBuilder builder) {
    if (builder.codeSize != 8) {
      return true;
    }
    Instruction i = builder.instruction;
    Operation operation = i.form.operation();
    boolean ok = true;
    if (i.hasMemory() && !ImplicitOperands.ignoresMemory(operation)) {
      ok = harmless(builder.effectiveAddress() + builder.segmentBase(i.segment));
      ok &= harmless(bitString(builder));
    }
    if (ImplicitOperands.usesStack(operation)) {
      ok &= harmless(builder.state.gpr[CaseBuilder.RSP]);
    }
    if (operation == Operation.LEAVE || operation == Operation.ENTER) {
      ok &= harmless(builder.state.gpr[5]);
    }
    if (ImplicitOperands.readsString(i)) {
      ok &= harmless(cut(i, builder.state.gpr[6]) + builder.segmentBase(i.segment));
      ok &= harmlessCount(builder);
    }
    if (ImplicitOperands.writesString(i)) {
      ok &= harmless(cut(i, builder.state.gpr[7]));
      ok &= harmlessCount(builder);
    }
    if (operation == Operation.XLAT) {
      long table = cut(i, builder.state.gpr[3] + (builder.state.gpr[0] & 0xff));
      ok &= harmless(table + builder.segmentBase(i.segment));
    }
    if (operation == Operation.MASKMOVDQU || operation == Operation.MASKMOVQ) {
      ok &= harmless(cut(i, builder.state.gpr[7]) + builder.segmentBase(i.segment));
    }
    return ok;
  }

  private static boolean harmlessCount(CaseBuilder builder) {
    Instruction i = builder.instruction;
    return !(i.rep || i.repne) || cut(i, builder.state.gpr[1]) <= 64;
  }

  private static long cut(Instruction i, long address) {
    return i.addressSize == 8 ? address : address & 0xffff_ffffL;
  }

  /** The address that BT and its kin reach by a bit offset in a register. */
  private static long bitString(CaseBuilder builder) {
    Instruction i = builder.instruction;
    long address = builder.effectiveAddress() + builder.segmentBase(i.segment);
    if (!ImplicitOperands.isBitTest(i.form.operation()) || i.kind1 != Instruction.REGISTER) {
      return address;
    }
    long bits = builder.state.gpr[i.reg1];
    long offset =
        switch (i.size1) {
          case 2 -> (short) bits;
          case 4 -> (int) bits;
          default -> bits;
        };
    return address + (offset >> 3);
  }

  /** In the window with room to spare, or in the hole between the canonical halves. */
  private static boolean harmless(long linear) {
    long offset = linear - ScratchLayout.WINDOW;
    boolean inWindow = offset >= REACH && offset < ScratchLayout.WINDOW_SIZE - REACH;
    boolean inHole = linear >>> 47 != 0 && linear >>> 47 != 0x1ffff;
    boolean farFromCode =
        offset + REACH <= ScratchLayout.CODE || offset - REACH >= ScratchLayout.CODE + 0x1000;
    return inWindow && farFromCode || inHole;
  }
}
