package org.wardian.virtio.transport;

import org.wardian.bus.IoHandler;
import org.wardian.virtio.VirtioDevice;

/**
 * The memory base address register with the structures of a modern device, a page for each (virtio
 * 1.2 §4.1.4).
 */
final class Windows implements IoHandler {
  static final int COMMON = 0x0000;
  static final int INTERRUPT_STATUS = 0x1000;
  static final int CONFIGURATION = 0x2000;
  static final int NOTIFY = 0x3000;
  static final int PAGE = 0x1000;
  static final int LENGTH = 0x4000;

  /** Bytes from one queue's doorbell to the next. */
  static final int NOTIFY_MULTIPLIER = 4;

  private final VirtioDevice device;
  private final CommonRegisters common;
  private final InterruptStatus status;

  Windows(VirtioDevice device, CommonRegisters common, InterruptStatus status) {
    this.device = device;
    this.common = common;
    this.status = status;
  }

  @Override
  public long read(long offset, int size) {
    int at = (int) offset & PAGE - 1;
    return switch ((int) offset & -PAGE) {
      case COMMON -> at + size <= CommonRegisters.LENGTH ? common.read(at, size) : 0;
      case INTERRUPT_STATUS -> status.read(at, size);
      case CONFIGURATION -> readConfiguration(at, size);
      default -> 0;
    };
  }

  private long readConfiguration(int at, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (long) device.readConfiguration(at + i) << (8 * i);
    }
    return value;
  }

  @Override
  public void write(long offset, int size, long value) {
    int at = (int) offset & PAGE - 1;
    switch ((int) offset & -PAGE) {
      case NOTIFY -> device.notified(at / NOTIFY_MULTIPLIER);
      case COMMON -> {
        if (at + size <= CommonRegisters.LENGTH) {
          common.write(at, size, value);
        }
      }
      case CONFIGURATION -> {
        if (at + size <= device.configurationLength()) {
          device.writeConfiguration(at, size, value);
        }
      }
      default -> {
        // Nothing to write.
      }
    }
  }
}
