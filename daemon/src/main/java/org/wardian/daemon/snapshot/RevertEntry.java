package org.wardian.daemon.snapshot;

import java.util.EnumSet;
import java.util.List;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.DomainFlag;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/**
 * What is written down of a revert to an external snapshot while it is done.
 *
 * @param overlays the files that are made for it
 * @param leaves overlays of earlier reverts that the domain writes until then
 * @param before the definition until then
 * @param counts whether the new overlays count: before, all is put back
 */
record RevertEntry(
    SnapshotDocument snapshot,
    List<String> overlays,
    List<String> leaves,
    DomainDocument before,
    boolean counts) {
  /** Copies the lists. */
  RevertEntry {
    overlays = List.copyOf(overlays);
    leaves = List.copyOf(leaves);
  }

  /** The same at another point. */
  RevertEntry counting(boolean now) {
    return new RevertEntry(snapshot, overlays, leaves, before, now);
  }

  /** As it is in a file. */
  XmlElement tree() {
    XmlElement root = SnapshotJournal.entry(snapshot, SnapshotJournal.Deed.REVERT);
    root.set("counts", counts ? "yes" : "no");
    overlays.forEach(file -> root.append("overlay").set("file", file));
    leaves.forEach(file -> root.append("leaf").set("file", file));
    try {
      root.add(XmlReader.read(before.xml(EnumSet.of(DomainFlag.INACTIVE, DomainFlag.SECURE))));
    } catch (XmlException e) {
      throw new IllegalStateException("what was written cannot be read", e);
    }
    return root;
  }

  /**
   * What a file says.
   *
   * @throws XmlException where it says it not
   */
  static RevertEntry of(XmlElement root) throws XmlException {
    XmlElement before = root.child("domain");
    XmlElement snapshot = root.child("domainsnapshot");
    if (before == null || snapshot == null) {
      throw XmlException.badContent("it does not say what was before the revert");
    }
    return new RevertEntry(
        SnapshotDocument.complete(snapshot),
        files(root, "overlay"),
        files(root, "leaf"),
        DomainDocument.of(before.copy()),
        root.attribute("counts", "").equals("yes"));
  }

  private static List<String> files(XmlElement root, String name) {
    return root.children(name).stream()
        .map(one -> one.attribute("file", ""))
        .filter(file -> !file.isEmpty())
        .toList();
  }
}
