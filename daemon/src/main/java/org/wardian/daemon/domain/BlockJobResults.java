package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.error.LibvirtException;

/** What documents and images become when block jobs end. */
final class BlockJobResults {
  private static final System.Logger LOG = System.getLogger(BlockJobResults.class.getName());

  private final DomainFiles files;

  BlockJobResults(DomainFiles files) {
    this.files = files;
  }

  /**
   * Changes documents as the end of a job has it; the caller holds the lock. Doing it once more
   * changes nothing.
   *
   * @param done whether it has done what it should
   * @param later gets what is done when the machine has forgotten the job: images are closed
   */
  void apply(Domain domain, Machine machine, BlockJob job, boolean done, List<Runnable> later)
      throws LibvirtException {
    BlockJob.Task task = job.task();
    DomainFacts facts = domain.facts();
    Disk disk = facts.live() == null ? null : facts.live().disk(task.disk()).orElse(null);
    if (disk == null) {
      return;
    }
    DiskChain before = DiskChain.of(disk);
    XmlElement mirror = disk.element().child("mirror");
    boolean moved = done && job.state() == BlockJob.State.PIVOTING;
    switch (task.kind()) {
      case PULL -> {
        if (done) {
          pulled(domain, machine, task, before, later);
        }
      }
      case COMMIT -> {
        if (done) {
          committed(domain, machine, task, before, later);
        }
      }
      case ACTIVE_COMMIT -> {
        BlockJobs.edit(domain, task.disk(), one -> one.element().remove("mirror"));
        int base = before.indexOf(task.base());
        if (moved && base > 0) {
          moved(domain, machine, task, before, before.from(base), later);
          later.add(() -> remove(task, before.images().subList(0, base)));
        }
      }
      case COPY -> {
        BlockJobs.edit(domain, task.disk(), one -> one.element().remove("mirror"));
        DiskChain copy = mirror == null ? null : DiskChain.ofMirror(mirror);
        if (copy == null) {
          return;
        }
        if (moved) {
          moved(domain, machine, task, before, copy, later);
        } else {
          later.add(() -> close(machine, copy.images(), before));
        }
      }
      case BACKUP -> throw new IllegalArgumentException("a backup changes no disk");
    }
  }

  private void pulled(
      Domain domain, Machine machine, BlockJob.Task task, DiskChain before, List<Runnable> later)
      throws LibvirtException {
    int base = task.base() == 0 ? before.images().size() : before.indexOf(task.base());
    if (base < 1) {
      return;
    }
    DiskChain after = task.base() == 0 ? before.first(1) : before.without(1, base);
    BlockJobs.edit(domain, task.disk(), after::writeTo);
    editConfig(
        domain,
        task.disk(),
        before,
        config -> {
          if (config.images().size() < 2 && !config.isEnded()) {
            return config;
          }
          String path = task.base() == 0 ? null : before.images().get(base).path().orElse(null);
          int place = path == null ? -1 : config.indexOf(path, 1);
          if (place > 0) {
            return config.without(1, place);
          }
          return task.base() == 0 ? config.first(1) : config.upTo(1);
        });
    later.add(() -> close(machine, before.images().subList(1, base), after));
  }

  private void committed(
      Domain domain, Machine machine, BlockJob.Task task, DiskChain before, List<Runnable> later)
      throws LibvirtException {
    int top = before.indexOf(task.top());
    int base = before.indexOf(task.base());
    if (top < 1 || base <= top) {
      return;
    }
    DiskChain after = before.without(top, base);
    BlockJobs.edit(domain, task.disk(), after::writeTo);
    editConfig(
        domain,
        task.disk(),
        before,
        config -> {
          int from = config.indexOf(before.images().get(top).path().orElse(""), 1);
          int to = config.indexOf(before.images().get(base).path().orElse(""), from);
          if (from < 1) {
            return config;
          }
          return to < 0 ? config.upTo(from) : config.without(from, to);
        });
    List<DiskChain.Image> gone = before.images().subList(top, base);
    later.add(() -> {
      close(machine, gone, after);
      remove(task, gone);
    });
  }

  /** The disk has another image from now on. */
  private void moved(
      Domain domain,
      Machine machine,
      BlockJob.Task task,
      DiskChain before,
      DiskChain after,
      List<Runnable> later)
      throws LibvirtException {
    BlockJobs.edit(domain, task.disk(), after::writeTo);
    editConfig(domain, task.disk(), before, config -> moved(config, after));
    later.add(() -> close(machine, before.images(), after));
  }

  private static DiskChain moved(DiskChain config, DiskChain after) {
    String path = after.images().getFirst().path().orElse("");
    int place = config.indexOf(path, 1);
    if (place > 0) {
      return config.from(place);
    }
    return after.images().size() == 1 ? after.settled() : after.settled().upTo(1);
  }

