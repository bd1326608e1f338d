package org.wardian.daemon;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.Peer;
import org.wardian.libvirt.server.AccessPolicy;
import org.wardian.libvirt.server.ReadOnlyRules;
import org.wardian.libvirt.server.Session;
import org.wardian.libvirt.wire.Procedure;
import org.wardian.libvirt.xdr.XdrStruct;

/**
 * Who has which role. What a client has proved counts in this order: the name that it authenticated
 * as, its certificate, its user on this host; then the default.
 */
public final class Roles implements AccessPolicy {
  private final Map<String, Role> users;
  private final Map<String, Role> certificates;
  private final Map<Integer, Role> uids;
  private final Role otherwise;

  private Roles(
      Map<String, Role> users,
      Map<String, Role> certificates,
      Map<Integer, Role> uids,
      Role otherwise) {
    this.users = users;
    this.certificates = certificates;
    this.uids = uids;
    this.otherwise = otherwise;
  }

  /**
   * From the configuration.
   *
   * @param users {@code NAME=ROLE} each, by SASL
   * @param certificates {@code DISTINGUISHED NAME=ROLE} each; the last {@code =} counts
   * @param uids {@code NUMBER=ROLE} each
   * @param otherwise the role of all others
   * @throws IllegalArgumentException where one is not of that form
   */
  static Roles of(
      List<String> users, List<String> certificates, List<String> uids, String otherwise) {
    Map<Integer, Role> numbers = new HashMap<>();
    roles(uids).forEach((uid, role) -> numbers.put(Integer.valueOf(uid), role));
    return new Roles(roles(users), roles(certificates), numbers, Role.parse(otherwise));
  }

  private static Map<String, Role> roles(List<String> entries) {
    Map<String, Role> roles = new HashMap<>();
    for (String entry : entries) {
      int sign = entry.lastIndexOf('=');
      if (sign < 1) {
        throw new IllegalArgumentException("'" + entry + "' is not of the form WHO=ROLE");
      }
      roles.put(entry.substring(0, sign), Role.parse(entry.substring(sign + 1)));
    }
    return roles;
  }

  /** The role of a client. */
  Role of(Session session) {
    Peer peer = session.peer();
    Role role = session.user() == null ? null : users.get(session.user());
    if (role == null && peer.distinguishedName() != null) {
      role = certificates.get(peer.distinguishedName());
    }
    if (role == null && peer.credentials() != null) {
      role = uids.get(peer.credentials().uid());
    }
    return role == null ? otherwise : role;
  }

  @Override
  public void check(Session session, Procedure<?, ?> procedure, XdrStruct arguments)
      throws LibvirtException {
    switch (of(session)) {
      case ADMINISTRATOR -> {}
      case OPERATOR -> {
        if (!Role.operatorMay(procedure)) {
          throw new LibvirtException(
              ErrorNumber.ACCESS_DENIED,
              ErrorDomain.NONE,
              "an operator may not call " + procedure.function());
        }
      }
      case READ_ONLY -> ReadOnlyRules.check(procedure, arguments);
    }
  }
}
