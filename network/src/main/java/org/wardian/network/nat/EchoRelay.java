package org.wardian.network.nat;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.wardian.host.EchoSocket;
import org.wardian.host.HostException;
import org.wardian.network.wire.IpAddress;
import org.wardian.network.wire.IpPacket;
import org.wardian.network.wire.NetworkOrder;

/**
 * Echo requests to hosts beyond the router, by an ICMP socket of the host. Where the host lends
 * none to this user (sysctl net.ipv4.ping_group_range), the guest is told that it is prohibited.
 *
 * <p>The socket has one identifier for all guests; a sequence number of ours leads an answer back.
 */
final class EchoRelay {
  private static final int HEADER = 8;
  private static final int ECHO_REPLY4 = 0;
  private static final int ECHO_REPLY6 = 129;
  private static final int MOST_PENDING = 1024;
  private static final long PATIENCE = 30_000_000_000L;
  private static final int LONGEST = 65_535;

  private record Asked(IpAddress guest, IpAddress host, int tag, int sequence, long since) {}

  private record Answer(boolean v4, IpAddress from, int sequence, byte[] payload) {}

  private final NatEngine engine;
  private final Map<Integer, Asked> asked = new HashMap<>();
  private final ArrayDeque<Asked> order = new ArrayDeque<>();
  private final ConcurrentLinkedQueue<Answer> answers = new ConcurrentLinkedQueue<>();
  private final EchoSocket[] sockets = new EchoSocket[2];
  private final boolean[] refused = new boolean[2];
  private int next;
  private boolean closed;

  EchoRelay(NatEngine engine) {
    this.engine = engine;
  }

  void request(IpPacket packet) {
    EchoSocket socket = socket(packet.source().isV4());
    if (socket == null) {
      engine.counters().refused.increment();
      engine.errors().prohibited(packet);
      return;
    }
    forget();
    if (order.size() >= MOST_PENDING) {
      engine.counters().overLimit.increment();
      return;
    }
    next = next + 1 & 0xffff;
    int tag = NetworkOrder.get32(packet.bytes(), packet.payload() + 4);
    Asked mine = new Asked(packet.source(), packet.destination(), tag, next, engine.now());
    try {
      socket.send(
          packet.destination().bytes(),
          next,
          packet.bytes(),
          packet.payload() + HEADER,
          packet.length() - HEADER,
          packet.hopLimit() - 1);
      asked.put(next, mine);
      order.addLast(mine);
    } catch (HostException e) {
      engine.errors().noStation(packet);
    }
  }

  private EchoSocket socket(boolean v4) {
    int index = v4 ? 0 : 1;
    if (sockets[index] == null && !refused[index]) {
      try {
        EchoSocket opened = EchoSocket.open(v4);
        sockets[index] = opened;
        Thread.ofPlatform()
            .daemon()
            .name("wardian-echo-" + (v4 ? 4 : 6))
            .start(() -> listen(opened, v4));
      } catch (HostException e) {
        refused[index] = true;
      }
    }
    return sockets[index];
  }

  private void listen(EchoSocket socket, boolean v4) {
    byte[] payload = new byte[LONGEST];
    try {
      EchoSocket.Reply reply;
      while ((reply = socket.receive(payload)) != null) {
        if (answers.size() < MOST_PENDING) {
          byte[] copy = Arrays.copyOf(payload, reply.length());
          byte[] from = reply.from();
          IpAddress host = v4 ? IpAddress.readV4(from, 0) : IpAddress.readV6(from, 0);
          answers.add(new Answer(v4, host, reply.sequence(), copy));
          engine.run(this::deliver);
        }
      }
    } catch (HostException | IllegalStateException e) {
      // The socket is closed, or the host took it back: nothing answers any more.
      engine.counters().refused.increment();
    }
  }

  private void deliver() {
    Answer answer;
    while ((answer = answers.poll()) != null && !closed) {
      Asked mine = asked.get(answer.sequence());
      if (mine != null && mine.host().equals(answer.from())) {
        asked.remove(answer.sequence());
        engine
            .icmp()
            .reply(
                mine.guest(),
                mine.host(),
                answer.v4() ? ECHO_REPLY4 : ECHO_REPLY6,
                mine.tag(),
                answer.payload(),
                0,
                answer.payload().length);
      }
    }
  }

  private void forget() {
    while (!order.isEmpty() && engine.now() - order.peekFirst().since() > PATIENCE) {
      Asked old = order.removeFirst();
      asked.remove(old.sequence(), old);
    }
  }

  void close() {
    closed = true;
    for (EchoSocket socket : sockets) {
      if (socket != null) {
        socket.close();
      }
    }
  }
}
