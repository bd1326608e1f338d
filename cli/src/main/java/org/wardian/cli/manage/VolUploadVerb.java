package org.wardian.cli.manage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.JsonOption;
import org.wardian.cli.disk.DiskProgress;
import org.wardian.cli.disk.DiskSize;
import org.wardian.cli.disk.ProgressOption;
import org.wardian.libvirt.client.ClientStream;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StoragePool;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.constants.StorageVolUploadFlags;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward vol upload}. */
@Command(
    name = "upload",
    mixinStandardHelpOptions = true,
    description = {
      "Copies a file of this host into a volume, byte for byte, whatever its format. Zeros are not"
          + " sent where the volume is known to have them already.",
      "",
      "  ward vol upload images/debian.qcow2 debian.qcow2 --create",
      "  ward vol upload images/data.raw disk.raw",
      ""
    })
final class VolUploadVerb extends ManageAction {
  @Option(
      names = "--create",
      description = "Make the volume, as long as the file; it is deleted again if that fails.")
  private boolean create;

  @Option(
      names = "--sparse",
      negatable = true,
      description =
          "Send no zeros. Where the volume has other content, that stays in their place. By default"
              + " only where the host has given the volume nothing yet.")
  private Boolean sparse;

  @Mixin private ProgressOption progress;
  @Mixin private JsonOption json;

  @Parameters(
      index = "0",
      paramLabel = "VOLUME",
      description = "POOL/NAME, or a path on the daemon's host.")
  private String name;

  @Parameters(index = "1", paramLabel = "FILE", description = "The file of this host.")
  private Path file;

  @Override
  void check() {
    if (create) {
      VolumeName.parse(name);
    }
  }

  @Override
  int act(Connection connection) throws LibvirtException, IOException {
    long length;
    StorageVolume volume;
    try (InputStream in = Files.newInputStream(file)) {
      length = Files.size(file);
      StoragePool pool = create ? Lookup.pool(connection, VolumeName.parse(name).pool()) : null;
      volume =
          create
              ? pool.createVolume(
                  // As raw: of what is written into it then, nothing is there before.
                  VolumeXml.of(VolumeName.parse(name).volume(), length, "raw", false).toString(), 0)
              : Lookup.volume(connection, name);
      if (!create) {
        requireRoom(volume, length);
      }
      boolean whole = false;
      try {
        send(volume, in, length);
        whole = true;
      } finally {
        if (create && !whole && connection.isAlive()) {
          volume.delete();
        }
      }
      if (create) {
        pool.refresh(); // The daemon finds out the format that has come.
      }
    }
    if (json.asked()) {
      ObjectNode node = VolInfoVerb.tree(volume);
      node.put("uploaded", length);
      print(node);
    } else {
      out()
          .println(
              Cells.plain(volume.pool() + "/" + volume.name())
                  + ": "
                  + DiskSize.text(length)
                  + " of "
                  + file);
    }
    return ExitStatus.OK.code();
  }

  private void requireRoom(StorageVolume volume, long length) throws LibvirtException {
    long capacity = volume.info().capacity();
    if (length > capacity && VolumeXml.format(volume).equals("raw")) {
      throw mistake(
          "the file has "
              + DiskSize.text(length)
              + " and the volume "
              + DiskSize.text(capacity)
              + ": 'ward vol resize' it before, or make another with --create");
    }
  }

  private void send(StorageVolume volume, InputStream in, long length)
      throws LibvirtException, IOException {
    boolean holes = sparse == null ? volume.info().allocation() == 0 : sparse;
    try (DiskProgress bar = progress.start(err(), file.getFileName().toString());
        ClientStream stream =
            volume.upload(0, 0, holes ? StorageVolUploadFlags.SPARSE_STREAM : 0)) {
      ZeroRuns.pass(
          in,
          holes,
          new ZeroRuns.Taker() {
            private long done;

            @Override
            public void data(byte[] bytes, int offset, int count) throws LibvirtException {
              stream.send(bytes, offset, count);
              at(count);
            }

            @Override
            public void zeros(long count) throws LibvirtException {
              stream.sendHole(count);
              at(count);
            }

            private void at(long count) {
              done += count;
              if (!bar.at(done, length)) {
                throw new CancellationException("interrupted; the volume is incomplete");
              }
            }
          });
      stream.finish();
    }
  }
}
