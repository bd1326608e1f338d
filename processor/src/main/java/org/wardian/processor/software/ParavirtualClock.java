package org.wardian.processor.software;

import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * KVM's paravirtual clock: two structures in guest memory that turn the time-stamp counter into
 * nanoseconds since boot and into wall-clock time. Source: Linux,
 * Documentation/virt/kvm/x86/msr.rst (struct pvclock_vcpu_time_info, 32 bytes; struct
 * pvclock_wall_clock, 12 bytes).
 */
final class ParavirtualClock {
  private static final int WALL_CLOCK = 0x4b564d00;
  private static final int SYSTEM_TIME = 0x4b564d01;
  private static final int WALL_CLOCK_OLD = 0x11;
  private static final int SYSTEM_TIME_OLD = 0x12;
  private static final byte TSC_STABLE = 1;

  private final SoftwareVcpu cpu;

  ParavirtualClock(SoftwareVcpu cpu) {
    this.cpu = cpu;
  }

  boolean owns(int index) {
    return index == WALL_CLOCK
        || index == SYSTEM_TIME
        || index == WALL_CLOCK_OLD
        || index == SYSTEM_TIME_OLD;
  }

  long read(int index) {
    boolean wall = index == WALL_CLOCK || index == WALL_CLOCK_OLD;
    return RawMemory.getLong(cpu.state + (wall ? StateLayout.WALL_CLOCK : StateLayout.SYSTEM_TIME));
  }

  void write(int index, long value) {
    if (index == WALL_CLOCK || index == WALL_CLOCK_OLD) {
      RawMemory.putLong(cpu.state + StateLayout.WALL_CLOCK, value);
      writeWallClock(value);
    } else {
      RawMemory.putLong(cpu.state + StateLayout.SYSTEM_TIME, value);
      if ((value & 1) != 0) {
        writeSystemTime(value & ~1L);
      }
    }
  }

  /** Tells the guest anew how time-stamp counter and time hang together. */
  void refresh() {
    long where = RawMemory.getLong(cpu.state + StateLayout.SYSTEM_TIME);
    if ((where & 1) != 0) {
      writeSystemTime(where & ~1L);
    }
  }

  private void writeSystemTime(long address) {
    long host = plain(address, 32);
    if (host == 0) {
      return;
    }
    long hertz = cpu.time.frequencyHz();
    // delta is shifted, then multiplied as a 32-bit fraction: ns = (delta << shift) * mul >> 32
    int shift = 0;
    double scale = 1e9 / hertz;
    while (scale >= 1.0) {
      scale /= 2;
      shift++;
    }
    while (scale < 0.5) {
      scale *= 2;
      shift--;
    }
    long tsc = cpu.timestamp();
    long nanoseconds = nanoseconds(hertz);
    int version = RawMemory.getInt(host) & ~1;
    RawMemory.putInt(host, version + 1);
    RawMemory.fullFence();
    RawMemory.putLong(host + 8, tsc);
    RawMemory.putLong(host + 16, nanoseconds);
    RawMemory.putInt(host + 24, (int) (long) (scale * 4294967296.0));
    RawMemory.putByte(host + 28, (byte) shift);
    RawMemory.putByte(host + 29, TSC_STABLE);
    RawMemory.fullFence();
    RawMemory.putInt(host, version + 2);
    cpu.memory.written(address, 32);
  }

  private long nanoseconds(long hertz) {
    return (long) (cpu.time.ticks() * (1e9 / hertz)) + cpu.clockLead;
  }

  private void writeWallClock(long address) {
    long host = plain(address, 12);
    if (host == 0) {
      return;
    }
    // The time of day when the guest's clock was zero.
    long nanoseconds = nanoseconds(cpu.time.frequencyHz());
    java.time.Instant boot = java.time.Instant.now().minusNanos(nanoseconds);
    int version = RawMemory.getInt(host) & ~1;
    RawMemory.putInt(host + 4, (int) boot.getEpochSecond());
    RawMemory.putInt(host + 8, boot.getNano());
    RawMemory.putInt(host, version + 2);
    cpu.memory.written(address, 12);
  }

  /** Host address of guest memory that lies in one writable page, or 0. */
  private long plain(long address, int length) {
    GuestMemory.Region region = cpu.memory.region(address);
    if (region == null
        || !region.writable()
        || (address & 3) != 0
        || (address & 0xfff) + length > GuestMemory.PAGE) {
      return 0;
    }
    return region.host() + (address - region.base());
  }
}
