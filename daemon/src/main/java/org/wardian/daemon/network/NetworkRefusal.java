package org.wardian.daemon.network;

import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.network.DefinitionException;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** What is refused, with the numbers that libvirt's network driver gives. */
public final class NetworkRefusal {
  private NetworkRefusal() {}

  /** The refusal of a document, as an error of a part of libvirt. */
  public static LibvirtException of(DefinitionException e, ErrorDomain domain) {
    return switch (e.kind()) {
      case XML_ERROR -> new LibvirtException(ErrorNumber.XML_ERROR, domain, e.getMessage(), e);
      case XML_DETAIL -> new LibvirtException(ErrorNumber.XML_DETAIL, domain, e.getMessage(), e);
      case UNSUPPORTED ->
          new LibvirtException(ErrorNumber.CONFIG_UNSUPPORTED, domain, e.getMessage(), e);
      case INTERNAL -> new LibvirtException(ErrorNumber.INTERNAL_ERROR, domain, e.getMessage(), e);
      case NO_NAME -> new LibvirtException(ErrorNumber.NO_NAME, domain, e.getMessage(), e);
      case OPERATION_INVALID ->
          new LibvirtException(ErrorNumber.OPERATION_INVALID, domain, e.getMessage(), e);
      case OPERATION_UNSUPPORTED ->
          new LibvirtException(ErrorNumber.OPERATION_UNSUPPORTED, domain, e.getMessage(), e);
      case INVALID_ARGUMENT ->
          new LibvirtException(ErrorNumber.INVALID_ARG, domain, e.getMessage(), e);
      case PARSE_FAILED ->
          new LibvirtException(ErrorNumber.PARSE_FAILED, domain, e.getMessage(), e);
    };
  }

  static LibvirtException of(DefinitionException e) {
    return of(e, ErrorDomain.NETWORK);
  }

  static LibvirtException of(ErrorNumber number, String detail) {
    return new LibvirtException(number, ErrorDomain.NETWORK, detail);
  }

  /** The state does not allow it. */
  static LibvirtException notNow(String detail) {
    return of(ErrorNumber.OPERATION_INVALID, detail);
  }

  static LibvirtException notActive(String name) {
    return notNow("network '" + name + "' is not active");
  }

  /** Something of the host failed. */
  static LibvirtException failed(String detail, Throwable cause) {
    return new LibvirtException(ErrorNumber.INTERNAL_ERROR, ErrorDomain.NETWORK, detail, cause);
  }

  /** An error whose whole message is given. */
  static LibvirtException exactly(ErrorNumber number, String message) {
    return Refusal.exactly(number, ErrorDomain.NETWORK, message);
  }
}
