package org.wardian.cli.disk;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;
import org.wardian.storage.operation.ImageMap;
import org.wardian.storage.operation.Progress;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ward disk map}. */
@Command(
    name = "map",
    mixinStandardHelpOptions = true,
    description = {
      "Tells which parts of a disk are stored, in which image of its chain, and where.",
      "",
      "The table has the parts with data. --json has all parts, with the names that 'qemu-img map"
          + " --output=json' uses: 'present' is what an image of the chain has, 'zero' what reads"
          + " as zeroes, 'data' what is stored, 'depth' 0 for FILE itself, 'offset' the place in"
          + " that image's file, where the bytes lie there as they are.",
      ""
    })
final class DiskMapVerb extends DiskAction {
  private static final String ROW = "%-18s %-18s %-18s %s%n";

  @Mixin private ImageOption open;
  @Mixin private OvaDiskOption member;
  @Mixin private JsonOption json;

  @Parameters(paramLabel = "FILE", description = "The image.")
  private Path file;

  @Override
  int act() throws IOException {
    try (BlockImage image = member.open(file, open.reading(file))) {
      List<Extent> extents = ImageMap.of(image, Progress.NONE);
      if (json.asked()) {
        printJson(extents);
      } else {
        printTable(extents, DiskChain.filesOf(image));
      }
    }
    return ExitStatus.OK.code();
  }

  private void printTable(List<Extent> extents, List<String> files) {
    out().printf(ROW, "START", "LENGTH", "AT", "FILE");
    for (Extent extent : extents) {
      if (extent.kind() == Extent.Kind.DATA) {
        out()
            .printf(
                ROW,
                "0x" + Long.toHexString(extent.offset()),
                "0x" + Long.toHexString(extent.length()),
                extent.hostOffset() < 0 ? "packed" : "0x" + Long.toHexString(extent.hostOffset()),
                extent.depth() < files.size() ? files.get(extent.depth()) : "?");
      }
    }
  }

  private void printJson(List<Extent> extents) {
    ArrayNode list = Json.array();
    for (Extent extent : extents) {
      ObjectNode node = list.addObject();
      node.put("start", extent.offset());
      node.put("length", extent.length());
      node.put("depth", extent.depth());
      node.put("present", extent.kind() != Extent.Kind.ABSENT);
      node.put("zero", extent.kind() != Extent.Kind.DATA);
      node.put("data", extent.kind() == Extent.Kind.DATA);
      if (extent.hostOffset() >= 0) {
        node.put("offset", extent.hostOffset());
      }
    }
    Json.print(out(), list);
  }
}
