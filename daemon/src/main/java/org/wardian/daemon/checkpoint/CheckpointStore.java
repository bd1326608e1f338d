package org.wardian.daemon.checkpoint;

import java.util.Comparator;
import java.util.Map;
import java.util.UUID;
import org.wardian.daemon.Folders;
import org.wardian.daemon.moment.MomentStore;
import org.wardian.daemon.moment.MomentTree;
import org.wardian.definition.checkpoint.CheckpointDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/**
 * What is known of all checkpoints, with a file {@code qemu/checkpoint/DOMAIN/NAME.xml} for each.
 * The current one of a domain is in no file: when they are read it is the youngest leaf.
 */
final class CheckpointStore extends MomentStore<CheckpointDocument> {
  CheckpointStore(Folders folders) {
    super(folders.library().resolve("qemu/checkpoint"), "checkpoint");
  }

  @Override
  protected CheckpointDocument complete(XmlElement file) throws XmlException {
    return CheckpointDocument.complete(file);
  }

  @Override
  protected String file(CheckpointDocument checkpoint, boolean current) {
    return checkpoint.xml(true, true);
  }

  @Override
  protected void findCurrent(MomentTree<CheckpointDocument> tree, Map<String, XmlElement> files) {
    tree.all().stream()
        .filter(one -> tree.children(one.name()).isEmpty())
        .max(Comparator.comparingLong(CheckpointDocument::created))
        .ifPresent(leaf -> tree.setCurrent(leaf.name()));
  }

  @Override
  public int checkpoints(UUID domain) {
    return count(domain);
  }
}
