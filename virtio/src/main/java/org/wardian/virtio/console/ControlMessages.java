package org.wardian.virtio.console;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.QueueViolation;
import org.wardian.virtio.queue.Virtqueue;

/** Control messages that wait for the driver (virtio 1.2 §5.3.6.2). Its monitor guards it. */
final class ControlMessages {
  /** The most that are kept for a driver that does not take any: each port has three. */
  private static final int MOST = 256;

  private final Deque<byte[]> waiting = new ArrayDeque<>();

  /** Adds one; dropped where the driver takes none. */
  synchronized void add(int port, int event, int value, byte[] more) {
    if (waiting.size() < MOST) {
      waiting.add(
          ByteBuffer.allocate(ConsoleProtocol.MESSAGE + more.length)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putInt(port)
              .putShort((short) event)
              .putShort((short) value)
              .put(more)
              .array());
    }
  }

  synchronized void clear() {
    waiting.clear();
  }

  private synchronized boolean isEmpty() {
    return waiting.isEmpty();
  }

  private synchronized byte[] remove() {
    return waiting.remove();
  }

  /**
   * Gives the driver as many as it has room for; on the device's thread, which alone takes them.
   *
   * @throws QueueViolation where a buffer is too small for one
   */
  void send(Virtqueue queue) {
    do {
      while (!isEmpty()) {
        DescriptorChain chain = queue.poll();
        if (chain == null) {
          break;
        }
        byte[] message = remove();
        if (chain.writable() < message.length) {
          throw new QueueViolation("no room for a control message");
        }
        queue.complete(chain, chain.write(0, message, 0, message.length));
        queue.signal();
      }
    } while (!isEmpty() && queue.listen());
  }

  synchronized void save(StateWriter out) {
    out.writeInt(waiting.size());
    waiting.forEach(out::writeBytes);
  }

  synchronized void load(StateReader in) {
    waiting.clear();
    int count = in.readInt(0, MOST);
    for (int i = 0; i < count; i++) {
      waiting.add(in.readBytes());
    }
  }
}
