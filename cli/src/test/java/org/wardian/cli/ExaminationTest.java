package org.wardian.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExaminationTest {
  @Test
  void aCacheFolderThatCanBeMadeIsNotMissing(@TempDir Path folder) {
    Finding finding = Examination.cacheFolder(folder.resolve("not/yet/there"));

    assertThat(finding.grade()).isNotEqualTo(Finding.Grade.MISSING);
    assertThat(finding.text()).contains("MiB free");
    assertThat(folder.resolve("not")).doesNotExist();
  }

  @Test
  void aCacheFolderBelowAFileIsMissing(@TempDir Path folder) throws Exception {
    Path file = Files.createFile(folder.resolve("file"));

    Finding finding = Examination.cacheFolder(file.resolve("wardian"));

    assertThat(finding.grade()).isEqualTo(Finding.Grade.MISSING);
    assertThat(finding.text()).contains("XDG_CACHE_HOME");
  }
}
