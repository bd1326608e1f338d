package org.wardian.virtio.console;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.virtio.DeviceType;
import org.wardian.virtio.VirtioDevice;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.QueueViolation;
import org.wardian.virtio.queue.Virtqueue;

/**
 * Consoles and named channels between guest and host (virtio 1.2 §5.3). A driver that does not know
 * several ports has port 0 alone. A device is made with its ports, or with room for ports that come
 * and go.
 */
public final class VirtioConsole extends VirtioDevice {
  /** The most ports that a device may have. */
  public static final int MOST_PORTS = 32;

  private static final int QUEUE_SIZE = 64;

  /** The most bytes that are copied at once, whatever a driver's chain holds. */
  private static final int PIECE = 1 << 14;

  private static final byte[] NOTHING = {};

  /** The ports by number; null where there is none. Changed while the machine stands still. */
  private final AtomicReferenceArray<PortPlace> places;

  /** Whether ports come and go. */
  private final boolean pluggable;

  private final boolean multiport;
  private final ControlMessages messages = new ControlMessages();

  /**
   * A device with these ports and no others, at least one and at most {@link #MOST_PORTS}.
   *
   * @param columns of the screen that shows port 0; 0 where nobody knows
   * @param rows of that screen
   */
  public VirtioConsole(String name, List<ConsolePort> ports, int columns, int rows) {
    this(name, numbered(ports), ports.size(), false, columns, rows);
  }

  /**
   * A device whose ports come and go.
   *
   * @param ports those of the start by number
   * @param most how many there may be, at most {@link #MOST_PORTS}; numbers are below it
   */
  public VirtioConsole(String name, Map<Integer, ConsolePort> ports, int most) {
    this(name, ports, most, true, 0, 0);
  }

  private VirtioConsole(
      String name,
      Map<Integer, ConsolePort> ports,
      int most,
      boolean pluggable,
      int columns,
      int rows) {
    super(
        name,
        DeviceType.CONSOLE,
        ConsoleProtocol.CONFIG_LENGTH,
        sizes(isMultiport(ports, most, pluggable) ? 2 + 2 * most : 2, QUEUE_SIZE),
        1);
    this.pluggable = pluggable;
    this.multiport = isMultiport(ports, most, pluggable);
    this.places = new AtomicReferenceArray<>(most);
    ports.forEach((number, port) -> {
      if (number < 0 || number >= most) {
        throw new IllegalArgumentException("a port " + number + " of " + most);
      }
      places.set(number, new PortPlace(port));
    });
    configure(c ->
        c.putShort(ConsoleProtocol.CONFIG_COLUMNS, (short) columns)
            .putShort(ConsoleProtocol.CONFIG_ROWS, (short) rows)
            .putInt(ConsoleProtocol.CONFIG_PORTS, most));
  }

  private static SortedMap<Integer, ConsolePort> numbered(List<ConsolePort> ports) {
    SortedMap<Integer, ConsolePort> numbered = new TreeMap<>();
    for (ConsolePort port : ports) {
      numbered.put(numbered.size(), port);
    }
    return numbered;
  }

  /** Whether port 0 alone cannot say what the ports are. */
  private static boolean isMultiport(Map<Integer, ConsolePort> ports, int most, boolean pluggable) {
    if (most < 1 || most > MOST_PORTS) {
      throw new IllegalArgumentException("a console of " + most + " ports");
    }
    return pluggable || most > 1 || !ports.get(0).console() || !ports.get(0).name().isEmpty();
  }

  @Override
  public long features() {
    return ConsoleProtocol.SIZE
        | ConsoleProtocol.EMERGENCY_WRITE
        | (multiport ? ConsoleProtocol.MULTIPORT : 0);
  }

  // Ports that come and go. The machine stands still, or does not run yet.

  /**
   * The number of a port.
   *
   * @return -1 where the device does not have it
   */
  public int number(ConsolePort port) {
    for (int number = 0; number < places.length(); number++) {
      PortPlace place = places.get(number);
      if (place != null && place.port.equals(port)) {
        return number;
      }
    }
    return -1;
  }

  /**
   * The first number that is free.
   *
   * @param first where to begin
   * @return -1 where there is none
   */
  public int free(int first) {
    for (int number = first; number < places.length(); number++) {
      if (places.get(number) == null) {
        return number;
      }
    }
    return -1;
  }

