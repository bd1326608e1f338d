package org.wardian.cli.disk;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.imports.OvaArchive;
import org.wardian.storage.imports.VmdkStreamWriter;
import org.wardian.storage.nbd.NbdPath;
import org.wardian.storage.operation.ImageConvert;
import org.wardian.storage.qcow2.Qcow2Image;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward disk convert}. */
@Command(
    name = "convert",
    mixinStandardHelpOptions = true,
    description = {
      "Copies a disk, with all that the images behind it have, into a new image.",
      "",
      "  ward disk convert machine.ova machine.qcow2",
      "  ward disk convert --compress disk.raw disk.qcow2",
      "  ward disk convert --snapshot before-upgrade disk.qcow2 old.raw",
      "",
      "An OVA's disk is compared with the archive's digest first. An interrupt leaves no target.",
      ""
    })
final class DiskConvertVerb extends DiskAction {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      description = "What SOURCE is (default: by content).")
  private ImageFormat format;

  @Option(
      names = {"-O", "--output-format"},
      paramLabel = "FORMAT",
      description =
          "raw, qcow2, or vmdk: stream-optimised, for an appliance (default: by TARGET's suffix;"
              + " raw where that says nothing).")
  private ImageFormat outputFormat;

  @Option(
      names = {"-c", "--compress"},
      description = "Compress the clusters of a qcow2 target.")
  private boolean compress;

  @Option(
      names = {"-l", "--snapshot"},
      paramLabel = "NAME",
      description = "Copy a snapshot within SOURCE, by its name or ID, in place of what it is now.")
  private String snapshot;

  @Option(
      names = {"-S", "--sparse"},
      paramLabel = "SIZE",
      description = "Leave out zeroes from so many bytes in a row on; 0 writes all (default: 4K).")
  private String sparse;

  @Option(
      names = {"-n", "--existing"},
      description =
          "Write into a TARGET that is there and at least as large, in place of making it.")
  private boolean existing;

  @Option(names = "--force", description = "Replace TARGET where there is one.")
  private boolean force;

  @Option(
      names = "--no-verify",
      description = "Do not compare the disk of an OVA with the archive's digest.")
  private boolean noVerify;

  @Mixin private OvaDiskOption member;
  @Mixin private NewImageOptions options;
  @Mixin private ProgressOption progress;
  @Mixin private JsonOption json;

  @Parameters(index = "0", paramLabel = "SOURCE", description = "The image to copy.")
  private Path source;

  @Parameters(index = "1", paramLabel = "TARGET", description = "The new image.")
  private Path target;

  @Override
  int act() throws IOException {
    ImageFormat made = outputFormat != null ? outputFormat : FormatNames.ofSuffix(target);
    CreateOptions create = made == ImageFormat.VMDK ? null : options.of(made, -1);
    ImageConvert.Options how =
        ImageConvert.Options.usual().withCompress(compress).withReuse(existing);
    if (sparse != null) {
      how = how.withSparse(sparse.equals("0") ? 0 : sparseBytes());
    }
    if (compress && made == ImageFormat.RAW) {
      throw mistake("a raw image cannot be compressed; a qcow2 image can (-O qcow2)");
    }
    if (made == ImageFormat.VMDK && (existing || options.any())) {
      throw mistake("a vmdk target is new, stream-optimised and compressed; it has no options");
    }
    prepareTarget();
    OpenOptions reading = OpenOptions.readOnly().withFormat(DiskFile.format(source, format));
    long size;
    verify(reading);
    try (BlockImage image = member.open(source, reading);
        BlockImage chosen = chosen(image);
        DiskProgress bar = progress.start(err(), target.getFileName().toString())) {
      size = chosen.length();
      if (made == ImageFormat.VMDK) {
        VmdkStreamWriter.write(chosen, target, bar);
      } else {
        ImageConvert.run(chosen, target, create, how, bar);
      }
    }
    if (json.asked()) {
      ObjectNode node = Json.object();
      node.put("file", target.toString());
      node.put("format", made.text());
      node.put("virtualSize", size);
      if (Files.isRegularFile(target)) {
        node.put("fileSize", Files.size(target));
      }
      Json.print(out(), node);
    } else {
      out().println(target + ": " + made.text() + ", " + DiskSize.text(size));
    }
    return ExitStatus.OK.code();
  }

  private int sparseBytes() {
    long bytes = DiskSize.parse(sparse).bytes();
    if (bytes > 1 << 20) {
      throw mistake("--sparse is at most 1M");
    }
    return (int) bytes;
  }

  private void prepareTarget() throws IOException {
    if (existing || !Files.exists(target)) {
      return;
    }
    if (Files.exists(source) && Files.isSameFile(source, target)) {
      throw mistake("SOURCE and TARGET are one file");
    }
    if (target instanceof NbdPath) {
      throw mistake("an export is there already, and only its server can make it: --existing");
    }
    if (!force) {
      throw new FileAlreadyExistsException(
          target.toString(), null, "it exists already; --force replaces it");
    }
    DiskFile.removeOld(target);
  }

  private void verify(OpenOptions reading) throws IOException {
    if (reading.format() == ImageFormat.OVA && !noVerify) {
      try (OvaArchive archive = OvaArchive.open(source);
          DiskProgress bar = progress.start(err(), "verifying " + source.getFileName())) {
        OvaArchive.Disk disk = member.find(archive, source);
        archive.verify(disk, read -> bar.report(read, disk.bytes()));
      }
    }
  }

  private BlockImage chosen(BlockImage image) throws IOException {
    if (snapshot == null) {
      return image;
    }
    if (image instanceof Qcow2Image qcow2) {
      return qcow2.snapshots().open(snapshot);
    }
    throw new UnsupportedOperationException(source + " keeps no snapshots: only qcow2 images do");
  }
}
