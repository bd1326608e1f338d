package org.wardian.process.assembly;

import java.nio.file.Path;
import org.wardian.host.Macvtap;
import org.wardian.network.MacAddress;
import org.wardian.network.nat.NatConfiguration;

/** What a network card is to be plugged into. */
public sealed interface PortRequest {
  /** A network of its own behind the host's sockets. */
  record Nat(NatConfiguration configuration) implements PortRequest {}

  /** A TAP interface of the host, by its name. */
  record Tap(String name) implements PortRequest {}

  /**
   * A TAP interface that is made, and put into a bridge of the host.
   *
   * @param name of the interface
   * @param bridge its name
   * @param mac of the guest's card
   */
  record Bridged(String name, String bridge, MacAddress mac) implements PortRequest {}

  /**
   * A macvtap interface that is made on one of the host's.
   *
   * @param name of the new one
   * @param lower name of the host's
   * @param mode how it reaches others there
   * @param mac of the guest's card
   */
  record Direct(String name, String lower, Macvtap.Mode mode, MacAddress mac)
      implements PortRequest {}

  /**
   * A switch that several machines of this host share.
   *
   * @param folder where its socket is
   * @param name of the switch
   */
  record Shared(Path folder, String name) implements PortRequest {}
}
