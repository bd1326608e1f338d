package org.wardian.daemon.network;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.wardian.daemon.Folders;
import org.wardian.daemon.LogContext;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.daemon.persistence.Survivor;
import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.network.NetworkDocument;
import org.wardian.definition.network.NetworkPortDocument;
import org.wardian.definition.network.NetworkUpdate;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.NetworkEventLifecycleType;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Events;
import org.wardian.libvirt.wire.remote.NetworkEventLifecycleMsg;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** What networks go through: defined, started, changed, stopped, undefined; kept in files. */
final class NetworkLifeCycle {
  private static final System.Logger LOG = System.getLogger(NetworkLifeCycle.class.getName());
  private static final int MOST_RESTARTS = 3;
  private static final long RESTART_WINDOW = TimeUnit.MINUTES.toNanos(1);

  private final Folders folders;
  private final Events events;
  private final GatewayLauncher launcher;
  private final NetworkRegistry registry;
  private final NetworkState state;
  private final DefinitionFolder definitions;
  private final Map<UUID, Deque<Long>> restarts = new ConcurrentHashMap<>();
  private volatile boolean closed;

  NetworkLifeCycle(
      Folders folders, Events events, GatewayLauncher launcher, NetworkRegistry registry) {
    this.folders = folders;
    this.events = events;
    this.launcher = launcher;
    this.registry = registry;
    state = new NetworkState(folders);
    definitions = new DefinitionFolder(folders.configuration().resolve("qemu/networks"));
  }

  NetworkRegistry registry() {
    return registry;
  }

  NetworkState state() {
    return state;
  }

  // Files.

  /** Reads all definitions, and finds the processes of those that are active. */
  void load() throws IOException {
    for (Map.Entry<String, XmlElement> file : definitions.readAll().entrySet()) {
      try {
        NetworkDocument document = NetworkDocument.of(file.getValue());
        if (document.uuid() == null || !document.name().equals(file.getKey())) {
          throw DefinitionException.xml("it has no uuid, or another name than its file");
        }
        VirtualNetwork network = new VirtualNetwork(document);
        network.persistent(document);
        network.autostart(definitions.autostart(document.name()));
        registry.add(network);
      } catch (DefinitionException e) {
        LOG.log(
            System.Logger.Level.ERROR,
            definitions.file(file.getKey())
                + " is no network, and is left as it is: "
                + e.getMessage());
      }
    }
    for (NetworkDocument live : state.readAll()) {
      VirtualNetwork network = registry.find(live.name());
      if (network == null) {
        network = new VirtualNetwork(live);
      } else if (!network.uuid().equals(live.uuid())) {
        state.delete(live.name());
        continue;
      }
      recover(network, live);
    }
    endUnfinished();
  }

  /** Ends processes that a daemon had not yet written down, or was ending, when it was killed. */
  private void endUnfinished() throws IOException {
    Set<Long> known = new HashSet<>();
    Set<String> active = new HashSet<>();
    for (VirtualNetwork network : registry.all()) {
      if (network.active()) {
        active.add(network.name());
        if (network.gateway() != null) {
          known.add(network.gateway().pid());
        }
      }
    }
    for (Survivor survivor : Survivor.below(state.folder())) {
      if (!known.contains(survivor.process().pid())) {
        LOG.log(
            System.Logger.Level.WARNING,
            "process " + survivor.process().pid() + " is ended: it is of no active network");
        survivor.kill();
      }
    }
    state.retain(active);
  }

  /** A network was active when the daemon ended: its process is found, or started again. */
  private void recover(VirtualNetwork network, NetworkDocument live) {
    network.live(live);
    network.ports().putAll(state.readPorts(live.name()));
    registry.add(network);
    if (live.routed()) {
      GatewayFiles files = GatewayFiles.of(folders, live.name(), live.bridge());
      GatewayConnection found = GatewayConnection.find(files);
      try {
        adopt(network, found == null ? GatewayConnection.start(launcher, files) : found);
      } catch (IOException e) {
        LOG.log(System.Logger.Level.ERROR, "network " + live.name() + " is not active any more", e);
        network.live(null);
        network.ports().clear();
        state.delete(live.name());
        registry.removeIfGone(network);
      }
    }
  }

  /** Starts those that are to be started with the daemon; once for each start of the host. */
  void autostart() {
    if (!state.firstSinceBoot()) {
      return;
    }
    for (VirtualNetwork network : registry.all()) {
      if (network.autostart() && !network.active()) {
        try {
          start(network);
        } catch (LibvirtException e) {
          LOG.log(
              System.Logger.Level.ERROR,
              "network " + network.name() + " cannot be started: " + e.getMessage());
        }
      }
    }
  }

