package org.wardian.process.assembly;

import java.util.Locale;
import java.util.Optional;
import org.wardian.host.ForbiddenCalls;
import org.wardian.host.HostException;

/**
 * Whether this process gives up the system calls that serving a guest does not need ({@link
 * ForbiddenCalls}): the values of {@code --sandbox}.
 */
public enum Sandbox {
  /** Where the host's kernel can do it. */
  AUTO,
  /** No guest without it. */
  ON,
  /** It keeps them all. */
  OFF;

  /**
   * Gives them up for good, for all threads.
   *
   * @return what the user is to be told; empty where all is as it was asked for
   * @throws AssemblyException where it has to be, and cannot
   */
  public Optional<String> enter() {
    if (this == OFF) {
      return Optional.empty();
    }
    try {
      ForbiddenCalls.filter().install();
      return Optional.empty();
    } catch (HostException e) {
      if (this == ON) {
        throw new AssemblyException(
            AssemblyException.Reason.HOST,
            "the process cannot be kept from system calls that a guest needs none of: "
                + e.getMessage()
                + "; --sandbox off (seccomp_sandbox = 0 in wardiand.conf) goes without",
            e);
      }
      return Optional.of(
          "warning: this process keeps system calls that a guest needs none of: " + e.getMessage());
    }
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
