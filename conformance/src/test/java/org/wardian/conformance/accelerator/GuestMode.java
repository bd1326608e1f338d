package org.wardian.conformance.accelerator;

import static org.wardian.conformance.accelerator.GuestLayout.DATA;
import static org.wardian.conformance.accelerator.GuestLayout.GDT;
import static org.wardian.conformance.accelerator.GuestLayout.GDT_LIMIT;
import static org.wardian.conformance.accelerator.GuestLayout.IDT32;
import static org.wardian.conformance.accelerator.GuestLayout.IDT64;
import static org.wardian.conformance.accelerator.GuestLayout.KERNEL_CODE;
import static org.wardian.conformance.accelerator.GuestLayout.KERNEL_CODE32;
import static org.wardian.conformance.accelerator.GuestLayout.STACK;
import static org.wardian.conformance.accelerator.GuestLayout.TASK;
import static org.wardian.conformance.accelerator.GuestLayout.TSS;
import static org.wardian.conformance.accelerator.GuestLayout.TSS_LIMIT;
import static org.wardian.conformance.accelerator.GuestLayout.USER_CODE;
import static org.wardian.conformance.accelerator.GuestLayout.USER_DATA;
import static org.wardian.conformance.accelerator.GuestLayout.USER_STACK;

import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.processor.Vcpu;
import org.wardian.x86.StateLayout;

/** The processor modes in which a guest can be entered, written as architectural state. */
enum GuestMode {
  /** Real-address mode; the segments begin at 0, but for the stack and FS, the local APIC. */
  REAL,

  /** 32-bit protected mode without paging. */
  PROTECTED,

  /** 32-bit protected mode with 4 MiB pages. */
  PROTECTED_PAGED,

  /** 64-bit mode, privilege level 0. */
  LONG,

  /** 64-bit mode, privilege level 3, interrupts on; the task state allows the suite's ports. */
  USER;

  private static final long CR0_REAL = 0x10;
  private static final long CR0_PROTECTED = 0x33;
  private static final long CR0_PAGED = 0x8001_0033L;
  private static final long CR4_PSE = 0x10;
  private static final long CR4_LONG = 0x620;
  private static final long CR4_SSE = 0x600;
  private static final long EFER_LONG = 0xd01;

  /** A busy task state of 386 or 64-bit format, as LTR leaves it. */
  private static final int BUSY_TASK = 0x8b;

  /**
   * The attributes of TR in every guest. A property since an emulated processor beneath KVM may let
   * user programs reach ports only by way of a task state that is not busy.
   */
  private static final int TASK_STATE = Integer.getInteger("wardian.guest.tss", BUSY_TASK);

  /** Puts a vCPU at {@code entry} in this mode. */
  void enter(Vcpu vcpu, long entry) {
    vcpu.reset();
    long s = vcpu.state();
    RawMemory.putLong(s + StateLayout.RIP, entry);
    RawMemory.putLong(s + StateLayout.GPR + 4 * 8, this == USER ? USER_STACK : STACK & stackMask());
    RawMemory.putLong(s + StateLayout.EFLAGS, this == USER ? 0x202 : 2);
    Flags.set(s, 0);
    switch (this) {
      case REAL -> {
        RawMemory.putLong(s + StateLayout.CR0, CR0_REAL);
        RawMemory.putLong(s + StateLayout.CR4, CR4_SSE);
        RawMemory.putLong(s + StateLayout.IDTR_BASE, 0);
        RawMemory.putInt(s + StateLayout.IDTR_LIMIT, 0x3ff);
        segments(s, 0, 0x9b, 0, 0x93, 0xffff);
        long stack = s + StateLayout.segment(StateLayout.SS);
        RawMemory.putShort(stack + StateLayout.SELECTOR, (short) 0x3000);
        RawMemory.putLong(stack + StateLayout.BASE, 0x30000);
        // What no program in real mode could load; the APIC's registers would be out of reach.
        RawMemory.putLong(
            s + StateLayout.segment(StateLayout.FS) + StateLayout.BASE, GuestLayout.APIC);
      }
      case PROTECTED, PROTECTED_PAGED -> {
        boolean paged = this == PROTECTED_PAGED;
        RawMemory.putLong(s + StateLayout.CR0, paged ? CR0_PAGED : CR0_PROTECTED);
        RawMemory.putLong(s + StateLayout.CR3, paged ? GuestLayout.DIRECTORY32 : 0);
        RawMemory.putLong(s + StateLayout.CR4, CR4_SSE | (paged ? CR4_PSE : 0));
        tables(s, IDT32, 8 * GuestLayout.VECTORS - 1);
        segments(s, KERNEL_CODE32, 0xc09b, DATA, 0xc093, 0xffff_ffff);
      }
      case LONG, USER -> {
        RawMemory.putLong(s + StateLayout.CR0, CR0_PAGED);
        RawMemory.putLong(s + StateLayout.CR3, GuestLayout.PML4);
        RawMemory.putLong(s + StateLayout.CR4, CR4_LONG);
        RawMemory.putLong(s + StateLayout.EFER, EFER_LONG);
        tables(s, IDT64, 16 * GuestLayout.VECTORS - 1);
        if (this == USER) {
          segments(s, USER_CODE, 0xa0fb, USER_DATA, 0xc0f3, 0xffff_ffff);
        } else {
          segments(s, KERNEL_CODE, 0xa09b, DATA, 0xc093, 0xffff_ffff);
        }
      }
    }
    vcpu.stateChanged();
  }

  /**
   * Gives a vCPU that is to run from a loaded state the TR that {@link #enter} gives; KVM shows a
   * task state that is in use as busy whatever it was.
   */
  static void restored(Vcpu vcpu) {
    if (TASK_STATE == BUSY_TASK) {
      return;
    }
    long attributes = vcpu.state() + StateLayout.segment(StateLayout.TR) + StateLayout.ATTRIBUTES;
    if (RawMemory.getInt(attributes) == BUSY_TASK) {
      RawMemory.putInt(attributes, TASK_STATE);
      vcpu.stateChanged();
    }
  }

  /** In real mode the stack segment begins at 0x30000. */
  private int stackMask() {
    return this == REAL ? 0xffff : -1;
  }

  private static void tables(long s, int interrupts, int limit) {
    RawMemory.putLong(s + StateLayout.GDTR_BASE, GDT);
    RawMemory.putInt(s + StateLayout.GDTR_LIMIT, GDT_LIMIT);
    RawMemory.putLong(s + StateLayout.IDTR_BASE, interrupts);
    RawMemory.putInt(s + StateLayout.IDTR_LIMIT, limit);
    segment(s, StateLayout.TR, TASK, TASK_STATE, TSS, TSS_LIMIT);
  }

  private static void segments(
      long s, int code, int codeAttributes, int data, int dataAttributes, int limit) {
    segment(s, StateLayout.CS, code, codeAttributes, 0, limit);
    for (int segment :
        new int[] {
          StateLayout.DS, StateLayout.ES, StateLayout.SS, StateLayout.FS, StateLayout.GS
        }) {
      segment(s, segment, data, dataAttributes, 0, limit);
    }
  }

  private static void segment(
      long s, int segment, int selector, int attributes, long base, int limit) {
    long at = s + StateLayout.segment(segment);
    RawMemory.putShort(at + StateLayout.SELECTOR, (short) selector);
    RawMemory.putInt(at + StateLayout.ATTRIBUTES, attributes);
    RawMemory.putInt(at + StateLayout.LIMIT, limit);
    RawMemory.putLong(at + StateLayout.BASE, base);
  }
}