  /**
   * Adds a port, and tells the guest.
   *
   * @throws IllegalArgumentException where the device has no such number, or another port has it
   */
  public void add(int number, ConsolePort port) {
    if (!pluggable) {
      throw new IllegalArgumentException(name() + " has the ports that it was made with");
    }
    if (number < 0 || number >= places.length()) {
      throw new IllegalArgumentException(name() + " does not have port " + number);
    }
    if (!port.name().isEmpty()
        && there().values().stream().anyMatch(place -> place.port.name().equals(port.name()))) {
      throw new IllegalArgumentException("A port already exists by name " + port.name());
    }
    if (!places.compareAndSet(number, null, new PortPlace(port))) {
      throw new IllegalArgumentException(name() + " has a port " + number + " already");
    }
    tell(number, ConsoleProtocol.PORT_ADD, 1);
  }

  /** Takes a port away, and tells the guest; nothing where it is not there. */
  public void remove(int number) {
    PortPlace gone = number < 0 ? null : places.getAndSet(number, null);
    if (gone != null) {
      gone.input.close();
      tell(number, ConsoleProtocol.PORT_REMOVE, 1);
    }
  }

  /** Sends a message to a driver that knows several ports. */
  private void tell(int port, int event, int value) {
    Session current = session();
    if (current != null && current.has(ConsoleProtocol.MULTIPORT)) {
      messages.add(port, event, value, NOTHING);
      wake(ConsoleProtocol.CONTROL_RECEIVE);
    }
  }

  /** A driver in need writes one character at a time (§5.3.6, emergency write). */
  @Override
  public void writeConfiguration(int offset, int size, long value) {
    if (offset == ConsoleProtocol.CONFIG_EMERGENCY_WRITE) {
      output(0).write(new byte[] {(byte) value}, 0, 1);
    }
  }

  /** Takes what the guest writes into a port, or into one that is gone. */
  private ConsolePort.Output output(int number) {
    PortPlace place = places.get(number);
    return place == null ? (bytes, offset, length) -> {} : place.port.output();
  }

