package org.wardian.daemon.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.StoragePool;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Images;

/** A pool of many volumes is looked at in one go. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class LargePoolTest {
  @TempDir private Path folder;

  @Test
  void twoHundredVolumesAreFound() throws Exception {
    try (StorageHost host = new StorageHost(folder);
        Connection connection = Connection.open(host.uri())) {
      Path path = folder.resolve("p");
      StoragePool pool =
          connection.defineStoragePool(
              "<pool type='dir'><name>p</name><target><path>" + path + "</path></target></pool>");
      pool.build(0);
      pool.start();
      for (int i = 0; i < 200; i++) {
        Images.create(path.resolve("v" + i), CreateOptions.qcow2(1 << 20));
      }
      long before = System.nanoTime();
      pool.refresh();
      System.out.printf(
          "a pool of 200 volumes is refreshed in %d ms%n",
          (System.nanoTime() - before) / 1_000_000);
      assertThat(pool.volumes()).hasSize(200);
      assertThat(pool.volume("v17").xml()).contains("<format type='qcow2'/>");
    }
  }
}
