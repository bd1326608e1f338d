package org.wardian.libvirt.rpc;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.wardian.host.Descriptor;
import org.wardian.host.UnixSocket;

/** A UNIX socket with descriptors and the peer's credentials. */
public final class UnixTransport implements Transport {
  /** Files that may lie unclaimed: what one message carries, and some. */
  private static final int UNCLAIMED = 2 * Frame.DESCRIPTORS;

  private record Arrival(long position, List<Descriptor> descriptors) {}

  private final UnixSocket socket;
  private final Peer peer;
  private final Deque<Arrival> arrivals = new ArrayDeque<>();
  private long position;
  private int unclaimed;
  private boolean closed;

  /**
   * Over a connected socket.
   *
   * @param address for messages
   */
  public UnixTransport(UnixSocket socket, String address) {
    this.socket = socket;
    peer = new Peer(Peer.Kind.UNIX, address, socket.peer(), null);
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    List<List<Descriptor>> passed = new ArrayList<>(0);
    int count = socket.read(into, offset, length, passed::add);
    if (count > 0) {
      position += count;
    }
    for (List<Descriptor> descriptors : passed) {
      arrived(descriptors);
    }
    return count;
  }

  private synchronized void arrived(List<Descriptor> descriptors) {
    if (closed || unclaimed + descriptors.size() > UNCLAIMED) {
      descriptors.forEach(Descriptor::close);
      return;
    }
    unclaimed += descriptors.size();
    arrivals.add(new Arrival(position - 1, descriptors));
  }

  @Override
  public synchronized List<Descriptor> passedAt(long wanted) {
    while (!arrivals.isEmpty() && arrivals.peek().position() <= wanted) {
      Arrival arrival = arrivals.remove();
      unclaimed -= arrival.descriptors().size();
      if (arrival.position() == wanted) {
        return arrival.descriptors();
      }
      arrival.descriptors().forEach(Descriptor::close);
    }
    return List.of();
  }

  @Override
  public void write(byte[] from, int offset, int length) throws IOException {
    socket.write(from, offset, length);
  }

  @Override
  public boolean passesDescriptors() {
    return true;
  }

  @Override
  public void pass(Descriptor descriptor) throws IOException {
    socket.pass(descriptor);
  }

  @Override
  public Peer peer() {
    return peer;
  }

  @Override
  public void close() {
    socket.close();
    synchronized (this) {
      closed = true;
      arrivals.forEach(arrival -> arrival.descriptors().forEach(Descriptor::close));
      arrivals.clear();
    }
  }
}
