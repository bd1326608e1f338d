package org.wardian.daemon.checkpoint;

import static org.wardian.libvirt.constants.DomainCheckpointListFlags.DESCENDANTS;
import static org.wardian.libvirt.constants.DomainCheckpointListFlags.LEAVES;
import static org.wardian.libvirt.constants.DomainCheckpointListFlags.NO_LEAVES;
import static org.wardian.libvirt.constants.DomainCheckpointListFlags.ROOTS;
import static org.wardian.libvirt.constants.DomainCheckpointListFlags.TOPOLOGICAL;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.daemon.moment.MomentTree;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.checkpoint.CheckpointDisk;
import org.wardian.definition.checkpoint.CheckpointDocument;
import org.wardian.libvirt.constants.DomainCheckpointXmlFlags;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainCheckpointGetParentRet;
import org.wardian.libvirt.wire.remote.DomainCheckpointGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.DomainCheckpointGetXmlDescRet;
import org.wardian.libvirt.wire.remote.DomainCheckpointListAllChildrenRet;
import org.wardian.libvirt.wire.remote.DomainCheckpointLookupByNameRet;
import org.wardian.libvirt.wire.remote.DomainCheckpointRef;
import org.wardian.libvirt.wire.remote.DomainListAllCheckpointsRet;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** What is asked of checkpoints. All but sizes waits for nobody. */
final class CheckpointQueries implements HandlerFamily {
  private static final int ALL = ROOTS | TOPOLOGICAL | LEAVES | NO_LEAVES;

  private final SnapshotSubjects subjects;
  private final CheckpointStore store;

  CheckpointQueries(SnapshotSubjects subjects, CheckpointStore store) {
    this.subjects = subjects;
    this.store = store;
  }

  /** A checkpoint with what it is of. */
  record Found(
      SnapshotSubject subject,
      MomentTree<CheckpointDocument> tree,
      CheckpointDocument checkpoint) {}

  Found find(DomainCheckpointRef ref) throws LibvirtException {
    return find(ref.dom(), ref.name());
  }

  private Found find(DomainRef domain, String name) throws LibvirtException {
    SnapshotSubject subject = subjects.find(domain);
    MomentTree<CheckpointDocument> tree = store.tree(subject);
    CheckpointDocument checkpoint = tree.get(name);
    if (checkpoint == null) {
      throw CheckpointRefusal.none(name);
    }
    return new Found(subject, tree, checkpoint);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(
        RemoteProgram.DOMAIN_CHECKPOINT_LOOKUP_BY_NAME,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          Found found = find(args.dom(), args.name());
          return new DomainCheckpointLookupByNameRet(
              new DomainCheckpointRef(args.name(), found.subject().ref()));
        });
    handlers.on(
        RemoteProgram.DOMAIN_CHECKPOINT_GET_PARENT,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          Found found = find(args.checkpoint());
          String parent = found.checkpoint().parent();
          if (parent == null) {
            throw Refusal.qemu(
                ErrorNumber.NO_DOMAIN_CHECKPOINT,
                "checkpoint '" + found.checkpoint().name() + "' does not have a parent");
          }
          return new DomainCheckpointGetParentRet(
              new DomainCheckpointRef(parent, found.subject().ref()));
        });
    handlers.on(RemoteProgram.DOMAIN_CHECKPOINT_GET_XML_DESC, this::xml);
    handlers.on(
        RemoteProgram.DOMAIN_LIST_ALL_CHECKPOINTS,
        (call, args) -> {
          call.checkFlags(args.flags(), ALL);
          SnapshotSubject subject = subjects.find(args.dom());
          MomentTree<CheckpointDocument> tree = store.tree(subject);
          List<CheckpointDocument> some =
              filtered(tree, (args.flags() & ROOTS) != 0 ? tree.roots() : tree.all(), args.flags());
          return new DomainListAllCheckpointsRet(
              args.needResults() == 0 ? List.of() : refs(subject, some), some.size());
        });
    handlers.on(
        RemoteProgram.DOMAIN_CHECKPOINT_LIST_ALL_CHILDREN,
        (call, args) -> {
          call.checkFlags(args.flags(), ALL);
          Found found = find(args.checkpoint());
          String name = found.checkpoint().name();
          List<CheckpointDocument> some =
              filtered(
                  found.tree(),
                  (args.flags() & DESCENDANTS) != 0
                      ? found.tree().descendants(name)
                      : found.tree().children(name),
                  args.flags());
          return new DomainCheckpointListAllChildrenRet(
              args.needResults() == 0 ? List.of() : refs(found.subject(), some), some.size());
        });
  }

  /** Of a pair of flags none and both let all through. */
  private static List<CheckpointDocument> filtered(
      MomentTree<CheckpointDocument> tree, List<CheckpointDocument> some, int flags) {
    int asked = flags & (LEAVES | NO_LEAVES);
    if (asked == 0 || asked == (LEAVES | NO_LEAVES)) {
      return some;
    }
    return some.stream()
        .filter(one -> tree.children(one.name()).isEmpty() == (asked == LEAVES))
        .toList();
  }

  private static List<DomainCheckpointRef> refs(
      SnapshotSubject subject, List<CheckpointDocument> some) {
    DomainRef domain = subject.ref();
    return some.stream().map(one -> new DomainCheckpointRef(one.name(), domain)).toList();
  }

  private DomainCheckpointGetXmlDescRet xml(Call call, DomainCheckpointGetXmlDescArgs args)
      throws LibvirtException {
    int flags = args.flags();
    call.checkFlags(
        flags,
        DomainCheckpointXmlFlags.SECURE
            | DomainCheckpointXmlFlags.NO_DOMAIN
            | DomainCheckpointXmlFlags.SIZE);
    Found found = find(args.checkpoint());
    CheckpointDocument shown = found.checkpoint();
    if ((flags & DomainCheckpointXmlFlags.SIZE) != 0) {
      Map<String, Long> sizes = new HashMap<>();
      SnapshotSubject subject = found.subject();
      subject.perform(
          "checkpoint",
          () -> {
            for (CheckpointDisk disk : found.checkpoint().disks()) {
              if (disk.isTracked()) {
                subject
                    .changedBytes(disk.name(), disk.bitmap())
                    .ifPresent(bytes -> sizes.put(disk.name(), bytes));
              }
            }
          });
      shown =
          shown.withDisks(disk ->
              sizes.containsKey(disk.name()) ? disk.withSize(sizes.get(disk.name())) : disk);
    }
    return new DomainCheckpointGetXmlDescRet(
        shown.xml(
            (flags & DomainCheckpointXmlFlags.SECURE) != 0,
            (flags & DomainCheckpointXmlFlags.NO_DOMAIN) == 0));
  }
}
