package org.wardian.daemon.storage;

import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.error.LibvirtException;

/** The volume groups of the host, for who looks for one that could be a pool. */
final class LogicalSources {
  private LogicalSources() {}

  /** A document {@code sources}, as libvirt writes it. */
  static String document(LogicalBackend backend) throws LibvirtException {
    XmlElement sources = new XmlElement("sources");
    backend
        .groups()
        .forEach((name, devices) -> {
          XmlElement source = sources.append("source");
          devices.forEach(device -> source.append("device").set("path", device));
          source.append("name").text(name);
          source.append("format").set("type", "lvm2");
        });
    return sources.children().isEmpty() ? "<sources>\n</sources>\n" : sources.toString();
  }
}