  /**
   * A machine that is gone had moved a disk: the next start has its new image. Whoever holds the
   * domain's lock may be the one who waits for the machine, so that this does without.
   *
   * @param live what the machine had, as far as it was known
   */
  void movedAtLast(Domain domain, DomainDocument live, BlockJob job) throws LibvirtException {
    BlockJob.Task task = job.task();
    Disk disk = live.disk(task.disk()).orElse(null);
    if (disk == null) {
      return;
    }
    DiskChain before = DiskChain.of(disk);
    XmlElement mirror = disk.element().child("mirror");
    int base = before.indexOf(task.base());
    if (task.kind() == BlockJob.Kind.ACTIVE_COMMIT && base > 0) {
      DiskChain after = before.from(base);
      editConfig(domain, task.disk(), before, config -> moved(config, after));
      remove(task, before.images().subList(0, base));
    } else if (task.kind() == BlockJob.Kind.COPY && mirror != null) {
      DiskChain after = DiskChain.ofMirror(mirror);
      editConfig(domain, task.disk(), before, config -> moved(config, after));
    }
  }

  /** What a definition's chain becomes. */
  @FunctionalInterface
  private interface ChainEdit {
    DiskChain apply(DiskChain config);
  }

  /** Changes the definition, where it has the same image as the machine had. */
  private void editConfig(Domain domain, String target, DiskChain before, ChainEdit edit)
      throws LibvirtException {
    DomainDocument config = domain.facts().config();
    Optional<Disk> known = config == null ? Optional.empty() : config.disk(target);
    if (known.isEmpty()) {
      return;
    }
    DiskChain has = DiskChain.of(known.get());
    if (has.images().isEmpty()
        || !has.images().getFirst().path().equals(before.images().getFirst().path())) {
      return;
    }
    DiskChain wanted = edit.apply(has);
    if (wanted != has) {
      DomainDocument changed = config.copy();
      changed.disk(target).ifPresent(wanted::writeTo);
      files.save(changed);
      domain.update(now -> now.withConfig(changed));
    }
  }

  /** Closes images that are not used any more. */
  private static void close(Machine machine, List<DiskChain.Image> images, DiskChain used) {
    for (DiskChain.Image image : images) {
      OptionalInt index = image.index();
      if (index.isPresent() && used.indexOf(index.getAsInt()) < 0) {
        DiskNodes.close(machine, image);
      }
    }
  }

  private static void remove(BlockJob.Task task, List<DiskChain.Image> images) {
    if (!task.delete()) {
      return;
    }
    for (DiskChain.Image image : images) {
      try {
        if (image.type().equals("file") && image.path().isPresent()) {
          Files.deleteIfExists(Path.of(image.path().get()));
        }
      } catch (IOException e) {
        LOG.log(System.Logger.Level.WARNING, image.path().get() + " is not removed: " + e);
      }
    }
  }

  /**
   * Before the disk is moved: a copy that shares images beneath with the disk gets them, and
   * bitmaps of checkpoints are told of what is written from then on.
   */
  void beforePivot(Domain domain, Machine machine, BlockJob job) throws LibvirtException {
    Disk disk = domain.facts().live().disk(job.task().disk()).orElseThrow();
    XmlElement mirror = disk.element().child("mirror");
    if (mirror == null) {
      return;
    }
    DiskChain copy = DiskChain.ofMirror(mirror);
    if (job.kind() == BlockJob.Kind.COPY) {
      openBeneath(machine, copy);
    }
    DiskChain.Image target = copy.images().getFirst();
    List<DiskChain.Image> gone = new ArrayList<>();
    for (DiskChain.Image image : DiskChain.of(disk).images()) {
      if (image.index().isPresent()
          && copy.indexOf(image.index().getAsInt()) < 0
          && (job.kind() == BlockJob.Kind.COPY || isAbove(disk, image, target))) {
        gone.add(image);
      }
    }
    BlockBitmaps.take(machine, gone, DiskNodes.of(target));
  }

  private static boolean isAbove(Disk disk, DiskChain.Image image, DiskChain.Image other) {
    DiskChain chain = DiskChain.of(disk);
    return chain.indexOf(image.index().orElseThrow()) < chain.indexOf(other.index().orElse(0));
  }

  /** Opens what lies beneath a copy, where that is not in use yet, and puts it there. */
  private static void openBeneath(Machine machine, DiskChain copy) throws LibvirtException {
    List<DiskChain.Image> images = copy.images();
    if (images.size() < 2 || DiskNodes.all(machine).containsKey(DiskNodes.of(images.get(1)))) {
      return;
    }
    String backing = null;
    for (DiskChain.Image image : images.subList(1, images.size()).reversed()) {
      DiskNodes.open(machine, image, backing, false);
      backing = DiskNodes.of(image);
    }
    machine.execute(
        "blockdev-snapshot",
        Machine.arguments().put("node", backing).put("overlay", DiskNodes.of(images.getFirst())));
  }
}
