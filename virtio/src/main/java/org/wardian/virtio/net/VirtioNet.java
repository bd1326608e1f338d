package org.wardian.virtio.net;

import java.nio.ByteBuffer;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.network.Frame;
import org.wardian.network.MacAddress;
import org.wardian.network.NetworkPort;
import org.wardian.virtio.DeviceType;
import org.wardian.virtio.Features;
import org.wardian.virtio.VirtioDevice;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.QueueViolation;
import org.wardian.virtio.queue.Virtqueue;

/**
 * A network card (virtio 1.2 §5.1) plugged into a {@link NetworkPort}. Frames of the guest are sent
 * by the device's thread; frames for the guest come on the port's.
 */
public final class VirtioNet extends VirtioDevice {
  private static final int QUEUE_SIZE = 256;
  private static final int CONTROL_QUEUE_SIZE = 64;
  private static final int LONGEST_FRAME = 65_550;

  /** So many frames, of at most so many bytes, a vCPU's thread takes out of a queue. */
  private static final int MOST_AT_ONCE = 16;

  private static final int LONGEST_AT_ONCE = 4096;

  private static final int LEAST_MTU = 68;

  private static final long GUEST_OFFLOADS =
      NetProtocol.GUEST_CHECKSUM
          | NetProtocol.GUEST_TCP4
          | NetProtocol.GUEST_TCP6
          | NetProtocol.GUEST_UDP;

  /**
   * What one side leaves to the other.
   *
   * @param checksum checksums
   * @param tcp4 segmentation of TCP over IPv4
   * @param tcp6 segmentation of TCP over IPv6
   * @param udp fragmentation of UDP
   */
  record Agreed(boolean checksum, boolean tcp4, boolean tcp6, boolean udp) {}

  private final NetworkPort port;
  private final MacAddress ownAddress;
  private final int pairs;
  private final ReceiveFilter filter;
  private final ControlQueue control;
  private final ReceiveQueue[] receiving;

  /** Header of the frame that is sent; used by who serves queues, one thread at a time. */
  private final ByteBuffer sendHeader = FrameHeader.buffer();

  private volatile int activePairs = 1;
  private volatile long guestOffloads;
  private volatile boolean linkUp = true;

  /** The last frame is on its way to the guest; held while frames must not come. */
  private final Object delivery = new Object();

  /**
   * A card.
   *
   * @param queuePairs pairs of queues, 1 and up
   */
  public VirtioNet(String name, NetworkPort port, MacAddress address, int queuePairs) {
    super(name, DeviceType.NETWORK, NetProtocol.CONFIG_LENGTH, sizes(queuePairs), 1);
    this.port = port;
    this.ownAddress = address;
    this.pairs = queuePairs;
    this.filter = new ReceiveFilter(address);
    this.control = new ControlQueue(this, filter);
    this.receiving = new ReceiveQueue[queuePairs];
    for (int i = 0; i < queuePairs; i++) {
      receiving[i] = new ReceiveQueue();
    }
    configure(c -> {
      address.write(c.array(), NetProtocol.CONFIG_MAC);
      c.putShort(NetProtocol.CONFIG_STATUS, (short) NetProtocol.STATUS_LINK_UP)
          .putShort(NetProtocol.CONFIG_PAIRS, (short) queuePairs)
          .putShort(NetProtocol.CONFIG_MTU, (short) port.mtu());
    });
    port.attach(new Port());
  }

  private static int[] sizes(int pairs) {
    int[] sizes = sizes(2 * pairs + 1, QUEUE_SIZE);
    sizes[2 * pairs] = CONTROL_QUEUE_SIZE;
    return sizes;
  }

