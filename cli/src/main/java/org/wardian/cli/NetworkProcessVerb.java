package org.wardian.cli;

import java.util.concurrent.Callable;
import org.wardian.daemon.network.gateway.GatewayMain;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ward network-process}: an active network, which the daemon starts. */
@Command(
    name = "network-process",
    hidden = true,
    description = "Runs one active network: its switch, and the gateway on it.")
final class NetworkProcessVerb implements Callable<Integer> {
  @Option(
      names = "--definition",
      paramLabel = "FILE",
      required = true,
      description = "The network's document.")
  private String definition;

  @Option(
      names = "--folder",
      paramLabel = "FOLDER",
      required = true,
      description = "Where the switch's socket and the control socket are.")
  private String folder;

  @Option(
      names = "--switch",
      paramLabel = "NAME",
      required = true,
      description = "The name of the switch.")
  private String name;

  @Option(
      names = "--leases",
      paramLabel = "FILE",
      required = true,
      description = "The file of the leases.")
  private String leases;

  @Override
  public Integer call() {
    return GatewayMain.run(
        "--definition", definition, "--folder", folder, "--switch", name, "--leases", leases);
  }
}
