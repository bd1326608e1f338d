package org.wardian.daemon.checkpoint;

import static org.wardian.libvirt.constants.DomainCheckpointCreateFlags.REDEFINE;
import static org.wardian.libvirt.constants.DomainCheckpointCreateFlags.REDEFINE_VALIDATE;

import java.util.List;
import java.util.UUID;
import org.wardian.daemon.domain.CheckpointRecords;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.domain.SnapshotSubjects;
import org.wardian.daemon.moment.MomentTree;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.checkpoint.CheckpointDisk;
import org.wardian.definition.checkpoint.CheckpointDocument;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** Begins checkpoints, and takes up again what was known of some. */
final class CheckpointCreation implements CheckpointRecords {
  static final int FLAGS = REDEFINE | REDEFINE_VALIDATE;

  private static final long MILLISECONDS = 1_000;

  private final SnapshotSubjects subjects;
  private final CheckpointStore store;

  CheckpointCreation(SnapshotSubjects subjects, CheckpointStore store) {
    this.subjects = subjects;
    this.store = store;
  }

  /**
   * Does what a client asks for; the caller holds the domain's lock.
   *
   * @return the checkpoint's name
   */
  String create(SnapshotSubject subject, String xml, int flags) throws LibvirtException {
    if ((flags & REDEFINE_VALIDATE) != 0 && (flags & REDEFINE) == 0) {
      throw Refusal.badArgument(
          "flag 'VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE' is required by flag"
              + " 'VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE_VALIDATE'");
    }
    if (!subject.isActive()) {
      throw Refusal.notSupported("cannot create checkpoint for inactive domain");
    }
    if ((flags & REDEFINE) != 0) {
      return redefine(subject, xml, (flags & REDEFINE_VALIDATE) != 0);
    }
    Planned planned = plan(subject, xml);
    subject.track(planned.disks(), planned.name());
    planned.keep();
    return planned.name();
  }

  @Override
  public boolean has(UUID domain, String name) {
    return store.get(domain, name) != null;
  }

  @Override
  public Planned plan(SnapshotSubject subject, String xml) throws LibvirtException {
    CheckpointDocument asked;
    DomainDocument document = subject.document();
    try {
      asked = CheckpointDocument.request(xml, System.currentTimeMillis() / MILLISECONDS);
      asked = asked.align(document);
    } catch (XmlException e) {
      throw CheckpointRefusal.of(e);
    }
    MomentTree<CheckpointDocument> tree = store.tree(subject);
    if (tree.get(asked.name()) != null) {
      throw Refusal.failed("domain moment " + asked.name() + " already exists");
    }
    for (CheckpointDisk disk : asked.disks()) {
      if (disk.isTracked()) {
        requireTrackable(document.disk(disk.name()).orElseThrow(), disk, asked.name());
      }
    }
    CheckpointDocument checkpoint = asked.of(document).withParent(tree.current());
    return new Begun(subject, checkpoint);
  }

  private static void requireTrackable(Disk disk, CheckpointDisk asked, String name)
      throws LibvirtException {
    if (!asked.bitmap().equals(name)) {
      throw Refusal.unsupported(
          "bitmap for disk '%s' must match checkpoint name '%s'".formatted(disk.target(), name));
    }
    if (!disk.format().equals("qcow2")) {
      throw Refusal.unsupported(
          "checkpoint for disk %s unsupported for storage type %s"
              .formatted(disk.target(), disk.format()));
    }
  }

  /** One that is about to be. */
  private final class Begun implements Planned {
    private final SnapshotSubject subject;
    private final CheckpointDocument checkpoint;

    private Begun(SnapshotSubject subject, CheckpointDocument checkpoint) {
      this.subject = subject;
      this.checkpoint = checkpoint;
    }

    @Override
    public String name() {
      return checkpoint.name();
    }

    @Override
    public List<String> disks() {
      return checkpoint.disks().stream()
          .filter(CheckpointDisk::isTracked)
          .map(CheckpointDisk::name)
          .toList();
    }

    @Override
    public void keep() throws LibvirtException {
      store.put(subject, checkpoint);
      store.setCurrent(subject, checkpoint.name());
    }
  }

  private String redefine(SnapshotSubject subject, String xml, boolean validate)
      throws LibvirtException {
    CheckpointDocument given;
    try {
      given = CheckpointDocument.redefinition(xml);
    } catch (XmlException e) {
      throw CheckpointRefusal.of(e);
    }
    String name = given.name();
    MomentTree<CheckpointDocument> tree = store.tree(subject);
    if (name.equals(given.parent())) {
      throw Refusal.badArgument("cannot set moment " + name + " as its own parent");
    }
    if (given.parent() != null && tree.get(given.parent()) == null) {
      throw Refusal.badArgument("parent " + given.parent() + " for moment " + name + " not found");
    }
    if (tree.isCircle(name, given.parent())) {
      throw Refusal.badArgument("parent " + given.parent() + " would create cycle to " + name);
    }
    CheckpointDocument known = tree.get(name);
    DomainDocument domain =
        given.domain() == null ? null : subjects.define(given.domain().toString());
    if (domain != null && !domain.uuid().filter(subject.uuid()::equals).isPresent()) {
      throw Refusal.badArgument(
          "definition for checkpoint " + name + " must use uuid " + subject.uuid());
    }
    if (domain == null && known != null) {
      domain = known.domain();
    }
    CheckpointDocument full;
    try {
      full = given.align(domain == null ? subject.document() : domain).of(domain);
    } catch (XmlException e) {
      throw CheckpointRefusal.of(e);
    }
    if (validate) {
      for (CheckpointDisk disk : full.disks()) {
        if (disk.isTracked() && !subject.isTracked(disk.name(), name)) {
          throw Refusal.qemu(
              ErrorNumber.CHECKPOINT_INCONSISTENT,
              "missing or broken bitmap '%s' for disk '%s'".formatted(name, disk.name()));
        }
      }
    }
    store.put(subject, full);
    return name;
  }
}