  private void keep(NetworkDocument document) throws LibvirtException {
    try {
      definitions.write(document.name(), NetworkState.file(document.name(), document.tree()));
    } catch (IOException | IllegalArgumentException e) {
      throw NetworkRefusal.failed("cannot write the definition: " + e.getMessage(), e);
    }
  }

  private void tell(VirtualNetwork network, NetworkEventLifecycleType type) {
    events.emit(
        RemoteProgram.NETWORK_EVENT_LIFECYCLE,
        network.uuid(),
        id -> new NetworkEventLifecycleMsg(id, network.reference(), type.number(), 0));
  }

  // Definitions.

  static NetworkDocument parse(String xml) throws LibvirtException {
    try {
      return NetworkDocument.parse(xml);
    } catch (DefinitionException e) {
      throw NetworkRefusal.of(e);
    }
  }

  VirtualNetwork define(String xml) throws LibvirtException {
    NetworkRegistry.Entry entry = registry.enter(parse(xml), false);
    VirtualNetwork network = entry.network();
    network.lock().lock();
    try {
      keep(entry.document());
      network.persistent(entry.document());
      registry.add(network);
    } finally {
      network.lock().unlock();
      registry.removeIfGone(network);
    }
    tell(network, NetworkEventLifecycleType.DEFINED);
    return network;
  }

  void undefine(VirtualNetwork network) throws LibvirtException {
    network.lock().lock();
    try {
      if (network.persistent() == null) {
        throw NetworkRefusal.notNow("can't undefine transient network");
      }
      try {
        definitions.delete(network.name());
      } catch (IOException e) {
        throw NetworkRefusal.failed("cannot remove the definition: " + e.getMessage(), e);
      }
      network.persistent(null);
      network.autostart(false);
      registry.removeIfGone(network);
    } finally {
      network.lock().unlock();
    }
    tell(network, NetworkEventLifecycleType.UNDEFINED);
  }

  void autostart(VirtualNetwork network, boolean wanted) throws LibvirtException {
    network.lock().lock();
    try {
      if (network.persistent() == null) {
        throw NetworkRefusal.notNow("cannot set autostart for transient network");
      }
      definitions.setAutostart(network.name(), wanted);
      network.autostart(wanted);
    } catch (IOException e) {
      throw NetworkRefusal.failed("cannot set autostart: " + e.getMessage(), e);
    } finally {
      network.lock().unlock();
    }
  }

  // Active or not.

  VirtualNetwork create(String xml) throws LibvirtException {
    NetworkRegistry.Entry entry = registry.enter(parse(xml), true);
    VirtualNetwork network = entry.network();
    try {
      start(network, entry.document());
    } finally {
      registry.removeIfGone(network);
    }
    return network;
  }

  void start(VirtualNetwork network) throws LibvirtException {
    start(network, null);
  }

  private void start(VirtualNetwork network, NetworkDocument given) throws LibvirtException {
    network.lock().lock();
    try {
      if (network.active()) {
        throw NetworkRefusal.notNow("network is already active");
      }
      NetworkDocument document = given != null ? given : network.persistent();
      if (document == null) {
        throw NetworkRefusal.of(
            ErrorNumber.NO_NETWORK, "no network with matching uuid '" + network.uuid() + "'");
      }
      NetworkDocument live = document.live();
      GatewayRules.check(live);
      if (live.routed()) {
        GatewayFiles files = GatewayFiles.of(folders, live.name(), live.bridge());
        NetworkState.write(files.definition(), live.toString());
        adopt(network, GatewayConnection.start(launcher, files));
      }
      network.live(live);
      registry.add(network);
      state.write(live);
    } catch (DefinitionException e) {
      throw NetworkRefusal.of(e);
    } catch (IOException e) {
      GatewayConnection gateway = network.gateway();
      network.gateway(null);
      if (gateway != null) {
        gateway.stop();
      }
      network.live(null);
      throw NetworkRefusal.failed(e.getMessage(), e);
    } finally {
      network.lock().unlock();
    }
    tell(network, NetworkEventLifecycleType.STARTED);
  }

  private void adopt(VirtualNetwork network, GatewayConnection gateway) {
    network.gateway(gateway);
    gateway.whenEnded(() -> Thread.startVirtualThread(() -> ended(network, gateway)));
  }

  void destroy(VirtualNetwork network) throws LibvirtException {
    network.lock().lock();
    try {
      if (!network.active()) {
        throw NetworkRefusal.notActive(network.name());
      }
      stop(network);
    } finally {
      network.lock().unlock();
    }
    tell(network, NetworkEventLifecycleType.STOPPED);
  }

