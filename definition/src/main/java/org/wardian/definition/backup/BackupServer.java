package org.wardian.definition.backup;

import java.util.Set;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/**
 * Where a backup is fetched from, by NBD.
 *
 * @param unix whether at a socket of the host
 * @param name of the host or its address; null for a socket
 * @param port where it listens; -1 where a request leaves it open
 * @param socket path of the socket; null for TCP
 * @param tls whether it is encrypted
 */
public record BackupServer(boolean unix, String name, int port, String socket, boolean tls) {
  private static final int MOST_PORT = 65_535;

  static BackupServer of(XmlElement element) throws XmlException {
    String transport = element.attribute("transport", "tcp");
    boolean tls = "yes".equals(element.attribute("tls"));
    String socket = element.attribute("socket");
    if (transport.equals("unix")) {
      if (socket == null || !socket.startsWith("/") || element.attribute("name") != null) {
        throw BackupDocument.notOfSchema("server");
      }
      return new BackupServer(true, null, -1, socket, tls);
    }
    String name = element.attribute("name", "");
    boolean known =
        Set.of("tls", "transport", "name", "port").containsAll(element.attributes().keySet());
    if (!transport.equals("tcp") || name.isEmpty() || !known) {
      throw BackupDocument.notOfSchema("server");
    }
    String port = element.attribute("port");
    try {
      int number = port == null ? -1 : Integer.parseUnsignedInt(port);
      if (number > MOST_PORT || port != null && number < 0) {
        throw XmlException.badContent("failed to parse port number '" + port + "'");
      }
      return new BackupServer(false, name, number, null, tls);
    } catch (NumberFormatException e) {
      throw BackupDocument.notOfSchema("server");
    }
  }

  void addTo(XmlElement root) {
    XmlElement server = root.append("server").set("transport", unix ? "unix" : "tcp");
    if (tls) {
      server.set("tls", "yes");
    }
    if (unix) {
      server.set("socket", socket);
    } else {
      server.set("name", name);
      if (port >= 0) {
        server.set("port", port);
      }
    }
  }
}
