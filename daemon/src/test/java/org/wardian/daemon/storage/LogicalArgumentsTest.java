package org.wardian.daemon.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.definition.storage.PoolDefinition;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.definition.storage.VolumeDefinition.Capacity;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.StoragePoolBuildFlags;
import org.wardian.libvirt.constants.StorageVolWipeAlgorithm;
import org.wardian.libvirt.error.LibvirtException;

/** What the tools of lvm2 are asked for, and what is refused before any of them runs. */
class LogicalArgumentsTest {
  private static final List<String> HOSTILE =
      List.of(
          "-f",
          "--help",
          "@tag",
          "a/b",
          "/dev/other/v",
          ".",
          "..",
          "",
          "a b",
          "a\nb",
          "a,b",
          "\u00e9",
          "x".repeat(128));

  @TempDir private Path folder;

  private static PoolDefinition pool(String group, String... devices) throws Exception {
    StringBuilder source = new StringBuilder();
    for (String device : devices) {
      source.append("<device path='").append(device).append("'/>");
    }
    return PoolDefinition.parse(
        "<pool type='logical'><name>p</name><source>"
            + source
            + "<name>"
            + group
            + "</name></source></pool>");
  }

  private static VolumeDefinition volume(String name, String rest) throws Exception {
    return VolumeDefinition.parse(
        "<volume><name>" + name + "</name>" + rest + "</volume>", null, Capacity.OPTIONAL);
  }

  private static List<String> arguments(String rest, String tag) throws Exception {
    VolumeDefinition wanted = volume("v", rest);
    if (wanted.allocation() < 0) {
      wanted = wanted.withSizes(wanted.capacity(), wanted.capacity(), 0);
    }
    return LogicalVolumes.createArguments(pool("vg"), wanted, tag);
  }

