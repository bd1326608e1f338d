package org.wardian.cli.manage;

import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.JsonOption;
import org.wardian.cli.disk.DiskSize;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.constants.StorageVolWipeAlgorithm;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward vol wipe}. */
@Command(
    name = "wipe",
    mixinStandardHelpOptions = true,
    description = {
      "Overwrites a volume's content, so that nobody reads it from the medium any more. The volume"
          + " stays; what was in it is lost, its format too.",
      "",
      "  ward vol wipe --yes images/old.raw",
      "  ward vol wipe --algorithm random images/old.raw",
      ""
    })
final class VolWipeVerb extends ManageAction {
  @Option(
      names = "--algorithm",
      paramLabel = "NAME",
      defaultValue = "zero",
      description =
          "zero, nnsa, dod, bsi, gutmann, schneier, random or trim; those that a daemon has not it"
              + " refuses.")
  private String algorithm;

  @Mixin private YesOption yes;
  @Mixin private JsonOption json;

  @Parameters(paramLabel = "VOLUME", description = "POOL/NAME, or a path on the daemon's host.")
  private String name;

  @Override
  int act(Connection connection) throws LibvirtException, IOException {
    StorageVolWipeAlgorithm chosen =
        Arrays.stream(StorageVolWipeAlgorithm.values())
            .filter(one -> one.name().equalsIgnoreCase(algorithm))
            .findFirst()
            .orElseThrow(() ->
                mistake(
                    "there is no algorithm '"
                        + algorithm
                        + "'; there is "
                        + Arrays.stream(StorageVolWipeAlgorithm.values())
                            .map(one -> one.name().toLowerCase(Locale.ROOT))
                            .collect(Collectors.joining(", "))));
    StorageVolume volume = Lookup.volume(connection, name);
    yes.ask(err(), "overwrite " + Cells.plain(name));
    volume.wipe(chosen);
    if (json.asked()) {
      print(VolInfoVerb.tree(volume));
    } else {
      out()
          .println(
              Cells.plain(volume.pool() + "/" + volume.name())
                  + ": overwrote "
                  + DiskSize.text(volume.info().capacity()));
    }
    return ExitStatus.OK.code();
  }
}
