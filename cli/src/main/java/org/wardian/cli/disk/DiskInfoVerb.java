package org.wardian.cli.disk;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.imports.ImportedImage;
import org.wardian.storage.imports.OvaArchive;
import org.wardian.storage.operation.ImageInfo;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ward disk info}. */
@Command(
    name = "info",
    mixinStandardHelpOptions = true,
    description = {
      "Tells what an image is: format, size of the disk and of the files, the images behind it,"
          + " snapshots, features.",
      ""
    })
final class DiskInfoVerb extends DiskAction {
  /** A chain that is longer is one that bites its tail. */
  private static final int MOST_IMAGES = 200;

  @Mixin private ImageOption open;
  @Mixin private OvaDiskOption member;
  @Mixin private JsonOption json;

  @Parameters(paramLabel = "FILE", description = "The image.")
  private Path file;

  @Override
  int act() throws IOException {
    OpenOptions options = open.reading(file);
    if (options.format() == ImageFormat.OVA && !member.given() && listed()) {
      return ExitStatus.OK.code();
    }
    List<ObjectNode> chain = chain(options);
    if (json.asked()) {
      ObjectNode node = chain.getFirst();
      if (chain.size() > 1) {
        ArrayNode behind = node.putArray("backingChain");
        chain.subList(1, chain.size()).forEach(behind::add);
      }
      Json.print(out(), node);
    } else {
      for (int i = 0; i < chain.size(); i++) {
        if (i > 0) {
          out().println();
          out().println("behind it:");
        }
        DiskDescription.print(out(), chain.get(i));
      }
    }
    return ExitStatus.OK.code();
  }

  /** The disks of an appliance that has not exactly one. */
  private boolean listed() throws IOException {
    try (OvaArchive archive = OvaArchive.open(file)) {
      if (archive.disks().size() == 1) {
        return false;
      }
      ObjectNode node = Json.object();
      node.put("file", file.toString());
      node.put("format", ImageFormat.OVA.text());
      ArrayNode disks = node.putArray("disks");
      for (OvaArchive.Disk disk : archive.disks()) {
        disks
            .addObject()
            .put("name", disk.name())
            .put("fileSize", disk.bytes())
            .put("virtualSize", disk.capacity())
            .put("digestInManifest", archive.hasDigest(disk));
      }
      if (json.asked()) {
        Json.print(out(), node);
      } else {
        DiskDescription.print(out(), node);
      }
      return true;
    }
  }

  /** A description of each image, the top one first; one that is missing is told, not refused. */
  private List<ObjectNode> chain(OpenOptions options) throws IOException {
    List<ObjectNode> chain = new ArrayList<>();
    Path next = file;
    OpenOptions with = options;
    while (next != null && chain.size() < MOST_IMAGES) {
      if (!chain.isEmpty() && !Files.exists(next)) {
        chain.add(Json.object().put("file", next.toString()).put("missing", true));
        break;
      }
      ImageFormat format = DiskFile.format(next, with.format());
      if (isImport(format)) {
        imported(next, with.withFormat(format), chain);
        break;
      }
      ImageInfo info = ImageInfo.of(next, with.withFormat(format));
      chain.add(DiskDescription.tree(info));
      next = info.backing();
      String recorded = info.qcow2() == null ? null : info.qcow2().backingFormat();
      with = with.withFormat(recorded == null ? null : ImageFormat.of(recorded).orElse(null));
    }
    return chain;
  }

  private static boolean isImport(ImageFormat format) {
    return format != null
        && switch (format) {
          case VMDK, VDI, VHD, VHDX, OVA -> true;
          default -> false;
        };
  }

  private void imported(Path path, OpenOptions options, List<ObjectNode> chain) throws IOException {
    try (BlockImage image = member.open(path, options)) {
      if (image instanceof ImportedImage top) {
        chain.add(DiskDescription.tree(top));
        for (ImportedImage at = top.parent().orElse(null);
            at != null;
            at = at.parent().orElse(null)) {
          chain.add(DiskDescription.tree(at));
        }
      }
    }
  }
}
