package org.wardian.daemon.snapshot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.wardian.daemon.domain.SnapshotSubject;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.snapshot.SnapshotDisk;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.snapshot.SnapshotPlace;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.error.LibvirtException;

/** Snapshots of disks alone, by overlays that take what is written from then on. */
final class ExternalSnapshots {
  /** A disk and the file that comes above it. */
  record Step(String target, Path below, String format, String file, int image) {
    private Step numbered(int number) {
      return new Step(target, below, format, file, number);
    }
  }

  /**
   * Takes one; the caller holds the domain's lock.
   *
   * @param existing whether the overlays' files are there
   */
  void take(SnapshotSubject subject, SnapshotDocument snapshot, boolean existing)
      throws LibvirtException {
    List<Step> steps = check(subject, snapshot, existing);
    if (steps.isEmpty()) {
      return; // The memory alone.
    }
    List<Step> numbered = new ArrayList<>();
    for (Step step : steps) {
      numbered.add(subject.isActive() ? step.numbered(subject.nextImage()) : step);
    }
    enact(subject, numbered, existing);
  }

  private static void enact(SnapshotSubject subject, List<Step> steps, boolean existing)
      throws LibvirtException {
    if (subject.isActive()) {
      List<SnapshotSubject.Overlay> overlays = new ArrayList<>();
      for (Step step : steps) {
        overlays.add(
            new SnapshotSubject.Overlay(step.target(), step.file(), step.image(), existing));
      }
      subject.putAbove(overlays);
      subject.editLive(live -> steps.forEach(step -> raise(live, step, true)));
    } else if (!existing) {
      make(steps);
    }
    boolean active = subject.isActive();
    subject.editConfig(config -> {
      steps.forEach(step -> raise(config, step, false));
      if (!active) {
        // What libvirt looks up at the next start it does not write down.
        steps.forEach(step ->
            config.disk(step.target()).ifPresent(disk -> disk.element().remove("backingStore")));
      }
    });
  }

  /** What is to be done; refuses what cannot be. */
  List<Step> check(SnapshotSubject subject, SnapshotDocument snapshot, boolean existing)
      throws LibvirtException {
    List<Step> steps = new ArrayList<>();
    DomainDocument document = subject.document();
    for (SnapshotDisk disk : snapshot.disks()) {
      if (disk.place() == SnapshotPlace.EXTERNAL) {
        Disk own = document.disk(disk.name()).orElseThrow();
        Path below =
            subject
                .image(own)
                .orElseThrow(() ->
                    Refusal.unsupported(
                        "external snapshot of disk '" + disk.name() + "', which has no file"));
        steps.add(new Step(own.target(), below, own.format(), disk.file(), 0));
        checkFile(Path.of(disk.file()), disk.name(), existing);
      }
    }
    return steps;
  }

  private static void checkFile(Path file, String disk, boolean existing) throws LibvirtException {
    try {
      boolean full = Files.exists(file) && Files.size(file) > 0;
      if (full && !existing) {
        throw Refusal.unsupported(
            "external snapshot file for disk %s already exists and is not a block device: %s"
                .formatted(disk, file));
      }
      if (!full && existing) {
        throw Refusal.system(
            "missing existing file for disk %s: %s: No such file or directory"
                .formatted(disk, file),
            null);
      }
    } catch (IOException e) {
      throw Refusal.system("cannot look at " + file + ": " + e.getMessage(), e);
    }
  }

  /** Makes the overlays of a domain that no machine uses: all, or none. */
  static void make(List<Step> steps) throws LibvirtException {
    Map<Path, Step> made = new LinkedHashMap<>();
    try {
      for (Step step : steps) {
        if (Files.notExists(Path.of(step.file()))) {
          // Where it fails there may be a part of it.
          made.put(Path.of(step.file()), step);
        }
        SnapshotImages.overlay(Path.of(step.file()), step.below(), step.format());
      }
    } catch (LibvirtException e) {
      for (Path file : made.keySet()) {
        try {
          Files.deleteIfExists(file);
        } catch (IOException left) {
          e.addSuppressed(left);
        }
      }
      throw e;
    }
  }

  /** The overlay is the disk's file from now on, and what was its file is below. */
  static void raise(DomainDocument document, Step step, boolean live) {
    Disk disk = document.disk(step.target()).orElse(null);
    if (disk == null) {
      return;
    }
    XmlElement element = disk.element();
    XmlElement source = element.child("source");
    if (source == null) {
      return;
    }
    XmlElement raised = new XmlElement("source").set("file", step.file());
    XmlElement store = new XmlElement("backingStore").set("type", "file");
    if (live) {
      store.set("index", source.attribute("index"));
      raised.set("index", step.image());
    }
    store.append("format").set("type", disk.format());
    store.append("source").set("file", step.below().toString());
    XmlElement under = element.child("backingStore");
    if (under != null) {
      store.add(under.copy());
    } else if (live) {
      store.append("backingStore");
    }
    element.remove("backingStore");
    element.add(element.children().indexOf(source) + 1, store);
    element.replace(source, raised);
    element.set("type", "file");
    element.childOrNew("driver").set("type", "qcow2");
  }
}
