package org.wardian.daemon.network;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.wardian.daemon.Folders;
import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.network.NetworkDocument;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** All networks by UUID. Names and bridges are unique. */
final class NetworkRegistry {
  private static final Path INTERFACES = Path.of("/sys/class/net");

  private final Map<UUID, VirtualNetwork> networks = new ConcurrentHashMap<>();
  private final Random random = new java.security.SecureRandom();
  private final boolean system;

  NetworkRegistry(Folders folders) {
    system = folders.system();
  }

  Collection<VirtualNetwork> all() {
    return networks.values();
  }

  VirtualNetwork byUuid(UUID uuid, String name) throws LibvirtException {
    VirtualNetwork network = networks.get(uuid);
    if (network == null) {
      throw NetworkRefusal.of(
          ErrorNumber.NO_NETWORK,
          name == null
              ? "no network with matching uuid '" + uuid + "'"
              : "no network with matching uuid '" + uuid + "' (" + name + ")");
    }
    return network;
  }

  VirtualNetwork byName(String name) throws LibvirtException {
    VirtualNetwork network = find(name);
    if (network == null) {
      throw NetworkRefusal.of(
          ErrorNumber.NO_NETWORK, "no network with matching name '" + name + "'");
    }
    return network;
  }

  /** The network of a name, or null. */
  VirtualNetwork find(String name) {
    for (VirtualNetwork network : networks.values()) {
      if (network.name().equals(name)) {
        return network;
      }
    }
    return null;
  }

  /**
   * Completes a document and finds or makes the network that it is for.
   *
   * @param toStart whether it must not be active
   */
  synchronized Entry enter(NetworkDocument given, boolean toStart) throws LibvirtException {
    VirtualNetwork sameName = find(given.name());
    UUID uuid = given.uuid();
    if (sameName != null && !sameName.uuid().equals(uuid)) {
      throw NetworkRefusal.of(
          ErrorNumber.OPERATION_FAILED,
          "network '" + given.name() + "' already exists with uuid " + sameName.uuid());
    }
    VirtualNetwork known = uuid == null ? null : networks.get(uuid);
    if (known != null && !known.name().equals(given.name())) {
      throw NetworkRefusal.of(
          ErrorNumber.OPERATION_FAILED,
          "network '" + known.name() + "' is already defined with uuid " + uuid);
    }
    if (known != null && toStart && known.active()) {
      throw NetworkRefusal.notNow("network is already active as '" + known.name() + "'");
    }
    NetworkDocument complete;
    try {
      complete = given.complete(random, bridge -> taken(bridge, given.name()));
    } catch (DefinitionException e) {
      throw NetworkRefusal.of(e);
    }
    boolean fresh = known == null;
    VirtualNetwork network = fresh ? new VirtualNetwork(complete) : known;
    networks.put(network.uuid(), network);
    return new Entry(network, complete, fresh);
  }

  /**
   * A network and a document of it.
   *
   * @param fresh whether it was made just now, and has to go where nothing comes of it
   */
  record Entry(VirtualNetwork network, NetworkDocument document, boolean fresh) {}

  /** Whether another network, or an interface of the host, has a name. */
  private boolean taken(String bridge, String except) {
    for (VirtualNetwork other : networks.values()) {
      if (!other.name().equals(except)
          && (has(other.persistent(), bridge) || has(other.live(), bridge))) {
        return true;
      }
    }
    VirtualNetwork own = find(except);
    boolean ours = own != null && (has(own.persistent(), bridge) || has(own.live(), bridge));
    return system && !ours && Files.exists(INTERFACES.resolve(bridge));
  }

  private static boolean has(NetworkDocument document, String bridge) {
    return document != null && Objects.equals(document.bridge(), bridge);
  }

  synchronized void add(VirtualNetwork network) {
    networks.put(network.uuid(), network);
  }

  /** Forgets a network that is neither kept nor active. */
  synchronized void removeIfGone(VirtualNetwork network) {
    if (network.persistent() == null && !network.active()) {
      networks.remove(network.uuid(), network);
    }
  }
}
