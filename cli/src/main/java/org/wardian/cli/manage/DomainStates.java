package org.wardian.cli.manage;

import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.constants.DomainCrashedReason;
import org.wardian.libvirt.constants.DomainPausedReason;
import org.wardian.libvirt.constants.DomainRunningReason;
import org.wardian.libvirt.constants.DomainShutdownReason;
import org.wardian.libvirt.constants.DomainShutoffReason;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.DomainGetStateArgs;
import org.wardian.libvirt.wire.remote.DomainGetStateRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** What machines do, in libvirt's own words. */
final class DomainStates {
  private DomainStates() {}

  /**
   * A state and why it is so.
   *
   * @param state null where this version has no name for it
   * @param words such as {@code shut off}
   * @param reason such as {@code crashed}
   */
  record Now(DomainState state, String words, String reason) {
    /** Whether the machine exists at all. */
    boolean isActive() {
      return state != DomainState.SHUTOFF && state != DomainState.CRASHED;
    }
  }

  /** What a machine does now. */
  static Now now(Connection connection, Domain domain) throws LibvirtException {
    DomainGetStateRet answer =
        connection.call(
            RemoteProgram.DOMAIN_GET_STATE, new DomainGetStateArgs(domain.reference(), 0));
    DomainState state = DomainState.of(answer.state());
    return new Now(state, words(answer.state()), reason(state, answer.reason()));
  }

  /** The words for a state's number. */
  static String words(int number) {
    return switch (DomainState.of(number)) {
      case null -> "state " + number;
      case NOSTATE -> "no state";
      case RUNNING -> "running";
      case BLOCKED -> "idle";
      case PAUSED -> "paused";
      case SHUTDOWN -> "in shutdown";
      case SHUTOFF -> "shut off";
      case CRASHED -> "crashed";
      case PMSUSPENDED -> "pmsuspended";
    };
  }

  private static String reason(DomainState state, int number) {
    Enum<?> reason =
        switch (state) {
          case null -> null;
          case RUNNING -> DomainRunningReason.of(number);
          case PAUSED -> DomainPausedReason.of(number);
          case SHUTDOWN -> DomainShutdownReason.of(number);
          case SHUTOFF -> DomainShutoffReason.of(number);
          case CRASHED -> DomainCrashedReason.of(number);
          case NOSTATE, BLOCKED, PMSUSPENDED -> null;
        };
    return Words.of(reason, number);
  }
}
