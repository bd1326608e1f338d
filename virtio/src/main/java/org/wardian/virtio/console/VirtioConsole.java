package org.wardian.virtio.console;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.virtio.DeviceType;
import org.wardian.virtio.VirtioDevice;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.QueueViolation;
import org.wardian.virtio.queue.Virtqueue;

/**
 * Consoles and named channels between guest and host (virtio 1.2 §5.3). A driver that does not know
 * several ports has port 0 alone.
 */
public final class VirtioConsole extends VirtioDevice {
  private static final int QUEUE_SIZE = 64;

  /** The most bytes that are copied at once, whatever a driver's chain holds. */
  private static final int PIECE = 1 << 14;

  /** The most messages for a driver that does not take any: each port has three. */
  private static final int MOST_MESSAGES = 256;

  private final List<ConsolePort> ports;
  private final PortInput[] inputs;

  /** Which ports have somebody at the host's end. */
  private final AtomicIntegerArray connected;

  /** Which ports a program of the guest has open. */
  private final AtomicIntegerArray open;

  /** Messages for the driver; guarded by itself. */
  private final Deque<byte[]> messages = new ArrayDeque<>();

  /**
   * A device with at least one port, at most 32.
   *
   * @param columns of the screen that shows port 0; 0 where nobody knows
   * @param rows of that screen
   */
  public VirtioConsole(String name, List<ConsolePort> ports, int columns, int rows) {
    super(
        name,
        DeviceType.CONSOLE,
        ConsoleProtocol.CONFIG_LENGTH,
        sizes(queuesOf(ports), QUEUE_SIZE),
        1);
    this.ports = List.copyOf(ports);
    this.inputs = new PortInput[ports.size()];
    this.connected = new AtomicIntegerArray(ports.size());
    this.open = new AtomicIntegerArray(ports.size());
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = new PortInput();
      connected.set(i, 1);
    }
    configure(c ->
        c.putShort(ConsoleProtocol.CONFIG_COLUMNS, (short) columns)
            .putShort(ConsoleProtocol.CONFIG_ROWS, (short) rows)
            .putInt(ConsoleProtocol.CONFIG_PORTS, ports.size()));
  }

  private static int queuesOf(List<ConsolePort> ports) {
    if (ports.isEmpty() || ports.size() > 32) {
      throw new IllegalArgumentException("a console of " + ports.size() + " ports");
    }
    return multiport(ports) ? 2 + 2 * ports.size() : 2;
  }

  /** Whether port 0 alone cannot say what the ports are. */
  private static boolean multiport(List<ConsolePort> ports) {
    return ports.size() > 1 || !ports.getFirst().console() || !ports.getFirst().name().isEmpty();
  }

  @Override
  public long features() {
    return ConsoleProtocol.SIZE
        | ConsoleProtocol.EMERGENCY_WRITE
        | (multiport(ports) ? ConsoleProtocol.MULTIPORT : 0);
  }

  /** A driver in need writes one character at a time (§5.3.6, emergency write). */
  @Override
  public void writeConfiguration(int offset, int size, long value) {
    if (offset == ConsoleProtocol.CONFIG_EMERGENCY_WRITE) {
      ports.getFirst().output().write(new byte[] {(byte) value}, 0, 1);
    }
  }

  /**
   * Types into a port; waits while the guest does not read.
   *
   * @throws InterruptedException if the thread is interrupted meanwhile
   */
  public void type(int port, byte[] bytes, int offset, int length) throws InterruptedException {
    inputs[port].put(bytes, offset, length, () -> wake(ConsoleProtocol.receiveQueue(port)));
  }

  /** The screen that shows port 0 has another size. Any thread. */
  public void resize(int columns, int rows) {
    reconfigure(c ->
        c.putShort(ConsoleProtocol.CONFIG_COLUMNS, (short) columns)
            .putShort(ConsoleProtocol.CONFIG_ROWS, (short) rows));
    Session current = session();
    if (current != null && current.has(ConsoleProtocol.MULTIPORT)) {
      byte[] size =
          ByteBuffer.allocate(4)
              .order(ByteOrder.LITTLE_ENDIAN)
              // The order of the message, which is not that of the configuration (§5.3.6.2).
              .putShort((short) rows)
              .putShort((short) columns)
              .array();
      message(0, ConsoleProtocol.RESIZE, 0, size);
      wake(ConsoleProtocol.CONTROL_RECEIVE);
    }
  }

  /** Somebody is at the host's end of a port, as at the start, or nobody is. Any thread. */
  public void connect(int port, boolean there) {
    int value = there ? 1 : 0;
    if (connected.getAndSet(port, value) == value) {
      return;
    }
    Session current = session();
    if (current != null && current.has(ConsoleProtocol.MULTIPORT)) {
      message(port, ConsoleProtocol.PORT_OPEN, value, new byte[0]);
      wake(ConsoleProtocol.CONTROL_RECEIVE);
    }
  }

  @Override
  protected void serve(Session current, int queue) {
    boolean several = current.has(ConsoleProtocol.MULTIPORT);
    Virtqueue served = current.queue(queue);
    if (several && queue == ConsoleProtocol.CONTROL_RECEIVE) {
      sendMessages(served);
    } else if (several && queue == ConsoleProtocol.CONTROL_TRANSMIT) {
      receiveMessages(served);
    } else if (several || queue < 2) {
      int port = queue < 2 ? 0 : queue / 2 - 1;
      if (queue % 2 == 0) {
        give(served, inputs[port]);
      } else {
        take(served, ports.get(port).output());
      }
    }
  }

  /** The guest's output. */
  private static void take(Virtqueue queue, ConsolePort.Output output) {
    byte[] bytes = new byte[PIECE];
    do {
      for (DescriptorChain chain = queue.poll(); chain != null; chain = queue.poll()) {
        for (int at = 0; at < chain.readable(); at += PIECE) {
          output.write(bytes, 0, chain.read(at, bytes, 0, PIECE));
        }
        queue.complete(chain, 0);
        queue.signal();
      }
    } while (queue.listen());
  }

  /** The guest's input. */
  private static void give(Virtqueue queue, PortInput input) {
    do {
      while (input.available() > 0) {
        DescriptorChain chain = queue.poll();
        if (chain == null) {
          break;
        }
        if (chain.writable() == 0) {
          throw new QueueViolation("no room for input");
        }
        byte[] bytes = input.take(Math.min(PIECE, chain.writable()));
        queue.complete(chain, chain.write(0, bytes, 0, bytes.length));
        queue.signal();
      }
    } while (input.available() > 0 && queue.listen());
  }

  // Control.

  private void message(int port, int event, int value, byte[] more) {
    ByteBuffer message =
        ByteBuffer.allocate(ConsoleProtocol.MESSAGE + more.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(port)
            .putShort((short) event)
            .putShort((short) value)
            .put(more);
    synchronized (messages) {
      if (messages.size() < MOST_MESSAGES) {
        messages.add(message.array());
      }
    }
  }

  private void sendMessages(Virtqueue queue) {
    do {
      while (true) {
        synchronized (messages) {
          if (messages.isEmpty()) {
            break;
          }
        }
        DescriptorChain chain = queue.poll();
        if (chain == null) {
          break;
        }
        byte[] message;
        synchronized (messages) {
          message = messages.remove();
        }
        if (chain.writable() < message.length) {
          throw new QueueViolation("no room for a control message");
        }
        queue.complete(chain, chain.write(0, message, 0, message.length));
        queue.signal();
      }
    } while (hasMessages() && queue.listen());
  }

  private boolean hasMessages() {
    synchronized (messages) {
      return !messages.isEmpty();
    }
  }

  private void receiveMessages(Virtqueue queue) {
    ByteBuffer message =
        ByteBuffer.allocate(ConsoleProtocol.MESSAGE).order(ByteOrder.LITTLE_ENDIAN);
    boolean any = false;
    do {
      for (DescriptorChain chain = queue.poll(); chain != null; chain = queue.poll()) {
        any = true;
        if (chain.read(0, message.array(), 0, ConsoleProtocol.MESSAGE) == ConsoleProtocol.MESSAGE) {
          received(
              Integer.toUnsignedLong(message.getInt(0)), message.getShort(4), message.getShort(6));
        }
        queue.complete(chain, 0);
        queue.signal();
      }
    } while (queue.listen());
    if (any) {
      wake(ConsoleProtocol.CONTROL_RECEIVE);
    }
  }

  private void received(long port, int event, int value) {
    if (event == ConsoleProtocol.DEVICE_READY && value == 1) {
      for (int i = 0; i < ports.size(); i++) {
        message(i, ConsoleProtocol.PORT_ADD, 1, new byte[0]);
      }
    } else if (event == ConsoleProtocol.PORT_READY && value == 1 && port < ports.size()) {
      describe((int) port);
    } else if (event == ConsoleProtocol.PORT_OPEN && port < ports.size()) {
      opened((int) port, value == 1);
    }
  }

  private void opened(int port, boolean now) {
    open.set(port, now ? 1 : 0);
    ports.get(port).guest().opened(now);
  }

  private void describe(int number) {
    ConsolePort port = ports.get(number);
    if (port.console()) {
      message(number, ConsoleProtocol.CONSOLE_PORT, 1, new byte[0]);
    }
    if (!port.name().isEmpty()) {
      message(
          number,
          ConsoleProtocol.PORT_NAME,
          1,
          (port.name() + '\0').getBytes(StandardCharsets.US_ASCII));
    }
    if (connected.get(number) == 1) {
      message(number, ConsoleProtocol.PORT_OPEN, 1, new byte[0]);
    }
  }

  @Override
  protected void deactivated(Session ended) {
    synchronized (messages) {
      messages.clear();
    }
    for (int port = 0; port < inputs.length; port++) {
      if (open.get(port) == 1) {
        opened(port, false); // The programs of the guest have ended with its driver.
      }
    }
  }

  @Override
  protected void onStop() {
    for (PortInput input : inputs) {
      input.close();
    }
  }

  @Override
  protected void saveDevice(StateWriter out) {
    synchronized (messages) {
      out.writeInt(messages.size());
      messages.forEach(out::writeBytes);
    }
    for (PortInput input : inputs) {
      input.save(out);
    }
    for (int port = 0; port < inputs.length; port++) {
      out.writeBoolean(open.get(port) == 1);
    }
  }

  @Override
  protected void loadDevice(StateReader in) {
    synchronized (messages) {
      messages.clear();
      int count = in.readInt(0, MOST_MESSAGES);
      for (int i = 0; i < count; i++) {
        messages.add(in.readBytes());
      }
    }
    for (PortInput input : inputs) {
      input.load(in);
    }
    if (!in.hasNext()) {
      return; // Of a release that did not keep what is open.
    }
    for (int port = 0; port < inputs.length; port++) {
      opened(port, in.readBoolean());
    }
  }
}
