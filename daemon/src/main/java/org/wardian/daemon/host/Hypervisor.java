package org.wardian.daemon.host;

import java.util.List;
import org.wardian.definition.capabilities.Cpuid;

/**
 * What machines can be made of on this host; whoever starts the daemon has found it out.
 *
 * @param emulator the path that documents name as the program that runs machines
 * @param kvm whether the host's processor runs guests, and is faster at it than our own
 * @param own what our own processor says of itself
 * @param firmware paths of UEFI images; none where there is none
 */
public record Hypervisor(String emulator, boolean kvm, Cpuid own, List<String> firmware) {
  /** A copy. */
  public Hypervisor {
    firmware = List.copyOf(firmware);
  }
}
