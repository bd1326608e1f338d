package org.wardian.daemon.storage;

import java.util.ArrayList;
import java.util.List;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** What a server of NFS offers, by the host's {@code showmount}. */
final class NetworkSources {
  private static final String SHOWMOUNT = "/sbin/showmount";

  private NetworkSources() {}

  /**
   * A document {@code sources}.
   *
   * @param specification a document {@code source} that names the host; or null
   */
  static String document(String specification) throws LibvirtException {
    if (specification == null || specification.isEmpty()) {
      throw StorageErrors.of(
          ErrorNumber.INVALID_ARG, "hostname must be specified for netfs sources");
    }
    String host = host(specification);
    List<String> exports = exports(host);
    if (exports.isEmpty()) {
      throw StorageErrors.failed("no storage pools were found on host '" + host + "'");
    }
    XmlElement sources = new XmlElement("sources");
    for (String export : exports) {
      XmlElement source = sources.append("source");
      source.append("host").set("name", host);
      source.append("dir").set("path", export);
      source.append("format").set("type", "nfs");
    }
    return sources.toString();
  }

  private static String host(String specification) throws LibvirtException {
    try {
      String host = XmlReader.read(specification, "source").attributeAt("host", "name");
      // A name that begins with a dash would be an option of the program.
      if (host == null || !host.matches("[0-9A-Za-z\\[][0-9A-Za-z.:\\[\\]_-]*")) {
        throw StorageErrors.of(ErrorNumber.XML_ERROR, "missing storage pool source host name");
      }
      return host;
    } catch (XmlException e) {
      throw StorageErrors.of(e, PoolProcedures.DOCUMENT);
    }
  }

  private static List<String> exports(String host) {
    List<String> exports = new ArrayList<>();
    try {
      for (String line :
          HostCommand.run(SHOWMOUNT, "--no-headers", "--exports", host).split("\n")) {
        if (line.startsWith("/")) {
          exports.add(line.split("\\s+", 2)[0]);
        }
      }
    } catch (LibvirtException notThere) {
      // A host without the program, or a server without exports, offers nothing.
    }
    return exports;
  }
}
