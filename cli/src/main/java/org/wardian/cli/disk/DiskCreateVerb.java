package org.wardian.cli.disk;

import java.io.IOException;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageInfo;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward disk create}. */
@Command(
    name = "create",
    mixinStandardHelpOptions = true,
    description = {
      "Makes an empty disk, or one that shows another image until it is written to.",
      "",
      "  ward disk create disk.qcow2 20G",
      "  ward disk create --backing debian.qcow2 mine.qcow2",
      ""
    })
final class DiskCreateVerb extends DiskAction {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      description = "raw or qcow2 (default: qcow2 for FILE.qcow2 and with --backing, else raw).")
  private ImageFormat format;

  @Option(
      names = {"-b", "--backing"},
      paramLabel = "FILE",
      description =
          "Show this image where the new one has nothing; it must not change from then on. A"
              + " relative name starts from the new image's folder.")
  private String backing;

  @Option(
      names = {"-F", "--backing-format"},
      paramLabel = "FORMAT",
      description = "What the backing file is (default: by content, once; it is recorded).")
  private ImageFormat backingFormat;

  @Option(names = "--force", description = "Replace FILE where there is one.")
  private boolean force;

  @Mixin private NewImageOptions options;

  @Parameters(index = "0", paramLabel = "FILE", description = "The new image.")
  private Path file;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "SIZE",
      description = "512M, 20G, 1.5T; a bare number is bytes. Default: the backing file's.")
  private DiskSize size;

  @Override
  int act() throws IOException {
    if (size == null && backing == null) {
      throw mistake("how large shall the disk be? SIZE is needed, such as 20G");
    }
    if (size != null && size.sign() != 0) {
      throw mistake("a new disk has a size, such as 20G; '+' and '-' are for 'ward disk resize'");
    }
    if (backing == null && backingFormat != null) {
      throw mistake("--backing-format says what --backing is, which is missing");
    }
    ImageFormat made = format;
    if (made == null) {
      ImageFormat named = FormatNames.ofSuffix(file);
      // A name that ends in .vmdk shall not become a raw disk unnoticed.
      made = backing != null && named == ImageFormat.RAW ? ImageFormat.QCOW2 : named;
    }
    if (backing != null && made == ImageFormat.RAW) {
      throw mistake("a raw image has no backing file; a qcow2 image has (--format qcow2)");
    }
    CreateOptions wanted = options.of(made, size == null ? -1 : size.bytes());
    if (backing != null) {
      Path behind = file.toAbsolutePath().resolveSibling(backing);
      wanted = wanted.withBacking(backing, DiskFile.known(behind, backingFormat));
    }
    if (force) {
      DiskFile.removeOld(file);
    }
    Images.create(file, wanted);
    long bytes = ImageInfo.of(file, OpenOptions.readOnly().withFormat(made)).size();
    out().println(file + ": " + made.text() + ", " + DiskSize.text(bytes));
    return ExitStatus.OK.code();
  }
}
