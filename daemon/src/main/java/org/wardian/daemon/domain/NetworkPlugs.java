package org.wardian.daemon.domain;

import java.util.List;
import java.util.UUID;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.error.LibvirtException;

/** What a domain asks of the networks: a place for each of its cards of {@code type='network'}. */
public interface NetworkPlugs {
  /** None: a card of a network cannot be had. */
  NetworkPlugs NONE =
      new NetworkPlugs() {
        @Override
        public Plug plug(
            String network,
            String domain,
            UUID owner,
            String mac,
            String portGroup,
            XmlElement bandwidth)
            throws LibvirtException {
          throw new LibvirtException(
              org.wardian.libvirt.constants.ErrorNumber.NO_NETWORK,
              org.wardian.libvirt.constants.ErrorDomain.NETWORK,
              "no network with matching name '" + network + "'");
        }

        @Override
        public void unplug(String network, String domain, String mac) {
          // Nothing was plugged.
        }
      };

  /**
   * What a machine's process connects to.
   *
   * @param kind what the address is
   * @param address a bridge's name, or the path of a switch's socket
   * @param bridge the name of the bridge, for the document; null where there is none
   * @param bandwidth what the port's group limits it to; null where there is none
   */
  record Plug(Kind kind, String address, String bridge, XmlElement bandwidth) {
    /** What a plug is. */
    public enum Kind {
      /** A bridge of the host, by its name: the machine makes an interface and puts it there. */
      BRIDGE,
      /** A socket of a switch between processes, by its path. */
      SWITCH
    }
  }

  /**
   * Makes a place for a card.
   *
   * @param network the network's name
   * @param domain the domain's name
   * @param owner the domain's UUID
   * @param mac the card's address, as the document has it
   * @param portGroup or null
   * @param bandwidth of the card itself; null where it says none
   * @throws LibvirtException where the network is not there or not active, or cannot promise the
   *     bandwidth
   */
  Plug plug(
      String network, String domain, UUID owner, String mac, String portGroup, XmlElement bandwidth)
      throws LibvirtException;

  /**
   * The bandwidth of a card that is plugged in becomes another.
   *
   * @param bandwidth of the card itself; null where it says none
   * @throws LibvirtException where the network cannot promise it; what held before holds then
   */
  default void limit(String network, String domain, String mac, XmlElement bandwidth)
      throws LibvirtException {
    // Nothing was promised.
  }

  /** Takes the place of a card away; nothing where there is none. */
  void unplug(String network, String domain, String mac);

  /**
   * An address that a network has given to a card.
   *
   * @param prefix bits of the network's part
   */
  record Lease(String address, int prefix) {
    /** Whether it is one of IPv6. */
    public boolean isV6() {
      return address.indexOf(':') >= 0;
    }
  }

  /** The addresses that a network has given to a card; none where it gives none. */
  default List<Lease> leases(String network, String mac) {
    return List.of();
  }
}
