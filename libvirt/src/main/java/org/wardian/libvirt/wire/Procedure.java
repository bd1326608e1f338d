package org.wardian.libvirt.wire;

import java.util.List;
import java.util.Set;
import org.wardian.libvirt.xdr.XdrStruct;

/**
 * A procedure that a client calls.
 *
 * @param <A> its arguments
 * @param <R> its result
 * @param program the program's number
 * @param number the procedure's number in it
 * @param name as in the protocol, without the program's prefix
 * @param priority whether the answer may wait for a machine
 * @param readOnly what a read-only connection may do
 * @param permissions what it needs, as {@code object:permission}, perhaps with a condition after a
 *     second colon
 * @param function the C function behind it, or an empty text
 * @param stream which way a stream goes that the call opens
 * @param descriptors which messages carry file descriptors
 */
public record Procedure<A extends XdrStruct, R extends XdrStruct>(
    int program,
    int number,
    String name,
    Priority priority,
    ReadOnly readOnly,
    List<String> permissions,
    String function,
    StreamWay stream,
    DescriptorWay descriptors) {
  /** Permissions that do not change anything. */
  private static final Set<String> HARMLESS =
      Set.of("none", "getattr", "read", "search_domains", "search_networks");

  /** Whether the answer may wait for a machine. */
  public enum Priority {
    /** Answered at once. */
    HIGH,
    /** May wait. */
    LOW
  }

  /** What a read-only connection may do. */
  public enum ReadOnly {
    /** Call it. */
    ALLOWED,
    /** Not call it. */
    DENIED,
    /** Call it, but not with every flag. */
    CONDITIONAL
  }

  /** Which way a stream goes. */
  public enum StreamWay {
    /** There is none. */
    NONE,
    /** From the daemon to the client; a console's goes both ways. */
    READ,
    /** From the client to the daemon. */
    WRITE
  }

  /** Which messages carry file descriptors. */
  public enum DescriptorWay {
    /** None. */
    NONE,
    /** The call. */
    CALL,
    /** The reply. */
    REPLY,
    /** Both. */
    BOTH;

    /** Whether a call carries them. */
    public boolean inCall() {
      return this == CALL || this == BOTH;
    }

    /** Whether a reply carries them. */
    public boolean inReply() {
      return this == REPLY || this == BOTH;
    }
  }

  /**
   * Whether the permissions alone say that it changes nothing: for procedures of which the table
   * does not say what a read-only connection may do.
   */
  static boolean harmless(List<String> permissions) {
    return permissions.stream()
        .allMatch(
            permission -> HARMLESS.contains(permission.substring(permission.indexOf(':') + 1)));
  }

  @Override
  public String toString() {
    return name + "(" + number + ")";
  }
}
