package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.OptionalInt;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.constants.DomainBlockJobAbortFlags;
import org.wardian.libvirt.constants.DomainBlockJobInfoFlags;
import org.wardian.libvirt.constants.DomainBlockJobSetSpeedFlags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainBlockJobAbortArgs;
import org.wardian.libvirt.wire.remote.DomainBlockJobSetSpeedArgs;
import org.wardian.libvirt.wire.remote.DomainGetBlockJobInfoArgs;
import org.wardian.libvirt.wire.remote.DomainGetBlockJobInfoRet;
import org.wardian.libvirt.wire.remote.DomainSetBlockThresholdArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Block jobs that go on: how far they are, their speed, their end; thresholds of images. */
final class BlockJobProcedures extends DomainProcedures {
  private static final DomainGetBlockJobInfoRet NONE = new DomainGetBlockJobInfoRet(0, 0, 0, 0, 0);

  private static final long MEBIBYTE = 1L << 20;

  BlockJobProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(RemoteProgram.DOMAIN_GET_BLOCK_JOB_INFO, this::info);
    handlers.act(RemoteProgram.DOMAIN_BLOCK_JOB_SET_SPEED, this::setSpeed);
    handlers.act(RemoteProgram.DOMAIN_BLOCK_JOB_ABORT, this::abort);
    handlers.act(RemoteProgram.DOMAIN_SET_BLOCK_THRESHOLD, this::setThreshold);
  }

  /**
   * Bytes a second.
   *
   * @param speed of a call
   * @param bytes whether in bytes; else in MiB
   */
  static long speed(long speed, boolean bytes) throws LibvirtException {
    if (speed < 0 || !bytes && speed > Long.MAX_VALUE / MEBIBYTE) {
      throw Refusal.badArgument("bandwidth must be less than " + Long.MAX_VALUE / MEBIBYTE);
    }
    return bytes ? speed : speed * MEBIBYTE;
  }

  private static BlockJob job(Machine machine, Disk disk) throws LibvirtException {
    BlockJob job = machine.jobs().of(disk.target());
    if (job == null) {
      throw Refusal.badArgument("disk " + disk.target() + " does not have an active block job");
    }
    return job;
  }

  private DomainGetBlockJobInfoRet info(Call call, DomainGetBlockJobInfoArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), DomainBlockJobInfoFlags.BANDWIDTH_BYTES);
    Domain domain = find(args.dom());
    Machine machine = domain.running();
    Disk disk = ChainLookup.disk(domain.facts().document(), args.path());
    BlockJob job = machine.jobs().of(disk.target());
    if (job == null) {
      return NONE;
    }
    for (JsonNode one : machine.execute("query-block-jobs")) {
      if (one.path("device").asText().equals(job.name())) {
        return info(job, one, (args.flags() & DomainBlockJobInfoFlags.BANDWIDTH_BYTES) != 0);
      }
    }
    return NONE;
  }

  private static DomainGetBlockJobInfoRet info(BlockJob job, JsonNode found, boolean bytes) {
    boolean ready = found.path("ready").asBoolean();
    long done = found.path("offset").asLong();
    long all = found.path("len").asLong();
    if (done == 0 && all == 0) {
      // It has not begun; only at its end may both be the same.
      all = 1;
      done = ready ? 1 : 0;
    }
    if (!ready && done == all && done > 0) {
      done--;
    }
    long speed = found.path("speed").asLong();
    return new DomainGetBlockJobInfoRet(
        1, job.kind().type().number(), bytes ? speed : Math.ceilDiv(speed, MEBIBYTE), done, all);
  }

  private void setSpeed(Call call, DomainBlockJobSetSpeedArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), DomainBlockJobSetSpeedFlags.BANDWIDTH_BYTES);
    long speed =
        speed(args.bandwidth(), (args.flags() & DomainBlockJobSetSpeedFlags.BANDWIDTH_BYTES) != 0);
    Domain domain = find(args.dom());
    domain.perform(
        "blockjobsetspeed",
        () -> {
          Machine machine = domain.running();
          Disk disk = ChainLookup.disk(domain.facts().document(), args.path());
          machine.execute(
              "block-job-set-speed",
              Machine.arguments().put("device", job(machine, disk).name()).put("speed", speed));
        });
  }

  private void abort(Call call, DomainBlockJobAbortArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), DomainBlockJobAbortFlags.ASYNC | DomainBlockJobAbortFlags.PIVOT);
    boolean pivot = (args.flags() & DomainBlockJobAbortFlags.PIVOT) != 0;
    boolean wait = (args.flags() & DomainBlockJobAbortFlags.ASYNC) == 0;
    Domain domain = find(args.dom());
    domain.perform(
        "blockjobabort",
        () -> {
          Machine machine = domain.running();
          Disk disk = ChainLookup.disk(domain.facts().document(), args.path());
          BlockJob job = job(machine, disk);
          if (job.isEnding()) {
            throw Refusal.notNow("block job on disk '" + disk.target() + "' is still being ended");
          }
          life().blockJobs().end(domain, job, pivot, wait);
        });
  }

  private void setThreshold(Call call, DomainSetBlockThresholdArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    Domain domain = find(args.dom());
    domain.perform(
        "setblockthreshold",
        () -> {
          Machine machine = domain.running();
          DomainDocument live = domain.facts().document();
          for (Disk disk : live.disks()) {
            boolean plain = args.dev().equals(disk.target());
            DiskChain chain = DiskChain.of(disk);
            for (DiskChain.Image image : chain.images()) {
              OptionalInt index = image.index();
              String numbered = disk.target() + "[" + index.orElse(-1) + "]";
              boolean top = image.equals(chain.images().getFirst());
              if (index.isPresent() && (plain && top || args.dev().equals(numbered))) {
                machine.execute(
                    "block-set-write-threshold",
                    Machine.arguments()
                        .put("node-name", DiskNodes.storage(index.getAsInt()))
                        .put("write-threshold", args.threshold()));
                if (top) {
                  machine.jobs().setNumbered(disk.target(), !plain);
                }
                return;
              }
            }
            if (plain) {
              throw Refusal.badArgument("disk '" + disk.target() + "' has no medium");
            }
          }
          throw Refusal.badArgument("failed to find disk '" + args.dev() + "'");
        });
  }
}
