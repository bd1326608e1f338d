package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.wardian.daemon.typed.Refusal;
import org.wardian.daemon.typed.TypedParams;
import org.wardian.libvirt.constants.DomainCoreDumpFlags;
import org.wardian.libvirt.constants.DomainEventStoppedDetailType;
import org.wardian.libvirt.constants.DomainGetJobStatsFlags;
import org.wardian.libvirt.constants.DomainJobOperation;
import org.wardian.libvirt.constants.DomainJobType;
import org.wardian.libvirt.constants.DomainPausedReason;
import org.wardian.libvirt.constants.DomainRunningReason;
import org.wardian.libvirt.constants.DomainShutoffReason;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainGetJobInfoRet;
import org.wardian.libvirt.wire.remote.DomainGetJobStatsArgs;
import org.wardian.libvirt.wire.remote.DomainGetJobStatsRet;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Long jobs: how far they are, their end before time, dumps of memory. */
final class JobProcedures extends DomainProcedures {
  private static final SaveJob.Figures NONE =
      new SaveJob.Figures(DomainJobType.NONE, DomainJobOperation.UNKNOWN, 0, 0, 0, 0);

  JobProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(
        RemoteProgram.DOMAIN_GET_JOB_INFO, (call, args) -> info(figures(args.dom(), false)));
    handlers.on(RemoteProgram.DOMAIN_GET_JOB_STATS, this::stats);
    handlers.act(RemoteProgram.DOMAIN_ABORT_JOB, (call, args) -> abort(args.dom()));
    handlers.act(
        RemoteProgram.DOMAIN_ABORT_JOB_FLAGS,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          abort(args.dom());
        });
    handlers.act(
        RemoteProgram.DOMAIN_CORE_DUMP,
        (call, args) -> dump(call, args.dom(), args.to(), 0, args.flags()));
    handlers.act(
        RemoteProgram.DOMAIN_CORE_DUMP_WITH_FORMAT,
        (call, args) -> dump(call, args.dom(), args.to(), args.dumpformat(), args.flags()));
  }

  private SaveJob.Figures figures(DomainRef ref, boolean completed) throws LibvirtException {
    Domain domain = find(ref);
    if (completed) {
      return domain.completed() == null ? NONE : domain.completed();
    }
    domain.running();
    SaveJob job = domain.job();
    return job == null ? NONE : job.figures();
  }

  private static DomainGetJobInfoRet info(SaveJob.Figures job) {
    return new DomainGetJobInfoRet(
        job.type().number(),
        job.milliseconds(),
        0,
        job.total(),
        job.processed(),
        job.remaining(),
        job.total(),
        job.processed(),
        job.remaining(),
        0,
        0,
        0);
  }

  private DomainGetJobStatsRet stats(Call call, DomainGetJobStatsArgs args)
      throws LibvirtException {
    call.checkFlags(
        args.flags(), DomainGetJobStatsFlags.COMPLETED | DomainGetJobStatsFlags.KEEP_COMPLETED);
    boolean completed = (args.flags() & DomainGetJobStatsFlags.COMPLETED) != 0;
    SaveJob.Figures job = figures(args.dom(), completed);
    if (completed && (args.flags() & DomainGetJobStatsFlags.KEEP_COMPLETED) == 0) {
      find(args.dom()).setCompleted(null);
    }
    if (job.type() == DomainJobType.NONE) {
      return new DomainGetJobStatsRet(job.type().number(), List.of());
    }
    return new DomainGetJobStatsRet(
        job.type().number(),
        new TypedParams()
            .int32("operation", job.operation().number())
            .uint64("time_elapsed", job.milliseconds())
            .uint64("data_total", job.total())
            .uint64("data_processed", job.processed())
            .uint64("data_remaining", job.remaining())
            .uint64("memory_total", job.total())
            .uint64("memory_processed", job.processed())
            .uint64("memory_remaining", job.remaining())
            .list());
  }

  private void abort(DomainRef ref) throws LibvirtException {
    Domain domain = find(ref);
    domain.running();
    SaveJob job = domain.job();
    if (job == null) {
      throw Refusal.notNow("no job is active on the domain");
    }
    job.cancel();
  }

  private void dump(Call call, DomainRef ref, String to, int format, int flags)
      throws LibvirtException {
    call.checkFlags(flags, 0x1f);
    Domain domain = find(ref);
    domain.running();
    if (format != 0) {
      throw Refusal.notSupported("a dump is an ELF file (raw); other formats are not written");
    }
    Path file = Path.of(to).toAbsolutePath();
    domain.perform(
        "dump",
        () -> {
          Machine machine = domain.running();
          boolean paused =
              (flags & DomainCoreDumpFlags.LIVE) == 0
                  && domain.facts().state() == DomainState.RUNNING;
          if (paused) {
            life().suspend(domain, DomainPausedReason.DUMP.number());
          }
          try {
            write(machine, file);
          } finally {
            if (paused && (flags & DomainCoreDumpFlags.CRASH) == 0) {
              life().resume(domain, DomainRunningReason.UNPAUSED.number());
            }
          }
          if ((flags & DomainCoreDumpFlags.CRASH) != 0) {
            life()
                .retire(
                    domain,
                    machine,
                    DomainShutoffReason.CRASHED.number(),
                    DomainEventStoppedDetailType.CRASHED.number());
          } else if ((flags & DomainCoreDumpFlags.RESET) != 0) {
            machine.execute("system_reset");
          }
        });
  }

  /** A machine's memory may be large: the command has all the time that it needs. */
  private static void write(Machine machine, Path file) throws LibvirtException {
    try {
      machine.executeSlowly(
          "dump-guest-memory",
          Machine.arguments().put("paging", false).put("protocol", "file:" + file));
    } catch (LibvirtException e) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException unimportant) {
        // The error that led here is told.
      }
      throw e;
    }
  }
}
