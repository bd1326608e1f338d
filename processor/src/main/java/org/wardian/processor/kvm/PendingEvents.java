package org.wardian.processor.kvm;

import org.wardian.host.kvm.EventState;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * Exceptions, interrupts and NMIs that wait or are being delivered, between a state block and a
 * {@code struct kvm_vcpu_events}, each given by its host address.
 *
 * <p>The kernel never shows a software interrupt or exception that is under way: it executes the
 * instruction anew, and so does whoever takes over the block. Source: Linux,
 * Documentation/virt/kvm/api.rst, KVM_GET_VCPU_EVENTS.
 */
final class PendingEvents {
  /** {@link StateLayout#INTERRUPT_SHADOW} after STI: interrupts wait. */
  private static final int SHADOW_STI = 1;

  /** {@link StateLayout#INTERRUPT_SHADOW} after a load of SS: debug traps wait too. */
  private static final int SHADOW_STACK = 2;

  private static final int DEBUG = 1;
  private static final int NMI = 2;
  private static final int ERROR_CODE_VALID = 1 << 11;
  private static final long VALID = 1L << 31;

  private PendingEvents() {}

  /** Fills the block's fields from {@code events}. */
  static void read(long events, long block) {
    long event = 0;
    if (flag(events, EventState.EXCEPTION_INJECTED)) {
      boolean withError = flag(events, EventState.EXCEPTION_HAS_ERROR_CODE);
      long error = RawMemory.getInt(events + EventState.EXCEPTION_ERROR_CODE) & 0xffffffffL;
      event =
          VALID
              | RawMemory.getByte(events + EventState.EXCEPTION_NUMBER) & 0xff
              | StateLayout.EVENT_EXCEPTION << 8
              | (withError ? error << 32 | ERROR_CODE_VALID : 0);
    } else if (flag(events, EventState.NMI_INJECTED)) {
      event = VALID | NMI | StateLayout.EVENT_NMI << 8;
    } else if (flag(events, EventState.INTERRUPT_INJECTED)
        && !flag(events, EventState.INTERRUPT_SOFT)) {
      event =
          VALID
              | RawMemory.getByte(events + EventState.INTERRUPT_NUMBER) & 0xff
              | StateLayout.EVENT_EXTERNAL << 8;
    }
    RawMemory.putLong(block + StateLayout.EVENT, event);
    int shadow = RawMemory.getByte(events + EventState.INTERRUPT_SHADOW);
    RawMemory.putInt(
        block + StateLayout.INTERRUPT_SHADOW,
        (shadow & EventState.SHADOW_MOV_SS) != 0
            ? SHADOW_STACK
            : (shadow & EventState.SHADOW_STI) != 0 ? SHADOW_STI : 0);
    putFlag(block, StateLayout.NMI_PENDING, flag(events, EventState.NMI_PENDING));
    putFlag(block, StateLayout.NMI_BLOCKED, flag(events, EventState.NMI_MASKED));
    // A trap that is due is an exception under way to the kernel, and DR6 has its bits.
    RawMemory.putLong(block + StateLayout.DUE_TRAPS, 0);
  }

  /** Fills all of {@code events} from the block, which {@link StateCheck} has passed. */
  static void write(long block, long events) {
    RawMemory.fill(events, EventState.SIZE, (byte) 0);
    long event = RawMemory.getLong(block + StateLayout.EVENT);
    boolean trap = dueTraps(block) != 0;
    if (trap) {
      // Where a load of SS holds it back, it comes an instruction earlier than it should.
      putFlag(events, EventState.EXCEPTION_INJECTED, true);
      RawMemory.putByte(events + EventState.EXCEPTION_NUMBER, (byte) DEBUG);
    } else if (event != 0) {
      writeEvent(event, events);
    }
    int shadow = trap ? 0 : RawMemory.getInt(block + StateLayout.INTERRUPT_SHADOW);
    RawMemory.putByte(
        events + EventState.INTERRUPT_SHADOW,
        (byte)
            (shadow == SHADOW_STACK
                ? EventState.SHADOW_MOV_SS
                : shadow != 0 ? EventState.SHADOW_STI : 0));
    putFlag(events, EventState.NMI_PENDING, flag(block, StateLayout.NMI_PENDING));
    putFlag(events, EventState.NMI_MASKED, flag(block, StateLayout.NMI_BLOCKED));
    RawMemory.putInt(
        events + EventState.FLAGS, EventState.VALID_NMI_PENDING | EventState.VALID_SHADOW);
  }

  /** DR6 with the bits of the traps that {@link #write} makes an exception. */
  static long debugStatus(long block) {
    long status = RawMemory.getLong(block + StateLayout.DR6);
    long traps = dueTraps(block);
    return traps == 0 ? status : status & ~15L | traps;
  }

  private static long dueTraps(long block) {
    return RawMemory.getLong(block + StateLayout.DUE_TRAPS);
  }

  private static void writeEvent(long event, long events) {
    byte vector = (byte) event;
    switch ((int) event >>> 8 & 7) {
      case StateLayout.EVENT_EXTERNAL -> {
        putFlag(events, EventState.INTERRUPT_INJECTED, true);
        RawMemory.putByte(events + EventState.INTERRUPT_NUMBER, vector);
      }
      case StateLayout.EVENT_NMI -> putFlag(events, EventState.NMI_INJECTED, true);
      case StateLayout.EVENT_EXCEPTION -> {
        putFlag(events, EventState.EXCEPTION_INJECTED, true);
        RawMemory.putByte(events + EventState.EXCEPTION_NUMBER, vector);
        if ((event & ERROR_CODE_VALID) != 0) {
          putFlag(events, EventState.EXCEPTION_HAS_ERROR_CODE, true);
          RawMemory.putInt(events + EventState.EXCEPTION_ERROR_CODE, (int) (event >>> 32));
        }
      }
      default -> {
        // INT n, INT3 and INTO: the instruction is executed anew.
      }
    }
  }

  private static boolean flag(long at, int field) {
    return RawMemory.getByte(at + field) != 0;
  }

  private static void putFlag(long at, int field, boolean value) {
    RawMemory.putByte(at + field, (byte) (value ? 1 : 0));
  }
}
