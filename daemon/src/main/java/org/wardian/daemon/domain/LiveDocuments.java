package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Optional;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.NetworkInterface;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.error.LibvirtException;

/**
 * Makes of a definition the document that a machine runs with: what it leaves open is chosen, its
 * networks are plugged in, its volumes found; and afterwards what the machine itself chose is
 * written into it.
 */
final class LiveDocuments {
  private final DomainFiles files;
  private volatile NetworkPlugs networks = NetworkPlugs.NONE;
  private volatile VolumePaths volumes = VolumePaths.NONE;

  LiveDocuments(DomainFiles files) {
    this.files = files;
  }

  void connect(NetworkPlugs toNetworks, VolumePaths toVolumes) {
    networks = toNetworks;
    volumes = toVolumes;
  }

  /** Before the start. What was plugged in is taken back by {@link #release}. */
  void prepare(DomainDocument live, Path folder) throws LibvirtException {
    for (NetworkInterface card : live.interfaces()) {
      if (card.type().equals("network")) {
        plug(live, card);
      }
    }
  }

  private void plug(DomainDocument live, NetworkInterface view) throws LibvirtException {
    XmlElement card = view.element();
    NetworkPlugs.Plug plug =
        networks.plug(
            view.network().orElse(""), live.name(), view.mac(), view.portGroup().orElse(null));
    XmlElement source = card.childOrNew("source");
    source.set("bridge", plug.bridge());
    if (plug.kind() == NetworkPlugs.Plug.Kind.TAP) {
      card.childOrNew("target").set("dev", plug.address());
    } else {
      source.set("socket", plug.address());
    }
  }

  /** After the start: terminals and ports that the machine has chosen. */
  void complete(DomainDocument live, Machine machine) throws LibvirtException {
    for (JsonNode device : machine.execute("query-chardev")) {
      String file = device.path("filename").asText();
      String label = device.path("label").asText();
      if (file.startsWith("pty:")) {
        terminal(live, label.startsWith("char") ? label.substring(4) : label, file.substring(4));
      }
    }
  }

  private static void terminal(DomainDocument live, String alias, String path) {
    for (XmlElement device : live.devicesElement().children()) {
      XmlElement named = device.child("alias");
      boolean same = named != null && alias.equals(named.attribute("name"));
      if (same && "pty".equals(device.attribute("type"))) {
        XmlElement source = device.child("source");
        if (source == null) {
          source = new XmlElement("source");
          device.add(0, source);
        }
        source.set("path", path);
        if (device.name().equals("console")) {
          device.set("tty", path);
        }
      }
    }
  }

  /** After the end. */
  void release(DomainDocument live) {
    for (NetworkInterface card : live.interfaces()) {
      Optional<String> network = card.network();
      if (card.type().equals("network") && network.isPresent()) {
        networks.unplug(network.get(), live.name(), card.mac());
      }
    }
  }
}
