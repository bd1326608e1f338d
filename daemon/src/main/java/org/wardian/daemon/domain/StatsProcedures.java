package org.wardian.daemon.domain;

import java.util.ArrayList;
import java.util.List;
import org.wardian.daemon.typed.Refusal;
import org.wardian.daemon.typed.TypedParams;
import org.wardian.libvirt.constants.ConnectGetAllDomainStatsFlags;
import org.wardian.libvirt.constants.DomainDirtyRateCalcFlags;
import org.wardian.libvirt.constants.DomainStatsTypes;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.ConnectGetAllDomainStatsArgs;
import org.wardian.libvirt.wire.remote.ConnectGetAllDomainStatsRet;
import org.wardian.libvirt.wire.remote.DomainGetCpuStatsArgs;
import org.wardian.libvirt.wire.remote.DomainGetCpuStatsRet;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.DomainStatsRecord;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Figures of domains, many at once. */
final class StatsProcedures extends DomainProcedures {
  private static final int GROUPS =
      DomainStatsTypes.STATE
          | DomainStatsTypes.CPU_TOTAL
          | DomainStatsTypes.BALLOON
          | DomainStatsTypes.VCPU
          | DomainStatsTypes.INTERFACE
          | DomainStatsTypes.BLOCK
          | DomainStatsTypes.PERF
          | DomainStatsTypes.IOTHREAD
          | DomainStatsTypes.MEMORY
          | DomainStatsTypes.DIRTYRATE
          | DomainStatsTypes.VM;

  /** Figures of all processors together. */
  private static final int TOTAL = -1;

  private static final int LONGEST_MEASUREMENT = 60;

  private final LookupProcedures lookup;

  StatsProcedures(DomainParts parts, LookupProcedures lookup) {
    super(parts);
    this.lookup = lookup;
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(RemoteProgram.CONNECT_GET_ALL_DOMAIN_STATS, this::all);
    handlers.on(RemoteProgram.DOMAIN_GET_CPU_STATS, this::processors);
    handlers.act(
        RemoteProgram.DOMAIN_START_DIRTY_RATE_CALC,
        (call, args) -> {
          call.checkFlags(
              args.flags(),
              DomainDirtyRateCalcFlags.DIRTY_BITMAP | DomainDirtyRateCalcFlags.DIRTY_RING);
          measure(find(args.dom()), args.seconds(), args.flags());
        });
  }

  /** Begins to measure how much memory a guest writes; domstats tells what came of it. */
  private static void measure(Domain domain, int seconds, int flags) throws LibvirtException {
    if (flags == (DomainDirtyRateCalcFlags.DIRTY_BITMAP | DomainDirtyRateCalcFlags.DIRTY_RING)) {
      throw Refusal.badArgument(
          "unsupported flags (0x" + Integer.toHexString(flags) + "): choose one mode");
    }
    if (seconds < 1 || seconds > LONGEST_MEASUREMENT) {
      throw Refusal.qemu(
          ErrorNumber.CONFIG_UNSUPPORTED,
          "seconds="
              + seconds
              + " is invalid, please choose value within [1, "
              + LONGEST_MEASUREMENT
              + "].");
    }
    domain.perform(
        "dirty-rate",
        () -> {
          Machine machine = domain.running();
          if ((flags & DomainDirtyRateCalcFlags.DIRTY_RING) != 0) {
            throw Refusal.qemu(
                ErrorNumber.OPERATION_UNSUPPORTED,
                "dirty-ring calculation mode requires dirty-ring feature enabled.");
          }
          machine.execute(
              "calc-dirty-rate",
              Machine.arguments()
                  .put("calc-time", seconds)
                  .put(
                      "mode",
                      (flags & DomainDirtyRateCalcFlags.DIRTY_BITMAP) != 0
                          ? "dirty-bitmap"
                          : "page-sampling"));
        });
  }

  private ConnectGetAllDomainStatsRet all(Call call, ConnectGetAllDomainStatsArgs args)
      throws LibvirtException {
    int filters = 0xff;
    int flags = args.flags();
    call.checkFlags(
        flags,
        filters
            | ConnectGetAllDomainStatsFlags.NOWAIT
            | ConnectGetAllDomainStatsFlags.BACKING
            | ConnectGetAllDomainStatsFlags.ENFORCE_STATS);
    if ((flags & ConnectGetAllDomainStatsFlags.ENFORCE_STATS) != 0
        && (args.stats() & ~GROUPS) != 0) {
      throw Refusal.qemu(
          ErrorNumber.ARGUMENT_UNSUPPORTED,
          "Stats types bits 0x"
              + Integer.toHexString(args.stats() & ~GROUPS)
              + " are not supported by this daemon");
    }
    int groups = args.stats() == 0 ? GROUPS : args.stats();
    List<Domain> wanted = new ArrayList<>();
    if (args.doms().isEmpty()) {
      wanted.addAll(lookup.filtered(flags & filters));
    } else {
      for (DomainRef ref : args.doms()) {
        Domain domain = table().get(ref.uuid());
        if (domain != null) {
          wanted.add(domain);
        }
      }
    }
    List<DomainStatsRecord> records = new ArrayList<>();
    boolean backing = (flags & ConnectGetAllDomainStatsFlags.BACKING) != 0;
    for (Domain domain : wanted) {
      records.add(
          new DomainStatsRecord(
              domain.ref(), new DomainStatistics(domain, groups, backing).collect()));
    }
    return new ConnectGetAllDomainStatsRet(records);
  }

  private DomainGetCpuStatsRet processors(Call call, DomainGetCpuStatsArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), TypedParams.STRING_OKAY);
    Domain domain = find(args.dom());
    Machine machine = domain.running();
    if (args.startCpu() == TOTAL) {
      ProcessTimes times = ProcessTimes.of(machine.pid());
      TypedParams params =
          new TypedParams()
              .uint64("cpu_time", times.total())
              .uint64("user_time", times.user())
              .uint64("system_time", times.system());
      return new DomainGetCpuStatsRet(
          params.page(args.nparams(), args.flags()), params.count(args.flags()));
    }
    // Of a process the kernel does not tell which processor it ran on; a group of version 1 would.
    throw Refusal.qemu(
        ErrorNumber.OPERATION_UNSUPPORTED,
        "operation 'getCpuacctPercpuUsage' not supported for backend 'cgroup V2'");
  }
}
