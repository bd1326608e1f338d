package org.wardian.cli.disk;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageCompare;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward disk compare}. */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    description = {
      "Tells whether two images hold the same disk, whatever their formats.",
      "",
      "A longer disk is equal to a shorter one if what it has more is zeroes.",
      ""
    },
    exitCodeOnInvalidInput = DiskCompareVerb.FAILED)
final class DiskCompareVerb extends DiskAction implements OwnStatuses {
  static final int EQUAL = 0;
  static final int DIFFERENT = 1;
  static final int FAILED = 2;

  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      description = "What FILE1 is (default: by content).")
  private ImageFormat format1;

  @Option(
      names = {"-F", "--other-format"},
      paramLabel = "FORMAT",
      description = "What FILE2 is (default: by content).")
  private ImageFormat format2;

  @Option(
      names = {"-s", "--strict"},
      description = "Disks of different sizes differ, whatever the longer one has more.")
  private boolean strict;

  @Mixin private ProgressOption progress;
  @Mixin private JsonOption json;

  @Parameters(index = "0", paramLabel = "FILE1", description = "An image.")
  private Path file1;

  @Parameters(index = "1", paramLabel = "FILE2", description = "Another.")
  private Path file2;

  @Override
  public Map<String, String> statuses() {
    Map<String, String> table = new LinkedHashMap<>();
    table.put("0", "the disks are equal");
    table.put("1", "they differ");
    table.put("2", "they cannot be compared: an option, a file or its content is wrong");
    return table;
  }

  @Override
  int statusOf(ExitStatus failure) {
    return failure == ExitStatus.LEFT ? failure.code() : FAILED;
  }

  @Override
  int act() throws IOException {
    ImageCompare.Outcome outcome;
    long size1;
    long size2;
    try (BlockImage one = open(file1, format1);
        BlockImage other = open(file2, format2);
        DiskProgress bar = progress.start(err(), file1.toString())) {
      size1 = one.length();
      size2 = other.length();
      outcome = ImageCompare.run(one, other, strict, bar);
    }
    if (json.asked()) {
      ObjectNode node = Json.object();
      node.put("equal", outcome.same());
      node.put("sizesDiffer", outcome.sizesDiffer());
      if (outcome.offset() >= 0) {
        node.put("offset", outcome.offset());
      }
      node.put("virtualSize1", size1);
      node.put("virtualSize2", size2);
      Json.print(out(), node);
    } else {
      out().println(sentence(outcome, size1, size2));
    }
    return outcome.same() ? EQUAL : DIFFERENT;
  }

  private static BlockImage open(Path file, ImageFormat format) throws IOException {
    return Images.open(file, OpenOptions.readOnly().withFormat(DiskFile.format(file, format)));
  }

  private static String sentence(ImageCompare.Outcome outcome, long size1, long size2) {
    if (outcome.offset() >= 0) {
      return "The disks differ, first at byte " + outcome.offset() + ".";
    }
    String sizes = size1 + " and " + size2 + " bytes";
    if (!outcome.same()) {
      return "The disks differ: they have " + sizes + ".";
    }
    return outcome.sizesDiffer()
        ? "The disks are equal; they have " + sizes + ", and what one has more is zeroes."
        : "The disks are equal.";
  }
}
