package org.wardian.daemon.host;

import java.util.List;
import java.util.Map;
import org.wardian.daemon.Folders;
import org.wardian.definition.capabilities.HostModel;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;

/**
 * All procedures of a connection and of the node that are about no domain, network or pool: what
 * the hypervisor is, what the host has, what can be had here.
 */
public final class HostProcedures implements HandlerFamily {
  /** Processors that a machine may have. */
  public static final int MOST_PROCESSORS = 255;

  private static final HostMemory MEMORY = new HostMemory(HostFiles.ofThisHost());

  private final List<HandlerFamily> groups;
  private final CapabilityProcedures capabilities;

  /**
   * For this host.
   *
   * @param hypervisor what machines can be made of here
   */
  public HostProcedures(Folders folders, Hypervisor hypervisor) {
    HostFiles files = HostFiles.ofThisHost();
    capabilities = new CapabilityProcedures(files, hypervisor, folders);
    groups =
        List.of(
            new ConnectProcedures(folders.system(), MOST_PROCESSORS),
            new NodeProcedures(files),
            new NodeMemoryProcedures(files),
            capabilities);
  }

  /**
   * The processor that a guest's {@code host-model} is here.
   *
   * @param onHost whether the host's processor runs it
   */
  public HostModel hostModel(boolean onHost) {
    return capabilities.hostModel(onHost);
  }

  /** The host's memory in KiB. */
  public static long memoryKib() {
    return MEMORY.sizes().getOrDefault("MemTotal", 0L);
  }

  /**
   * What the kernel's merging of equal pages (KSM) does, by the names of its files: pages_shared,
   * pages_sharing, general_profit, ...; empty where there is none.
   */
  public static Map<String, Long> merging() {
    return MEMORY.merging();
  }

  @Override
  public void register(HandlerTable table) {
    groups.forEach(group -> group.register(table));
  }
}
