package org.wardian.cli.manage;

import org.wardian.cli.ExitStatus;
import org.wardian.cli.JsonOption;
import org.wardian.cli.disk.DiskSize;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward vol create}. */
@Command(
    name = "create",
    mixinStandardHelpOptions = true,
    description = {
      "Makes an empty volume, or with --backing one that reads as another until it is written on.",
      "",
      "  ward vol create images/data.qcow2 40G --format qcow2",
      "  ward vol create images/web.qcow2 --backing images/debian.qcow2",
      ""
    })
final class VolCreateVerb extends ManageAction {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      description =
          "raw, qcow2 or another that the daemon knows; without it raw, or qcow2 on"
              + " --backing.")
  private String format;

  @Option(
      names = {"-b", "--backing"},
      paramLabel = "VOLUME",
      description = "What it stands on: POOL/NAME, or a path on the daemon's host.")
  private String backing;

  @Option(names = "--allocate", description = "Take all of its bytes from the host at once.")
  private boolean allocate;

  @Mixin private JsonOption json;

  @Parameters(index = "0", paramLabel = "POOL/NAME", description = "What it shall be called.")
  private String name;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "SIZE",
      description =
          "512M, 20G, 1.5T, a bare number is bytes; with --backing that of what it stands on.")
  private DiskSize size;

  @Override
  void check() {
    VolumeName.parse(name);
    if (size == null && backing == null) {
      throw mistake("a SIZE is needed where there is no --backing");
    }
    if (size != null && size.sign() != 0) {
      throw mistake("the SIZE is no difference here: there is nothing to add it to");
    }
  }

  @Override
  int act(Connection connection) throws LibvirtException {
    VolumeName wanted = VolumeName.parse(name);
    StoragePool pool = Lookup.pool(connection, wanted.pool());
    StorageVolume base = backing == null ? null : Lookup.volume(connection, backing);
    long capacity = size == null ? base.info().capacity() : size.bytes();
    String chosen = format != null ? format : base == null ? "raw" : "qcow2";
    XmlElement xml = VolumeXml.of(wanted.volume(), capacity, chosen, allocate);
    if (base != null) {
      VolumeXml.on(xml, base);
    }
    StorageVolume volume = pool.createVolume(xml.toString(), 0);
    if (json.asked()) {
      print(VolInfoVerb.tree(volume));
    } else {
      out()
          .println(
              Cells.plain(pool.name() + "/" + volume.name())
                  + ": "
                  + DiskSize.text(capacity)
                  + ", "
                  + Cells.plain(volume.path()));
    }
    return ExitStatus.OK.code();
  }
}
