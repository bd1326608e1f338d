package org.wardian.daemon.network;

import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.network.NetworkDocument;

/** What a right document asks for and cannot be had: said when the network is started. */
final class GatewayRules {
  private GatewayRules() {}

  static void check(NetworkDocument network) throws DefinitionException {
    String name = network.name();
    switch (network.mode()) {
      case "route" ->
          throw DefinitionException.unsupported(
              "network '"
                  + name
                  + "' is routed: its guests' packets would have to leave with the guests' own"
                  + " addresses, which ordinary sockets cannot do; use mode 'nat' or 'open'");
      case "bridge", "private", "vepa", "passthrough", "hostdev" ->
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
