package org.wardian.machine;

import org.wardian.boot.BootState;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Vcpu;
import org.wardian.x86.StateLayout;

/** Puts a vCPU into the state that a boot protocol asks for. */
final class GuestEntry {
  private GuestEntry() {}

  /** Leaves a processor that does not boot as firmware leaves it: waiting for its start-up IPI. */
  static void await(Vcpu vcpu) {
    vcpu.reset();
    RawMemory.putInt(vcpu.state() + StateLayout.ACTIVITY, StateLayout.WAITING);
    vcpu.stateChanged();
  }

  /** Has a processor begin in real mode at {@code address}, below 1 MiB. */
  static void wake(Vcpu vcpu, int address) {
    vcpu.reset();
    long s = vcpu.state();
    long code = s + StateLayout.segment(StateLayout.CS);
    RawMemory.putShort(code + StateLayout.SELECTOR, (short) (address >>> 4));
    RawMemory.putLong(code + StateLayout.BASE, address & ~0xf);
    RawMemory.putLong(s + StateLayout.RIP, address & 0xf);
    vcpu.stateChanged();
  }

  static void enter(Vcpu vcpu, BootState boot) {
    vcpu.reset();
    long s = vcpu.state();
    RawMemory.putLong(s + StateLayout.GPR, boot.rax());
    RawMemory.putLong(s + StateLayout.GPR + 2 * 8, 0);
    RawMemory.putLong(s + StateLayout.GPR + 3 * 8, boot.rbx());
    RawMemory.putLong(s + StateLayout.GPR + 6 * 8, boot.rsi());
    RawMemory.putLong(s + StateLayout.RIP, boot.entry());
    RawMemory.putLong(s + StateLayout.CR0, boot.cr0());
    RawMemory.putLong(s + StateLayout.CR3, boot.cr3());
    RawMemory.putLong(s + StateLayout.CR4, boot.cr4());
    RawMemory.putLong(s + StateLayout.EFER, boot.efer());
    RawMemory.putLong(s + StateLayout.GDTR_BASE, boot.gdtBase());
    RawMemory.putInt(s + StateLayout.GDTR_LIMIT, boot.gdtLimit());
    RawMemory.putInt(s + StateLayout.IDTR_LIMIT, 0);
    segment(s, StateLayout.CS, BootState.CODE_SELECTOR, boot);
    for (int data :
        new int[] {
          StateLayout.DS, StateLayout.ES, StateLayout.SS, StateLayout.FS, StateLayout.GS
        }) {
      segment(s, data, BootState.DATA_SELECTOR, boot);
    }
    segment(s, StateLayout.TR, BootState.TASK_SELECTOR, boot);
    vcpu.stateChanged();
  }

  private static void segment(long s, int segment, int selector, BootState boot) {
    long d = boot.descriptor(selector);
    long limit = d & 0xffff | d >>> 32 & 0xf0000;
    boolean pages = (d >>> 55 & 1) != 0;
    long at = s + StateLayout.segment(segment);
    RawMemory.putShort(at + StateLayout.SELECTOR, (short) selector);
    RawMemory.putInt(at + StateLayout.ATTRIBUTES, (int) (d >>> 40) & 0xf0ff);
    RawMemory.putInt(at + StateLayout.LIMIT, (int) (pages ? limit << 12 | 0xfff : limit));
    RawMemory.putLong(at + StateLayout.BASE, d >>> 16 & 0xffffff | d >>> 32 & 0xff000000L);
  }
}
