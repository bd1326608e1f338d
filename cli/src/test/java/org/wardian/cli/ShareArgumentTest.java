package org.wardian.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.wardian.storage.share.Ownership;

class ShareArgumentTest {
  @Test
  void aFolderAloneIsWritableAndItsFilesAreRoots() {
    ShareArgument share = ShareArgument.parse("/srv/files");

    assertThat(share.folder()).isEqualTo(Path.of("/srv/files"));
    assertThat(share.readOnly()).isFalse();
    assertThat(share.ownership()).isEqualTo(Ownership.ROOT);
    assertThat(share.tag(0)).isEqualTo("share");
    assertThat(share.tag(1)).isEqualTo("share2");
  }

  @Test
  void takesItsWords() {
    ShareArgument share = ShareArgument.parse(".,tag=src,readonly,owner=host");

    assertThat(share.tag(3)).isEqualTo("src");
    assertThat(share.readOnly()).isTrue();
    assertThat(share.ownership()).isEqualTo(Ownership.HOST);
  }

  @Test
  void whatMakesNoSenseIsRefusedWithWhatWould() {
    assertThatThrownBy(() -> ShareArgument.parse(",readonly")).hasMessageContaining("no folder");
    assertThatThrownBy(() -> ShareArgument.parse("a,cache=on"))
        .hasMessageContaining("cache")
        .hasMessageContaining("tag=NAME, readonly, owner=root|host");
    assertThatThrownBy(() -> ShareArgument.parse("a,owner=me")).hasMessageContaining("root, host");
  }
}
