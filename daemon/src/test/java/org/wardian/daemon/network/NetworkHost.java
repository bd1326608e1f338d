package org.wardian.daemon.network;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.wardian.daemon.Folders;
import org.wardian.daemon.filter.NetworkFilters;
import org.wardian.daemon.node.Interfaces;
import org.wardian.daemon.node.NodeDevices;
import org.wardian.libvirt.constants.DrvFeature;
import org.wardian.libvirt.server.AuthenticationType;
import org.wardian.libvirt.server.ConnectionOpener;
import org.wardian.libvirt.server.Events;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.server.Server;
import org.wardian.libvirt.server.Session;
import org.wardian.libvirt.server.UnixService;
import org.wardian.libvirt.wire.remote.ConnectGetTypeRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** A daemon with networks, and what goes with them, and nothing else. */
public final class NetworkHost implements ConnectionOpener, HandlerFamily, AutoCloseable {
  private final Path socket;
  private final Server server;
  private final Networks networks;
  private final NodeDevices devices;

  /** Serves what is below a folder. */
  public NetworkHost(Path root) throws IOException {
    this(root, List.of());
  }

  /** Serves other families too. */
  public NetworkHost(Path root, List<HandlerFamily> others) throws IOException {
    Folders folders = Folders.under(root, false);
    Files.createDirectories(folders.state());
    Events events = new Events();
    networks = new Networks(folders, events);
    List<HandlerFamily> families = new ArrayList<>(others);
    families.add(this);
    NetworkFilters filters = new NetworkFilters(folders);
    filters.load();
    families.add(filters);
    devices = new NodeDevices(events);
    families.add(devices);
    devices.watch();
    families.add(new Interfaces());
    families.add(networks);
    server = new Server(new Server.Settings(this).events(events), families);
    networks.load();
    socket = folders.state().resolve("libvirt-sock");
    server.serve(
        new UnixService(
            socket,
            PosixFilePermissions.fromString("rwx------"),
            false,
            List.of(AuthenticationType.NONE)));
    networks.autostart();
  }

  Networks networks() {
    return networks;
  }

  /** What clients connect to. */
  public String uri() {
    return "qemu+unix:///system?socket=" + socket;
  }

  /** Runs virsh. */
  public Tool.Result virsh(String... words) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(Tool.require("virsh", "libvirt-clients").toString(), "-q", "-c", uri()));
    command.addAll(Arrays.asList(words));
    return Tool.run(Map.of(), command);
  }

  @Override
  public void open(Session session, String uri) {}

  @Override
  public boolean supportsFeature(Session session, int feature) {
    return feature == DrvFeature.TYPED_PARAM_STRING.number()
        || feature == DrvFeature.NETWORK_UPDATE_HAS_CORRECT_ORDER.number();
  }

  @Override
  public void register(HandlerTable table) {
    table.on(RemoteProgram.CONNECT_GET_TYPE, (call, nothing) -> new ConnectGetTypeRet("QEMU"));
  }

  @Override
  public void close() {
    devices.close();
    networks.close();
    server.close();
  }

  /** Serves until the process is ended, for trying by hand: {@code NetworkHost FOLDER}. */
  public static void main(String[] arguments) throws Exception {
    try (NetworkHost host = new NetworkHost(Path.of(arguments[0]))) {
      System.out.println(host.uri());
      Thread.sleep(Long.MAX_VALUE);
    }
  }
}