  /** Ends what is active, with the lock held. */
  private void stop(VirtualNetwork network) {
    GatewayConnection gateway = network.gateway();
    network.gateway(null);
    network.live(null);
    network.ports().clear();
    if (gateway != null) {
      gateway.stop();
    }
    state.delete(network.name());
    registry.removeIfGone(network);
  }

  /** A process has ended that nobody ended: it is started again, but not for ever. */
  private void ended(VirtualNetwork network, GatewayConnection gateway) {
    LogContext.about(
        "network", network.name(), network.uuid(), () -> endedUnasked(network, gateway));
  }

  private void endedUnasked(VirtualNetwork network, GatewayConnection gateway) {
    boolean gone = false;
    network.lock().lock();
    try {
      if (closed || network.gateway() != gateway) {
        return;
      }
      LOG.log(
          System.Logger.Level.ERROR,
          "the process " + gateway.pid() + " of network " + network.name() + " has ended");
      if (mayRestart(network)) {
        adopt(network, GatewayConnection.start(launcher, gateway.files()));
        return;
      }
      stop(network);
      gone = true;
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, "network " + network.name() + " is not active", e);
      stop(network);
      gone = true;
    } finally {
      network.lock().unlock();
    }
    if (gone) {
      tell(network, NetworkEventLifecycleType.STOPPED);
    }
  }

  private boolean mayRestart(VirtualNetwork network) {
    Deque<Long> times = restarts.computeIfAbsent(network.uuid(), id -> new ArrayDeque<>());
    long now = System.nanoTime();
    while (!times.isEmpty() && now - times.peekFirst() > RESTART_WINDOW) {
      times.removeFirst();
    }
    times.addLast(now);
    return times.size() <= MOST_RESTARTS;
  }

  // Changes.

  void update(VirtualNetwork network, NetworkUpdate change, boolean toLive, boolean toConfig)
      throws LibvirtException {
    network.lock().lock();
    try {
      boolean both = !toLive && !toConfig;
      boolean live = toLive || both && network.active();
      boolean config = toConfig || both && !network.active();
      if (live && !network.active()) {
        throw NetworkRefusal.notNow("network is not running");
      }
      if (config && network.persistent() == null) {
        throw NetworkRefusal.notNow("cannot change persistent config of a transient network");
      }
      NetworkDocument nextConfig = config ? change.apply(network.persistent()) : null;
      NetworkDocument nextLive = live ? change.apply(network.live()) : null;
      if (nextConfig != null) {
        keep(nextConfig);
        network.persistent(nextConfig);
      }
      if (nextLive != null) {
        changeLive(network, nextLive);
      }
    } catch (DefinitionException e) {
      throw NetworkRefusal.of(e);
    } finally {
      network.lock().unlock();
    }
  }

  private void changeLive(VirtualNetwork network, NetworkDocument next)
      throws LibvirtException, DefinitionException {
    GatewayRules.check(next);
    NetworkDocument before = network.live();
    GatewayConnection gateway = network.gateway();
    try {
      if (gateway != null) {
        NetworkState.write(gateway.files().definition(), next.toString());
        gateway.reload();
      }
      state.write(next);
      network.live(next);
    } catch (IOException e) {
      try {
        if (gateway != null) {
          NetworkState.write(gateway.files().definition(), before.toString());
        }
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw NetworkRefusal.failed(e.getMessage(), e);
    }
  }

  /** A port was added or changed. */
  void keepPort(VirtualNetwork network, NetworkPortDocument port) throws LibvirtException {
    FloorRules.check(network.live(), network.ports().values(), port);
    try {
      state.writePort(network.name(), port);
    } catch (IOException e) {
      throw NetworkRefusal.failed("cannot write the port: " + e.getMessage(), e);
    }
    network.ports().put(port.uuid(), port);
  }

  /** A port is removed; false where there was none. */
  boolean removePort(VirtualNetwork network, UUID port) {
    boolean removed = network.ports().remove(port) != null;
    state.deletePort(network.name(), port);
    return removed;
  }

  /** The file with a network's leases. */
  Path leases(NetworkDocument network) {
    return GatewayFiles.of(folders, network.name(), network.bridge()).leases();
  }

  /** Whether nothing at all was ever defined. */
  boolean untouched() {
    return !Files.isDirectory(folders.configuration().resolve("qemu/networks"));
  }

  /** The daemon ends; processes go on. */
  void close() {
    closed = true;
  }
}
