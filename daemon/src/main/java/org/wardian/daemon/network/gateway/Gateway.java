package org.wardian.daemon.network.gateway;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.wardian.definition.network.NetworkDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.network.MacAddress;
import org.wardian.network.NetworkPort;
import org.wardian.network.hub.PatchCable;
import org.wardian.network.hub.SharedSwitch;
import org.wardian.network.nat.DhcpLease;
import org.wardian.network.nat.NatPort;
import org.wardian.network.rate.RateLimit;
import org.wardian.network.rate.ShapedPort;

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
    NetworkPort out;
    try {
      out =
          HostRoute.isFor(network)
              ? HostRoute.open(network, router, MacAddress.parse(network.mac()))
              : router;
      hub = new SharedSwitch(folder, name, network.mtu());
    } catch (IOException e) {
      if (router != null) {
        router.close();
      }
      throw e;
    }
    cable = out == null ? null : new PatchCable(hub.port(), limited(network, out));
  }

  /** The way out with the network's bandwidth: what guests send each other is not limited. */
  private static NetworkPort limited(NetworkDocument network, NetworkPort out) {
    ShapedPort shaped = new ShapedPort(out);
    XmlElement bandwidth = network.element("bandwidth");
    if (bandwidth != null) {
      shaped.limit(limit(bandwidth.child("inbound")), limit(bandwidth.child("outbound")));
    }
    return shaped;
  }

  private static Optional<RateLimit> limit(XmlElement rate) {
    if (rate == null || number(rate, "average") == 0) {
      return Optional.empty();
    }
    return Optional.of(
        RateLimit.ofKilobytes(
            number(rate, "average"), number(rate, "peak"), number(rate, "burst")));
  }

  private static long number(XmlElement element, String key) {
    return Long.parseLong(element.attribute(key, "0"));
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
