package org.wardian.virtio.transport;

import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.virtio.Features;

/** The common configuration structure (virtio 1.2 §4.1.4.3). */
final class CommonRegisters implements IoHandler {
  static final int LENGTH = 64;

  private static final int DEVICE_FEATURE_SELECT = 0;
  private static final int DEVICE_FEATURE = 4;
  private static final int DRIVER_FEATURE_SELECT = 8;
  private static final int DRIVER_FEATURE = 12;
  private static final int CONFIG_VECTOR = 16;
  private static final int QUEUES = 18;
  private static final int STATUS = 20;
  private static final int GENERATION = 21;
  private static final int QUEUE_SELECT = 22;
  private static final int QUEUE_SIZE = 24;
  private static final int QUEUE_VECTOR = 26;
  private static final int QUEUE_ENABLE = 28;
  private static final int QUEUE_NOTIFY_OFFSET = 30;
  private static final int QUEUE_AREAS = 32;
  private static final int QUEUE_AREAS_END = 56;
  private static final int QUEUE_NOTIFY_DATA = 56;
  private static final int QUEUE_RESET = 58;

  private final Object lock;
  private final Negotiation negotiation;
  private final Vectors vectors;
  private final int queues;
  private int deviceFeatureSelect;
  private int driverFeatureSelect;
  private int queueSelect;

  /**
   * @param lock the monitor that guards the registers, taken before that of the negotiation
   */
  CommonRegisters(Object lock, Negotiation negotiation, Vectors vectors, int queues) {
    this.lock = lock;
    this.negotiation = negotiation;
    this.vectors = vectors;
    this.queues = queues;
  }

  void reset() {
    synchronized (lock) {
      deviceFeatureSelect = 0;
      driverFeatureSelect = 0;
      queueSelect = 0;
    }
  }

  @Override
  public long read(long offset, int size) {
    long value = 0;
    synchronized (lock) {
      for (int i = 0; i < size; i++) {
        value |= (long) readByte((int) offset + i) << (8 * i);
      }
    }
    return value;
  }

  private int readByte(int at) {
    if (at >= QUEUE_AREAS && at < QUEUE_AREAS_END) {
      return (int) (area(at) >>> (8 * (at & 7))) & 0xff;
    }
    int register = at < CONFIG_VECTOR ? at & ~3 : at == STATUS || at == GENERATION ? at : at & ~1;
    return readRegister(register) >>> (8 * (at - register)) & 0xff;
  }

  private long area(int at) {
    QueueRegisters queue = negotiation.queue(queueSelect);
    if (queue == null) {
      return 0;
    }
    synchronized (negotiation) {
      return switch (at - QUEUE_AREAS >> 3) {
        case 0 -> queue.descriptorArea;
        case 1 -> queue.driverArea;
        default -> queue.deviceArea;
      };
    }
  }

  private int readRegister(int register) {
    return switch (register) {
      case DEVICE_FEATURE_SELECT -> deviceFeatureSelect;
      case DEVICE_FEATURE -> word(negotiation.offered(false), deviceFeatureSelect);
      case DRIVER_FEATURE_SELECT -> driverFeatureSelect;
      case DRIVER_FEATURE -> word(negotiation.driverFeatures(), driverFeatureSelect);
      case CONFIG_VECTOR -> vectors.configuration();
      case QUEUES -> queues;
      case STATUS -> negotiation.status();
      case GENERATION -> negotiation.generation();
      case QUEUE_SELECT -> queueSelect;
      case QUEUE_NOTIFY_DATA -> queueSelect;
      default -> readQueue(register);
    };
  }

  private static int word(long features, int select) {
    return select == 0 ? (int) features : select == 1 ? (int) (features >>> 32) : 0;
  }

  private int readQueue(int register) {
    QueueRegisters queue = negotiation.queue(queueSelect);
    if (queue == null) {
      return register == QUEUE_VECTOR ? QueueRegisters.NO_VECTOR : 0;
    }
    synchronized (negotiation) {
      return switch (register) {
        case QUEUE_SIZE -> queue.size;
        case QUEUE_VECTOR -> vectors.queue(queueSelect);
        case QUEUE_ENABLE -> queue.enabled ? 1 : 0;
        case QUEUE_NOTIFY_OFFSET -> queueSelect;
        case QUEUE_RESET -> queue.resetting ? 1 : 0;
        default -> 0;
      };
    }
  }

  /** Fields take accesses of their own width; the queue's areas 4 bytes or 8. */
  @Override
  public void write(long offset, int size, long value) {
    int at = (int) offset;
    synchronized (lock) {
      if (at >= QUEUE_AREAS && at < QUEUE_AREAS_END) {
        writeArea(at, size, value);
      } else if (size == width(at)) {
        writeRegister(at, (int) value);
      }
    }
  }

  private static int width(int at) {
    return at < CONFIG_VECTOR ? 4 : at == STATUS ? 1 : 2;
  }

  private void writeArea(int at, int size, long value) {
    QueueRegisters queue = negotiation.queue(queueSelect);
    if (queue == null || size < 4 || (at & size - 1) != 0) {
      return;
    }
    synchronized (negotiation) {
      if (!negotiation.open(queue)) {
        return;
      }
      long before = area(at);
      long after =
          size == 8
              ? value
              : (at & 4) == 0
                  ? before & ~0xffff_ffffL | value
                  : before & 0xffff_ffffL | value << 32;
      switch (at - QUEUE_AREAS >> 3) {
        case 0 -> queue.descriptorArea = after;
        case 1 -> queue.driverArea = after;
        default -> queue.deviceArea = after;
      }
    }
  }

  private void writeRegister(int at, int value) {
    switch (at) {
      case DEVICE_FEATURE_SELECT -> deviceFeatureSelect = value;
      case DRIVER_FEATURE_SELECT -> driverFeatureSelect = value;
      case DRIVER_FEATURE -> writeFeatures(value);
      case CONFIG_VECTOR -> vectors.configuration(value);
      case STATUS -> negotiation.writeStatus(value, false);
      case QUEUE_SELECT -> queueSelect = value & 0xffff;
      default -> writeQueue(at, value & 0xffff);
    }
  }

  private void writeFeatures(int value) {
    long before = negotiation.driverFeatures();
    if (driverFeatureSelect == 0) {
      negotiation.driverFeatures(before & ~0xffff_ffffL | Integer.toUnsignedLong(value));
    } else if (driverFeatureSelect == 1) {
      negotiation.driverFeatures(before & 0xffff_ffffL | (long) value << 32);
    }
  }

  private void writeQueue(int at, int value) {
    QueueRegisters queue = negotiation.queue(queueSelect);
    if (queue == null) {
      return;
    }
    if (at == QUEUE_VECTOR) {
      vectors.queue(queueSelect, value);
      return;
    }
    if (at == QUEUE_RESET) {
      if (value == 1 && (negotiation.driverFeatures() & Features.QUEUE_RESET) != 0) {
        negotiation.resetQueue(queueSelect);
      }
      return;
    }
    if (at == QUEUE_SIZE) {
      negotiation.queueSize(queueSelect, value);
    } else if (at == QUEUE_ENABLE && value == 1) {
      negotiation.enableQueue(queueSelect);
    }
  }

  void save(StateWriter out) {
    synchronized (lock) {
      out.writeInt(deviceFeatureSelect);
      out.writeInt(driverFeatureSelect);
      out.writeInt(queueSelect);
    }
  }

  void load(StateReader in) {
    synchronized (lock) {
      deviceFeatureSelect = in.readInt();
      driverFeatureSelect = in.readInt();
      queueSelect = in.readInt(0, 0xffff);
    }
  }
}
