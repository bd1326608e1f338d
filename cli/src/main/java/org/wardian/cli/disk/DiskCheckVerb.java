package org.wardian.cli.disk;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.ImageFormatException;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.imports.ImportCheck;
import org.wardian.storage.imports.ImportedImage;
import org.wardian.storage.imports.OvaArchive;
import org.wardian.storage.operation.ImageCheck;
import org.wardian.storage.qcow2.CheckReport;
import org.wardian.storage.qcow2.Qcow2Check;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward disk check}. */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    description = {
      "Looks for faults in an image's own tables; what the guest has on the disk is not judged.",
      "",
      "Of a qcow2 image all tables and counts are compared; the image must not be in use. Of a"
          + " VMDK, VDI, VHD, VHDX or OVA all that is stored is read, and an OVA's digests are"
          + " compared. A raw image has nothing to check.",
      ""
    },
    exitCodeOnInvalidInput = DiskCheckVerb.NOT_CHECKED)
final class DiskCheckVerb extends DiskAction implements OwnStatuses {
  static final int SOUND = 0;
  static final int NOT_CHECKED = 1;
  static final int CORRUPT = 2;
  static final int LEAKS = 3;

  /** What is repaired, as written. */
  private enum Repair {
    LEAKS,
    ALL
  }

  @Option(
      names = {"-r", "--repair"},
      paramLabel = "WHAT",
      description =
          "leaks: room that is lost is given back. all: every fault that can be; make a copy of the"
              + " image first.")
  private String repair;

  @Mixin private ImageOption open;
  @Mixin private OvaDiskOption member;
  @Mixin private ProgressOption progress;
  @Mixin private JsonOption json;

  @Parameters(paramLabel = "FILE", description = "The image.")
  private Path file;

  @Override
  public Map<String, String> statuses() {
    Map<String, String> table = new LinkedHashMap<>();
    table.put("0", "the image is sound, or was made so by --repair");
    table.put("1", "it could not be checked: an option, the file or its format is wrong");
    table.put("2", "it is corrupt");
    table.put("3", "it has leaks: room that nothing uses; no data is harmed");
    return table;
  }

  @Override
  int statusOf(ExitStatus failure) {
    return failure == ExitStatus.LEFT ? failure.code() : NOT_CHECKED;
  }

  @Override
  int act() throws IOException {
    Qcow2Check.Repair wanted = wanted();
    OpenOptions options = open.reading(file);
    if (options.format() == null || options.format() == ImageFormat.QCOW2) {
      CheckReport report;
      try (DiskProgress bar = progress.start(err(), file.toString())) {
        report = ImageCheck.run(file, options, wanted, bar);
      }
      return tell(report);
    }
    if (wanted != Qcow2Check.Repair.NONE) {
      throw mistake("only a qcow2 image can be repaired");
    }
    if (options.format() == ImageFormat.RAW) {
      throw new UnsupportedOperationException(file + " is a raw image, which has nothing to check");
    }
    return tell(checkImport(options));
  }

  private Qcow2Check.Repair wanted() {
    if (repair == null) {
      return Qcow2Check.Repair.NONE;
    }
    try {
      return switch (Repair.valueOf(repair.toUpperCase(Locale.ROOT))) {
        case LEAKS -> Qcow2Check.Repair.LEAKS;
        case ALL -> Qcow2Check.Repair.ALL;
      };
    } catch (IllegalArgumentException e) {
      throw mistake("--repair is leaks or all, not " + repair);
    }
  }

  private ImportCheck checkImport(OpenOptions options) throws IOException {
    try (DiskProgress bar = progress.start(err(), file.toString())) {
      if (options.format() == ImageFormat.OVA) {
        try (OvaArchive archive = OvaArchive.open(file)) {
          for (OvaArchive.Disk disk : archive.disks()) {
            archive.verify(disk, read -> bar.report(read, disk.bytes()));
          }
        }
      }
      try (BlockImage image = member.open(file, options)) {
        return ImportCheck.run((ImportedImage) image, bar);
      }
    } catch (ImageFormatException e) {
      return new ImportCheck(0, 1, List.of(e.getMessage()));
    }
  }

  private int tell(ImportCheck check) {
    int status = check.faults() > 0 ? CORRUPT : SOUND;
    if (json.asked()) {
      ObjectNode node = Json.object();
      node.put("file", file.toString());
      node.put("sound", status == SOUND);
      node.put("corruptions", check.faults());
      node.put("readBytes", check.readBytes());
      messages(node, check.messages());
      Json.print(out(), node);
    } else {
      check.messages().forEach(out()::println);
      out()
          .println(
              status == SOUND
                  ? "The image is sound: " + DiskSize.text(check.readBytes()) + " were read."
                  : "The image is corrupt: fetch or make it again.");
    }
    return status;
  }

  private int tell(CheckReport report) {
    int status = report.corruptionsLeft() > 0 ? CORRUPT : report.leaksLeft() > 0 ? LEAKS : SOUND;
    if (json.asked()) {
      ObjectNode node = Json.object();
      node.put("file", file.toString());
      node.put("sound", status == SOUND);
      node.put("corruptions", report.corruptions());
      node.put("leaks", report.leaks());
      node.put("corruptionsFixed", report.corruptions() - report.corruptionsLeft());
      node.put("leaksFixed", report.leaks() - report.leaksLeft());
      node.put("totalClusters", report.totalClusters());
      node.put("allocatedClusters", report.allocatedClusters());
      node.put("compressedClusters", report.compressedClusters());
      node.put("fragmentedClusters", report.fragmentedClusters());
      node.put("imageEnd", report.imageEnd());
      messages(node, report.messages());
      Json.print(out(), node);
    } else {
      report.messages().forEach(out()::println);
      if (!report.clean()) {
        out()
            .println(
                "found "
                    + report.corruptions()
                    + " corruption(s) and "
                    + report.leaks()
                    + " leak(s); "
                    + report.corruptionsLeft()
                    + " and "
                    + report.leaksLeft()
                    + " are left");
      }
      out()
          .printf(
              Locale.ROOT,
              "%d of %d clusters are stored, %d of them compressed, %d out of order.%n",
              report.allocatedClusters(),
              report.totalClusters(),
              report.compressedClusters(),
              report.fragmentedClusters());
      out().println(sentence(status));
    }
    return status;
  }

  private static String sentence(int status) {
    return switch (status) {
      case SOUND -> "The image is sound.";
      case LEAKS -> "The image has leaks: '--repair leaks' gives the room back.";
      default -> "The image is corrupt: make a copy of it, then try '--repair all'.";
    };
  }

  private static void messages(ObjectNode node, List<String> messages) {
    ArrayNode list = node.putArray("messages");
    messages.forEach(list::add);
  }
}