  @Override
  public long features() {
    NetworkPort.Offloads takes = port.offered();
    return NetProtocol.MAC
        | NetProtocol.STATUS
        | NetProtocol.MERGEABLE_BUFFERS
        | NetProtocol.CONTROL_QUEUE
        | NetProtocol.CONTROL_RECEIVE
        | NetProtocol.CONTROL_RECEIVE_EXTRA
        | NetProtocol.CONTROL_VLAN
        | NetProtocol.CONTROL_MAC
        | NetProtocol.ANNOUNCE
        | NetProtocol.CONTROL_GUEST_OFFLOADS
        | GUEST_OFFLOADS
        | (takes.checksum() ? NetProtocol.CHECKSUM : 0)
        | (takes.checksum() && takes.tcp4() ? NetProtocol.HOST_TCP4 : 0)
        | (takes.checksum() && takes.tcp6() ? NetProtocol.HOST_TCP6 : 0)
        | (takes.checksum() && takes.udp() ? NetProtocol.HOST_UDP : 0)
        | (port.mtu() >= LEAST_MTU && port.mtu() <= 0xffff ? NetProtocol.MTU : 0)
        | (pairs > 1 ? NetProtocol.MULTI_QUEUE : 0);
  }

  /** Features that need others (§5.1.3.1). */
  @Override
  public boolean accepts(long features) {
    return needs(
            features,
            NetProtocol.GUEST_TCP4 | NetProtocol.GUEST_TCP6 | NetProtocol.GUEST_UDP,
            NetProtocol.GUEST_CHECKSUM)
        && needs(
            features,
            NetProtocol.HOST_TCP4 | NetProtocol.HOST_TCP6 | NetProtocol.HOST_UDP,
            NetProtocol.CHECKSUM)
        && needs(
            features,
            NetProtocol.CONTROL_RECEIVE
                | NetProtocol.CONTROL_VLAN
                | NetProtocol.CONTROL_MAC
                | NetProtocol.ANNOUNCE
                | NetProtocol.MULTI_QUEUE,
            NetProtocol.CONTROL_QUEUE);
  }

  private static boolean needs(long features, long any, long required) {
    return (features & any) == 0 || (features & required) != 0;
  }

  /** Legacy drivers set the address here (§5.1.4.1). */
  @Override
  public void writeConfiguration(int offset, int size, long value) {
    Session current = session();
    if (offset + size > 6 || current != null && current.has(Features.VERSION_1)) {
      return;
    }
    configure(c -> {
      for (int i = 0; i < size; i++) {
        c.put(NetProtocol.CONFIG_MAC + offset + i, (byte) (value >>> (8 * i)));
      }
      filter.address(MacAddress.of(c.array(), NetProtocol.CONFIG_MAC));
    });
  }

  // A driver comes and goes.

  @Override
  protected void activated(Session begun) {
    activePairs = 1;
    filter.reset(current(), begun.has(NetProtocol.CONTROL_VLAN));
    offloads(begun, begun.features() & GUEST_OFFLOADS);
  }

