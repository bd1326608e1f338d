package org.wardian.daemon.network;

import org.wardian.daemon.network.gateway.HostRoute;
import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.network.NetworkDocument;
import org.wardian.host.HostLink;

/** What a right document asks for and cannot be had: said when the network is started. */
final class GatewayRules {
  private GatewayRules() {}

  private static void require(String what, String otherwise) throws DefinitionException {
    String missing = HostRoute.missing();
    if (!missing.isEmpty()) {
      throw DefinitionException.unsupported(what + ", and " + missing + otherwise);
    }
  }

  static void check(NetworkDocument network) throws DefinitionException {
    String name = network.name();
    switch (network.mode()) {
      case "route" ->
          require(
              "network '" + name + "' is routed, by an interface of the host",
              "; use mode 'nat' without it");
      case "bridge" -> {
        String bridge = network.bridge();
        if (bridge == null) {
          throw DefinitionException.unsupported(
              "network '"
                  + name
                  + "' hands out macvtap devices of the host, which is not done here; name a"
                  + " <bridge> of the host, or give the machine an <interface type='direct'>");
        }
        require("network '" + name + "' joins guests to the bridge " + bridge, "");
        if (!HostLink.of(bridge).exists()) {
          throw DefinitionException.internal("the host has no bridge " + bridge);
        }
      }
      case "private", "vepa", "passthrough", "hostdev" ->
          throw DefinitionException.unsupported(
              "network '"
                  + name
                  + "' hands out devices of the host (mode '"
                  + network.mode()
                  + "'), which is not done here; use mode 'nat', 'open', or none for an isolated"
                  + " network");
      default -> {
        // Its own switch with a gateway, which can be had anywhere.
      }
    }
  }
}
