package org.wardian.daemon.moment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.wardian.definition.snapshot.SnapshotDocument;
import org.wardian.definition.snapshot.SnapshotPlace;
import org.wardian.definition.snapshot.SnapshotState;

/** Snapshots come one after another, and stay so when some are removed. */
class MomentTreeTest {
  private final MomentTree<SnapshotDocument> tree = new MomentTree<>();
  private long time;

  private void add(String name, String parent) {
    tree.put(
        new SnapshotDocument(
            name,
            null,
            SnapshotState.SHUTOFF,
            parent,
            ++time,
            SnapshotPlace.NO,
            List.of(),
            null,
            null));
  }

  private static List<String> names(List<SnapshotDocument> some) {
    return some.stream().map(SnapshotDocument::name).toList();
  }

  @BeforeEach
  void grow() {
    add("root", null);
    add("left", "root");
    add("right", "root");
    add("leaf", "left");
    tree.setCurrent("left");
  }

  @Test
  void eachIsBehindItsParent() {
    assertThat(names(tree.all())).containsExactly("root", "left", "leaf", "right");
    assertThat(names(tree.children("root"))).containsExactly("left", "right");
    assertThat(names(tree.descendants("root"))).containsExactly("left", "leaf", "right");
    assertThat(names(tree.roots())).containsExactly("root");
  }

  @Test
  void childrenOfARemovedOneComeAfterItsParent() {
    assertThat(names(tree.remove("left"))).containsExactly("leaf", "root");
    assertThat(tree.get("leaf").parent()).isEqualTo("root");
    assertThat(tree.current()).isEqualTo("root");
  }

  @Test
  void childrenOfARemovedRootAreRoots() {
    assertThat(names(tree.remove("root"))).containsExactly("left", "right");
    assertThat(names(tree.roots())).containsExactly("left", "right");
    assertThat(tree.get("left").parent()).isNull();
    assertThat(tree.current()).isEqualTo("left");
  }

  @Test
  void withTheLastOneNoneIsCurrent() {
    tree.setCurrent("root");
    tree.remove("root");
    assertThat(tree.current()).isNull();
  }

  @Test
  void aCircleIsSeenAndBroken() {
    assertThat(tree.isCircle("root", "leaf")).isTrue();
    assertThat(tree.isCircle("leaf", "right")).isFalse();
    add("root", "leaf");
    tree.straighten();
    assertThat(names(tree.all())).containsExactlyInAnyOrder("root", "left", "right", "leaf");
  }
}
