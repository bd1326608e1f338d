package org.wardian.daemon.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.LiveForm;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** The block jobs of a machine, and its backup. */
final class BlockJobTable {
  private final Map<String, BlockJob> jobs = new ConcurrentHashMap<>();

  /** The highest number of an image so far: those that are gone are not used again. */
  private final AtomicInteger images = new AtomicInteger();

  /** Disks whose threshold was set by a name with a number, by that name. */
  private final Map<String, Boolean> numbered = new ConcurrentHashMap<>();

  private volatile BackupJob backup;

  BlockJob get(String name) {
    return jobs.get(name);
  }

  List<BlockJob> all() {
    return List.copyOf(jobs.values());
  }

  void add(BlockJob job) {
    jobs.put(job.name(), job);
  }

  void remove(BlockJob job) {
    jobs.remove(job.name(), job);
  }

  /** The job of a disk; null where there is none. */
  BlockJob of(String disk) {
    for (BlockJob job : jobs.values()) {
      if (job.task().disk().equals(disk)) {
        return job;
      }
    }
    return null;
  }

  /**
   * Refuses where a disk has a job.
   *
   * @throws LibvirtException as libvirt does, for a copy with an error of its own
   */
  void requireNone(String disk) throws LibvirtException {
    BlockJob job = of(disk);
    if (job == null) {
      return;
    }
    boolean mirrors = job.kind() == BlockJob.Kind.COPY || job.kind() == BlockJob.Kind.ACTIVE_COMMIT;
    throw Refusal.qemu(
        mirrors ? ErrorNumber.BLOCK_COPY_ACTIVE : ErrorNumber.OPERATION_UNSUPPORTED,
        "disk '" + disk + "' already in active block job");
  }

  /** The backup that goes on; null where there is none. */
  BackupJob backup() {
    return backup;
  }

  void setBackup(BackupJob value) {
    backup = value;
  }

  /** A number for an image that is opened. */
  int nextImage(DomainDocument live) {
    return images.updateAndGet(last -> Math.max(last, LiveForm.highestImage(live)) + 1);
  }

  /** Whether the threshold of a disk was set by its name with a number. */
  boolean isNumbered(String disk) {
    return numbered.containsKey(disk);
  }

  void setNumbered(String disk, boolean value) {
    if (value) {
      numbered.put(disk, true);
    } else {
      numbered.remove(disk);
    }
  }

  /** What the next daemon has to know. */
  List<XmlElement> tree() {
    List<XmlElement> all = new ArrayList<>();
    XmlElement list = new XmlElement("blockjobs").set("image", images.get());
    jobs.values().forEach(job -> list.add(job.tree()));
    all.add(list);
    BackupJob running = backup;
    if (running != null) {
      all.add(running.tree());
    }
    return all;
  }

  /**
   * Takes up what {@link #tree} wrote.
   *
   * @throws IllegalArgumentException where it is damaged
   */
  void restore(List<XmlElement> trees) {
    for (XmlElement tree : trees) {
      if (tree.name().equals("blockjobs")) {
        images.set(Integer.parseInt(tree.attribute("image", "0")));
        tree.children("blockjob").forEach(job -> add(BlockJob.of(job)));
      } else if (tree.name().equals("backup")) {
        try {
          backup = BackupJob.of(tree);
        } catch (XmlException e) {
          throw new IllegalArgumentException(e.getMessage(), e);
        }
      }
    }
  }
}
