package org.wardian.daemon.domain;

import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainMigrateGetMaxDowntimeRet;
import org.wardian.libvirt.wire.remote.DomainMigrateGetMaxSpeedRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/**
 * What a migration may take: kept for each domain, of the longest pause as long as its machine
 * runs, of the speed as long as the daemon does, with libvirt's defaults.
 */
final class MigrationProcedures extends DomainProcedures {
  /** The highest speed in MiB/s, which is also the default: what bytes in 63 bits hold. */
  static final long MOST_SPEED = Long.MAX_VALUE >> 20;

  MigrationProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(
        RemoteProgram.DOMAIN_MIGRATE_GET_MAX_DOWNTIME,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          return new DomainMigrateGetMaxDowntimeRet(
              find(args.dom()).running().longestPauseMilliseconds());
        });
    handlers.act(
        RemoteProgram.DOMAIN_MIGRATE_SET_MAX_DOWNTIME,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          find(args.dom()).running().setLongestPauseMilliseconds(args.downtime());
        });
    handlers.on(
        RemoteProgram.DOMAIN_MIGRATE_GET_MAX_SPEED,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          return new DomainMigrateGetMaxSpeedRet(find(args.dom()).migrationSpeed());
        });
    handlers.act(
        RemoteProgram.DOMAIN_MIGRATE_SET_MAX_SPEED,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          find(args.dom()).setMigrationSpeed(speed(args.bandwidth()));
        });
  }

  private static long speed(long wanted) throws LibvirtException {
    if (Long.compareUnsigned(wanted, MOST_SPEED) > 0) {
      throw Refusal.qemu(ErrorNumber.OVERFLOW, "bandwidth must be less than " + (MOST_SPEED + 1));
    }
    return wanted;
  }
}
