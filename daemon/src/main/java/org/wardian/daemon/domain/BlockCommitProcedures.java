package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.libvirt.constants.DomainBlockCommitFlags;
import org.wardian.libvirt.constants.DomainBlockPullFlags;
import org.wardian.libvirt.constants.DomainBlockRebaseFlags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainBlockCommitArgs;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Makes chains of images shorter: into an image beneath (commit), or into the highest (pull). */
final class BlockCommitProcedures extends DomainProcedures {
  private static final int PULL_FLAGS =
      DomainBlockRebaseFlags.RELATIVE | DomainBlockRebaseFlags.BANDWIDTH_BYTES;
  private static final int COPY_FLAGS =
      DomainBlockRebaseFlags.SHALLOW
          | DomainBlockRebaseFlags.REUSE_EXT
          | DomainBlockRebaseFlags.COPY
          | DomainBlockRebaseFlags.COPY_RAW
          | DomainBlockRebaseFlags.COPY_DEV
          | DomainBlockRebaseFlags.BANDWIDTH_BYTES;
  private static final int COMMIT_FLAGS =
      DomainBlockCommitFlags.SHALLOW
          | DomainBlockCommitFlags.ACTIVE
          | DomainBlockCommitFlags.DELETE
          | DomainBlockCommitFlags.RELATIVE
          | DomainBlockCommitFlags.BANDWIDTH_BYTES;

  private final BlockCopyProcedures copies;

  BlockCommitProcedures(DomainParts parts, BlockCopyProcedures copies) {
    super(parts);
    this.copies = copies;
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.act(RemoteProgram.DOMAIN_BLOCK_COMMIT, this::commit);
    handlers.act(
        RemoteProgram.DOMAIN_BLOCK_PULL,
        (call, args) -> {
          call.checkFlags(args.flags(), DomainBlockPullFlags.BANDWIDTH_BYTES);
          pull(args.dom(), args.path(), null, args.bandwidth(), args.flags());
        });
    handlers.act(
        RemoteProgram.DOMAIN_BLOCK_REBASE,
        (call, args) -> {
          boolean copy = (args.flags() & DomainBlockRebaseFlags.COPY) != 0;
          call.checkFlags(args.flags(), copy ? COPY_FLAGS : PULL_FLAGS);
          if (copy) {
            copies.rebase(args);
          } else {
            pull(args.dom(), args.path(), args.base(), args.bandwidth(), args.flags());
          }
        });
  }

  private void pull(DomainRef ref, String path, String base, long bandwidth, int flags)
      throws LibvirtException {
    boolean relative = (flags & DomainBlockRebaseFlags.RELATIVE) != 0;
    if (relative && (base == null || base.isEmpty())) {
      throw Refusal.badArgument(
          "flag VIR_DOMAIN_BLOCK_REBASE_RELATIVE is valid only with non-null base");
    }
    long speed =
        BlockJobProcedures.speed(bandwidth, (flags & DomainBlockRebaseFlags.BANDWIDTH_BYTES) != 0);
    Domain domain = find(ref);
    domain.perform(
        "blockpull",
        () -> {
          Machine machine = domain.running();
          Disk disk = ChainLookup.disk(domain.facts().document(), path);
          machine.jobs().requireNone(disk.target());
          DiskChain chain = DiskChain.of(disk);
          requireMedium(disk, chain);
          int place =
              base == null || base.isEmpty()
                  ? chain.images().size()
                  : ChainLookup.find(disk, chain, base, 0);
          BlockBitmaps.take(
              machine, chain.images().subList(1, place), DiskNodes.of(chain.images().getFirst()));
          String node = DiskNodes.of(chain.images().getFirst());
          String name = "pull-" + disk.target() + "-" + node;
          ObjectNode arguments =
              BlockCommits.arguments(node, name, speed).put("auto-finalize", true);
          int number = 0;
          if (place < chain.images().size()) {
            DiskChain.Image image = chain.images().get(place);
            number = image.index().orElseThrow();
            arguments.put("base-node", DiskNodes.of(image));
            arguments.put(
                "backing-file",
                relative ? ChainLookup.relative(chain, 0, place) : image.path().orElse(""));
          }
          life()
              .blockJobs()
              .begin(
                  domain,
                  new BlockJob(
                      new BlockJob.Task(BlockJob.Kind.PULL, name, disk.target(), 0, number, false)),
                  "block-stream",
                  arguments);
        });
  }

  private static void requireMedium(Disk disk, DiskChain chain) throws LibvirtException {
    if (chain.images().isEmpty()) {
      throw Refusal.badArgument("disk '" + disk.target() + "' has no medium");
    }
  }

  private void commit(Call call, DomainBlockCommitArgs args) throws LibvirtException {
    int flags = args.flags();
    call.checkFlags(flags, COMMIT_FLAGS);
    long speed =
        BlockJobProcedures.speed(
            args.bandwidth(), (flags & DomainBlockCommitFlags.BANDWIDTH_BYTES) != 0);
    Domain domain = find(args.dom());
    domain.perform("blockcommit", () -> commit(domain, args, speed));
  }

  private void commit(Domain domain, DomainBlockCommitArgs args, long speed)
      throws LibvirtException {
    Disk disk = ChainLookup.disk(domain.facts().document(), args.disk());
    Machine machine = domain.machine();
    if (machine != null) {
      machine.jobs().requireNone(disk.target());
    }
    DiskChain chain = DiskChain.of(disk);
    boolean named = args.top() != null && !args.top().isEmpty();
    int top =
        !named || args.top().equals(disk.target())
            ? 0
            : ChainLookup.find(disk, chain, args.top(), -1);
    boolean shallow = (args.flags() & DomainBlockCommitFlags.SHALLOW) != 0;
    boolean based = args.base() != null && !args.base().isEmpty();
    if (shallow && !based && top + 1 >= chain.images().size()) {
      throw noBacking(disk, chain, top);
    }
    int base = shallow && !based ? top + 1 : ChainLookup.find(disk, chain, args.base(), top);
    requireActive(disk, chain, top, args.flags());
    if (shallow && base != top + 1) {
      throw Refusal.badArgument(
          "base '%s' is not immediately below '%s' in chain for '%s'"
              .formatted(args.base(), path(chain, top), disk.target()));
    }
    domain.running();
    BlockCommits.Range range = new BlockCommits.Range(chain, top, base);
    boolean active = top == 0;
    boolean relative = (args.flags() & DomainBlockCommitFlags.RELATIVE) != 0;
    BlockJob job = range.job(disk, (args.flags() & DomainBlockCommitFlags.DELETE) != 0);
    BlockCommits.begin(
        life(),
        domain,
        range,
        job,
        speed,
        relative && !active ? ChainLookup.relative(chain, top - 1, base) : range.basePath());
  }

  private static String path(DiskChain chain, int place) {
    return chain.images().isEmpty() ? "(null)" : chain.images().get(place).path().orElse("(null)");
  }

  private static LibvirtException noBacking(Disk disk, DiskChain chain, int top) {
    return Refusal.badArgument(
        "top '%s' in chain for '%s' has no backing file"
            .formatted(path(chain, top), disk.target()));
  }

  private static void requireActive(Disk disk, DiskChain chain, int top, int flags)
      throws LibvirtException {
    boolean active = (flags & DomainBlockCommitFlags.ACTIVE) != 0;
    if (top == 0 && !active) {
      throw Refusal.badArgument(
          "commit of '" + disk.target() + "' active layer requires active flag");
    }
    if (top > 0 && active) {
      throw Refusal.badArgument(
          "active commit requested but '" + path(chain, top) + "' is not active");
    }
  }
}
