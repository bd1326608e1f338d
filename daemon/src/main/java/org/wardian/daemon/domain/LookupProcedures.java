package org.wardian.daemon.domain;

import java.nio.file.Files;
import java.util.Comparator;
import java.util.List;
import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.constants.ConnectListAllDomainsFlags;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.ConnectListAllDomainsArgs;
import org.wardian.libvirt.wire.remote.ConnectListAllDomainsRet;
import org.wardian.libvirt.wire.remote.ConnectListDefinedDomainsArgs;
import org.wardian.libvirt.wire.remote.ConnectListDefinedDomainsRet;
import org.wardian.libvirt.wire.remote.ConnectListDomainsArgs;
import org.wardian.libvirt.wire.remote.ConnectListDomainsRet;
import org.wardian.libvirt.wire.remote.ConnectNumOfDefinedDomainsRet;
import org.wardian.libvirt.wire.remote.ConnectNumOfDomainsRet;
import org.wardian.libvirt.wire.remote.DomainLookupByIdRet;
import org.wardian.libvirt.wire.remote.DomainLookupByNameRet;
import org.wardian.libvirt.wire.remote.DomainLookupByUuidRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Finds domains, and lists them. */
final class LookupProcedures extends DomainProcedures {
  private static final int STATES =
      ConnectListAllDomainsFlags.RUNNING
          | ConnectListAllDomainsFlags.PAUSED
          | ConnectListAllDomainsFlags.SHUTOFF
          | ConnectListAllDomainsFlags.OTHER;

  LookupProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(
        RemoteProgram.DOMAIN_LOOKUP_BY_NAME,
        (call, args) -> new DomainLookupByNameRet(table().byName(args.name()).ref()));
    handlers.on(
        RemoteProgram.DOMAIN_LOOKUP_BY_UUID,
        (call, args) -> new DomainLookupByUuidRet(table().byUuid(args.uuid()).ref()));
    handlers.on(
        RemoteProgram.DOMAIN_LOOKUP_BY_ID,
        (call, args) -> new DomainLookupByIdRet(table().byId(args.id()).ref()));
    handlers.on(RemoteProgram.CONNECT_LIST_ALL_DOMAINS, this::list);
    handlers.on(RemoteProgram.CONNECT_LIST_DOMAINS, this::numbers);
    handlers.on(RemoteProgram.CONNECT_LIST_DEFINED_DOMAINS, this::names);
    handlers.on(
        RemoteProgram.CONNECT_NUM_OF_DOMAINS,
        (call, none) ->
            new ConnectNumOfDomainsRet(
                (int) table().all().stream().filter(Domain::isActive).count()));
    handlers.on(
        RemoteProgram.CONNECT_NUM_OF_DEFINED_DOMAINS,
        (call, none) ->
            new ConnectNumOfDefinedDomainsRet(
                (int) table().all().stream().filter(domain -> !domain.isActive()).count()));
  }

  private ConnectListAllDomainsRet list(Call call, ConnectListAllDomainsArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), (ConnectListAllDomainsFlags.NO_CHECKPOINT << 1) - 1);
    List<Domain> found = filtered(args.flags());
    return new ConnectListAllDomainsRet(
        args.needResults() != 0 ? found.stream().map(Domain::ref).toList() : List.of(),
        found.size());
  }

  /** Those that flags ask for, by name. */
  List<Domain> filtered(int flags) {
    return table().all().stream()
        .filter(domain -> isWanted(domain, flags))
        .sorted(Comparator.comparing(Domain::name))
        .toList();
  }

  private boolean isWanted(Domain domain, int flags) {
    DomainFacts facts = domain.facts();
    if (either(
            flags,
            ConnectListAllDomainsFlags.ACTIVE,
            ConnectListAllDomainsFlags.INACTIVE,
            facts.isActive())
        && either(
            flags,
            ConnectListAllDomainsFlags.PERSISTENT,
            ConnectListAllDomainsFlags.TRANSIENT,
            facts.isPersistent())
        && either(
            flags,
            ConnectListAllDomainsFlags.AUTOSTART,
            ConnectListAllDomainsFlags.NO_AUTOSTART,
            facts.autostart())
        && ((flags & STATES) == 0 || (flags & stateFlag(facts.state())) != 0)) {
      return hasWhatIsWanted(domain, flags);
    }
    return false;
  }

  /** What costs a look at the disk comes last. */
  private boolean hasWhatIsWanted(Domain domain, int flags) {
    int managedSave =
        ConnectListAllDomainsFlags.MANAGEDSAVE | ConnectListAllDomainsFlags.NO_MANAGEDSAVE;
    if ((flags & managedSave) != 0
        && !either(
            flags,
            ConnectListAllDomainsFlags.MANAGEDSAVE,
            ConnectListAllDomainsFlags.NO_MANAGEDSAVE,
            Files.exists(files().managedSave(domain.name())))) {
      return false;
    }
    SnapshotRecords records = parts().snapshots();
    return either(
            flags,
            ConnectListAllDomainsFlags.HAS_SNAPSHOT,
            ConnectListAllDomainsFlags.NO_SNAPSHOT,
            records.snapshots(domain.uuid()) > 0)
        && either(
            flags,
            ConnectListAllDomainsFlags.HAS_CHECKPOINT,
            ConnectListAllDomainsFlags.NO_CHECKPOINT,
            records.checkpoints(domain.uuid()) > 0);
  }

  private static int stateFlag(DomainState state) {
    return switch (state) {
      case RUNNING -> ConnectListAllDomainsFlags.RUNNING;
      case PAUSED -> ConnectListAllDomainsFlags.PAUSED;
      case SHUTOFF -> ConnectListAllDomainsFlags.SHUTOFF;
      default -> ConnectListAllDomainsFlags.OTHER;
    };
  }

  /** Whether one of two kinds is wanted: both flags or none mean all. */
  private static boolean either(int flags, int yes, int no, boolean is) {
    int asked = flags & (yes | no);
    return asked == 0 || (asked & (is ? yes : no)) != 0;
  }

  private ConnectListDomainsRet numbers(Call call, ConnectListDomainsArgs args)
      throws LibvirtException {
    if (args.maxids() < 0) {
      throw Refusal.badArgument("a count is not negative");
    }
    return new ConnectListDomainsRet(
        table().all().stream()
            .mapToInt(Domain::id)
            .filter(id -> id >= 0)
            .sorted()
            .limit(args.maxids())
            .toArray());
  }

  private ConnectListDefinedDomainsRet names(Call call, ConnectListDefinedDomainsArgs args)
      throws LibvirtException {
    if (args.maxnames() < 0) {
      throw Refusal.badArgument("a count is not negative");
    }
    return new ConnectListDefinedDomainsRet(
        table().all().stream()
            .filter(domain -> !domain.isActive())
            .map(Domain::name)
            .sorted()
            .limit(args.maxnames())
            .toList());
  }
}
