package org.wardian.daemon.snapshot;

import static org.wardian.libvirt.constants.DomainSnapshotListFlags.ACTIVE;
import static org.wardian.libvirt.constants.DomainSnapshotListFlags.DESCENDANTS;
import static org.wardian.libvirt.constants.DomainSnapshotListFlags.DISK_ONLY;
import static org.wardian.libvirt.constants.DomainSnapshotListFlags.EXTERNAL;
import static org.wardian.libvirt.constants.DomainSnapshotListFlags.INACTIVE;
import static org.wardian.libvirt.constants.DomainSnapshotListFlags.INTERNAL;
import static org.wardian.libvirt.constants.DomainSnapshotListFlags.LEAVES;
import static org.wardian.libvirt.constants.DomainSnapshotListFlags.METADATA;
import static org.wardian.libvirt.constants.DomainSnapshotListFlags.NO_LEAVES;
import static org.wardian.libvirt.constants.DomainSnapshotListFlags.NO_METADATA;
import static org.wardian.libvirt.constants.DomainSnapshotListFlags.TOPOLOGICAL;

import java.util.List;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.daemon.moment.MomentTree;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.snapshot.SnapshotState;
import org.wardian.libvirt.constants.DomainSnapshotXmlFlags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainHasCurrentSnapshotRet;
import org.wardian.libvirt.wire.remote.DomainListAllSnapshotsRet;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.DomainSnapshotCurrentRet;
import org.wardian.libvirt.wire.remote.DomainSnapshotGetParentRet;
import org.wardian.libvirt.wire.remote.DomainSnapshotGetXmlDescRet;
import org.wardian.libvirt.wire.remote.DomainSnapshotHasMetadataRet;
import org.wardian.libvirt.wire.remote.DomainSnapshotIsCurrentRet;
import org.wardian.libvirt.wire.remote.DomainSnapshotListAllChildrenRet;
import org.wardian.libvirt.wire.remote.DomainSnapshotListChildrenNamesRet;
import org.wardian.libvirt.wire.remote.DomainSnapshotListNamesRet;
import org.wardian.libvirt.wire.remote.DomainSnapshotLookupByNameRet;
import org.wardian.libvirt.wire.remote.DomainSnapshotNumChildrenRet;
import org.wardian.libvirt.wire.remote.DomainSnapshotNumRet;
import org.wardian.libvirt.wire.remote.DomainSnapshotRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** What is asked of snapshots. It waits for nobody. */
final class SnapshotQueries implements HandlerFamily {
  private static final int ALL =
      DESCENDANTS
          | METADATA
          | LEAVES
          | NO_LEAVES
          | NO_METADATA
          | INACTIVE
          | ACTIVE
          | DISK_ONLY
          | INTERNAL
          | EXTERNAL
          | TOPOLOGICAL;

  private final SnapshotSubjects subjects;
  private final SnapshotStore store;

  SnapshotQueries(SnapshotSubjects subjects, SnapshotStore store) {
    this.subjects = subjects;
    this.store = store;
  }

  /** A snapshot with what it is of. */
  record Found(
      SnapshotSubject subject, MomentTree<SnapshotDocument> tree, SnapshotDocument snapshot) {}

  Found find(DomainSnapshotRef ref) throws LibvirtException {
    return find(ref.dom(), ref.name());
  }

  private Found find(DomainRef domain, String name) throws LibvirtException {
    SnapshotSubject subject = subjects.find(domain);
    MomentTree<SnapshotDocument> tree = store.tree(subject);
    SnapshotDocument snapshot = tree.get(name);
    if (snapshot == null) {
      throw SnapshotRefusal.none("no domain snapshot with matching name '" + name + "'");
    }
    return new Found(subject, tree, snapshot);
  }

  private static DomainSnapshotRef ref(SnapshotSubject subject, String name) {
    return new DomainSnapshotRef(name, subject.ref());
  }

