package org.wardian.daemon.network.gateway;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.definition.network.NetworkDocument;
import org.wardian.network.hub.SharedSwitch;

/** A network at work: the switch that machines join, and the gateway that is plugged into it. */
public final class Gateway implements AutoCloseable {
  private final SharedSwitch hub;

  /**
   * Begins to serve.
   *
   * @param folder of the switch's socket, this user's only
   * @param name of the switch
   * @param leases file of the leases
   */
  public Gateway(NetworkDocument network, Path folder, String name, Path leases)
      throws IOException {
    hub = new SharedSwitch(folder, name, network.mtu());
  }

  /** Serves by another definition; leases and connections stay. */
  public void reload(NetworkDocument network) throws IOException {}

  @Override
  public void close() {
    hub.close();
  }
}
