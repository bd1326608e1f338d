package org.wardian.daemon.network;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.wardian.daemon.domain.NetworkPlugs;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.error.LibvirtException;

/** What machines are plugged into: ports of the switches of {@link Networks}. */
public final class MachinePlugs implements NetworkPlugs {
  private final Networks networks;

  /** Ports of these networks. */
  public MachinePlugs(Networks networks) {
    this.networks = networks;
  }

  @Override
  public Plug plug(
      String network, String domain, UUID owner, String mac, String portGroup, XmlElement bandwidth)
      throws LibvirtException {
    XmlElement port = new XmlElement("networkport");
    port.append("uuid").text(port(network, domain, mac).toString());
    port.append("owner")
        .add(new XmlElement("name").text(domain))
        .add(new XmlElement("uuid").text(owner.toString()));
    if (portGroup != null) {
      port.append("group").text(portGroup);
    }
    port.append("mac").set("address", mac);
    if (bandwidth != null) {
      port.add(bandwidth.copy());
    }
    // What a machine left behind that ended without a word is taken away first.
    networks.unplug(network, port(network, domain, mac));
    Networks.Plug plug = networks.plug(network, port.toString());
    return plug.folder() == null
        ? new Plug(Plug.Kind.BRIDGE, plug.name(), plug.name(), plug.document().bandwidth())
        : new Plug(
            Plug.Kind.SWITCH,
            plug.folder().resolve("switch-" + plug.name() + ".sock").toString(),
            plug.document().bridge(),
            plug.document().bandwidth());
  }

  @Override
  public void limit(String network, String domain, String mac, XmlElement bandwidth)
      throws LibvirtException {
    networks.limit(network, port(network, domain, mac), bandwidth);
  }

  @Override
  public void unplug(String network, String domain, String mac) {
    networks.unplug(network, port(network, domain, mac));
  }

  @Override
  public List<Lease> leases(String network, String mac) {
    return networks.leases(network, mac).stream()
        .map(one -> new Lease(one.address(), one.prefix()))
        .toList();
  }

  /** The same for the same card of the same machine, also for a daemon that was started again. */
  private static UUID port(String network, String domain, String mac) {
    return UUID.nameUUIDFromBytes(
        (network + '\0' + domain + '\0' + mac).getBytes(StandardCharsets.UTF_8));
  }
}