  private static void refused(ErrorNumber number, String words, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            LibvirtException.class, e -> assertThat(e.number()).isEqualTo(number))
        .hasMessageContaining(words);
  }

  @Test
  void aVolumeIsAskedForAsLibvirtAsks() throws Exception {
    assertThat(arguments("<capacity>16777216</capacity>", null))
        .containsExactly("--name", "v", "-L", "16384K", "vg", "--yes");
    assertThat(arguments("<capacity>5000001</capacity>", null))
        .containsExactly("--name", "v", "-L", "4883K", "vg", "--yes");
    assertThat(
            arguments("<capacity unit='M'>32</capacity><allocation unit='M'>4</allocation>", null))
        .containsExactly(
            "--name",
            "v",
            "-L",
            "4096K",
            "--type",
            "snapshot",
            "--virtualsize",
            "32768K",
            "vg",
            "--yes");
    assertThat(arguments("<capacity unit='M'>32</capacity><allocation>0</allocation>", null))
        .containsSubsequence("-L", "1K", "--type", "snapshot");
    assertThat(
            arguments(
                "<capacity unit='M'>8</capacity><backingStore><path>/dev/vg/one</path>"
                    + "</backingStore>",
                null))
        .containsExactly("--name", "v", "-L", "8192K", "-s", "/dev/vg/one", "--yes");
    assertThat(arguments("<capacity unit='M'>4</capacity>", "wardian-unfinished-7"))
        .containsExactly(
            "--name", "v", "-L", "4096K", "vg", "--addtag", "wardian-unfinished-7", "--yes");
    assertThat(LogicalTools.reportArguments(LogicalReport.USAGE_FIELDS, "vg"))
        .containsExactly(
            "--reportformat",
            "json",
            "--units",
            "b",
            "--nosuffix",
            "--options",
            "vg_size,vg_free",
            "vg");
  }

  @Test
  void namesThatAreNoneOfTheirsAreRefused() throws Exception {
    LogicalBackend backend = new LogicalBackend(new LogicalTools(folder));
    for (String name : HOSTILE) {
      assertThat(LogicalNames.isName(name)).as(name).isFalse();
      VolumeDefinition wanted =
          new VolumeDefinition(
              VolumeDefinition.Kind.BLOCK, name, null, 1, 1, 0, volume("v", "").target(), null);
      refused(
          ErrorNumber.XML_ERROR,
          "cannot be the name of a logical volume",
          () -> backend.volumes().place(pool("vg"), wanted));
      VolumeDefinition snapshot =
          volume("v", "<backingStore><path>/dev/vg/" + name + "</path></backingStore>");
      refused(
          ErrorNumber.CONFIG_UNSUPPORTED,
          "is no volume of /dev/vg",
          () -> backend.volumes().place(pool("vg"), snapshot));
      if (!name.isEmpty()) {
        PoolDefinition group = pool(name);
        refused(ErrorNumber.XML_ERROR, "name of a volume group", () -> backend.build(group, 0));
        refused(ErrorNumber.XML_ERROR, "name of a volume group", () -> backend.start(group));
        refused(ErrorNumber.XML_ERROR, "name of a volume group", () -> backend.stop(group));
        refused(ErrorNumber.XML_ERROR, "name of a volume group", () -> backend.scan(group));
        refused(ErrorNumber.XML_ERROR, "name of a volume group", () -> backend.delete(group));
        assertThat(backend.isActive(group)).isFalse();
      }
    }
    for (String name : List.of("v", "a+b_c.d-1", ".hidden", "0", "x".repeat(127))) {
      assertThat(LogicalNames.isName(name)).as(name).isTrue();
    }
  }

  @Test
  void devicesAndOriginsThatWouldBeSomethingElseAreRefused() throws Exception {
    LogicalBackend backend = new LogicalBackend(new LogicalTools(folder));
    for (String device : List.of("--yes", "sda", "@tag", "/dev/sda&#10;x")) {
      PoolDefinition pool = pool("vg", device);
      refused(ErrorNumber.XML_ERROR, "is no path from /", () -> backend.build(pool, 0));
      refused(ErrorNumber.XML_ERROR, "is no path from /", () -> backend.delete(pool));
    }
    for (String origin : List.of("/dev/other/v", "/etc/passwd", "--help", "/dev/vg/../other/v")) {
      VolumeDefinition wanted =
          volume("v", "<backingStore><path>" + origin + "</path></backingStore>");
      refused(
          ErrorNumber.CONFIG_UNSUPPORTED,
          "is no volume of /dev/vg",
          () -> backend.volumes().place(pool("vg"), wanted));
    }
  }

  @Test
  void onlyBlockDevicesAreOverwritten() throws Exception {
    LogicalBackend backend = new LogicalBackend(new LogicalTools(folder));
    Path file = Files.writeString(folder.resolve("image"), "what somebody needs");
    PoolDefinition pool = pool("vg", file.toString());
    for (int flags : new int[] {0, StoragePoolBuildFlags.OVERWRITE}) {
      refused(
          ErrorNumber.OPERATION_INVALID, "is no block device", () -> backend.build(pool, flags));
    }
    PoolDefinition missing = pool("vg", folder.resolve("none").toString());
    refused(
        ErrorNumber.STORAGE_PROBE_FAILED,
        "Failed to create filesystem probe for device",
        () -> backend.build(missing, StoragePoolBuildFlags.OVERWRITE));
    assertThat(Files.readString(file)).isEqualTo("what somebody needs");
  }

  @Test
  void aHostWithoutTheToolsSaysWhatToInstall() throws Exception {
    LogicalBackend backend = new LogicalBackend(new LogicalTools(folder));
    assertThat(backend.isSupported()).isFalse();
    assertThat(backend.isActive(pool("vg"))).isFalse();
    refused(ErrorNumber.CONFIG_UNSUPPORTED, "package lvm2", () -> backend.start(pool("vg")));
    refused(ErrorNumber.CONFIG_UNSUPPORTED, "package lvm2", () -> backend.scan(pool("vg")));
    refused(ErrorNumber.CONFIG_UNSUPPORTED, "package lvm2", () -> LogicalSources.document(backend));
  }

  @Test
  void whatVolumesOfGroupsCannotDoIsRefused() throws Exception {
    VolumeBackend volumes = new LogicalBackend(new LogicalTools(folder)).volumes();
    refused(
        ErrorNumber.NO_SUPPORT,
        "volume capacity required for this storage pool",
        () -> volumes.check(volume("v", "<capacity>0</capacity>"), false));
    VolumeDefinition encrypted =
        volume(
            "v",
            "<capacity>1</capacity><target><encryption format='luks'>"
                + "<secret type='passphrase' uuid='4f1c4af0-1111-2222-3333-444444444444'/>"
                + "</encryption></target>");
    refused(
        ErrorNumber.NO_SUPPORT,
        "storage pool does not support encrypted volumes",
        () -> volumes.check(encrypted, false));
    VolumeDefinition sparse =
        volume("v", "<capacity>8</capacity><allocation>4</allocation>").at("/v");
    refused(
        ErrorNumber.NO_SUPPORT,
        "logical volume '/v' is sparse, volume wipe not supported",
        () -> volumes.wipe(sparse, StorageVolWipeAlgorithm.ZERO));
    refused(
        ErrorNumber.NO_SUPPORT,
        "storage pool does not support changing of volume capacity",
        () -> volumes.resize(sparse, 16, 0, null));
  }
}
