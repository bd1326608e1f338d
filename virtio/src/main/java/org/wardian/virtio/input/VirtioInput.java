package org.wardian.virtio.input;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.virtio.DeviceType;
import org.wardian.virtio.VirtioDevice;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.QueueViolation;
import org.wardian.virtio.queue.Virtqueue;

/** What keyboard and tablet have in common (virtio 1.2 §5.8): who they are, and their events. */
public abstract sealed class VirtioInput extends VirtioDevice permits VirtioKeyboard, VirtioTablet {
  private static final int QUEUE_SIZE = 64;
  private static final int EVENTS = 0;
  private static final int BUS_VIRTUAL = 6;

  private final String title;
  private final int product;
  private final EventQueue events = new EventQueue();

  VirtioInput(String name, String title, int product) {
    super(name, DeviceType.INPUT, InputProtocol.CONFIG_LENGTH, sizes(2, QUEUE_SIZE), 1);
    this.title = title;
    this.product = product;
  }

  @Override
  public final long features() {
    return 0;
  }

  /** The codes of a type of events, or none. */
  abstract BitSet codes(int type);

  /** Greatest value of an absolute axis, or -1. */
  abstract int axis(int code);

  /** Sends a group of events. */
  final void send(long... group) {
    if (session() != null) {
      events.add(group);
      wake(EVENTS);
    }
  }

  /** The driver asks for a piece of information. */
  @Override
  public final void writeConfiguration(int offset, int size, long value) {
    if (offset > InputProtocol.CONFIG_SUBSELECT || size > 2 || offset + size > 2) {
      return;
    }
    configure(c -> {
      for (int i = 0; i < size; i++) {
        c.put(offset + i, (byte) (value >>> (8 * i)));
      }
      byte[] answer =
          answer(
              c.get(InputProtocol.CONFIG_SELECT) & 0xff,
              c.get(InputProtocol.CONFIG_SUBSELECT) & 0xff);
      c.put(InputProtocol.CONFIG_SIZE, (byte) answer.length);
      c.put(
          InputProtocol.CONFIG_DATA,
          new byte[InputProtocol.CONFIG_LENGTH - InputProtocol.CONFIG_DATA]);
      c.put(InputProtocol.CONFIG_DATA, answer);
    });
  }

  private byte[] answer(int select, int subselect) {
    return switch (select) {
      case InputProtocol.NAME -> title.getBytes(StandardCharsets.US_ASCII);
      case InputProtocol.IDENTITY ->
          ByteBuffer.allocate(8)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putShort((short) BUS_VIRTUAL)
              .putShort((short) 0x0627)
              .putShort((short) product)
              .putShort((short) 1)
              .array();
      case InputProtocol.EVENT_BITS -> codes(subselect).toByteArray();
      case InputProtocol.AXIS ->
          axis(subselect) < 0
              ? new byte[0]
              : ByteBuffer.allocate(20)
                  .order(ByteOrder.LITTLE_ENDIAN)
                  .putInt(4, axis(subselect))
                  .array();
      default -> new byte[0];
    };
  }

  @Override
  protected final void serve(Session current, int index) {
    Virtqueue queue = current.queue(index);
    if (index != EVENTS) {
      // Lights of a keyboard that has none.
      do {
        for (DescriptorChain chain = queue.poll(); chain != null; chain = queue.poll()) {
          queue.complete(chain, 0);
          queue.signal();
        }
      } while (queue.listen());
      return;
    }
    ByteBuffer event = ByteBuffer.allocate(InputProtocol.EVENT).order(ByteOrder.LITTLE_ENDIAN);
    do {
      while (!events.isEmpty()) {
        DescriptorChain chain = queue.poll();
        if (chain == null) {
          break;
        }
        if (chain.writable() < InputProtocol.EVENT) {
          throw new QueueViolation("no room for an event");
        }
        event.putLong(0, events.remove());
        queue.complete(chain, chain.write(0, event.array(), 0, InputProtocol.EVENT));
        queue.signal();
      }
    } while (!events.isEmpty() && queue.listen());
  }

  @Override
  protected final void deactivated(Session ended) {
    events.clear();
  }

  @Override
  protected final void saveDevice(StateWriter out) {
    events.save(out);
  }

  @Override
  protected final void loadDevice(StateReader in) {
    events.load(in);
  }
}
