package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.wardian.daemon.typed.Refusal;
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
        RemoteProgram.DOMAIN_GET_JOB_INFO, (call, args) -> figures(args.dom(), false).info());
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

  private JobFigures figures(DomainRef ref, boolean completed) throws LibvirtException {
    Domain domain = find(ref);
    if (completed) {
      return domain.completed() == null ? NONE : domain.completed();
    }
    Machine machine = domain.running();
    SaveJob job = domain.job();
    if (job != null) {
      return job.figures();
    }
    BackupJob backup = machine.jobs().backup();
    return backup == null ? NONE : Backups.figures(machine, backup);
  }

  private DomainGetJobStatsRet stats(Call call, DomainGetJobStatsArgs args)
      throws LibvirtException {
    call.checkFlags(
        args.flags(), DomainGetJobStatsFlags.COMPLETED | DomainGetJobStatsFlags.KEEP_COMPLETED);
    boolean completed = (args.flags() & DomainGetJobStatsFlags.COMPLETED) != 0;
    JobFigures job = figures(args.dom(), completed);
    if (completed && (args.flags() & DomainGetJobStatsFlags.KEEP_COMPLETED) == 0) {
      find(args.dom()).setCompleted(null);
    }
    return new DomainGetJobStatsRet(
        job.type().number(), job.type() == DomainJobType.NONE ? List.of() : job.params());
  }

  private void abort(DomainRef ref) throws LibvirtException {
    Domain domain = find(ref);
    Machine machine = domain.running();
    SaveJob job = domain.job();
    if (job != null) {
      job.cancel();
      return;
    }
    if (machine.jobs().backup() == null) {
      throw Refusal.notNow("no job is active on the domain");
    }
    domain.perform("abortjob", () -> life().blockJobs().backups().abort(machine));
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
    Backups.awaitNone(domain);
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
