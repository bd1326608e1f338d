package org.wardian.cli.manage;

import org.wardian.cli.ExitStatus;
import org.wardian.cli.JsonOption;
import org.wardian.cli.disk.DiskProgress;
import org.wardian.cli.disk.DiskSize;
import org.wardian.cli.disk.ProgressOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward vol clone}. */
@Command(
    name = "clone",
    mixinStandardHelpOptions = true,
    description = {
      "Makes a volume with the content of another, on the daemon's host: a copy, or with --linked"
          + " one that stands on the other, which must not be written on from then on.",
      "",
      "  ward vol clone images/debian.qcow2 web.qcow2",
      "  ward vol clone --linked images/debian.qcow2 other-pool/web.qcow2",
      ""
    })
final class VolCloneVerb extends ManageAction {
  @Option(
      names = "--linked",
      description = "Stand on the other (qcow2): made at once, and no larger than what differs.")
  private boolean linked;

  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      description = "Format of the copy; without it that of the other.")
  private String format;

  @Mixin private ProgressOption progress;
  @Mixin private JsonOption json;

  @Parameters(
      index = "0",
      paramLabel = "VOLUME",
      description = "POOL/NAME, or a path on the daemon's host.")
  private String name;

  @Parameters(
      index = "1",
      paramLabel = "NEW",
      description = "The new one, POOL/NAME; a name alone is in the same pool.")
  private String newName;

  @Override
  void check() {
    if (linked && format != null && !format.equals("qcow2")) {
      throw mistake("--linked makes qcow2, which --format cannot change");
    }
  }

  @Override
  int act(Connection connection) throws LibvirtException, InterruptedException {
    StorageVolume source = Lookup.volume(connection, name);
    VolumeName wanted =
        newName.contains("/") ? VolumeName.parse(newName) : new VolumeName(source.pool(), newName);
    StoragePool pool = Lookup.pool(connection, wanted.pool());
    StorageVolume made;
    try (DiskProgress bar = progress.start(err(), wanted.volume())) {
      made = make(pool, wanted.volume(), source, linked, format, bar);
    }
    if (json.asked()) {
      print(VolInfoVerb.tree(made));
    } else {
      out()
          .println(
              Cells.plain(pool.name() + "/" + made.name())
                  + ": "
                  + DiskSize.text(made.info().capacity())
                  + ", "
                  + (linked ? "on " : "copy of ")
                  + Cells.plain(source.pool() + "/" + source.name()));
    }
    return ExitStatus.OK.code();
  }

  /** Makes a copy, or one that stands on its source. */
  static StorageVolume make(
      StoragePool pool,
      String name,
      StorageVolume source,
      boolean linked,
      String format,
      DiskProgress bar)
      throws LibvirtException, InterruptedException {
    long capacity = source.info().capacity();
    if (linked) {
      return pool.createVolume(
          VolumeXml.on(VolumeXml.of(name, capacity, "qcow2", false), source).toString(), 0);
    }
    String chosen = format == null ? VolumeXml.format(source) : format;
    return VolumeCopy.make(
        pool, name, VolumeXml.of(name, capacity, chosen, false).toString(), source, bar);
  }
}
