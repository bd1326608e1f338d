package org.wardian.daemon.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;

/** Volumes as virsh asks for them, checked by qemu-img (package qemu-utils). */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class VolumeVirshTest {
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

  private String create(String document) throws Exception {
    return virsh.printed("vol-create p " + file(document));
  }

  private String createRefused(String document) throws Exception {
    return virsh.refused("vol-create p " + file(document));
  }

  private String file(String document) throws Exception {
    return Files.writeString(folder.resolve("in.xml"), document).toString();
  }

  private static String qemuImg(Object... arguments) throws Exception {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/qemu-img")),
        "qemu-img is missing: install the package qemu-utils");
    List<String> command = new java.util.ArrayList<>(List.of("qemu-img"));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Virsh.Result result = Virsh.run(command);
    assertThat(result.status()).as("%s: %s", command, result.text()).isZero();
    return result.text();
  }

  @Test
  void rawVolumesTakeTheRoomThatIsAskedFor() throws Exception {
    virsh.all(
        List.of(
            "vol-create-as p full 4M",
            "vol-create-as p some 4M --allocation 1M",
            "vol-create-as p none 4M --allocation 0"));
    assertThat(virsh.printed("vol-info full p --bytes"))
        .contains("Capacity:       4194304 bytes", "Allocation:     4194304 bytes");
    assertThat(virsh.printed("vol-info some p --bytes")).contains("Allocation:     1048576 bytes");
    assertThat(virsh.printed("vol-info none p --bytes")).contains("Allocation:     0 bytes");
    assertThat(virsh.printed("vol-info none p --bytes --physical"))
        .contains("Physical:       4194304 bytes");
    assertThat(qemuImg("info", pool.resolve("full"))).contains("file format: raw");
  }

  @Test
  void qcow2VolumesAreWhatQemuExpects() throws Exception {
    create(
        "<volume><name>old</name><capacity unit='M'>10</capacity>"
            + "<target><format type='qcow2'/></target></volume>");
    create(
        "<volume><name>new</name><capacity unit='M'>10</capacity><target><format type='qcow2'/>"
            + "<compat>1.1</compat><clusterSize unit='KiB'>128</clusterSize>"
            + "<features><lazy_refcounts/></features></target></volume>");
    virsh.printed("vol-create-as p meta 10M --allocation 0 --format qcow2 --prealloc-metadata");
    virsh.printed(
        "vol-create-as p over 20M --format qcow2 --backing-vol old --backing-vol-format qcow2");
    assertThat(qemuImg("info", pool.resolve("old"))).contains("compat: 0.10");
    assertThat(qemuImg("info", pool.resolve("new")))
        .contains("compat: 1.1", "lazy refcounts: true", "cluster_size: 131072");
    assertThat(qemuImg("info", pool.resolve("over")))
        .contains("backing file: " + pool.resolve("old"), "backing file format: qcow2");
    for (String name : List.of("old", "new", "meta", "over")) {
      assertThat(qemuImg("check", pool.resolve(name))).contains("No errors");
    }
    assertThat(virsh.printed("vol-dumpxml new p"))
        .contains(
            "<format type='qcow2'/>",
            "<compat>1.1</compat>",
            "<clusterSize unit='B'>131072</clusterSize>",
            "<lazy_refcounts/>");
    assertThat(virsh.printed("vol-dumpxml over p"))
        .contains("<backingStore>", "<path>" + pool.resolve("old") + "</path>");
  }

  @Test
  void copiesHoldTheSameInAnyFormat() throws Exception {
    Path content = folder.resolve("content");
    qemuImg("create", "-q", "-f", "raw", content, "8M");
    Virsh.run(List.of("qemu-io", "-f", "raw", "-c", "write -P 0x5a 1M 3M", content.toString()));
    virsh.printed("vol-create-as p raw 8M --allocation 0");
    virsh.printed("vol-upload raw " + content + " p");
    assertThat(virsh.printed("vol-clone raw clone p")).isEmpty();
    virsh.printed(
        "vol-create-from p "
            + file(
                "<volume><name>q</name><target><format type='qcow2'/>"
                    + "<compat>1.1</compat></target></volume>")
            + " raw --inputpool p");
    virsh.printed(
        "vol-create-from p "
            + file(
                "<volume><name>back</name><allocation>0</allocation>"
                    + "<target><format type='raw'/></target></volume>")
            + " q --inputpool p");
    virsh.printed(
        "vol-create-as p over 8M --format qcow2 --backing-vol q --backing-vol-format qcow2");
    virsh.printed("vol-clone over overclone p");
    for (String name : List.of("raw", "clone", "q", "back", "over", "overclone")) {
      assertThat(qemuImg("compare", content, pool.resolve(name))).contains("Images are identical");
    }
    assertThat(qemuImg("check", pool.resolve("q"))).contains("No errors");
    assertThat(qemuImg("info", pool.resolve("overclone"))).contains("backing file: ");
    assertThat(virsh.printed("vol-info back p --bytes")).contains("Allocation:     3145728 bytes");
  }

  @Test
  void foreignFormatsAreNamedAsLibvirtNamesThem() throws Exception {
    for (String format : List.of("vmdk", "vdi", "vpc", "qed", "qcow", "vhdx")) {
      qemuImg("create", "-q", "-f", format, pool.resolve("x." + format), "10M");
    }
    Files.write(pool.resolve("broken"), "QFI\u00fb\0\0\0\3".getBytes(StandardCharsets.ISO_8859_1));
    Files.createSymbolicLink(pool.resolve("dangling"), Path.of("nowhere"));
    Virsh.run(List.of("mkfifo", pool.resolve("pipe").toString()));
    virsh.printed("pool-refresh p");
    for (String format : List.of("vmdk", "vdi", "vpc", "qed", "qcow")) {
      assertThat(virsh.printed("vol-dumpxml x." + format + " p"))
          .contains("<format type='" + format + "'/>");
    }
    // libvirt has no name for it.
    assertThat(virsh.printed("vol-dumpxml x.vhdx p")).contains("<format type='raw'/>");
    assertThat(virsh.printed("vol-list p"))
        .contains("broken")
        .doesNotContain("dangling")
        .doesNotContain("pipe");
    assertThat(virsh.refused("vol-create-as p y.vmdk 1M --format vmdk")).contains("raw or qcow2");
  }

  @Test
  void sizesChangeAsAsked() throws Exception {
    virsh.all(List.of("vol-create-as p r 4M", "vol-create-as p q 4M --format qcow2"));
    List<String> said =
        virsh.all(
            List.of(
                "vol-resize r 1M p --shrink",
                "vol-resize r 8M p",
                "vol-resize r 6M p",
                "vol-resize r 1M p --shrink --delta",
                "vol-resize r 10M p --allocate",
                "vol-resize q 8M p --allocate",
                "vol-resize q 8M p",
                "vol-resize q 2M p",
                "vol-resize q 2M p --shrink"));
    assertThat(said.get(0)).contains("can't shrink capacity below existing allocation");
    assertThat(said.get(2)).contains("Can't shrink capacity below current capacity unless shrink");
    assertThat(said.get(5)).contains("preallocate is only supported for raw type volume");
    assertThat(said.get(7)).contains("Can't shrink capacity");
    assertThat(virsh.printed("vol-info r p --bytes"))
        .contains("Capacity:       10485760 bytes", "Allocation:     10485760 bytes");
    assertThat(qemuImg("info", pool.resolve("q"))).contains("virtual size: 2 MiB");
    assertThat(qemuImg("check", pool.resolve("q"))).contains("No errors");
  }

  @Test
  void aWipeLeavesNothing() throws Exception {
    for (String algorithm : List.of("zero", "random", "dod")) {
      virsh.printed("vol-create-as p w 2M --allocation 0");
      Path content = Files.writeString(folder.resolve("secret"), "topsecret".repeat(9000));
      virsh.printed("vol-upload w " + content + " p");
      virsh.printed("vol-wipe w p --algorithm " + algorithm);
      assertThat(Files.readString(pool.resolve("w"), StandardCharsets.ISO_8859_1))
          .hasSize(2 << 20)
          .doesNotContain("topsecret");
      virsh.printed("vol-delete w p");
    }
    virsh.printed("vol-create-as p w 1M");
    assertThat(virsh.refused("vol-wipe w p --algorithm trim"))
        .contains("argument unsupported: 'trim' algorithm not supported");
  }

  @Test
  void anImageThatAMachineHasIsLeftAlone() throws Exception {
    virsh.all(List.of("vol-create-as p q 4M --format qcow2", "vol-create-as p r 4M"));
    try (BlockImage q = Images.open(pool.resolve("q"), OpenOptions.readWrite());
        BlockImage r = Images.open(pool.resolve("r"), OpenOptions.readWrite())) {
      assertThat(q.writable() && r.writable()).isTrue();
      assertThat(virsh.refused("vol-resize q 8M p")).contains("volume 'q' is still in use.");
      assertThat(virsh.refused("vol-wipe r p")).contains("volume 'r' is still in use.");
      assertThat(virsh.refused("vol-clone q copy p")).contains("in use by another process");
      assertThat(virsh.printed("vol-info q p")).contains("4.00 MiB");
    }
    virsh.printed("vol-resize q 8M p");
    virsh.printed("vol-clone q copy p");
  }

  @Test
  void namesOwnersAndBadRequestsAreLookedAt() throws Exception {
    assertThat(virsh.refused("vol-create-as p a/b 1M"))
        .contains("volume name 'a/b' cannot contain '/'");
    assertThat(virsh.refused("vol-create-as p .. 1M")).contains("already exists");
    assertThat(createRefused("<volume><name>x</name></volume>")).contains("missing capacity");
    assertThat(createRefused("<volume><name>x</name><capacity unit='E'>10</capacity></volume>"))
        .contains("numerical overflow: value too large: 10E");
    assertThat(
            createRefused(
                "<volume><name>x</name><capacity>1</capacity><target><format type='qcow2'/>"
                    + "<encryption format='luks'><secret type='passphrase' uuid='"
                    + "4f1c4af0-1111-2222-3333-444444444444'/></encryption></target></volume>"))
        .contains("encrypted volumes");
    assertThat(
            createRefused(
                "<volume><name>x</name><capacity>1</capacity><backingStore><path>/none</path>"
                    + "<format type='raw'/></backingStore><target><format type='qcow2'/>"
                    + "</target></volume>"))
        .contains("inaccessible backing store volume /none");
    assertThat(pool).isEmptyDirectory();
    create(
        "<volume><name>mine</name><capacity>512</capacity><target>"
            + "<permissions><mode>0640</mode></permissions></target></volume>");
    assertThat(virsh.printed("vol-dumpxml mine p")).contains("<mode>0640</mode>");
    assertThat(virsh.refused("vol-create-as p mine 1M"))
        .contains("storage volume 'mine' exists already");
    Files.createFile(pool.resolve("unseen"));
    assertThat(virsh.refused("vol-create-as p unseen 1M"))
        .contains("volume target path '" + pool.resolve("unseen") + "' already exists");
    assertThat(virsh.printed("vol-key mine p")).isEqualTo(pool.resolve("mine").toString());
    assertThat(virsh.printed("vol-pool " + pool.resolve("mine"))).isEqualTo("p");
    assertThat(virsh.printed("vol-name " + pool + "//mine")).isEqualTo("mine");
    assertThat(virsh.printed("vol-path mine p")).isEqualTo(pool.resolve("mine").toString());
    assertThat(host.pools().path("p", "mine")).isEqualTo(pool.resolve("mine"));
    assertThat(virsh.refused("vol-path nope p")).contains("Storage volume not found");
    virsh.printed("vol-delete mine p");
    assertThat(pool.resolve("mine")).doesNotExist();
  }
}
