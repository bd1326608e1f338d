package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.JsonOption;
import org.wardian.cli.disk.DiskSize;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.constants.StorageVolResizeFlags;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward vol resize}. */
@Command(
    name = "resize",
    mixinStandardHelpOptions = true,
    description = {
      "Makes a volume longer, by zeroes, or shorter. No machine may use it meanwhile; partitions"
          + " and file systems on it stay as they are.",
      "",
      "  ward vol resize images/web.qcow2 40G",
      "  ward vol resize images/web.qcow2 +10G",
      "  ward vol resize --shrink images/data.raw -5G",
      ""
    })
final class VolResizeVerb extends ManageAction {
  @Option(
      names = "--shrink",
      description = "Let it become shorter: what lies behind its new end is lost.")
  private boolean shrink;

  @Option(names = "--allocate", description = "Take the new bytes from the host at once.")
  private boolean allocate;

  @Mixin private JsonOption json;

  @Parameters(
      index = "0",
      paramLabel = "VOLUME",
      description = "POOL/NAME, or a path on the daemon's host.")
  private String name;

  @Parameters(
      index = "1",
      paramLabel = "SIZE",
      description = "512M, 20G, 1.5T, a bare number is bytes; with + or - a difference.")
  private DiskSize size;

  @Override
  int act(Connection connection) throws LibvirtException {
    StorageVolume volume = Lookup.volume(connection, name);
    long before = volume.info().capacity();
    long wanted = size.appliedTo(before);
    if (wanted <= 0) {
      throw mistake("the volume has " + DiskSize.text(before) + ": so much cannot be taken away");
    }
    if (wanted < before && !shrink) {
      throw mistake(
          "the volume has "
              + DiskSize.text(before)
              + "; what lies behind "
              + DiskSize.text(wanted)
              + " would be lost: --shrink if that is wanted");
    }
    volume.resize(
        wanted,
        (wanted < before ? StorageVolResizeFlags.SHRINK : 0)
            | (allocate ? StorageVolResizeFlags.ALLOCATE : 0));
    if (json.asked()) {
      ObjectNode node = VolInfoVerb.tree(volume);
      node.put("capacityBefore", before);
      print(node);
    } else {
      out()
          .println(
              Cells.plain(volume.pool() + "/" + volume.name())
                  + ": "
                  + DiskSize.text(wanted)
                  + ", was "
                  + DiskSize.text(before));
    }
    return ExitStatus.OK.code();
  }
}
