package org.wardian.cli.disk;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageInfo;
import org.wardian.storage.operation.ImageResize;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward disk resize}. */
@Command(
    name = "resize",
    mixinStandardHelpOptions = true,
    description = {
      "Makes a disk longer, by zeroes, or shorter. Partitions and file systems on it stay as they"
          + " are: enlarge them in the guest afterwards, and make them smaller there before.",
      "",
      "  ward disk resize disk.qcow2 40G",
      "  ward disk resize disk.qcow2 +10G",
      "  ward disk resize --shrink disk.qcow2 -5G",
      ""
    })
final class DiskResizeVerb extends DiskAction {
  @Option(
      names = "--shrink",
      description = "Let the disk become shorter: what lies behind its new end is lost.")
  private boolean shrink;

  @Mixin private WritableOption open;
  @Mixin private JsonOption json;

  @Parameters(index = "0", paramLabel = "FILE", description = "The image: raw or qcow2.")
  private Path file;

  @Parameters(
      index = "1",
      paramLabel = "SIZE",
      description = "512M, 20G, 1.5T, a bare number is bytes; with + or - a difference.")
  private DiskSize size;

  @Override
  int act() throws IOException {
    OpenOptions options = open.writing(file);
    long before = ImageInfo.of(file, options).size();
    long wanted = size.appliedTo(before);
    if (wanted <= 0) {
      throw mistake(
          "the disk has " + DiskSize.text(before) + ": so much cannot be taken away from it");
    }
    if (wanted < before && !shrink) {
      throw mistake(
          "the disk has "
              + DiskSize.text(before)
              + "; what lies behind "
              + DiskSize.text(wanted)
              + " would be lost: --shrink if that is wanted");
    }
    ImageResize.run(file, options, wanted, shrink);
    if (json.asked()) {
      ObjectNode node = Json.object();
      node.put("file", file.toString());
      node.put("virtualSizeBefore", before);
      node.put("virtualSize", wanted);
      Json.print(out(), node);
    } else {
      out().println(file + ": " + DiskSize.text(wanted) + ", was " + DiskSize.text(before));
    }
    return ExitStatus.OK.code();
  }
}