  @Override
  public void register(HandlerTable handlers) {
    lists(handlers);
    handlers.on(
        RemoteProgram.DOMAIN_SNAPSHOT_LOOKUP_BY_NAME,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          Found found = find(args.dom(), args.name());
          return new DomainSnapshotLookupByNameRet(ref(found.subject(), args.name()));
        });
    handlers.on(
        RemoteProgram.DOMAIN_SNAPSHOT_GET_XML_DESC,
        (call, args) -> {
          call.checkFlags(args.flags(), DomainSnapshotXmlFlags.SECURE);
          return new DomainSnapshotGetXmlDescRet(
              find(args.snap())
                  .snapshot()
                  .xml((args.flags() & DomainSnapshotXmlFlags.SECURE) != 0));
        });
    handlers.on(
        RemoteProgram.DOMAIN_HAS_CURRENT_SNAPSHOT,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          MomentTree<SnapshotDocument> tree = store.tree(subjects.find(args.dom()));
          return new DomainHasCurrentSnapshotRet(tree.current() == null ? 0 : 1);
        });
    handlers.on(
        RemoteProgram.DOMAIN_SNAPSHOT_CURRENT,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          SnapshotSubject subject = subjects.find(args.dom());
          String current = store.tree(subject).current();
          if (current == null) {
            throw SnapshotRefusal.none("the domain does not have a current snapshot");
          }
          return new DomainSnapshotCurrentRet(ref(subject, current));
        });
    handlers.on(
        RemoteProgram.DOMAIN_SNAPSHOT_GET_PARENT,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          Found found = find(args.snap());
          String parent = found.snapshot().parent();
          if (parent == null) {
            throw SnapshotRefusal.none(
                "snapshot '" + found.snapshot().name() + "' does not have a parent");
          }
          return new DomainSnapshotGetParentRet(ref(found.subject(), parent));
        });
    handlers.on(
        RemoteProgram.DOMAIN_SNAPSHOT_IS_CURRENT,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          Found found = find(args.snap());
          return new DomainSnapshotIsCurrentRet(
              found.snapshot().name().equals(found.tree().current()) ? 1 : 0);
        });
    handlers.on(
        RemoteProgram.DOMAIN_SNAPSHOT_HAS_METADATA,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          find(args.snap());
          return new DomainSnapshotHasMetadataRet(1);
        });
  }

  private void lists(HandlerTable handlers) {
    handlers.on(
        RemoteProgram.DOMAIN_SNAPSHOT_NUM,
        (call, args) -> {
          call.checkFlags(args.flags(), ALL);
          return new DomainSnapshotNumRet(all(subjects.find(args.dom()), args.flags()).size());
        });
    handlers.on(
        RemoteProgram.DOMAIN_SNAPSHOT_LIST_NAMES,
        (call, args) -> {
          call.checkFlags(args.flags(), ALL);
          return new DomainSnapshotListNamesRet(
              names(all(subjects.find(args.dom()), args.flags()), args.maxnames()));
        });
    handlers.on(
        RemoteProgram.DOMAIN_LIST_ALL_SNAPSHOTS,
        (call, args) -> {
          call.checkFlags(args.flags(), ALL);
          SnapshotSubject subject = subjects.find(args.dom());
          List<SnapshotDocument> some = all(subject, args.flags());
          return new DomainListAllSnapshotsRet(
              args.needResults() == 0 ? List.of() : refs(subject, some), some.size());
        });
    handlers.on(
        RemoteProgram.DOMAIN_SNAPSHOT_NUM_CHILDREN,
        (call, args) -> {
          call.checkFlags(args.flags(), ALL);
          return new DomainSnapshotNumChildrenRet(below(find(args.snap()), args.flags()).size());
        });
    handlers.on(
        RemoteProgram.DOMAIN_SNAPSHOT_LIST_CHILDREN_NAMES,
        (call, args) -> {
          call.checkFlags(args.flags(), ALL);
          return new DomainSnapshotListChildrenNamesRet(
              names(below(find(args.snap()), args.flags()), args.maxnames()));
        });
    handlers.on(
        RemoteProgram.DOMAIN_SNAPSHOT_LIST_ALL_CHILDREN,
        (call, args) -> {
          call.checkFlags(args.flags(), ALL);
          Found found = find(args.snapshot());
          List<SnapshotDocument> some = below(found, args.flags());
          return new DomainSnapshotListAllChildrenRet(
              args.needResults() == 0 ? List.of() : refs(found.subject(), some), some.size());
        });
  }

  private List<SnapshotDocument> all(SnapshotSubject subject, int flags) {
    MomentTree<SnapshotDocument> tree = store.tree(subject);
    // The same bit as that of descendants: here it leaves all but the roots out.
    return filtered(tree, (flags & DESCENDANTS) != 0 ? tree.roots() : tree.all(), flags);
  }

  private static List<SnapshotDocument> below(Found found, int flags) {
    String name = found.snapshot().name();
    return filtered(
        found.tree(),
        (flags & DESCENDANTS) != 0 ? found.tree().descendants(name) : found.tree().children(name),
        flags);
  }

  private static List<SnapshotDocument> filtered(
      MomentTree<SnapshotDocument> tree, List<SnapshotDocument> some, int flags) {
    return some.stream()
        .filter(one -> either(flags, METADATA, NO_METADATA, true))
        .filter(one -> either(flags, NO_LEAVES, LEAVES, !tree.children(one.name()).isEmpty()))
        .filter(one -> either(flags, EXTERNAL, INTERNAL, one.isExternal()))
        .filter(one ->
            (flags & (ACTIVE | INACTIVE | DISK_ONLY)) == 0 || (flags & kind(one.state())) != 0)
        .toList();
  }

  private static int kind(SnapshotState state) {
    return switch (state) {
      case SHUTOFF -> INACTIVE;
      case DISK_SNAPSHOT -> DISK_ONLY;
      default -> ACTIVE;
    };
  }

  /** Of a pair of flags none and both let all through. */
  private static boolean either(int flags, int yes, int no, boolean is) {
    boolean wantsYes = (flags & yes) != 0;
    boolean wantsNo = (flags & no) != 0;
    return wantsYes == wantsNo || wantsYes == is;
  }

  private static List<String> names(List<SnapshotDocument> some, int most) {
    return some.stream().map(SnapshotDocument::name).limit(Math.max(0, most)).toList();
  }

  private static List<DomainSnapshotRef> refs(
      SnapshotSubject subject, List<SnapshotDocument> some) {
    DomainRef domain = subject.ref();
    return some.stream().map(one -> new DomainSnapshotRef(one.name(), domain)).toList();
  }
}
