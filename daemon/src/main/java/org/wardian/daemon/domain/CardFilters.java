package org.wardian.daemon.domain;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.error.LibvirtException;

/** What a domain asks of the network filters: the rules for each of its cards. */
public interface CardFilters {
  /** No filters: a card with one cannot be had. */
  CardFilters NONE =
      new CardFilters() {
        @Override
        public Rules bind(Port port, XmlElement reference) throws LibvirtException {
          throw new LibvirtException(
              org.wardian.libvirt.constants.ErrorNumber.INTERNAL_ERROR,
              org.wardian.libvirt.constants.ErrorDomain.NWFILTER,
              "referenced filter '" + reference.attribute("filter") + "' is missing");
        }

        @Override
        public void unbind(String port) {
          // Nothing was bound.
        }

        @Override
        public Optional<Rules> rules(String port) {
          return Optional.empty();
        }
      };

  /**
   * Whose frames are filtered.
   *
   * @param name of the card on the host's side, such as {@code vnet0}
   * @param domain the domain's name
   * @param owner the domain's UUID
   * @param mac the card's address
   */
  record Port(String name, String domain, UUID owner, String mac) {}

  /**
   * What frames are held against.
   *
   * @param reference the {@code <filterref>} with its parameters
   * @param filters all that it leads to
   */
  record Rules(XmlElement reference, List<XmlElement> filters) {}

  /**
   * Binds a filter to a port; what was bound there is not any more.
   *
   * @throws LibvirtException where a filter is missing, or cannot be made rules of
   */
  Rules bind(Port port, XmlElement reference) throws LibvirtException;

  /** Takes away what is bound to a port; nothing where there is none. */
  void unbind(String port);

  /** What is bound to a port now, with the filters as they are now. */
  Optional<Rules> rules(String port) throws LibvirtException;
}
