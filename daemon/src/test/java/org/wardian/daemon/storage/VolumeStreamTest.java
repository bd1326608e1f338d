package org.wardian.daemon.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.libvirt.client.ClientStream;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StorageVolume;
import org.wardian.libvirt.constants.StorageVolDownloadFlags;
import org.wardian.libvirt.constants.StorageVolUploadFlags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.StreamItem;

/** What goes into a volume by a stream comes out again, byte for byte, holes as holes. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class VolumeStreamTest {
  private static final int SIZE = 24 << 20;

  @TempDir private Path folder;
  private Path pool;
  private StorageHost host;
  private Virsh virsh;

  @BeforeEach
  void start() throws Exception {
    host = new StorageHost(folder);
    virsh = new Virsh(host.uri());
    pool = folder.resolve("p");
    virsh.printed("pool-create-as p dir --build --target " + pool);
  }

  @AfterEach
  void stop() {
    host.close();
  }

  /** A file with data at both ends of holes, and one at its own end. */
  private Path sparse() throws Exception {
    Path file = folder.resolve("sparse");
    SplittableRandom random = new SplittableRandom(4);
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(SIZE);
      for (int i = 0; i < 8; i++) {
        byte[] bytes = new byte[random.nextInt(1, 300_000)];
        random.nextBytes(bytes);
        out.seek(random.nextInt(SIZE - (4 << 20)));
        out.write(bytes);
      }
    }
    return file;
  }

  @Test
  void sparseImagesGoBothWaysByVirsh() throws Exception {
    Path content = sparse();
    Path back = folder.resolve("back");
    for (String how : new String[] {"", " --sparse"}) {
      virsh.printed("vol-create-as p v " + SIZE + " --allocation 0");
      virsh.printed("vol-upload v " + content + " p" + how);
      assertThat(Files.mismatch(content, pool.resolve("v"))).isEqualTo(-1);
      virsh.printed("vol-download v " + back + " p" + how);
      assertThat(Files.mismatch(content, back)).isEqualTo(-1);
      Files.delete(back);
      if (!how.isEmpty()) {
        assertThat(FileStatus.of(pool.resolve("v")).stored()).isLessThan(SIZE / 2);
      }
      virsh.printed("vol-delete v p");
    }
  }

  @Test
  void aHoleClearsWhatWasThere() throws Exception {
    virsh.printed("vol-create-as p v 1M");
    try (Connection connection = Connection.open(host.uri())) {
      StorageVolume volume = connection.storagePool("p").volume("v");
      try (ClientStream stream = volume.upload(0, 0, 0)) {
        stream.send("x".repeat(300_000).getBytes(StandardCharsets.US_ASCII), 0, 300_000);
        stream.finish();
      }
      try (ClientStream stream = volume.upload(1000, 0, StorageVolUploadFlags.SPARSE_STREAM)) {
        stream.sendHole(200_000);
        stream.finish();
      }
      byte[] read;
      try (ClientStream stream = volume.download(0, 300_000, 0);
          InputStream in = stream.asInput()) {
        read = in.readAllBytes();
      }
      assertThat(read).hasSize(300_000);
      for (int i = 0; i < read.length; i++) {
        assertThat(read[i]).isEqualTo((byte) (i >= 1000 && i < 201_000 ? 0 : 'x'));
      }
    }
  }

  @Test
  void aDownloadSaysWhereTheHolesAre() throws Exception {
    virsh.printed("vol-create-as p v 4M --allocation 0");
    try (Connection connection = Connection.open(host.uri())) {
      StorageVolume volume = connection.storagePool("p").volume("v");
      try (ClientStream stream = volume.download(0, 0, StorageVolDownloadFlags.SPARSE_STREAM)) {
        assertThat(stream.receive()).isEqualTo(new StreamItem.Hole(4 << 20));
        assertThat(stream.receive()).isInstanceOf(StreamItem.End.class);
        stream.finish();
      }
    }
  }

  @Test
  void rangesAreKept() throws Exception {
    virsh.printed("vol-create-as p v 1M");
    Path long1 = Files.writeString(folder.resolve("long"), "0123456789".repeat(100));
    assertThat(virsh.refused("vol-upload v " + long1 + " p --offset 10 --length 20"))
        .contains("No space left on device");
    virsh.printed("vol-upload v " + long1 + " p --offset 3000000");
    assertThat(Files.size(pool.resolve("v"))).isEqualTo(3_001_000);
    Path back = folder.resolve("back");
    virsh.printed("vol-download v " + back + " p --offset 3000005 --length 7");
    assertThat(back).hasContent("5678901");
    virsh.printed("vol-download v " + back + " p --offset 90000000 --length 7");
    assertThat(back).isEmptyFile();
  }

  @Test
  void aVolumeThatIsWrittenIsBusyAndFreeAfterwards() throws Exception {
    virsh.printed("vol-create-as p v 1M");
    try (Connection connection = Connection.open(host.uri());
        Connection other = Connection.open(host.uri())) {
      StorageVolume volume = connection.storagePool("p").volume("v");
      ClientStream stream = volume.upload(0, 0, 0);
      // Enough that the daemon has to have taken some of it.
      stream.send(new byte[4 << 20], 0, 4 << 20);
      StorageVolume again = other.storagePool("p").volume("v");
      assertThatThrownBy(again::delete)
          .isInstanceOf(LibvirtException.class)
          .hasMessageContaining("volume 'v' is still in use.");
      assertThatThrownBy(() -> other.storagePool("p").destroy())
          .hasMessageContaining("pool 'p' has asynchronous jobs running.");
      stream.close();
      again.resize(8 << 20, 0);
      again.delete();
    }
  }
}
