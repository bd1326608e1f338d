package org.wardian.daemon;

import org.wardian.libvirt.constants.DrvFeature;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.ConnectionOpener;
import org.wardian.libvirt.server.Session;

/** Which URIs a daemon answers: those of libvirt's driver for QEMU. */
final class UriPolicy implements ConnectionOpener {
  private final boolean system;

  /** For the host's daemon, or for a user's own. */
  UriPolicy(boolean system) {
    this.system = system;
  }

  @Override
  public void open(Session session, String uri) throws LibvirtException {
    if (uri.isEmpty()) {
      return;
    }
    int colon = uri.indexOf(':');
    if (colon < 0 || !uri.substring(0, colon).equals("qemu")) {
      throw new LibvirtException(ErrorNumber.NO_CONNECT, ErrorDomain.NONE, uri);
    }
    String rest = uri.substring(colon + 1);
    int question = rest.indexOf('?');
    String path = question < 0 ? rest : rest.substring(0, question);
    path =
        path.startsWith("//")
            ? path.substring(path.indexOf('/', 2) < 0 ? path.length() : path.indexOf('/', 2))
            : path;
    boolean accepted = path.equals("/session") || system && path.equals("/system");
    if (!accepted) {
      throw new LibvirtException(
          ErrorNumber.INTERNAL_ERROR,
          ErrorDomain.QEMU,
          path.isEmpty()
              ? "no QEMU URI path given, try qemu:///" + (system ? "system" : "session")
              : "unexpected QEMU URI path '"
                  + path
                  + "', try qemu:///"
                  + (system ? "system" : "session"));
    }
  }

  @Override
  public boolean supportsFeature(Session session, int feature) {
    return switch (DrvFeature.of(feature)) {
      case TYPED_PARAM_STRING, XML_MIGRATABLE, NETWORK_UPDATE_HAS_CORRECT_ORDER -> true;
      case null, default -> false;
    };
  }
}
