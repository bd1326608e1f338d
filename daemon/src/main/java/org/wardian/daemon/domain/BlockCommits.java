package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.libvirt.error.LibvirtException;

/** Begins jobs that put images of a disk into one beneath them. */
final class BlockCommits {
  private BlockCommits() {}

  /**
   * Which images are put into which.
   *
   * @param top the place in the chain of the first that is put down; 0 for the one that is written
   * @param base the place of the one that takes it
   */
  record Range(DiskChain chain, int top, int base) {
    DiskChain.Image topImage() {
      return chain.images().get(top);
    }

    DiskChain.Image baseImage() {
      return chain.images().get(base);
    }

    /** The file that takes it all. */
    String basePath() {
      return baseImage().path().orElse("");
    }

    /** Those that are not needed any more. */
    List<DiskChain.Image> gone() {
      return chain.images().subList(top, base);
    }

    /** The job that does it. */
    BlockJob job(Disk disk, boolean delete) throws LibvirtException {
      return new BlockJob(
          new BlockJob.Task(
              top == 0 ? BlockJob.Kind.ACTIVE_COMMIT : BlockJob.Kind.COMMIT,
              "commit-" + disk.target() + "-" + DiskNodes.of(topImage()),
              disk.target(),
              topImage().index().orElseThrow(),
              baseImage().index().orElseThrow(),
              delete));
    }
  }

  /** What jobs on a node have in common. */
  static ObjectNode arguments(String node, String name, long speed) {
    ObjectNode arguments = Machine.arguments().put("device", node).put("job-id", name);
    if (speed > 0) {
      arguments.put("speed", speed);
    }
    return arguments.put("auto-dismiss", false);
  }

  /**
   * Begins one; the caller holds the domain's lock. That of images beneath waits before its last
   * step, for whoever settles it ({@link #beforeEnd}).
   *
   * @param backing the name of the base in the header of the image above
   * @throws LibvirtException where the machine refuses; all is as before
   */
  static void begin(
      Lifecycle life, Domain domain, Range range, BlockJob job, long speed, String backing)
      throws LibvirtException {
    boolean active = range.top() == 0;
    ObjectNode arguments =
        arguments(DiskNodes.of(range.chain().images().getFirst()), job.name(), speed)
            .put("auto-finalize", active)
            .put("top-node", DiskNodes.of(range.topImage()))
            .put("base-node", DiskNodes.of(range.baseImage()));
    String target = job.task().disk();
    if (active) {
      DiskChain base = range.chain().from(range.base());
      BlockJobs.edit(
          domain,
          target,
          one -> {
            one.element().add(base.mirror("active-commit", false));
            DiskChain.of(one).writeTo(one);
          });
    } else {
      arguments.put("backing-file", backing);
    }
    try {
      life.blockJobs().begin(domain, job, "block-commit", arguments);
    } catch (LibvirtException e) {
      if (active) {
        life.blockJobs().editLive(domain, target, one -> one.element().remove("mirror"));
      }
      throw e;
    }
  }

  /**
   * All is in the base, which is still written: it gets the bitmaps of the images that go, so that
   * the changes since checkpoints stay known.
   */
  static void beforeEnd(Domain domain, Machine machine, BlockJob job) throws LibvirtException {
    Disk disk = domain.facts().live().disk(job.task().disk()).orElse(null);
    DiskChain chain = disk == null ? null : DiskChain.of(disk);
    int top = chain == null ? -1 : chain.indexOf(job.task().top());
    int base = chain == null ? -1 : chain.indexOf(job.task().base());
    if (top >= 0 && base > top) {
      Range range = new Range(chain, top, base);
      BlockBitmaps.take(machine, range.gone(), DiskNodes.of(range.baseImage()));
    }
  }
}
