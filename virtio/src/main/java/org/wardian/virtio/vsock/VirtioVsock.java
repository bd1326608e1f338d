package org.wardian.virtio.vsock;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.virtio.DeviceType;
import org.wardian.virtio.VirtioDevice;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.QueueViolation;
import org.wardian.virtio.queue.Virtqueue;

/**
 * Sockets between guest and host (virtio 1.2 §5.10): streams, whose other ends are UNIX sockets of
 * the host. Connections do not outlive the machine's process: a guest whose state was loaded is
 * told that they are gone.
 */
public final class VirtioVsock extends VirtioDevice {
  /** The address that a guest has where nothing else is said. */
  public static final long USUAL_ADDRESS = 3;

  private static final int QUEUE_SIZE = 128;

  /** The most bytes of data in a packet of the guest's: what Linux sends at most. */
  private static final int MOST_DATA = 64 << 10;

  private final HostSockets sockets;
  private final long address;
  private final Packets packets;
  private final ByteBuffer header =
      ByteBuffer.allocate(VsockProtocol.HEADER).order(ByteOrder.LITTLE_ENDIAN);
  private final ByteBuffer data = ByteBuffer.allocate(MOST_DATA);

  /** Both null until the machine starts. */
  private SocketWatch watch;

  private Switchboard switchboard;
  private volatile boolean connectionsLost;

  /**
   * A device.
   *
   * @param address of the guest: 3 to 2^32 - 2
   */
  public VirtioVsock(String name, HostSockets sockets, long address) {
    super(name, DeviceType.SOCKET, VsockProtocol.CONFIG_LENGTH, sizes(3, QUEUE_SIZE), 1);
    if (address < USUAL_ADDRESS || address > 0xffff_fffeL) {
      throw new IllegalArgumentException(
          "a guest's address (CID) is 3 to 4294967294, not " + address);
    }
    this.sockets = sockets;
    this.address = address;
    this.packets = new Packets(address);
    configure(c -> c.putLong(0, address));
  }

  @Override
  public long features() {
    return VsockProtocol.STREAM;
  }

  @Override
  protected void serve(Session current, int index) {
    Virtqueue queue = current.queue(index);
    switch (index) {
      case VsockProtocol.RECEIVE -> send(queue);
      case VsockProtocol.TRANSMIT -> receive(queue);
      default -> tell(queue);
    }
  }

  /** What the guest sends. */
  private void receive(Virtqueue queue) {
    boolean any = false;
    do {
      queue.silence();
      while (!packets.many()) {
        DescriptorChain chain = queue.poll();
        if (chain == null) {
          break;
        }
        any = true;
        take(chain);
        queue.complete(chain, 0);
        queue.signal();
      }
      // Where the guest does not take its answers, its packets wait for that.
    } while (queue.listen() && !packets.many());
    if (any) {
      wake(VsockProtocol.RECEIVE);
    }
  }

  private void take(DescriptorChain chain) {
    if (chain.read(0, header.array(), 0, VsockProtocol.HEADER) < VsockProtocol.HEADER) {
      throw new QueueViolation("a packet without header");
    }
    long length = Integer.toUnsignedLong(header.getInt(VsockProtocol.LENGTH));
    boolean mine = header.getLong(VsockProtocol.SOURCE) == address;
    boolean forHost = header.getLong(VsockProtocol.DESTINATION) == VsockProtocol.HOST;
    boolean stream = header.getShort(VsockProtocol.TYPE) == VsockProtocol.TYPE_STREAM;
    if (!mine) {
      // From an address that is not the guest's: nobody to answer.
      return;
    }
    if (!forHost
        || !stream
        || length > MOST_DATA
        || length > chain.readable() - VsockProtocol.HEADER) {
      if (header.getShort(VsockProtocol.OPERATION) != VsockProtocol.RESET) {
        packets.refuse(header);
      }
      return;
    }
    switchboard.packet(
        header, chain.readableBuffers(VsockProtocol.HEADER, (int) length), (int) length);
  }

  /** What the guest gets. */
  private void send(Virtqueue queue) {
    switchboard.sockets();
    boolean full = packets.many();
    do {
      while (hasPackets()) {
        DescriptorChain chain = queue.poll();
        if (chain == null) {
          break;
        }
        if (chain.writable() < VsockProtocol.HEADER) {
          throw new QueueViolation("no room for a packet's header");
        }
        queue.complete(chain, fill(chain));
        queue.signal();
      }
    } while (hasPackets() && queue.listen());
    if (full && !packets.many()) {
      wake(VsockProtocol.TRANSMIT);
    }
  }

  private boolean hasPackets() {
    return !packets.isEmpty() || switchboard.hasData() || !packets.isEmpty();
  }

  private int fill(DescriptorChain chain) {
    if (!packets.isEmpty()) {
      return chain.write(0, packets.remove(), 0, VsockProtocol.HEADER);
    }
    int room = Math.min(MOST_DATA, chain.writable() - VsockProtocol.HEADER);
    if (room == 0) {
      throw new QueueViolation("no room for a packet's data");
    }
    ByteBuffer first = switchboard.data(data.clear().limit(room));
    chain.write(0, first.array(), 0, VsockProtocol.HEADER);
    return VsockProtocol.HEADER + chain.write(VsockProtocol.HEADER, data.array(), 0, data.limit());
  }

  /** Events. */
  private void tell(Virtqueue queue) {
    while (connectionsLost) {
      DescriptorChain chain = queue.poll();
      if (chain == null) {
        if (!queue.listen()) {
          return;
        }
        continue;
      }
      if (chain.writable() < VsockProtocol.EVENT) {
        throw new QueueViolation("no room for an event");
      }
      byte[] event = new byte[VsockProtocol.EVENT];
      event[0] = VsockProtocol.TRANSPORT_RESET;
      queue.complete(chain, chain.write(0, event, 0, event.length));
      queue.signal();
      connectionsLost = false;
    }
  }

  @Override
  protected void onStart() {
    watch = new SocketWatch(name(), sockets.listener(), () -> wake(VsockProtocol.RECEIVE));
    switchboard = new Switchboard(sockets, watch, packets);
  }

  @Override
  protected void deactivated(Session ended) {
    connectionsLost = false;
    if (switchboard != null) {
      switchboard.clear();
    }
  }

  @Override
  protected void onStop() {
    if (watch != null) {
      watch.close();
      switchboard.clear();
    }
  }

  @Override
  protected void saveDevice(StateWriter out) {
    // What of a machine is saved has no connections; what goes on keeps them.
    out.writeBoolean(session() != null);
  }

  @Override
  protected void loadDevice(StateReader in) {
    connectionsLost = in.readBoolean();
  }
}
