package org.wardian.daemon.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.wardian.daemon.storage.LogicalReport.LogicalVolume;
import org.wardian.definition.storage.DeviceExtent;
import org.wardian.definition.storage.PoolDefinition.Usage;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/** What Debian's lvm2 2.03.16 printed of real groups is read; what nobody prints is refused. */
class LogicalReportTest {
  private static final int CASES = 100_000;
  private static final long SEED = 20_261_122;
  private static final String[] PIECES = {
    "",
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "#",
    "(",
    ")",
    "/dev/loop0(0)",
    "/dev/loop0(",
    "(1)",
    "999999999999999999",
    "99999999999999999999",
    "-1",
    "0",
    "null",
    "\"lv\"",
    "\"vg\"",
    "\\",
    "\\u0000",
    "raid1",
    "striped",
    "mirror",
    "\u0000",
    "\ud800",
    "wardian-unfinished-",
  };

  private static String recorded(String name) throws IOException {
    try (var in = LogicalReportTest.class.getResourceAsStream("lvm/" + name + ".json")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void volumesOfEveryKind() throws Exception {
    Map<String, LogicalVolume> volumes = LogicalReport.volumes(recorded("lvs"));
    assertThat(volumes.keySet())
        .containsExactlyInAnyOrder(
            "tp", "one", "sp", "snap", "thin1", "st", "rd", "head", "off", "half");
    LogicalVolume one = volumes.get("one");
    assertThat(one.size()).isEqualTo(16 << 20);
    assertThat(one.uuid()).matches("[A-Za-z0-9]{6}(-[A-Za-z0-9]{4}){5}-[A-Za-z0-9]{6}");
    assertThat(one.extents()).containsExactly(new DeviceExtent("/dev/loop0", 0, 16 << 20));
    assertThat(one.active()).isTrue();
    assertThat(one.origin()).isNull();
    assertThat(one.snapshot()).isFalse();
    assertThat(volumes.get("snap").origin()).isEqualTo("one");
    assertThat(volumes.get("snap").snapshot()).isTrue();
    assertThat(volumes.get("sp").origin()).as("one that is the tools' own").isNull();
    assertThat(volumes.get("tp").thinPool()).isTrue();
    assertThat(volumes.get("thin1").thinPool()).isFalse();
    assertThat(volumes.get("thin1").extents()).isEmpty();
    assertThat(volumes.get("off").active()).isFalse();
    assertThat(volumes.get("half").tags())
        .containsExactlyInAnyOrder("a#b:c", "wardian-unfinished-1");
  }

  @Test
  void halfACopyIsKnownByItsTag() throws Exception {
    LogicalMaking making = new LogicalMaking(null, null);
    assertThat(LogicalReport.volumes(recorded("lvs")).values())
        .filteredOn(making::isUnfinished)
        .extracting(LogicalVolume::name)
        .containsExactly("half");
  }

  @Test
  void extentsOnSeveralDevices() throws Exception {
    Map<String, LogicalVolume> volumes = LogicalReport.volumes(recorded("lvs"));
    List<DeviceExtent> striped = volumes.get("st").extents();
    assertThat(striped)
        .extracting(DeviceExtent::device)
        .containsExactly("/dev/loop0", "/dev/loop1");
    assertThat(striped).allMatch(extent -> extent.end() - extent.start() == 16 << 20);
    assertThat(volumes.get("rd").extents())
        .containsExactly(
            new DeviceExtent("rd_rimage_0", 0, 8 << 20),
            new DeviceExtent("rd_rimage_1", 0, 8 << 20));
    // Two segments are two rows of one volume.
    assertThat(volumes.get("head").extents())
        .extracting(DeviceExtent::device)
        .containsExactly("/dev/loop1", "/dev/loop0");
    assertThat(volumes.get("head").size()).isEqualTo(12 << 20);
  }

  @Test
  void groupsAndTheirRoom() throws Exception {
    assertThat(LogicalReport.groups(recorded("pvs")))
        .containsExactly(Map.entry("vg1", List.of("/dev/loop0", "/dev/loop1")));
    assertThat(LogicalReport.groups(recorded("pvs-none"))).isEmpty();
    Usage usage = LogicalReport.usage(recorded("vgs"));
    assertThat(usage.capacity()).isEqualTo((252 + 124) << 20);
    assertThat(usage.capacity()).isEqualTo(usage.allocation() + usage.available());
    assertThat(LogicalReport.usage(recorded("vgs-empty")).allocation()).isZero();
    assertThat(LogicalReport.volumes(recorded("lvs-empty"))).isEmpty();
  }

  @Test
  void aDeviceMayHaveAnyName() throws Exception {
    String row =
        "{\"report\":[{\"lv\":[{\"lv_name\":\"v\",\"origin\":\"\",\"lv_uuid\":\"u\",\"devices\":"
            + "\"/dev/a(1),b(7),/dev/c#d e(2)\",\"segtype\":\"striped\",\"stripes\":\"2\","
            + "\"seg_size\":\"8\",\"vg_extent_size\":\"4\",\"lv_size\":\"8\","
            + "\"lv_attr\":\"-wi-a-----\",\"lv_tags\":\"\"}]}]}";
    assertThat(LogicalReport.volumes(row).get("v").extents())
        .containsExactly(new DeviceExtent("/dev/a", 4, 12), new DeviceExtent("b", 28, 36));
  }

  @Test
  void figuresThatCannotBeAreRefused() throws Exception {
    String good = recorded("lvs");
    for (String field : List.of("seg_size", "vg_extent_size", "lv_size")) {
      String bad = good.replaceFirst("\"" + field + "\":\"[0-9]+\"", "\"" + field + "\":\"12x\"");
      assertThat(bad).isNotEqualTo(good);
      assertThatThrownBy(() -> LogicalReport.volumes(bad))
          .isInstanceOfSatisfying(
              LibvirtException.class,
              e -> assertThat(e.number()).isEqualTo(ErrorNumber.INTERNAL_ERROR))
          .hasMessageContaining("malformed volume");
    }
    assertThatThrownBy(() -> LogicalReport.usage("{}")).isInstanceOf(LibvirtException.class);
    assertThatThrownBy(() -> LogicalReport.groups("no report"))
        .isInstanceOf(LibvirtException.class);
  }

  @Test
  void whateverIsPrintedIsReadOrRefused() throws Exception {
    List<String> seeds = List.of(shortened(recorded("lvs")), recorded("vgs"), recorded("pvs"));
    SplittableRandom random = new SplittableRandom(SEED);
    int read = 0;
    for (int i = 0; i < CASES; i++) {
      StringBuilder text = new StringBuilder(seeds.get(random.nextInt(seeds.size())));
      for (int change = random.nextInt(4); change >= 0; change--) {
        int at = random.nextInt(text.length());
        int end = Math.min(text.length(), at + random.nextInt(1, 12));
        text.replace(at, end, PIECES[random.nextInt(PIECES.length)]);
      }
      String report = text.toString();
      try {
        boolean sound = true;
        for (LogicalVolume volume : LogicalReport.volumes(report).values()) {
          sound &= !volume.name().isEmpty() && !(volume.thinPool() && volume.snapshot());
          for (DeviceExtent extent : volume.extents()) {
            sound &= extent.start() >= 0 && extent.end() >= extent.start();
          }
          read += volume.extents().isEmpty() ? 0 : 1;
        }
        LogicalReport.groups(report);
        Usage usage = LogicalReport.usage(report);
        sound &= usage.available() >= 0 && usage.available() <= usage.capacity();
        if (!sound) {
          fail("case %d of seed %d: %s", i, SEED, report);
        }
      } catch (LibvirtException refused) {
        if (!refused.getMessage().contains("malformed")) {
          fail("case %d of seed %d: %s", i, SEED, refused.getMessage());
        }
      }
    }
    assertThat(read).as("some are still reports").isPositive();
  }

  /** A report of two volumes, so that most changes hit what is read. */
  private static String shortened(String report) {
    return report
        .lines()
        .filter(line -> !line.contains("lv_name") || line.matches(".*\"(head|rd)\".*"))
        .collect(Collectors.joining("\n"))
        .replaceFirst(",(\\s*])", "$1");
  }
}