  /**
   * Types into a port; waits while the guest does not read. Nobody hears it where the port is gone.
   *
   * @throws InterruptedException if the thread is interrupted meanwhile
   */
  public void type(int port, byte[] bytes, int offset, int length) throws InterruptedException {
    PortPlace place = port < 0 ? null : places.get(port);
    if (place != null) {
      place.input.put(bytes, offset, length, () -> wake(ConsoleProtocol.receiveQueue(port)));
    }
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
      messages.add(0, ConsoleProtocol.RESIZE, 0, size);
      wake(ConsoleProtocol.CONTROL_RECEIVE);
    }
  }

  /** Somebody is at the host's end of a port, as at the start, or nobody is. Any thread. */
  public void connect(int port, boolean there) {
    PortPlace place = port < 0 ? null : places.get(port);
    if (place != null && place.connected.getAndSet(there) != there) {
      if (!there && !place.takesInput()) {
        place.input.clear(); // Nobody is left who would hear the answer.
      }
      tell(port, ConsoleProtocol.PORT_OPEN, there ? 1 : 0);
    }
  }

  @Override
  protected void serve(Session current, int queue) {
    boolean several = current.has(ConsoleProtocol.MULTIPORT);
    Virtqueue served = current.queue(queue);
    if (several && queue == ConsoleProtocol.CONTROL_RECEIVE) {
      messages.send(served);
    } else if (several && queue == ConsoleProtocol.CONTROL_TRANSMIT) {
      receiveMessages(served);
    } else if (several || queue < 2) {
      int port = queue < 2 ? 0 : queue / 2 - 1;
      if (queue % 2 == 0) {
        PortPlace place = places.get(port);
        // A driver throws away what comes for a port that no program has open (§5.3.6).
        if (place != null && (!several || place.takesInput())) {
          give(served, place.input);
        }
      } else {
        take(served, output(port));
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
      for (int i = 0; i < places.length(); i++) {
        if (places.get(i) != null) {
          messages.add(i, ConsoleProtocol.PORT_ADD, 1, NOTHING);
        }
      }
      return;
    }
    PortPlace place = port < places.length() ? places.get((int) port) : null;
    if (place == null) {
      return; // A port that there never was, or one that is gone.
    }
    if (event == ConsoleProtocol.PORT_READY && value == 1) {
      describe((int) port, place);
    } else if (event == ConsoleProtocol.PORT_OPEN) {
      place.opened(value == 1);
      wake(ConsoleProtocol.receiveQueue((int) port));
    }
  }

  private void describe(int number, PortPlace place) {
    ConsolePort port = place.port;
    if (port.console()) {
      messages.add(number, ConsoleProtocol.CONSOLE_PORT, 1, NOTHING);
    }
    if (!port.name().isEmpty()) {
      messages.add(
          number,
          ConsoleProtocol.PORT_NAME,
          1,
          (port.name() + '\0').getBytes(StandardCharsets.US_ASCII));
    }
    if (place.connected.get()) {
      messages.add(number, ConsoleProtocol.PORT_OPEN, 1, NOTHING);
    }
  }

  /** The ports that are there, by number. */
  private SortedMap<Integer, PortPlace> there() {
    SortedMap<Integer, PortPlace> there = new TreeMap<>();
    for (int number = 0; number < places.length(); number++) {
      if (places.get(number) != null) {
        there.put(number, places.get(number));
      }
    }
    return there;
  }

  @Override
  protected void deactivated(Session ended) {
    messages.clear();
    for (PortPlace place : there().values()) {
      if (place.isOpen()) {
        place.opened(false); // The programs of the guest have ended with its driver.
      }
    }
  }

  @Override
  protected void onStop() {
    there().values().forEach(place -> place.input.close());
  }

  @Override
  protected void saveDevice(StateWriter out) {
    messages.save(out);
    if (pluggable) {
      saveNumbered(out);
      return;
    }
    there().values().forEach(place -> place.input.save(out));
    there().values().forEach(place -> out.writeBoolean(place.isOpen()));
  }

  private void saveNumbered(StateWriter out) {
    SortedMap<Integer, PortPlace> there = there();
    out.writeInt(there.size());
    there.forEach((number, place) -> {
      out.writeInt(number);
      out.writeString(place.port.name());
      out.writeBoolean(place.port.console());
      place.input.save(out);
      out.writeBoolean(place.isOpen());
    });
  }

  @Override
  protected void loadDevice(StateReader in) {
    messages.load(in);
    if (pluggable) {
      loadNumbered(in);
      return;
    }
    for (PortPlace place : there().values()) {
      place.input.load(in);
    }
    if (!in.hasNext()) {
      return; // Of a release that did not keep what is open.
    }
    for (PortPlace place : there().values()) {
      place.opened(in.readBoolean());
    }
  }

  /**
   * The guest knows its ports by number and name: those of this device get the numbers that they
   * had. What has come or gone meanwhile, the guest is told of.
   */
  private void loadNumbered(StateReader in) {
    PortPlace[] loaded = new PortPlace[places.length()];
    List<Integer> gone = new ArrayList<>();
    SortedMap<Integer, PortPlace> left = there();
    int last = -1;
    for (int count = in.readInt(0, places.length()); count > 0; count--) {
      int number = in.readInt(last + 1, places.length() - 1);
      last = number;
      String name = in.readString();
      boolean console = in.readBoolean();
      PortPlace place = taken(left, number, name, console);
      if (place == null) {
        gone.add(number);
        new PortInput().load(in);
        in.readBoolean();
      } else {
        loaded[number] = place;
        place.input.load(in);
        place.opened(in.readBoolean());
      }
    }
    gone.forEach(number -> tell(number, ConsoleProtocol.PORT_REMOVE, 1));
    left.forEach((number, place) -> {
      int free = loaded[number] == null ? number : Arrays.asList(loaded).indexOf(null);
      loaded[free] = place;
      tell(free, ConsoleProtocol.PORT_ADD, 1);
    });
    for (int number = 0; number < loaded.length; number++) {
      places.set(number, loaded[number]);
    }
  }

  /** Takes the port out that the guest knows by a number and a name; null where it is not there. */
  private static PortPlace taken(
      SortedMap<Integer, PortPlace> left, int number, String name, boolean console) {
    PortPlace same = left.get(number);
    if (same != null && same.isKnownAs(name, console)) {
      return left.remove(number);
    }
    for (Map.Entry<Integer, PortPlace> other : left.entrySet()) {
      if (other.getValue().isKnownAs(name, console)) {
        return left.remove(other.getKey());
      }
    }
    return null;
  }
}
