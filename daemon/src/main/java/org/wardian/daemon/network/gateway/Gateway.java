package org.wardian.daemon.network.gateway;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.wardian.definition.network.NetworkDocument;
import org.wardian.network.hub.PatchCable;
import org.wardian.network.hub.SharedSwitch;
import org.wardian.network.nat.DhcpLease;
import org.wardian.network.nat.NatPort;

/** A network at work: the switch that machines join, and the gateway that is plugged into it. */
public final class Gateway implements AutoCloseable {
  private final SharedSwitch hub;
  private final NatPort router;
  private final PatchCable cable;
  private final LeaseKeeper leases;

  /**
   * Begins to serve.
   *
   * @param folder of the switch's socket, this user's only
   * @param name of the switch
   * @param leaseFile file of the leases
   * @throws IOException where the folder cannot be used, or the document asks for what cannot be
   *     had
   */
  public Gateway(NetworkDocument network, Path folder, String name, Path leaseFile)
      throws IOException {
    GatewayPlan plan = new GatewayPlan(network);
    router = plan.gateway() ? new NatPort(plan.configuration()) : null;
    leases = router == null ? null : new LeaseKeeper(leaseFile);
    if (router != null) {
      List<DhcpLease> known = leases.read();
      router.leases(known, leases);
      // What takes its time the first time is done before a guest waits for it.
      leases.accept(known);
    }
    hub = new SharedSwitch(folder, name, network.mtu());
    cable = router == null ? null : new PatchCable(hub.port(), router);
  }

  /** The gateway's port; null where the network is a switch and no more. */
  NatPort router() {
    return router;
  }

  /**
   * Serves by another definition of the same addresses; leases and connections stay.
   *
   * @throws IOException where the document asks for what cannot be had
   */
  public void reload(NetworkDocument network) throws IOException {
    GatewayPlan plan = new GatewayPlan(network);
    if (router != null) {
      router.change(plan.dhcp(), plan.names());
    }
  }

  @Override
  public void close() {
    if (cable != null) {
      cable.close();
    }
    hub.close();
    if (leases != null) {
      leases.close();
    }
  }
}
