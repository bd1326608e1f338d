package org.wardian.virtio.net;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;
import org.wardian.network.MacAddress;
import org.wardian.virtio.queue.DescriptorChain;
import org.wardian.virtio.queue.QueueViolation;

/** The commands of a driver (virtio 1.2 §5.1.6.5). */
final class ControlQueue {
  /** The longest command: two tables of far more addresses than are kept. */
  private static final int LONGEST = 1 << 17;

  private static final int MAC_LENGTH = 6;

  private final VirtioNet card;
  private final ReceiveFilter filter;

  ControlQueue(VirtioNet card, ReceiveFilter filter) {
    this.card = card;
    this.filter = filter;
  }

  /** Executes a command, and says how it went; returns the number of bytes written. */
  int execute(DescriptorChain chain) {
    if (chain.readable() < 2 || chain.writable() < 1) {
      throw new QueueViolation("a command without class or without room for its answer");
    }
    byte[] bytes = new byte[Math.min(chain.readable(), LONGEST)];
    chain.read(0, bytes, 0, bytes.length);
    ByteBuffer command = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int group = command.get();
    int number = command.get();
    boolean done =
        switch (group) {
          case NetProtocol.CLASS_RECEIVE ->
              command.remaining() >= 1 && filter.mode(number, command.get() != 0);
          case NetProtocol.CLASS_MAC -> mac(number, command);
          case NetProtocol.CLASS_VLAN ->
              command.remaining() >= 2
                  && number <= NetProtocol.VLAN_DELETE
                  && filter.vlan(
                      Short.toUnsignedInt(command.getShort()), number == NetProtocol.VLAN_ADD);
          case NetProtocol.CLASS_ANNOUNCE ->
              number == NetProtocol.ANNOUNCE_ACKNOWLEDGED && card.announced();
          case NetProtocol.CLASS_PAIRS ->
              number == NetProtocol.PAIRS_SET
                  && command.remaining() >= 2
                  && card.pairs(Short.toUnsignedInt(command.getShort()));
          case NetProtocol.CLASS_OFFLOADS ->
              number == NetProtocol.OFFLOADS_SET
                  && command.remaining() >= 8
                  && card.offloads(command.getLong());
          default -> false;
        };
    int answer = done ? NetProtocol.ACKNOWLEDGED : NetProtocol.REFUSED;
    return chain.write(0, new byte[] {(byte) answer}, 0, 1);
  }

  private boolean mac(int number, ByteBuffer command) {
    if (number == NetProtocol.MAC_ADDRESS_SET) {
      return command.remaining() >= MAC_LENGTH
          && card.address(MacAddress.of(command.array(), command.position()));
    }
    if (number != NetProtocol.MAC_TABLE_SET) {
      return false;
    }
    Table stations = table(command);
    Table groups = stations == null ? null : table(command);
    if (groups == null) {
      return false;
    }
    filter.tables(stations.addresses(), groups.addresses());
    return true;
  }

  /**
   * A list of addresses.
   *
   * @param addresses null where there are more than can be kept
   */
  private record Table(Set<Long> addresses) {}

  /** Reads a table; null where the command ends within. */
  private static Table table(ByteBuffer command) {
    if (command.remaining() < 4) {
      return null;
    }
    long count = Integer.toUnsignedLong(command.getInt());
    if (count * MAC_LENGTH > command.remaining()) {
      return null;
    }
    Set<Long> addresses = new HashSet<>();
    for (int i = 0; i < count; i++) {
      if (addresses.size() < ReceiveFilter.MOST_ADDRESSES) {
        addresses.add(MacAddress.of(command.array(), command.position()).bits());
      }
      command.position(command.position() + MAC_LENGTH);
    }
    return new Table(count > ReceiveFilter.MOST_ADDRESSES ? null : addresses);
  }
}
