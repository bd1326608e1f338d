package org.wardian.cli.profile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.wardian.processor.software.GuestProfile;
import org.wardian.processor.software.GuestProfile.Mode;
import org.wardian.processor.software.GuestProfile.Place;

class ProfileReportTest {
  private static final long MOVE = 4L << 20;

  private final SymbolTable symbols =
      SymbolTable.of(
          List.of(
              new Symbol(0x1000, 0x100, "busy"),
              new Symbol(0x2000, 0x100, "rare"),
              new Symbol(0x3000, 0, "entry_SYSCALL_64")));

  /** Two addresses of one function, one of another, one of a program; the kernel was moved. */
  private final Map<Place, Long> places =
      Map.of(
          new Place(Mode.KERNEL, 0x1000 + MOVE), 30L,
          new Place(Mode.KERNEL, 0x1080 + MOVE), 10L,
          new Place(Mode.KERNEL, 0x2000 + MOVE), 1L,
          new Place(Mode.USER, 0x7fff_0000_1234L), 19L);

  private ProfileReport report(SymbolTable table) {
    return new ProfileReport(places, 40, 0x3000 + MOVE, table);
  }

  @Test
  void functionsInOrder() {
    String text = report(symbols).text();

    assertThat(text)
        .contains("100 samples")
        .contains("kernel 41.0 %, user 19.0 %, idle 40.0 %")
        .contains("0x400000 above");
    assertThat(text.lines().filter(line -> line.matches(" +\\d+ .*")))
        .containsExactly(
            "        40  40.00  kernel busy",
            "        19  19.00  user   0x7fff00001234",
            "         1   1.00  kernel rare");
  }

  @Test
  void addressesWhereThereAreNoSymbols() {
    assertThat(report(SymbolTable.EMPTY).text())
        .contains("30  30.00  kernel 0x401000")
        .doesNotContain("busy")
        .doesNotContain("above");
  }

  @Test
  void json() {
    ObjectNode node = new JsonMapper().createObjectNode();

    report(symbols).describe(node);

    assertThat(node.get("samples").asLong()).isEqualTo(100);
    assertThat(node.get("idle").asLong()).isEqualTo(40);
    assertThat(node.get("kernelMovedBy").asText()).isEqualTo("0x400000");
    assertThat(node.get("functions").get(0).get("name").asText()).isEqualTo("busy");
    assertThat(node.get("functions").get(0).get("samples").asLong()).isEqualTo(40);
    assertThat(node.get("addresses")).hasSize(4);
    assertThat(node.get("addresses").get(0).get("symbol").asText()).isEqualTo("busy");
    assertThat(node.get("addresses").get(1).has("symbol")).isFalse();
  }

  @Test
  void aGuestThatNeverRan() {
    assertThat(new ProfileReport(new GuestProfile(), symbols).text())
        .contains("0 samples, one a millisecond: kernel 0.0 %, user 0.0 %, idle 0.0 %");
  }
}
