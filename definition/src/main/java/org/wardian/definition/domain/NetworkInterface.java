package org.wardian.definition.domain;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.wardian.definition.xml.XmlElement;

/** A network card: {@code <interface>}. */
public final class NetworkInterface extends DomainDevice {
  /**
   * A limit of one direction.
   *
   * @param average KiB in a second
   * @param peak KiB in a second while a burst lasts
   * @param burst KiB that go at the peak
   * @param floor KiB in a second that are promised
   */
  public record Bandwidth(
      OptionalLong average, OptionalLong peak, OptionalLong burst, OptionalLong floor) {}

  NetworkInterface(XmlElement element) {
    super(element);
  }

  /**
   * What it is connected to: network, bridge, user, ethernet, direct, internal, hostdev, udp,
   * mcast, server, client, vhostuser, vdpa or null.
   */
  public String type() {
    return element().attribute("type", "");
  }

  /** The hardware address, six bytes in hexadecimal with colons; empty where not made yet. */
  public String mac() {
    return attribute("mac", "address").orElse("");
  }

  /** The card: virtio, e1000, rtl8139, ... */
  public Optional<String> model() {
    return attribute("model", "type");
  }

  /** The network of type {@code network}. */
  public Optional<String> network() {
    return attribute("source", "network");
  }

  /** The group of a network's ports. */
  public Optional<String> portGroup() {
    return attribute("source", "portgroup");
  }

  /** The port that the network gave, in a running domain. */
  public Optional<String> portId() {
    return attribute("source", "portid");
  }

  /** The bridge of type {@code bridge}, and in a running domain of type {@code network}. */
  public Optional<String> bridge() {
    return attribute("source", "bridge");
  }

  /** The host's interface of type {@code direct}. */
  public Optional<String> hostDevice() {
    return attribute("source", "dev");
  }

  /** How type {@code direct} reaches it: vepa, bridge, private, passthrough. */
  public Optional<String> mode() {
    return attribute("source", "mode");
  }

  /** The address of types udp, mcast, server and client. */
  public Optional<String> sourceAddress() {
    return attribute("source", "address");
  }

  /** The port of those. */
  public OptionalInt sourcePort() {
    return Values.integer(attribute("source", "port"));
  }

  /** The host's interface that stands for the card, such as {@code vnet0}. */
  public Optional<String> target() {
    return attribute("target", "dev");
  }

  /** Whether the target is the host's own (yes) or made for the domain. */
  public boolean isTargetManaged() {
    return Values.flag(attribute("target", "managed")).orElse(true);
  }

  /** Whether the cable is plugged in. */
  public boolean isLinkUp() {
    return !attribute("link", "state").filter("down"::equals).isPresent();
  }

  /** The largest packet in bytes. */
  public OptionalInt mtu() {
    return Values.integer(attribute("mtu", "size"));
  }

  /** The filter of packets. */
  public Optional<String> filter() {
    return attribute("filterref", "filter");
  }

  /** What fills in a filter's variables: elements with name and value. */
  public List<XmlElement> filterParameters() {
    XmlElement filter = element().child("filterref");
    return filter == null ? List.of() : filter.children("parameter");
  }

  /** The limit of what the guest receives. */
  public Optional<Bandwidth> inbound() {
    return bandwidth("bandwidth/inbound");
  }

  /** The limit of what the guest sends. */
  public Optional<Bandwidth> outbound() {
    return bandwidth("bandwidth/outbound");
  }

  private Optional<Bandwidth> bandwidth(String path) {
    return element()
        .find(path)
        .map(limit ->
            new Bandwidth(
                Values.number(limit.attribute("average")),
                Values.number(limit.attribute("peak")),
                Values.number(limit.attribute("burst")),
                Values.number(limit.attribute("floor"))));
  }

  /** Puts its parts into libvirt's order, after one was added. */
  public void arrange() {
    DomainForm.TABLE.arrange(element(), "interface");
  }

  /** Queue pairs of a virtio card. */
  public OptionalInt queues() {
    return Values.integer(attribute("driver", "queues"));
  }

  /** What moves the packets: vhost, qemu. */
  public Optional<String> driver() {
    return attribute("driver", "name");
  }

  /** What serves type {@code user}: passt, or empty for the built-in one. */
  public Optional<String> backend() {
    return attribute("backend", "type");
  }

  /** The VLAN tags. */
  public List<Integer> vlans() {
    XmlElement vlan = element().child("vlan");
    return vlan == null
        ? List.of()
        : vlan.children("tag").stream()
            .flatMapToInt(tag -> Values.integer(tag.attribute("id")).stream())
            .boxed()
            .toList();
  }

  /** The addresses that the guest is to have, of type user and ethernet. */
  public List<XmlElement> addresses() {
    return element().children("ip");
  }

  /** The option ROM's file; empty where the card's own is meant. */
  public Optional<String> rom() {
    return attribute("rom", "file");
  }
}
