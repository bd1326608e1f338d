package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.wardian.daemon.typed.Refusal;
import org.wardian.daemon.typed.TypedParams;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.constants.DomainBlockResizeFlags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainBlockPeekArgs;
import org.wardian.libvirt.wire.remote.DomainBlockPeekRet;
import org.wardian.libvirt.wire.remote.DomainBlockResizeArgs;
import org.wardian.libvirt.wire.remote.DomainBlockStatsArgs;
import org.wardian.libvirt.wire.remote.DomainBlockStatsFlagsArgs;
import org.wardian.libvirt.wire.remote.DomainBlockStatsFlagsRet;
import org.wardian.libvirt.wire.remote.DomainBlockStatsRet;
import org.wardian.libvirt.wire.remote.DomainDiskError;
import org.wardian.libvirt.wire.remote.DomainGetBlockInfoArgs;
import org.wardian.libvirt.wire.remote.DomainGetBlockInfoRet;
import org.wardian.libvirt.wire.remote.DomainGetDiskErrorsArgs;
import org.wardian.libvirt.wire.remote.DomainGetDiskErrorsRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageInfo;

/** Disks: their size, what was read and written, their errors. */
final class BlockProcedures extends DomainProcedures {
  /** Bytes of a look. */
  private static final int MOST_PEEK = 1 << 20;

  /** "Not known": as libvirt says it. */
  private static final long UNKNOWN = -1;

  BlockProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(RemoteProgram.DOMAIN_GET_BLOCK_INFO, this::info);
    handlers.on(RemoteProgram.DOMAIN_BLOCK_STATS, this::stats);
    handlers.on(RemoteProgram.DOMAIN_BLOCK_STATS_FLAGS, this::statsFlags);
    handlers.act(RemoteProgram.DOMAIN_BLOCK_RESIZE, this::resize);
    handlers.on(RemoteProgram.DOMAIN_BLOCK_PEEK, this::peek);
    handlers.on(RemoteProgram.DOMAIN_GET_DISK_ERRORS, this::errors);
  }

  private DomainGetBlockInfoRet info(Call call, DomainGetBlockInfoArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    Domain domain = find(args.dom());
    Disk disk = MachineDisks.find(domain.facts().document(), args.path());
    if (disk.source().isEmpty()) {
      throw Refusal.badArgument(
          "disk '" + args.path() + "' does not currently have a source assigned");
    }
    Machine machine = domain.machine();
    boolean remote = machine != null && disk.source().path().isEmpty();
    // What a server has set aside for its disk is its own affair.
    Sizes sizes = remote ? new Sizes(0, 0, 0) : sizes(disk);
    if (machine != null) {
      JsonNode drive = MachineDisks.drives(machine).get(disk.alias().orElse(""));
      long capacity =
          drive == null ? 0 : drive.path("inserted").path("image").path("virtual-size").asLong();
      if (capacity > 0) {
        sizes = new Sizes(capacity, sizes.allocation(), sizes.physical());
      }
    }
    return new DomainGetBlockInfoRet(sizes.allocation(), sizes.capacity(), sizes.physical());
  }

  /** Bytes of an image: what a guest sees, what is stored, the file's own. */
  record Sizes(long capacity, long allocation, long physical) {}

  /** From the files themselves. */
  static Sizes sizes(Disk disk) throws LibvirtException {
    return sizes(disk.source().path().orElse(""), disk.format());
  }

  /** The same of any image. */
  static Sizes sizes(String path, String format) throws LibvirtException {
    try {
      Path file = Path.of(path);
      long physical = Files.size(file);
      OpenOptions options = OpenOptions.readOnly().withLocked(false);
      if (format.equals("raw")) {
        // Whatever a guest has written to its beginning.
        options = options.withFormat(ImageFormat.RAW);
      }
      ImageInfo image = ImageInfo.chain(file, options).getFirst();
      return new Sizes(image.size(), image.stored(), physical);
    } catch (IOException e) {
      throw Refusal.system("failed to stat '" + path + "': " + e.getMessage(), e);
    }
  }

  private JsonNode figures(Domain domain, String path) throws LibvirtException {
    Machine machine = domain.running();
    Map<String, JsonNode> all = MachineDisks.statistics(machine);
    if (path.isEmpty()) {
      return all.values().stream().findFirst().orElseThrow(() -> Refusal.badArgument("no disk"));
    }
    Disk disk =
        domain
            .facts()
            .document()
            .disk(path)
            .orElseThrow(() -> Refusal.badArgument("invalid path: " + path));
    JsonNode found = all.get(disk.alias().orElse(""));
    if (found == null) {
      throw Refusal.internal("cannot find statistics for device '" + path + "'");
    }
    return found.path("stats");
  }

  private DomainBlockStatsRet stats(Call call, DomainBlockStatsArgs args) throws LibvirtException {
    JsonNode stats = figures(find(args.dom()), args.path());
    return new DomainBlockStatsRet(
        stats.path("rd_operations").asLong(),
        stats.path("rd_bytes").asLong(),
        stats.path("wr_operations").asLong(),
        stats.path("wr_bytes").asLong(),
        UNKNOWN);
  }

  private DomainBlockStatsFlagsRet statsFlags(Call call, DomainBlockStatsFlagsArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), TypedParams.STRING_OKAY);
    JsonNode stats = figures(find(args.dom()), args.path());
    TypedParams params =
        new TypedParams()
            .int64("wr_bytes", stats.path("wr_bytes").asLong())
            .int64("wr_operations", stats.path("wr_operations").asLong())
            .int64("rd_bytes", stats.path("rd_bytes").asLong())
            .int64("rd_operations", stats.path("rd_operations").asLong())
            .int64("flush_operations", stats.path("flush_operations").asLong())
            .int64("wr_total_times", stats.path("wr_total_time_ns").asLong())
            .int64("rd_total_times", stats.path("rd_total_time_ns").asLong())
            .int64("flush_total_times", stats.path("flush_total_time_ns").asLong());
    return new DomainBlockStatsFlagsRet(
        params.page(args.nparams(), args.flags()), params.count(args.flags()));
  }

  private void resize(Call call, DomainBlockResizeArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), DomainBlockResizeFlags.BYTES);
    if (args.disk().isEmpty()) {
      throw Refusal.badArgument("empty path");
    }
    boolean bytes = (args.flags() & DomainBlockResizeFlags.BYTES) != 0;
    if (args.size() < 0 || !bytes && args.size() > Long.MAX_VALUE >> 10) {
      throw Refusal.badArgument("size must be less than " + (Long.MAX_VALUE >> 10));
    }
    Domain domain = find(args.dom());
    domain.perform(
        "blockresize",
        () -> {
          Machine machine = domain.running();
          Disk disk =
              domain
                  .facts()
                  .document()
                  .disk(args.disk())
                  .orElseThrow(() ->
                      Refusal.badArgument(
                          "disk '" + args.disk() + "' was not found in the domain config"));
          machine.execute(
              "block_resize",
              Machine.arguments()
                  .put("device", MachineDisks.drive(disk))
                  .put("size", bytes ? args.size() : args.size() << 10));
        });
  }

  private DomainBlockPeekRet peek(Call call, DomainBlockPeekArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    Domain domain = find(args.dom());
    Disk disk = MachineDisks.find(domain.facts().document(), args.path());
    if (!disk.format().equals("raw")) {
      throw Refusal.unsupported(
          "peeking is only supported for disk with 'raw' format not '" + disk.format() + "'");
    }
    if (args.size() < 0 || args.size() > MOST_PEEK || args.offset() < 0) {
      throw Refusal.badArgument("a look has up to " + MOST_PEEK + " bytes");
    }
    Path file = Path.of(disk.source().path().orElse(""));
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer bytes = ByteBuffer.allocate(args.size());
      while (bytes.hasRemaining() && channel.read(bytes, args.offset() + bytes.position()) > 0) {
        // Until all is there, or the file ends.
      }
      if (bytes.hasRemaining()) {
        throw Refusal.system(file + ": failed to seek or read", null);
      }
      return new DomainBlockPeekRet(bytes.array());
    } catch (IOException e) {
      throw Refusal.system(file + ": " + e.getMessage(), e);
    }
  }

  private DomainGetDiskErrorsRet errors(Call call, DomainGetDiskErrorsArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    Domain domain = find(args.dom());
    Machine machine = domain.running();
    DomainDocument document = domain.facts().document();
    if (args.maxerrors() == 0) {
      return new DomainGetDiskErrorsRet(List.of(), document.disks().size());
    }
    Map<String, JsonNode> drives = MachineDisks.drives(machine);
    List<DomainDiskError> errors = new ArrayList<>();
    for (Disk disk : document.disks()) {
      JsonNode drive = drives.get(disk.alias().orElse(""));
      String status = drive == null ? "ok" : drive.path("io-status").asText("ok");
      if (!status.equals("ok") && errors.size() < args.maxerrors()) {
        errors.add(new DomainDiskError(disk.target(), status.equals("nospace") ? 2 : 1));
      }
    }
    return new DomainGetDiskErrorsRet(errors, errors.size());
  }
}
