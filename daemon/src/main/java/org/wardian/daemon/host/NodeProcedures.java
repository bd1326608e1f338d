package org.wardian.daemon.host;

import java.util.List;
import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.NodeSuspendTarget;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.NodeGetCpuMapArgs;
import org.wardian.libvirt.wire.remote.NodeGetCpuMapRet;
import org.wardian.libvirt.wire.remote.NodeGetCpuStats;
import org.wardian.libvirt.wire.remote.NodeGetCpuStatsArgs;
import org.wardian.libvirt.wire.remote.NodeGetCpuStatsRet;
import org.wardian.libvirt.wire.remote.NodeGetInfoRet;
import org.wardian.libvirt.wire.remote.NodeGetSecurityModelRet;
import org.wardian.libvirt.wire.remote.NodeSuspendForDurationArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** The host's processors, and what concerns all of it. */
final class NodeProcedures implements HandlerFamily {
  private static final int CPU_FIGURES = 4;

  private final HostFiles files;
  private final HostProcessors processors;
  private final HostMemory memory;

  NodeProcedures(HostFiles files) {
    this.files = files;
    processors = new HostProcessors(files);
    memory = new HostMemory(files);
  }

  @Override
  public void register(HandlerTable table) {
    table.on(RemoteProgram.NODE_GET_INFO, (call, none) -> info());
    table.on(RemoteProgram.NODE_GET_CPU_STATS, this::times);
    table.on(RemoteProgram.NODE_GET_CPU_MAP, this::map);
    // Machines are processes of the daemon's own user, without labels.
    table.on(
        RemoteProgram.NODE_GET_SECURITY_MODEL,
        (call, none) -> new NodeGetSecurityModelRet("none", "0"));
    table.act(RemoteProgram.NODE_SUSPEND_FOR_DURATION, (call, args) -> suspend(args));
    table.on(
        RemoteProgram.NODE_GET_SEV_INFO,
        (call, args) -> {
          throw Refusal.notSupported("QEMU does not support SEV guest");
        });
  }

  private NodeGetInfoRet info() {
    HostProcessors.Topology topology = processors.topology();
    return new NodeGetInfoRet(
        machine(),
        memory.sizes().getOrDefault("MemTotal", 0L),
        processors.online().size(),
        processors.megahertz(),
        files.nodes().size(),
        topology.sockets(),
        topology.cores(),
        topology.threads());
  }

  /** As {@code uname -m} calls it. */
  private static String machine() {
    String name = System.getProperty("os.arch", "");
    return name.equals("amd64") ? "x86_64" : name;
  }

  private NodeGetCpuStatsRet times(Call call, NodeGetCpuStatsArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    HostProcessors.Times times = processors.times(args.cpuNum());
    if (times == null || args.cpuNum() < -1) {
      throw Refusal.exactly(
          ErrorNumber.INVALID_ARG, ErrorDomain.NONE, "Invalid cpuNum in virHostCPUGetStatsLinux");
    }
    if (args.nparams() == 0) {
      return new NodeGetCpuStatsRet(List.of(), CPU_FIGURES);
    }
    if (args.nparams() != CPU_FIGURES) {
      throw Refusal.exactly(
          ErrorNumber.INVALID_ARG,
          ErrorDomain.NONE,
          "nparams in virHostCPUGetStatsLinux must be equal to " + CPU_FIGURES);
    }
    return new NodeGetCpuStatsRet(
        List.of(
            new NodeGetCpuStats("kernel", times.kernel()),
            new NodeGetCpuStats("user", times.user()),
            new NodeGetCpuStats("idle", times.idle()),
            new NodeGetCpuStats("iowait", times.ioWait())),
        CPU_FIGURES);
  }

  private NodeGetCpuMapRet map(Call call, NodeGetCpuMapArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    List<Integer> present = processors.present();
    List<Integer> online = processors.online();
    int count = present.stream().max(Integer::compare).orElse(0) + 1;
    byte[] map = new byte[args.needMap() != 0 ? (count + 7) / 8 : 0];
    if (map.length > 0) {
      online.stream()
          .filter(cpu -> cpu < count)
          .forEach(cpu -> map[cpu / 8] |= (byte) (1 << cpu % 8));
    }
    return new NodeGetCpuMapRet(map, args.needOnline() != 0 ? online.size() : 0, count);
  }

  /** The host belongs to others too. */
  private static void suspend(NodeSuspendForDurationArgs args) throws LibvirtException {
    NodeSuspendTarget target = NodeSuspendTarget.of(args.target());
    String way =
        switch (target) {
          case MEM -> "Suspend-to-RAM";
          case DISK -> "Suspend-to-Disk";
          case HYBRID -> "Hybrid-Suspend";
          case null -> null;
        };
    if (way == null) {
      throw new LibvirtException(
          ErrorNumber.INVALID_ARG, ErrorDomain.NONE, "Unknown suspend target: " + args.target());
    }
    throw new LibvirtException(ErrorNumber.ARGUMENT_UNSUPPORTED, ErrorDomain.NONE, way);
  }
}
