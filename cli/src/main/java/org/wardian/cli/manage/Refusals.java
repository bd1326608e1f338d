package org.wardian.cli.manage;

import java.util.EnumSet;
import java.util.Set;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** What a daemon refuses, as one line for the user and a status. */
final class Refusals {
  private static final Set<ErrorNumber> NOT_FOUND =
      EnumSet.of(
          ErrorNumber.NO_DOMAIN,
          ErrorNumber.NO_DOMAIN_SNAPSHOT,
          ErrorNumber.NO_NETWORK,
          ErrorNumber.NO_STORAGE_POOL,
          ErrorNumber.NO_STORAGE_VOL);

  private Refusals() {}

  /** Whether a daemon does not have what was asked for. */
  static boolean isNotFound(LibvirtException e) {
    return e.number() != null && NOT_FOUND.contains(e.number());
  }

  /** Whether a daemon does not know the procedure, or one of its flags. */
  static boolean isUnsupported(LibvirtException e) {
    return e.is(ErrorNumber.NO_SUPPORT)
        || e.is(ErrorNumber.ARGUMENT_UNSUPPORTED)
        || e.is(ErrorNumber.OPERATION_UNSUPPORTED)
        || e.is(ErrorNumber.INVALID_ARG);
  }

  /** Nobody answers at a URI, or whoever answers does not let this user in. */
  static Failure atOpening(String uri, LibvirtException e) {
    if (e.is(ErrorNumber.SYSTEM_ERROR) && e.domain() == ErrorDomain.RPC) {
      return new Failure(
          ExitStatus.NO_DAEMON,
          "no daemon answers at "
              + uri
              + ": start one with 'ward daemon', or name another with --connect ("
              + words(e)
              + ")",
          e);
    }
    if (e.is(ErrorNumber.NO_CONNECT) || e.is(ErrorNumber.INTERNAL_ERROR)) {
      return new Failure(
          ExitStatus.NO_DAEMON,
          "the daemon does not open " + uri + ": name another with --connect (" + words(e) + ")",
          e);
    }
    if (e.is(ErrorNumber.INVALID_ARG)) {
      return new Failure(ExitStatus.USAGE, "--connect " + uri + ": " + words(e), e);
    }
    return new Failure(ExitStatus.REFUSED, uri + ": " + words(e), e);
  }

  /** What came in place of an answer. */
  static Failure of(Connection connection, LibvirtException e) {
    if (!connection.isAlive()) {
      return new Failure(
          ExitStatus.NO_DAEMON,
          words(e) + "; whether it did what was asked is not known: 'ward list --all' tells",
          e);
    }
    if (isNotFound(e)) {
      return new Failure(ExitStatus.NOT_FOUND, words(e), e);
    }
    return new Failure(ExitStatus.REFUSED, words(e), e);
  }

  /** An error's words on one line; they come from elsewhere, and must not move the cursor. */
  static String words(LibvirtException e) {
    return Cells.plain(e.getMessage().strip().replaceAll("\\s*\\R\\s*", " "));
  }
}
