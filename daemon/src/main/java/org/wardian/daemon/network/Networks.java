package org.wardian.daemon.network;

import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.wardian.daemon.Folders;
import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.network.NetworkDocument;
import org.wardian.definition.network.NetworkPortDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Events;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;

/**
 * Virtual networks. Life cycle: constructed, then {@link #load}, then {@link #autostart}; {@link
 * #close} leaves active networks as they are, for the next daemon to find.
 */
public final class Networks implements HandlerFamily, AutoCloseable {
  private static final String DEFAULT =
      """
      <network>
        <name>default</name>
        <forward mode='nat'/>
        <bridge name='virbr0' stp='on' delay='0'/>
        <ip address='192.168.122.1' netmask='255.255.255.0'>
          <dhcp>
            <range start='192.168.122.2' end='192.168.122.254'/>
          </dhcp>
        </ip>
      </network>
      """;

  private final NetworkLifeCycle life;
  private final List<HandlerFamily> families;

  /** Networks whose processes are started by a launcher. */
  public Networks(Folders folders, Events events, GatewayLauncher launcher) {
    life = new NetworkLifeCycle(folders, events, launcher, new NetworkRegistry(folders));
    families =
        List.of(
            new NetworkProcedures(life), new NetworkListing(life), new NetworkPortProcedures(life));
  }

  /** Networks whose processes are started as this one was. */
  public Networks(Folders folders, Events events) {
    this(folders, events, GatewayLauncher.ofThisProcess());
  }

  /**
   * Reads what is kept, and finds what is active.
   *
   * @throws IOException where a folder cannot be read
   */
  public void load() throws IOException {
    life.load();
  }

  /**
   * Defines the network {@code default} where no network was ever defined, as Debian's packages of
   * libvirt do: NAT, 192.168.122.0/24, not started before somebody asks for it.
   */
  public void provideDefault() throws LibvirtException {
    if (life.untouched()) {
      life.define(DEFAULT);
    }
  }

  /** Starts networks that are marked so, once for each start of the host. */
  public void autostart() {
    life.autostart();
  }

  @Override
  public void register(HandlerTable table) {
    families.forEach(family -> family.register(table));
  }

  /**
   * Where a machine's card finds its network.
   *
   * @param port the port's UUID, for {@link #unplug}
   * @param folder the folder of the switch's socket; null for a bridge of the host
   * @param name the name of the switch in it, or of the bridge
   * @param mtu largest IP packet in bytes
   * @param document the port with what its group sets: limits, isolation
   */
  public record Plug(
      UUID port, java.nio.file.Path folder, String name, int mtu, NetworkPortDocument document) {}

  /**
   * Plugs a card into an active network.
   *
   * @param network its name
   * @param port a document of the port, whose plug is not made yet
   * @throws LibvirtException where the network is not there or not active, or has the port
   */
  public Plug plug(String network, String port) throws LibvirtException {
    VirtualNetwork found = life.registry().byName(network);
    found.lock().lock();
    try {
      if (!found.active()) {
        throw NetworkRefusal.notActive(network);
      }
      NetworkDocument live = found.live();
      NetworkPortDocument document =
          NetworkPortDocument.parse(port).within(live).plugged(live.bridge());
      life.keepPort(found, document);
      if (found.gateway() == null) {
        // A bridge of the host has no process.
        return new Plug(document.uuid(), null, live.bridge(), live.mtu(), document);
      }
      GatewayFiles files = found.gateway().files();
      return new Plug(document.uuid(), files.folder(), files.name(), live.mtu(), document);
    } catch (DefinitionException e) {
      throw NetworkRefusal.of(e);
    } finally {
      found.lock().unlock();
    }
  }

  /**
   * A port's bandwidth becomes another; nothing where the network has no such port.
   *
   * @param bandwidth null for what its group says
   * @throws LibvirtException where the network cannot promise it
   */
  public void limit(String network, UUID port, XmlElement bandwidth) throws LibvirtException {
    VirtualNetwork found = life.registry().find(network);
    if (found == null) {
      return;
    }
    found.lock().lock();
    try {
      NetworkPortDocument known = found.ports().get(port);
      if (known != null && found.active()) {
        life.keepPort(found, known.limited(bandwidth).within(found.live()));
      }
    } catch (DefinitionException e) {
      throw NetworkRefusal.of(e);
    } finally {
      found.lock().unlock();
    }
  }

  /** Takes a card out of a network; nothing where it is not in it. */
  public void unplug(String network, UUID port) {
    VirtualNetwork found = life.registry().find(network);
    if (found != null) {
      found.lock().lock();
      try {
        life.removePort(found, port);
      } finally {
        found.lock().unlock();
      }
    }
  }

  /**
   * An address that a network has given to a card.
   *
   * @param address of IPv4 or IPv6
   * @param prefix bits of the network's part
   */
  public record Address(String address, int prefix) {}

  /** The addresses that a network has given to a card, and that have not run out. */
  public List<Address> leases(String network, String mac) {
    VirtualNetwork found = life.registry().find(network);
    NetworkDocument live = found == null ? null : found.live();
    if (live == null || live.bridge() == null) {
      return List.of();
    }
    return LeaseReport.read(life.leases(live), live, mac).stream()
        .map(lease -> new Address(lease.ipaddr(), lease.prefix()))
        .toList();
  }

  /** The number of an active network's process; -1 where it has none. */
  public long process(String network) {
    VirtualNetwork found = life.registry().find(network);
    GatewayConnection gateway = found == null ? null : found.gateway();
    return gateway == null ? -1 : gateway.pid();
  }

  @Override
  public void close() {
    life.close();
  }
}
