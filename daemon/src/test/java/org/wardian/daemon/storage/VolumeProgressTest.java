package org.wardian.daemon.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.definition.storage.ImageLayer;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.definition.storage.VolumeFormat;
import org.wardian.storage.FileStore;

/** A volume that is being made tells how far it is by what its file takes. */
@EnabledOnOs(OS.LINUX)
class VolumeProgressTest {
  @TempDir private Path folder;

  @Test
  void allocationGrowsWithTheFile() throws Exception {
    Path file = folder.resolve("unfinished");
    VolumeDefinition wanted =
        new VolumeDefinition(
            VolumeDefinition.Kind.FILE,
            "v",
            "/p/v",
            8 << 20,
            8 << 20,
            0,
            ImageLayer.of("/p/v", VolumeFormat.RAW),
            null);
    Volume volume = new Volume(wanted, true);
    volume.madeIn(file);
    assertThat(volume.progress().allocation()).isZero();
    try (FileStore store = FileStore.create(file)) {
      store.allocate(0, 1 << 20);
      assertThat(volume.progress().allocation()).isEqualTo(1 << 20);
      store.allocate(0, 3 << 20);
      assertThat(volume.progress().allocation()).isEqualTo(3 << 20);
    }
    assertThat(volume.progress().capacity()).isEqualTo(8 << 20);
    assertThatThrownBy(volume::requireBuilt)
        .hasMessageContaining("volume 'v' is still being allocated.");
  }
}
