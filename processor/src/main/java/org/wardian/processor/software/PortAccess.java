package org.wardian.processor.software;

import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/** IN and OUT with the I/O permission bitmap. Source: Intel SDM vol. 1 chapter 18.5. */
final class PortAccess {
  private final Cpu cpu;

  PortAccess(Cpu cpu) {
    this.cpu = cpu;
  }

  /** #GP(0) unless IOPL or the bitmap in the TSS allows {@code size} ports from {@code port}. */
  void check(int port, int size) {
    if (!cpu.protectedMode || (!cpu.vm86 && cpu.cpl <= (cpu.eflags() >>> 12 & 3))) {
      return;
    }
    int tr = cpu.attributes(StateLayout.TR);
    long limit = cpu.limit(StateLayout.TR);
    boolean allowed = (tr & Segmentation.UNUSABLE) == 0 && (tr & 8) != 0 && limit >= 0x67;
    if (allowed) {
      long base = cpu.base(StateLayout.TR);
      long at = cpu.systemLoad(base + 0x66, 2) + (port >>> 3);
      allowed = at + 1 <= limit;
      if (allowed) {
        long bits = cpu.systemLoad(base + at, 2) >>> (port & 7);
        allowed = (bits & (1 << size) - 1) == 0;
      }
    }
    if (!allowed) {
      throw cpu.fault(Vector.GP, 0);
    }
  }

  void execute(Operation op, Instruction i) {
    if (op == Operation.IN) {
      int port = (int) cpu.read1(i) & 0xffff;
      check(port, i.size0);
      cpu.watchPort(port, i.size0);
      cpu.write0(i, cpu.ports.read(port, i.size0));
    } else {
      int port = (int) cpu.read0(i) & 0xffff;
      check(port, i.size1);
      cpu.watchPort(port, i.size1);
      cpu.ports.write(port, i.size1, cpu.read1(i));
    }
  }
}
