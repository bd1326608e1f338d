package org.wardian.daemon.network;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.wardian.daemon.Folders;

/**
 * Where the process of a network has its files.
 *
 * @param definition what it is started with
 * @param folder its sockets: the switch, and the control socket
 * @param name of the switch; short, since paths of sockets are
 * @param leases what addresses it has given, in libvirt's format
 * @param log what it says
 */
record GatewayFiles(Path definition, Path folder, String name, Path leases, Path log) {
  /** Those of a network with a bridge's name. */
  static GatewayFiles of(Folders folders, String network, String bridge) {
    Path state = folders.state().resolve("network");
    return new GatewayFiles(
        NetworkState.gateway(state, network),
        state.resolve("switch"),
        bridge.replaceAll("[^A-Za-z0-9._-]", "_"),
        folders.library().resolve("dnsmasq").resolve(bridge + ".status"),
        folders.log().resolve("network").resolve(network + ".log"));
  }

  /** The socket that takes words. */
  Path control() {
    return folder.resolve("control-" + name + ".sock");
  }

  /** The arguments of the process. */
  List<String> arguments() {
    return List.of(
        "--definition", definition.toString(),
        "--folder", folder.toString(),
        "--switch", name,
        "--leases", leases.toString());
  }

  /** Removes what a process that was killed leaves behind. */
  void deleteSockets() {
    try {
      Files.deleteIfExists(control());
    } catch (IOException e) {
      System.getLogger(GatewayFiles.class.getName())
          .log(System.Logger.Level.WARNING, control() + " cannot be removed", e);
    }
  }
}
