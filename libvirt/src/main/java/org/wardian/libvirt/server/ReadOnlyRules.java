package org.wardian.libvirt.server;

import org.wardian.libvirt.constants.DomainCheckpointXmlFlags;
import org.wardian.libvirt.constants.DomainInterfaceAddressesSource;
import org.wardian.libvirt.constants.DomainSaveImageXmlFlags;
import org.wardian.libvirt.constants.DomainSnapshotXmlFlags;
import org.wardian.libvirt.constants.DomainVcpuFlags;
import org.wardian.libvirt.constants.DomainXmlFlags;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.Procedure;
import org.wardian.libvirt.wire.remote.DomainCheckpointGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.DomainGetVcpusFlagsArgs;
import org.wardian.libvirt.wire.remote.DomainGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.DomainInterfaceAddressesArgs;
import org.wardian.libvirt.wire.remote.DomainManagedSaveGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.DomainSnapshotGetXmlDescArgs;
import org.wardian.libvirt.xdr.XdrStruct;

/** What a read-only connection may do. */
public final class ReadOnlyRules {
  private ReadOnlyRules() {}

  /**
   * Refuses what changes something, and what shows secrets.
   *
   * @throws LibvirtException with {@code OPERATION_DENIED} and the words of libvirtd
   */
  public static void check(Procedure<?, ?> procedure, XdrStruct arguments) throws LibvirtException {
    switch (procedure.readOnly()) {
      case ALLOWED -> {}
      case DENIED ->
          throw new LibvirtException(
              ErrorNumber.OPERATION_DENIED,
              domain(procedure),
              "read only access prevents " + procedure.function());
      case CONDITIONAL -> {
        String reason = reason(arguments);
        if (reason != null) {
          throw new LibvirtException(
              ErrorNumber.OPERATION_DENIED, domain(procedure), procedure.function() + reason);
        }
      }
    }
  }

  /** Why arguments are refused; null where they are not. */
  private static String reason(XdrStruct arguments) {
    return switch (arguments) {
      case DomainGetXmlDescArgs a ->
          secure(a.flags(), DomainXmlFlags.SECURE | DomainXmlFlags.MIGRATABLE);
      case DomainSnapshotGetXmlDescArgs a -> secure(a.flags(), DomainSnapshotXmlFlags.SECURE);
      case DomainCheckpointGetXmlDescArgs a -> secure(a.flags(), DomainCheckpointXmlFlags.SECURE);
      case DomainManagedSaveGetXmlDescArgs a -> secure(a.flags(), DomainSaveImageXmlFlags.SECURE);
      case DomainGetVcpusFlagsArgs a ->
          (a.flags() & DomainVcpuFlags.GUEST) != 0 ? " with guest agent" : null;
      case DomainInterfaceAddressesArgs a ->
          a.source() == DomainInterfaceAddressesSource.AGENT.number() ? " with guest agent" : null;
      default -> " needs read write access";
    };
  }

  private static String secure(int flags, int secret) {
    return (flags & secret) != 0 ? " with secure flag" : null;
  }

  /** The part of libvirt that a procedure's errors name. */
  static ErrorDomain domain(Procedure<?, ?> procedure) {
    String permission = procedure.permissions().getFirst();
    int colon = permission.indexOf(':');
    return switch (colon < 0 ? permission : permission.substring(0, colon)) {
      case "domain" -> ErrorDomain.DOMAIN;
      case "network", "network_port" -> ErrorDomain.NETWORK;
      case "storage_pool", "storage_vol" -> ErrorDomain.STORAGE;
      case "node_device" -> ErrorDomain.NODEDEV;
      case "secret" -> ErrorDomain.SECRET;
      case "nwfilter", "nwfilter_binding" -> ErrorDomain.NWFILTER;
      case "interface" -> ErrorDomain.INTERFACE;
      default -> ErrorDomain.NONE;
    };
  }
}
