package org.wardian.cli.manage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.libvirt.constants.DomainState;

class TopTableTest {
  private static final long SECOND = 1_000_000_000;

  private static MachineSample sample(
      String name, int id, long time, long memory, long read, long received) {
    return new MachineSample(
        UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)),
        name,
        id,
        DomainState.RUNNING.number(),
        2,
        time,
        memory,
        read,
        0,
        received,
        0);
  }

  private static List<MachineLoad> loads() {
    return MachineLoad.between(
        List.of(
            sample("web", 1, 5 * SECOND, 1 << 30, 1000, 0),
            sample("again", 2, 100 * SECOND, 1 << 20, 1 << 30, 0)),
        List.of(
            sample("web", 1, 8 * SECOND, 1 << 30, 2_098_152, 1 << 20),
            sample("again", 7, SECOND, 1 << 20, 10, 0),
            sample("new", 3, 9 * SECOND, 1 << 10, 5, 5)),
        2 * SECOND);
  }

  @Test
  void ratesAreThoseBetweenTheTwoMoments() {
    MachineLoad web = loads().getFirst();

    assertThat(web.percent()).isEqualTo(150.0);
    assertThat(web.read()).isEqualTo(1_048_576.0);
    assertThat(web.received()).isEqualTo(524_288.0);
  }

  @Test
  void whatIsNewOrStartedAnewDidNothingYet() {
    assertThat(loads().subList(1, 3))
        .allMatch(one -> one.percent() == 0 && one.read() == 0 && one.received() == 0);
  }

  @Test
  void eachOrderSortsByItsOwnFigure() {
    assertThat(names(MachineLoad.Order.CPU, false)).containsExactly("web", "again", "new");
    assertThat(names(MachineLoad.Order.CPU, true)).containsExactly("new", "again", "web");
    assertThat(names(MachineLoad.Order.TIME, false)).containsExactly("new", "web", "again");
    assertThat(names(MachineLoad.Order.NAME, false)).containsExactly("again", "new", "web");
    assertThat(names(MachineLoad.Order.MEMORY, false)).containsExactly("web", "again", "new");
  }

  private static List<String> names(MachineLoad.Order order, boolean reversed) {
    return order.sort(loads(), reversed).stream().map(one -> one.now().name()).toList();
  }

  @ParameterizedTest
  @CsvSource({"1,5", "8,5", "20,5", "40,5", "79,24", "80,2", "120,1", "400,0"})
  void noLineIsWiderThanTheTerminalNorTheTableHigher(int width, int rows) {
    List<String> lines = TopTable.lines(loads(), width, rows);

    assertThat(lines).hasSizeLessThanOrEqualTo(rows).allMatch(line -> line.length() <= width);
  }

  @Test
  void aNarrowTerminalKeepsWhatMattersMost() {
    assertThat(TopTable.lines(loads(), 120, 9).getFirst())
        .contains("ID", "STATE", "CPU%", "MEMORY", "READ/s", "TX/s", "TIME");
    assertThat(TopTable.lines(loads(), 26, 9).getFirst())
        .contains("NAME", "CPU%", "MEMORY")
        .doesNotContain("READ");
    assertThat(TopTable.lines(loads(), 120, 9).get(1)).contains("150.0", "1.0G", "1.0M", "512K");
  }

  @ParameterizedTest
  @CsvSource({"0,0", "999,999", "1000,1.0K", "1048575,1.0M", "104857600,100M", "1.2e18,1.0E"})
  void bytesAreShort(double count, String text) {
    assertThat(TopTable.bytes(count)).isEqualTo(text);
  }
}
