package org.wardian.daemon.snapshot;

import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.wardian.daemon.Folders;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.moment.MomentStore;
import org.wardian.daemon.moment.MomentTree;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.error.LibvirtException;

/**
 * What is known of all snapshots, with a file {@code qemu/snapshot/DOMAIN/NAME.xml} for each, which
 * says of the current one that it is.
 */
final class SnapshotStore extends MomentStore<SnapshotDocument> {
  private final RevertedOverlays reverted;

  SnapshotStore(Folders folders) {
    super(folders.library().resolve("qemu/snapshot"), "snapshot");
    reverted = new RevertedOverlays(folders);
  }

  /** The overlays that reverts made. */
  RevertedOverlays reverted() {
    return reverted;
  }

  @Override
  protected SnapshotDocument complete(XmlElement file) throws XmlException {
    return SnapshotDocument.complete(file);
  }

  @Override
  protected String file(SnapshotDocument snapshot, boolean current) {
    return snapshot.file(current);
  }

  @Override
  protected void findCurrent(MomentTree<SnapshotDocument> tree, Map<String, XmlElement> files) {
    files.forEach((name, file) -> {
      if (tree.get(name) != null && SnapshotDocument.isCurrent(file)) {
        tree.setCurrent(name);
      }
    });
  }

  @Override
  public void setCurrent(SnapshotSubject subject, String name) throws LibvirtException {
    String before = tree(subject).current();
    if (Objects.equals(before, name)) {
      return;
    }
    super.setCurrent(subject, name);
    rewrite(subject, before);
    rewrite(subject, name);
  }

  @Override
  public void forget(UUID domain) throws LibvirtException {
    super.forget(domain);
    reverted.forget(domain);
  }

  @Override
  public int snapshots(UUID domain) {
    return count(domain);
  }
}
