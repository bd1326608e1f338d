package org.wardian.processor.software;

import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/** Decimal adjustments, outside 64-bit mode only. Source: Intel SDM vol. 2. */
final class Decimal {
  private final Cpu cpu;
  private final long s;

  Decimal(Cpu cpu) {
    this.cpu = cpu;
    this.s = cpu.state;
  }

  private int al() {
    return RawMemory.getByte(s) & 0xff;
  }

  private int ah() {
    return RawMemory.getByte(s + 1) & 0xff;
  }

  private void ax(int al, int ah) {
    RawMemory.putByte(s, (byte) al);
    RawMemory.putByte(s + 1, (byte) ah);
  }

  void execute(Operation op, Instruction i) {
    switch (op) {
      case AAA, AAS -> ascii(op == Operation.AAS);
      case DAA, DAS -> packed(op == Operation.DAS);
      case AAD -> {
        int al = al() + ah() * (int) (i.immediate & 0xff) & 0xff;
        ax(al, 0);
        Alu.logic(s, al, 56);
      }
      default -> {
        int base = (int) i.immediate & 0xff;
        if (base == 0) {
          throw cpu.fault(Vector.DE, 0);
        }
        int al = al();
        ax(al % base, al / base);
        Alu.logic(s, al % base, 56);
      }
    }
  }

  private void ascii(boolean subtract) {
    int flags = Flags.get(s);
    int ax = al() | ah() << 8;
    boolean adjust = (ax & 15) > 9 || (flags & Flags.AF) != 0;
    if (adjust) {
      ax = subtract ? ax - 0x106 : ax + 0x106;
    }
    ax(ax & 15, ax >> 8);
    Alu.logic(s, ax & 15, 56);
    Flags.set(s, Flags.get(s) | (adjust ? Flags.AF | Flags.CF : 0));
  }

  private void packed(boolean subtract) {
    int flags = Flags.get(s);
    int old = al();
    int al = old;
    boolean carry = false;
    boolean half = (old & 15) > 9 || (flags & Flags.AF) != 0;
    boolean oldCarry = (flags & Flags.CF) != 0;
    if (half) {
      al = subtract ? al - 6 : al + 6;
      carry = oldCarry || (subtract && old < 6);
    }
    if (old > 0x99 || oldCarry) {
      al = subtract ? al - 0x60 : al + 0x60;
      carry = true;
    } else if (!subtract) {
      carry = false;
    }
    RawMemory.putByte(s, (byte) al);
    Alu.logic(s, al & 0xff, 56);
    Flags.set(s, Flags.get(s) | (half ? Flags.AF : 0) | (carry ? Flags.CF : 0));
  }
}
