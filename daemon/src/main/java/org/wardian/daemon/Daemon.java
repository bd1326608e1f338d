package org.wardian.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.wardian.daemon.checkpoint.Checkpoints;
import org.wardian.daemon.domain.Domains;
import org.wardian.daemon.domain.MachineLauncher;
import org.wardian.daemon.filter.NetworkFilters;
import org.wardian.daemon.host.HostProcedures;
import org.wardian.daemon.host.Hypervisor;
import org.wardian.daemon.network.MachinePlugs;
import org.wardian.daemon.network.Networks;
import org.wardian.daemon.node.Interfaces;
import org.wardian.daemon.node.NodeDevices;
import org.wardian.daemon.secret.Secrets;
import org.wardian.daemon.snapshot.Snapshots;
import org.wardian.daemon.storage.StoragePools;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.sasl.DigestServer;
import org.wardian.libvirt.sasl.SaslMechanism;
import org.wardian.libvirt.sasl.ScramServer;
import org.wardian.libvirt.server.AuthenticationType;
import org.wardian.libvirt.server.CallObserver;
import org.wardian.libvirt.server.Events;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.Server;
import org.wardian.libvirt.server.TcpService;
import org.wardian.libvirt.server.UnixService;
import org.wardian.libvirt.tls.TlsIdentity;

/**
 * wardiand: its folders taken, its objects read, its sockets served. It ends by {@link #close};
 * machines go on without it, and the next one finds them.
 */