  private MacAddress current() {
    byte[] bytes = new byte[6];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) readConfiguration(NetProtocol.CONFIG_MAC + i);
    }
    return MacAddress.of(bytes, 0);
  }

  private void offloads(Session current, long wanted) {
    guestOffloads = wanted;
    boolean checksum = (wanted & NetProtocol.GUEST_CHECKSUM) != 0;
    // Without mergeable buffers a driver offers large ones, but only if it wants long frames.
    port.accept(
        new NetworkPort.Offloads(
            checksum,
            checksum && (wanted & NetProtocol.GUEST_TCP4) != 0,
            checksum && (wanted & NetProtocol.GUEST_TCP6) != 0,
            checksum && (wanted & NetProtocol.GUEST_UDP) != 0));
  }

  @Override
  protected void deactivated(Session ended) {
    synchronized (delivery) {
      // No frame is on its way any more, and none comes while there is no session.
      guestOffloads = 0;
    }
    port.accept(NetworkPort.Offloads.NONE);
    configure(c -> {
      ownAddress.write(c.array(), NetProtocol.CONFIG_MAC);
      c.putShort(NetProtocol.CONFIG_STATUS, status(false));
    });
    boolean waiting = false;
    for (ReceiveQueue queue : receiving) {
      waiting |= queue.refilled();
    }
    if (waiting) {
      port.ready();
    }
  }

  @Override
  protected void queueStopped(Session current, int queue) {
    synchronized (delivery) {
      if (isReceive(current, queue)) {
        receiving[queue / 2].refilled();
      }
    }
  }

  private int controlIndex(Session current) {
    return current.has(NetProtocol.MULTI_QUEUE) ? 2 * pairs : 2;
  }

  private boolean isReceive(Session current, int queue) {
    return queue != controlIndex(current) && queue % 2 == 0 && queue < 2 * pairs;
  }

  // From the guest.

  /** Short frames of the guest, where the port only has to be handed them. */
  @Override
  protected boolean serveAtOnce(Session current, int queue) {
    boolean sends = queue != controlIndex(current) && !isReceive(current, queue);
    return sends && port.sendsAtOnce() && sendShort(current, current.queue(queue));
  }

  private boolean sendShort(Session current, Virtqueue queue) {
    int headerLength = headerLength(current);
    Agreed agreed = agreed(current);
    boolean any = false;
    boolean empty = false;
    for (int i = 0; i < MOST_AT_ONCE && !empty; i++) {
      DescriptorChain chain = queue.poll();
      if (chain == null) {
        empty = !queue.listen();
      } else if (chain.readable() > LONGEST_AT_ONCE) {
        queue.unpoll(chain);
        break;
      } else {
        send(queue, chain, headerLength, agreed);
        any = true;
      }
    }
    if (any) {
      queue.signal();
    }
    return empty;
  }

  @Override
  protected void serve(Session current, int queue) {
    if (queue == controlIndex(current)) {
      serveControl(current.queue(queue));
    } else if (isReceive(current, queue)) {
      if (receiving[queue / 2].refilled()) {
        port.ready();
      }
    } else {
      send(current, current.queue(queue));
    }
  }

  private void serveControl(Virtqueue queue) {
    do {
      for (DescriptorChain chain = queue.poll(); chain != null; chain = queue.poll()) {
        queue.complete(chain, control.execute(chain));
        queue.signal();
      }
    } while (queue.listen());
  }

  private void send(Session current, Virtqueue queue) {
    int headerLength = headerLength(current);
    Agreed agreed = agreed(current);
    do {
      queue.silence();
      boolean any = false;
      for (DescriptorChain chain = queue.poll(); chain != null; chain = queue.poll()) {
        send(queue, chain, headerLength, agreed);
        any = true;
      }
      if (any) {
        queue.signal();
      }
    } while (queue.listen());
  }

  private static Agreed agreed(Session current) {
    return new Agreed(
        current.has(NetProtocol.CHECKSUM),
        current.has(NetProtocol.HOST_TCP4),
        current.has(NetProtocol.HOST_TCP6),
        current.has(NetProtocol.HOST_UDP));
  }

  private void send(Virtqueue queue, DescriptorChain chain, int headerLength, Agreed agreed) {
    Frame frame = frame(chain, headerLength);
    if (frame != null && linkUp && FrameHeader.allowed(frame, agreed)) {
      port.send(frame);
    }
    queue.complete(chain, 0);
  }

  private Frame frame(DescriptorChain chain, int headerLength) {
    int length = chain.readable() - headerLength;
    if (length < 0) {
      throw new QueueViolation("a frame without its header");
    }
    if (length > LONGEST_FRAME) {
      return null;
    }
    chain.read(0, sendHeader.array(), 0, headerLength);
    byte[] bytes = new byte[length];
    chain.read(headerLength, bytes, 0, length);
    return FrameHeader.parse(sendHeader, bytes);
  }

  private static int headerLength(Session current) {
    return current.has(Features.VERSION_1) || current.has(NetProtocol.MERGEABLE_BUFFERS)
        ? NetProtocol.HEADER
        : NetProtocol.LEGACY_HEADER;
  }

  // To the guest.

  private final class Port implements NetworkPort.Receiver {
    @Override
    public boolean receive(Frame frame) {
      synchronized (delivery) {
        Session current = session();
        if (current == null || !linkUp || !filter.passes(frame)) {
          return true;
        }
        try {
          return deliver(current, frame);
        } catch (QueueViolation e) {
          fail(e);
          return true;
        }
      }
    }

    @Override
    public void batchEnd() {
      for (ReceiveQueue queue : receiving) {
        queue.tell();
      }
    }

    @Override
    public void linkChanged(boolean up) {
      linkUp = up;
      reconfigure(c -> c.putShort(NetProtocol.CONFIG_STATUS, status(false)));
    }
  }

  private boolean deliver(Session current, Frame frame) {
    boolean checksums = (guestOffloads & NetProtocol.GUEST_CHECKSUM) != 0;
    Frame given = frame;
    if (!checksums && frame.checksumStart() >= 0) {
      if (frame.segmentation() != Frame.Segmentation.NONE) {
        // Made before the port heard that this driver takes no long frames.
        return true;
      }
      given = FrameHeader.complete(frame);
    }
    int pair = activePairs > 1 ? FlowHash.of(given) % activePairs : 0;
    Virtqueue queue = current.queue(2 * pair);
    if (queue == null) {
      return true;
    }
    return receiving[pair].put(
            queue,
            given,
            checksums,
            headerLength(current),
            current.has(NetProtocol.MERGEABLE_BUFFERS))
        != ReceiveQueue.Outcome.FULL;
  }

  // Commands.

  /** Sets the address. */
  boolean address(MacAddress address) {
    configure(c -> address.write(c.array(), NetProtocol.CONFIG_MAC));
    filter.address(address);
    return true;
  }

  /** Uses {@code count} pairs of queues. */
  boolean pairs(int count) {
    Session current = session();
    if (count < 1
        || count > pairs
        || current == null
        || count > 1 && !current.has(NetProtocol.MULTI_QUEUE)) {
      return false;
    }
    activePairs = count;
    return true;
  }

  /** Changes what the driver takes. */
  boolean offloads(long wanted) {
    Session current = session();
    if (current == null
        || (wanted & ~(current.features() & GUEST_OFFLOADS)) != 0
        || !accepts(wanted)) {
      return false;
    }
    offloads(current, wanted);
    return true;
  }

  /** The driver has told its neighbours where it is. */
  boolean announced() {
    configure(c -> c.putShort(NetProtocol.CONFIG_STATUS, status(false)));
    return true;
  }

  private short status(boolean announce) {
    return (short)
        ((linkUp ? NetProtocol.STATUS_LINK_UP : 0) | (announce ? NetProtocol.STATUS_ANNOUNCE : 0));
  }

  /** Has the driver tell its neighbours where it is: the machine has moved. Any thread. */
  public void announce() {
    Session current = session();
    if (current != null && current.has(NetProtocol.ANNOUNCE)) {
      reconfigure(c -> c.putShort(NetProtocol.CONFIG_STATUS, status(true)));
    }
  }

  // With the machine.

  @Override
  protected void onStart() {
    port.start();
  }

  @Override
  protected void onPause() {
    port.pause();
  }

  @Override
  protected void onResume() {
    port.resume();
  }

  @Override
  protected void saveDevice(StateWriter out) {
    filter.save(out);
    out.writeInt(activePairs);
    out.writeLong(guestOffloads);
  }

  @Override
  protected void loadDevice(StateReader in) {
    filter.load(in);
    activePairs = in.readInt(1, pairs);
    long saved = in.readLong() & GUEST_OFFLOADS;
    Session current = session();
    if (current != null) {
      offloads(current, saved & current.features());
    }
  }

  @Override
  protected void loadConfiguration(byte[] saved) {
    configure(c -> c.put(NetProtocol.CONFIG_MAC, saved, NetProtocol.CONFIG_MAC, 6));
  }
}
