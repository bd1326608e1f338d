package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.wardian.daemon.typed.ParamReader;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;
import org.wardian.libvirt.constants.DomainBlockCopyFlags;
import org.wardian.libvirt.constants.DomainBlockRebaseFlags;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainBlockCopyArgs;
import org.wardian.libvirt.wire.remote.DomainBlockRebaseArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageInfo;

/** Copies of disks that are kept the same until the disk is moved to them, or they are let go. */
final class BlockCopyProcedures extends DomainProcedures {
  private static final int FLAGS =
      DomainBlockCopyFlags.SHALLOW
          | DomainBlockCopyFlags.REUSE_EXT
          | DomainBlockCopyFlags.TRANSIENT_JOB
          | DomainBlockCopyFlags.SYNCHRONOUS_WRITES;

  private static final Map<String, ParamReader.Kind> PARAMS =
      Map.of(
          "bandwidth", ParamReader.Kind.ULLONG,
          "granularity", ParamReader.Kind.UINT,
          "buf-size", ParamReader.Kind.ULLONG);

  BlockCopyProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.act(RemoteProgram.DOMAIN_BLOCK_COPY, this::copy);
  }

  /**
   * What a client asks for.
   *
   * @param target the new image; its format null where it is left open
   * @param speed bytes a second; 0 for no limit
   * @param granularity bytes; 0 for the machine's own
   * @param bufferSize bytes; 0 for the machine's own
   */
  private record Request(
      String path,
      DiskChain.Image target,
      long speed,
      long granularity,
      long bufferSize,
      int flags) {
    boolean has(int flag) {
      return (flags & flag) != 0;
    }
  }

  private void copy(Call call, DomainBlockCopyArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), FLAGS);
    ParamReader params = ParamReader.of(args.params(), PARAMS);
    long granularity = params.number("granularity").orElse(0);
    if (granularity != 0 && Long.bitCount(granularity) != 1) {
      throw Refusal.badArgument("granularity must be power of 2");
    }
    long speed = params.number("bandwidth").orElse(0);
    long buffer = params.number("buf-size").orElse(0);
    if (speed < 0 || buffer < 0) {
      throw Refusal.badArgument("bandwidth and buf-size must be less than 2^63");
    }
    Domain domain = find(args.dom());
    Request request =
        new Request(args.path(), target(args.destxml()), speed, granularity, buffer, args.flags());
    domain.perform("blockcopy", () -> copy(domain, request));
  }

  /** The image in a client's {@code <disk>}. */
  private static DiskChain.Image target(String xml) throws LibvirtException {
    XmlElement root;
    try {
      root = XmlReader.read(xml);
      if (!root.name().equals("disk")) {
        throw XmlException.badContent(
            "expecting root element of 'disk', not '" + root.name() + "'");
      }
    } catch (XmlException e) {
      throw DomainXml.error(e, "(disk_definition)");
    }
    String type = root.attribute("type", "file");
    String format = root.attributeAt("driver", "type");
    if (format != null && !format.matches("[a-z0-9-]{1,32}")) {
      throw Refusal.unsupported("unknown driver format value '" + format + "'");
    }
    if (!type.equals("file") && !type.equals("block")) {
      throw Refusal.unsupported("a copy into a disk of type '" + type + "' is not made");
    }
    XmlElement source = root.child("source");
    String path = source == null ? null : source.attribute(type.equals("file") ? "file" : "dev");
    if (path == null || path.isEmpty()) {
      throw Refusal.exactly(
          ErrorNumber.NO_SOURCE, ErrorDomain.DOMAIN, "missing source information for device");
    }
    return new DiskChain.Image(
        type, format, new XmlElement("source").set(type.equals("file") ? "file" : "dev", path));
  }

  /** The same by the older call. */
  void rebase(DomainBlockRebaseArgs args) throws LibvirtException {
    int flags = args.flags();
    boolean device = (flags & DomainBlockRebaseFlags.COPY_DEV) != 0;
    if (args.base() == null || args.base().isEmpty()) {
      throw Refusal.badArgument("base in virDomainBlockRebase must not be NULL");
    }
    DiskChain.Image target =
        new DiskChain.Image(
            device ? "block" : "file",
            (flags & DomainBlockRebaseFlags.COPY_RAW) != 0 ? "raw" : null,
            new XmlElement("source").set(device ? "dev" : "file", args.base()));
    int own =
        ((flags & DomainBlockRebaseFlags.SHALLOW) != 0 ? DomainBlockCopyFlags.SHALLOW : 0)
            | ((flags & DomainBlockRebaseFlags.REUSE_EXT) != 0
                ? DomainBlockCopyFlags.REUSE_EXT
                : 0);
    long speed =
        BlockJobProcedures.speed(
            args.bandwidth(), (flags & DomainBlockRebaseFlags.BANDWIDTH_BYTES) != 0);
    Domain domain = find(args.dom());
    Request request = new Request(args.path(), target, speed, 0, 0, own);
    domain.perform("blockcopy", () -> copy(domain, request));
  }

  private void copy(Domain domain, Request request) throws LibvirtException {
    Machine machine = domain.running();
    DomainDocument live = domain.facts().document();
    Disk disk = ChainLookup.disk(live, request.path());
    machine.jobs().requireNone(disk.target());
    DiskChain chain = DiskChain.of(disk);
    if (chain.images().isEmpty()) {
      throw Refusal.badArgument("disk '" + disk.target() + "' has no medium");
    }
    if (!request.has(DomainBlockCopyFlags.TRANSIENT_JOB) && domain.facts().isPersistent()) {
      throw Refusal.notNow("domain is not transient");
    }
    boolean reuse = request.has(DomainBlockCopyFlags.REUSE_EXT);
    boolean shallow =
        request.has(DomainBlockCopyFlags.SHALLOW) && (reuse || chain.images().size() > 1);
    Path file = Path.of(request.target().path().orElseThrow());
    DiskChain.Image target =
        new DiskChain.Image(
                request.target().type(),
                format(request.target(), disk, file, reuse),
                request.target().source())
            .withIndex(OptionalInt.of(machine.jobs().nextImage(live)));
    if (shallow && target.format().equals("raw")) {
      throw Refusal.unsupported(
          "shallow copy of disk '" + disk.target() + "' into a raw file is not possible");
    }
    NewImages.check(target, disk.target(), reuse);
    DiskChain beneath = chain.from(1);
    if (!reuse) {
      NewImages.make(
          target,
          MachineDisks.capacity(machine, disk),
          shallow ? beneath.images().getFirst() : null);
    }
    boolean shared = shallow && !reuse;
    DiskNodes.open(
        machine, target, shared ? DiskNodes.of(beneath.images().getFirst()) : null, true);
    List<DiskChain.Image> all = new ArrayList<>(List.of(target));
    if (shared) {
      all.addAll(beneath.images());
    } else if (shallow) {
      // They are opened when the disk is moved.
      for (DiskChain.Image image : LiveDocuments.beneath(target)) {
        all.add(image.withIndex(OptionalInt.of(machine.jobs().nextImage(live))));
      }
    }
    begin(domain, disk, request, new DiskChain(all, true), shallow);
  }

  private void begin(Domain domain, Disk disk, Request request, DiskChain copy, boolean shallow)
      throws LibvirtException {
    String node = DiskNodes.of(DiskChain.of(disk).images().getFirst());
    String name = "copy-" + disk.target() + "-" + node;
    ObjectNode arguments =
        Machine.arguments()
            .put("job-id", name)
            .put("device", node)
            .put("target", DiskNodes.of(copy.images().getFirst()));
    if (request.speed() > 0) {
      arguments.put("speed", request.speed());
    }
    if (request.granularity() > 0) {
      arguments.put("granularity", request.granularity());
    }
    if (request.bufferSize() > 0) {
      arguments.put("buf-size", request.bufferSize());
    }
    arguments.put("sync", shallow ? "top" : "full");
    if (request.has(DomainBlockCopyFlags.SYNCHRONOUS_WRITES)) {
      arguments.put("copy-mode", "write-blocking");
    }
    arguments.put("auto-finalize", true).put("auto-dismiss", false);
    BlockJobs.edit(
        domain,
        disk.target(),
        one -> {
          one.element().add(copy.mirror("copy", true));
          DiskChain.of(one).writeTo(one);
        });
    BlockJob job =
        new BlockJob(new BlockJob.Task(BlockJob.Kind.COPY, name, disk.target(), 0, 0, false));
    try {
      life().blockJobs().begin(domain, job, "blockdev-mirror", arguments);
    } catch (LibvirtException e) {
      life().blockJobs().editLive(domain, disk.target(), one -> one.element().remove("mirror"));
      DiskNodes.close(domain.running(), copy.images().getFirst());
      throw e;
    }
  }

  private static String format(DiskChain.Image target, Disk disk, Path file, boolean reuse)
      throws LibvirtException {
    if (target.format() != null) {
      if (!target.format().equals("raw") && !target.format().equals("qcow2")) {
        throw Refusal.unsupported("unknown driver format value '" + target.format() + "'");
      }
      return target.format();
    }
    if (!reuse) {
      return disk.format();
    }
    if (target.type().equals("block") || !Files.exists(file)) {
      return target.type().equals("block") ? "raw" : disk.format();
    }
    try {
      ImageFormat found = ImageInfo.of(file, OpenOptions.readOnly().withLocked(false)).format();
      return found.text();
    } catch (IOException | RuntimeException e) {
      throw Refusal.failed("cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