public final class Daemon implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Daemon.class.getName());

  /** Names under which clients look for a daemon: of its own, and that of old. */
  private static final List<String> SOCKETS = List.of("virtqemud-sock", "libvirt-sock");

  /** States of a machine that does not exist, as {@link Domains#countByState} names them. */
  private static final Set<String> OFF = Set.of("shutoff", "crashed");

  private final List<AutoCloseable> parts = new ArrayList<>();
  private final List<String> places = new ArrayList<>();
  private Server server;
  private Domains domains;

  private Daemon() {}

  /**
   * Starts a daemon; when this returns, clients may connect.
   *
   * @param machines starts the processes of machines
   * @param hypervisor what machines can be made of on this host
   * @throws IOException where it cannot be: another has the folder, a port is taken, a file is
   *     wrong
   */
  public static Daemon start(
      Folders folders, DaemonSettings settings, MachineLauncher machines, Hypervisor hypervisor)
      throws IOException {
    Daemon daemon = new Daemon();
    try {
      daemon.open(folders, settings, machines, hypervisor);
      return daemon;
    } catch (IOException | RuntimeException e) {
      daemon.close();
      throw e;
    }
  }

  private void open(
      Folders folders, DaemonSettings settings, MachineLauncher machines, Hypervisor hypervisor)
      throws IOException {
    for (Path folder :
        List.of(
            folders.configuration(),
            folders.state(),
            folders.library(),
            folders.cache(),
            folders.log())) {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(
              PosixFilePermissions.fromString(folders.system() ? "rwxr-xr-x" : "rwx------")));
    }
    parts.add(FolderLock.take(folders.state().resolve("wardiand.lock")));
    Events events = new Events();
    Metrics metrics = new Metrics();
    CallLog calls = new CallLog(settings.roles());
    CallObserver observer =
        (session, procedure, arguments, failure, nanoseconds) -> {
          metrics.finished(session, procedure, arguments, failure, nanoseconds);
          calls.finished(session, procedure, arguments, failure, nanoseconds);
        };
    if (settings.auditLog().isPresent()) {
      AuditLog audit = new AuditLog(settings.auditLog().get());
      parts.add(audit);
      CallObserver others = observer;
      observer =
          (session, procedure, arguments, failure, nanoseconds) -> {
            others.finished(session, procedure, arguments, failure, nanoseconds);
            audit.finished(session, procedure, arguments, failure, nanoseconds);
          };
    }
    Networks networks = new Networks(folders, events);
    parts.add(networks);
    domains =
        new Domains(folders, events, machines.sandboxed(settings.sandbox()), settings.overCommit());
    parts.add(domains);
    Snapshots snapshots = new Snapshots(folders, domains);
    Checkpoints checkpoints = new Checkpoints(folders, domains);
    StoragePools pools = new StoragePools(folders, events);
    parts.add(pools);
    NetworkFilters filters = new NetworkFilters(folders);
    filters.load();
    domains.connect(new MachinePlugs(networks), pools::path, filters.cards());
    List<HandlerFamily> families = new ArrayList<>();
    HostProcedures host = new HostProcedures(folders, hypervisor);
    domains.describe(host::hostModel);
    families.add(host);
    families.add(networks);
    families.add(filters);
    NodeDevices devices = new NodeDevices(events);
    parts.add(devices);
    families.add(devices);
    families.add(new Interfaces());
    families.add(pools);
    families.add(new Secrets(folders, events));
    families.add(domains);
    families.add(snapshots);
    families.add(checkpoints);
    server =
        new Server(
            new Server.Settings(new UriPolicy(folders.system()))
                .events(events)
                .limits(settings.limits())
                .access(calls)
                .mechanisms(mechanisms(settings))
                .observer(observer),
            families);
    parts.add(server);
    networks.load();
    if (folders.system()) {
      provideNetwork(networks);
    }
    networks.autostart();
    pools.start();
    devices.watch();
    domains.load();
    filters.onChange(domains::refilter);
    snapshots.load();
    checkpoints.load();
    serve(folders, settings);
    metrics.watch(server, domains);
    if (settings.metrics().isPresent()) {
      parts.add(metrics.serve(settings.metrics().get()));
      places.add(
          "http://"
              + settings.metrics().get().getHostString()
              + ":"
              + settings.metrics().get().getPort()
              + "/metrics");
    }
    domains.autostart();
  }

  private static List<SaslMechanism> mechanisms(DaemonSettings settings) throws IOException {
    SaslUsers users = new SaslUsers(settings.saslUsers());
    List<SaslMechanism> mechanisms = new ArrayList<>();
    for (String name : settings.saslMechanisms()) {
      try {
        mechanisms.add(
            name.equals(DigestServer.NAME)
                ? new DigestServer(users::digest)
                : new ScramServer(users::scram));
      } catch (IllegalStateException e) {
        throw new IOException("sasl_mechanisms: " + e.getMessage(), e);
      }
    }
    return mechanisms;
  }

  private static void provideNetwork(Networks networks) {
    try {
      networks.provideDefault();
    } catch (LibvirtException e) {
      LOG.log(System.Logger.Level.WARNING, "there is no network default: " + e.getMessage());
    }
  }

  private void serve(Folders folders, DaemonSettings settings) throws IOException {
    for (String name : SOCKETS) {
      unix(folders.state().resolve(name), settings.socketPermissions(), false, settings.unix());
      unix(
          folders.state().resolve(name + "-ro"),
          settings.readOnlyPermissions(),
          true,
          List.of(AuthenticationType.NONE));
    }
    if (settings.tcp().isPresent()) {
      TcpService tcp = new TcpService(settings.tcp().get(), null, settings.tcpAuthentication());
      server.serve(tcp);
      places.add("tcp port " + tcp.port());
    }
    if (settings.tls().isPresent()) {
      TcpService tls =
          new TcpService(
              settings.tls().get(),
              TlsIdentity.ofServer(settings.certificates()),
              settings.tlsAuthentication());
      server.serve(tls);
      places.add("tls port " + tls.port());
    }
  }

  private void unix(
      Path path,
      Set<PosixFilePermission> permissions,
      boolean readOnly,
      List<AuthenticationType> types)
      throws IOException {
    server.serve(new UnixService(path, permissions, readOnly, types));
    places.add(path.toString());
  }

  /** Where it is served, for a message. */
  public List<String> places() {
    return List.copyOf(places);
  }

  /** Its server. */
  public Server server() {
    return server;
  }

  /** Whether nobody is connected and no machine exists: nothing is lost where it ends. */
  public boolean isIdle() {
    return server.sessions().isEmpty()
        && domains.countByState().entrySet().stream()
            .allMatch(one -> one.getValue() == 0 || OFF.contains(one.getKey()));
  }

  /** Disconnects all clients and lets go of the folders. Machines go on. */
  @Override
  public void close() {
    for (AutoCloseable part : parts.reversed()) {
      try {
        part.close();
      } catch (Exception e) {
        LOG.log(System.Logger.Level.ERROR, part + " cannot be closed", e);
      }
    }
    parts.clear();
  }
}
