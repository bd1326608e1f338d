package org.wardian.cli.disk;

import java.nio.file.Path;
import org.wardian.storage.ImageNames;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code ward disk}, which only has verbs below it. */
@Command(
    name = "disk",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Makes, looks into, changes and converts disk images.",
      "",
      "raw and qcow2 images are read and written. VMDK, VDI, VHD, VHDX and OVA are read only: 'ward"
          + " disk convert' makes a qcow2 or raw image of them. The content of a file tells its"
          + " format; --format says it, and is the safe way where a guest could write the first"
          + " sector of a raw disk.",
      "",
      "In the place of a file there may be a disk at an NBD server: nbd://HOST[:PORT]/EXPORT or"
          + " nbd+unix:///EXPORT?socket=PATH; 'ward disk serve' is one.",
      ""
    },
    subcommands = {
      DiskCreateVerb.class,
      DiskInfoVerb.class,
      DiskCheckVerb.class,
      DiskConvertVerb.class,
      DiskResizeVerb.class,
      DiskSnapshotVerb.class,
      DiskCommitVerb.class,
      DiskRebaseVerb.class,
      DiskMapVerb.class,
      DiskCompareVerb.class,
      DiskServeVerb.class,
      HelpCommand.class
    })
public final class DiskVerb implements Runnable {
  @Spec private CommandSpec spec;

  /** Made by picocli. */
  public DiskVerb() {}

  /**
   * The image that a user means: a file, or an export by its URI.
   *
   * @throws TypeConversionException where it can be neither
   */
  public static Path image(String text) {
    try {
      return ImageNames.given(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "create, info, check, convert, resize, snapshot, commit, rebase, map, compare or serve is"
            + " needed");
  }
}
