package org.wardian.cli.manage;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.CancellationException;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.cli.disk.DiskProgress;
import org.wardian.cli.disk.DiskSize;
import org.wardian.cli.disk.ProgressOption;
import org.wardian.libvirt.client.ClientStream;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.constants.StorageVolDownloadFlags;
import org.wardian.libvirt.constants.StorageVolInfoFlags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.StreamItem;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward vol download}. */
@Command(
    name = "download",
    mixinStandardHelpOptions = true,
    description = {
      "Copies a volume into a file of this host, byte for byte, whatever its format. Zeros are"
          + " neither sent nor written. The file has its name when it is complete, not before.",
      "",
      "  ward vol download images/web.qcow2 web.qcow2",
      "  ward vol download images/web.qcow2 - | zstd >web.qcow2.zst",
      ""
    })
final class VolDownloadVerb extends ManageAction {
  @Option(
      names = {"-f", "--force"},
      description = "Replace the file, if it is there.")
  private boolean force;

  @Mixin private ProgressOption progress;
  @Mixin private JsonOption json;

  @Parameters(
      index = "0",
      paramLabel = "VOLUME",
      description = "POOL/NAME, or a path on the daemon's host.")
  private String name;

  @Parameters(
      index = "1",
      paramLabel = "FILE",
      description = "The file of this host; - is standard output.")
  private Path file;

  @Override
  int act(Connection connection) throws LibvirtException, IOException {
    StorageVolume volume = Lookup.volume(connection, name);
    if (file.toString().equals("-")) {
      toStandardOutput(volume);
      return ExitStatus.OK.code();
    }
    if (!force && Files.exists(file)) {
      throw new FileAlreadyExistsException(
          file.toString(), null, "it is there already: --force replaces it");
    }
    Path part =
        Files.createTempFile(file.toAbsolutePath().getParent(), file.getFileName() + ".", ".part");
    long length;
    try {
      length = toFile(volume, part);
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
    if (json.asked()) {
      print(
          Json.object()
              .put("pool", volume.pool())
              .put("name", volume.name())
              .put("file", file.toString())
              .put("downloaded", length));
    } else {
      out()
          .println(
              file
                  + ": "
                  + DiskSize.text(length)
                  + " of "
                  + Cells.plain(volume.pool() + "/" + volume.name()));
    }
    return ExitStatus.OK.code();
  }

  private long toFile(StorageVolume volume, Path part) throws LibvirtException, IOException {
    long total = length(volume);
    try (DiskProgress bar = progress.start(err(), volume.name());
        ClientStream stream = sparse(volume);
        RandomAccessFile to = new RandomAccessFile(part.toFile(), "rw")) {
      long at = 0;
      while (true) {
        switch (stream.receive()) {
          case StreamItem.Data data -> {
            to.seek(at);
            to.write(data.bytes());
            at += data.bytes().length;
          }
          case StreamItem.Hole hole -> at += hole.length();
          case StreamItem.End end -> {
            to.setLength(at);
            stream.finish();
            bar.at(at, at);
            return at;
          }
        }
        if (!bar.at(at, Math.max(at, total))) {
          throw new CancellationException("interrupted; " + file + " was not made");
        }
      }
    }
  }

  private static ClientStream sparse(StorageVolume volume) throws LibvirtException {
    try {
      return volume.download(0, 0, StorageVolDownloadFlags.SPARSE_STREAM);
    } catch (LibvirtException e) {
      if (!Refusals.isUnsupported(e)) {
        throw e;
      }
      return volume.download(0, 0, 0);
    }
  }

  /** Bytes of the file that a volume is, which are not those that a guest sees. */
  private static long length(StorageVolume volume) throws LibvirtException {
    try {
      return volume.info(StorageVolInfoFlags.GET_PHYSICAL).allocation();
    } catch (LibvirtException e) {
      if (!Refusals.isUnsupported(e)) {
        throw e;
      }
      return volume.info().capacity();
    }
  }

  private static void toStandardOutput(StorageVolume volume) throws LibvirtException, IOException {
    try (ClientStream stream = volume.download(0, 0, 0);
        OutputStream out = new FileOutputStream(FileDescriptor.out)) {
      stream.asInput().transferTo(out);
      stream.finish();
    }
  }
}
