package org.wardian.daemon.node;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.constants.ConnectListAllInterfacesFlags;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.ConnectListAllInterfacesRet;
import org.wardian.libvirt.wire.remote.ConnectListDefinedInterfacesRet;
import org.wardian.libvirt.wire.remote.ConnectListInterfacesRet;
import org.wardian.libvirt.wire.remote.ConnectNumOfDefinedInterfacesRet;
import org.wardian.libvirt.wire.remote.ConnectNumOfInterfacesRet;
import org.wardian.libvirt.wire.remote.InterfaceGetXmlDescRet;
import org.wardian.libvirt.wire.remote.InterfaceIsActiveRet;
import org.wardian.libvirt.wire.remote.InterfaceLookupByMacStringRet;
import org.wardian.libvirt.wire.remote.InterfaceLookupByNameRet;
import org.wardian.libvirt.wire.remote.InterfaceRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/**
 * Network interfaces of the host, which can be looked at. Changing them is answered as Debian's
 * libvirtd does, which knows udev only: not supported.
 */
public final class Interfaces implements HandlerFamily {
  private static final int INACTIVE_XML = 1;

  private final SysTree tree;

  /** Those of this host. */
  public Interfaces() {
    this(Path.of("/sys"));
  }

  /** Those that a tree shows. */
  Interfaces(Path sys) {
    tree = new SysTree(sys);
  }

  private record Card(String name, Path path, String mac, boolean active) {
    InterfaceRef reference() {
      return new InterfaceRef(name, mac);
    }
  }

  private List<Card> cards() {
    List<Card> found = new ArrayList<>();
    for (String name : tree.list("class/net")) {
      Path path = tree.real("class/net/" + name);
      String mac = path == null ? null : SysTree.text(path, "address");
      if (mac != null) {
        found.add(new Card(name, path, mac, "up".equals(SysTree.text(path, "operstate"))));
      }
    }
    return found;
  }

  private List<String> names(boolean active, int most) {
    return cards().stream()
        .filter(card -> card.active() == active)
        .map(Card::name)
        .limit(Math.max(0, most))
        .toList();
  }

  @Override
  public void register(HandlerTable table) {
    table.on(
        RemoteProgram.CONNECT_NUM_OF_INTERFACES,
        (call, a) -> new ConnectNumOfInterfacesRet(names(true, Integer.MAX_VALUE).size()));
    table.on(
        RemoteProgram.CONNECT_NUM_OF_DEFINED_INTERFACES,
        (call, a) -> new ConnectNumOfDefinedInterfacesRet(names(false, Integer.MAX_VALUE).size()));
    table.on(
        RemoteProgram.CONNECT_LIST_INTERFACES,
        (call, a) -> new ConnectListInterfacesRet(names(true, a.maxnames())));
    table.on(
        RemoteProgram.CONNECT_LIST_DEFINED_INTERFACES,
        (call, a) -> new ConnectListDefinedInterfacesRet(names(false, a.maxnames())));
    table.on(
        RemoteProgram.CONNECT_LIST_ALL_INTERFACES,
        (call, a) -> {
          int yes = ConnectListAllInterfacesFlags.ACTIVE;
          int no = ConnectListAllInterfacesFlags.INACTIVE;
          call.checkFlags(a.flags(), yes | no);
          List<InterfaceRef> all =
              cards().stream()
                  .filter(card -> a.flags() == 0 || (a.flags() & (card.active() ? yes : no)) != 0)
                  .map(Card::reference)
                  .toList();
          return new ConnectListAllInterfacesRet(
              a.needResults() == 0 ? List.of() : all, all.size());
        });
    table.on(
        RemoteProgram.INTERFACE_LOOKUP_BY_NAME,
        (call, a) -> new InterfaceLookupByNameRet(find(a.name()).reference()));
    table.on(
        RemoteProgram.INTERFACE_LOOKUP_BY_MAC_STRING,
        (call, a) -> new InterfaceLookupByMacStringRet(byMac(a.mac()).reference()));
    table.on(
        RemoteProgram.INTERFACE_IS_ACTIVE,
        (call, a) -> new InterfaceIsActiveRet(find(a.iface().name()).active() ? 1 : 0));
    table.on(
        RemoteProgram.INTERFACE_GET_XML_DESC,
        (call, a) -> {
          call.checkFlags(a.flags(), INACTIVE_XML);
          return new InterfaceGetXmlDescRet(document(find(a.iface().name())).toString());
        });
  }

  private Card find(String name) throws LibvirtException {
    for (Card card : cards()) {
      if (card.name().equals(name)) {
        return card;
      }
    }
    throw new LibvirtException(
        ErrorNumber.NO_INTERFACE,
        ErrorDomain.INTERFACE,
        "couldn't find interface named '" + name + "'");
  }

  private Card byMac(String mac) throws LibvirtException {
    List<Card> found = cards().stream().filter(card -> card.mac().equalsIgnoreCase(mac)).toList();
    if (found.isEmpty()) {
      throw new LibvirtException(
          ErrorNumber.NO_INTERFACE,
          ErrorDomain.INTERFACE,
          "couldn't find interface with MAC address '" + mac + "'");
    }
    if (found.size() > 1) {
      throw new LibvirtException(
          ErrorNumber.MULTIPLE_INTERFACES,
          ErrorDomain.INTERFACE,
          "the MAC address '" + mac + "' matches multiple interfaces");
    }
    return found.getFirst();
  }

  private XmlElement document(Card card) {
    boolean bridge = tree.real("class/net/" + card.name() + "/bridge") != null;
    XmlElement root = new XmlElement("interface").set("type", bridge ? "bridge" : "ethernet");
    root.set("name", card.name());
    root.append("mtu").set("size", SysTree.text(card.path(), "mtu"));
    if (bridge) {
      bridge(root, card);
    } else {
      link(root, card);
    }
    return root;
  }

  private static void link(XmlElement to, Card card) {
    String speed = SysTree.text(card.path(), "speed");
    boolean known = speed != null && speed.matches("[1-9]\\d*");
    to.append("link")
        .set("speed", known ? speed : null)
        .set("state", SysTree.text(card.path(), "operstate"));
    to.append("mac").set("address", card.mac());
  }

  private void bridge(XmlElement root, Card card) {
    Path path = card.path();
    XmlElement bridge = root.append("bridge");
    bridge.set("stp", "0".equals(SysTree.text(path, "bridge/stp_state")) ? "off" : "on");
    String delay = SysTree.text(path, "bridge/forward_delay");
    if (delay != null && delay.matches("\\d{1,9}")) {
      // The kernel counts hundredths of a second.
      bridge.set("delay", Integer.toString(Integer.parseInt(delay) / 100));
    }
    for (String member : tree.list("class/net/" + card.name() + "/brif")) {
      Path folder = tree.real("class/net/" + member);
      String mac = folder == null ? null : SysTree.text(folder, "address");
      if (mac != null) {
        XmlElement one = bridge.append("interface").set("type", "ethernet").set("name", member);
        link(one, new Card(member, folder, mac, false));
      }
    }
  }
}
