package org.wardian.virtio.transport;

import java.util.function.BooleanSupplier;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.virtio.VirtioDevice;

/**
 * The ports of the legacy interface (virtio 1.2 §4.1.4.10). The device's configuration follows the
 * registers, four bytes later while MSI-X is on.
 */
final class LegacyRegisters implements IoHandler {
  private static final int DEVICE_FEATURES = 0;
  private static final int DRIVER_FEATURES = 4;
  private static final int QUEUE_PAGE = 8;
  private static final int QUEUE_SIZE = 12;
  private static final int QUEUE_SELECT = 14;
  private static final int QUEUE_NOTIFY = 16;
  private static final int STATUS = 18;
  private static final int INTERRUPT_STATUS = 19;
  private static final int CONFIG_VECTOR = 20;
  private static final int QUEUE_VECTOR = 22;
  private static final int END = 20;
  private static final int END_WITH_MSIX = 24;

  private final VirtioDevice device;
  private final Negotiation negotiation;
  private final Vectors vectors;
  private final InterruptStatus interruptStatus;
  private final BooleanSupplier msix;
  private int queueSelect;

  LegacyRegisters(
      VirtioDevice device,
      Negotiation negotiation,
      Vectors vectors,
      InterruptStatus interruptStatus,
      BooleanSupplier msix) {
    this.device = device;
    this.negotiation = negotiation;
    this.vectors = vectors;
    this.interruptStatus = interruptStatus;
    this.msix = msix;
  }

  /** Bytes of the window, a power of two. */
  int length() {
    int used = END_WITH_MSIX + device.configurationLength();
    return Math.max(32, Integer.highestOneBit(2 * used - 1));
  }

  synchronized void reset() {
    queueSelect = 0;
  }

  private int configurationStart() {
    return msix.getAsBoolean() ? END_WITH_MSIX : END;
  }

  @Override
  public int widest() {
    return 4;
  }

  @Override
  public synchronized long read(long offset, int size) {
    int start = configurationStart();
    long value = 0;
    for (int i = 0; i < size; i++) {
      int at = (int) offset + i;
      int part = at >= start ? device.readConfiguration(at - start) : readByte(at);
      value |= (long) part << (8 * i);
    }
    return value;
  }

  private int readByte(int at) {
    int register =
        at < QUEUE_SIZE ? at & ~3 : at == STATUS || at == INTERRUPT_STATUS ? at : at & ~1;
    return readRegister(register) >>> (8 * (at - register)) & 0xff;
  }

  private int readRegister(int register) {
    QueueRegisters queue = negotiation.queue(queueSelect);
    return switch (register) {
      case DEVICE_FEATURES -> (int) negotiation.offered(true);
      case DRIVER_FEATURES -> (int) negotiation.driverFeatures();
      case QUEUE_PAGE -> queue == null ? 0 : page(queue);
      case QUEUE_SIZE -> queue == null ? 0 : queue.largest();
      case QUEUE_SELECT -> queueSelect;
      case STATUS -> negotiation.status();
      case INTERRUPT_STATUS -> interruptStatus.take();
      case CONFIG_VECTOR -> vectors.configuration();
      case QUEUE_VECTOR -> queue == null ? QueueRegisters.NO_VECTOR : vectors.queue(queueSelect);
      default -> 0;
    };
  }

  private int page(QueueRegisters queue) {
    synchronized (negotiation) {
      return queue.legacyPage();
    }
  }

  @Override
  public void write(long offset, int size, long value) {
    if (offset == QUEUE_NOTIFY && size == 2) {
      // Outside of the monitor: the device may serve the queue at once, and interrupt.
      device.notified((int) value);
    } else {
      writeRegister((int) offset, size, value);
    }
  }

  private synchronized void writeRegister(int at, int size, long value) {
    int start = configurationStart();
    if (at >= start) {
      device.writeConfiguration(at - start, size, value);
      return;
    }
    int width = at < QUEUE_SIZE ? 4 : at == STATUS || at == INTERRUPT_STATUS ? 1 : 2;
    if (size != width) {
      return;
    }
    int word = (int) value;
    switch (at) {
      case DRIVER_FEATURES ->
          negotiation.driverFeatures(Integer.toUnsignedLong(word) & negotiation.offered(true));
      case QUEUE_PAGE -> {
        if (negotiation.queue(queueSelect) != null) {
          negotiation.legacyQueue(queueSelect, word);
        }
      }
      case QUEUE_SELECT -> queueSelect = word;
      case STATUS -> negotiation.writeStatus(word, true);
      case CONFIG_VECTOR -> vectors.configuration(word);
      case QUEUE_VECTOR -> {
        if (negotiation.queue(queueSelect) != null) {
          vectors.queue(queueSelect, word);
        }
      }
      default -> {
        // Read-only.
      }
    }
  }

  synchronized void save(StateWriter out) {
    out.writeInt(queueSelect);
  }

  synchronized void load(StateReader in) {
    queueSelect = in.readInt(0, 0xffff);
  }
}
