package org.wardian.virtio.transport;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/** Which MSI-X vector each queue and the configuration have (virtio 1.2 §4.1.5.1.2). Any thread. */
final class Vectors {
  private final int vectors;
  private final int queues;

  /** One for each queue, then that of the configuration. */
  private final AtomicIntegerArray chosen;

  Vectors(int vectors, int queues) {
    this.vectors = vectors;
    this.queues = queues;
    this.chosen = new AtomicIntegerArray(queues + 1);
    reset();
  }

  void reset() {
    for (int i = 0; i <= queues; i++) {
      chosen.set(i, QueueRegisters.NO_VECTOR);
    }
  }

  int queue(int index) {
    return chosen.get(index);
  }

  /** A vector that does not exist is none. */
  void queue(int index, int vector) {
    chosen.set(index, (vector & 0xffff) < vectors ? vector & 0xffff : QueueRegisters.NO_VECTOR);
  }

  int configuration() {
    return queue(queues);
  }

  void configuration(int vector) {
    queue(queues, vector);
  }

  void save(StateWriter out) {
    for (int i = 0; i <= queues; i++) {
      out.writeInt(chosen.get(i));
    }
  }

  void load(StateReader in) {
    for (int i = 0; i <= queues; i++) {
      queue(i, in.readInt());
    }
  }
}
