package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.wardian.boot.initramfs.DefaultInitramfs;
import org.wardian.conformance.debian.DebianGuest;
import org.wardian.machine.MachineConfiguration;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.QmpClient;
import org.wardian.qmp.QmpException;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Images;

/** Devices that come to a running Debian kernel, and go: its own drivers find and leave them. */
@Tag("slow")
@Timeout(600)
class HotplugTest extends DrivenMachine {
  private static final int MEBIBYTES = 192;

  /** In an order in which they can be loaded. */
  private static final List<String> MODULES =
      List.of(
          "drivers/virtio/virtio_ring.ko",
          "drivers/virtio/virtio.ko",
          "drivers/virtio/virtio_pci_legacy_dev.ko",
          "drivers/virtio/virtio_pci_modern_dev.ko",
          "drivers/virtio/virtio_pci.ko",
          "drivers/block/virtio_blk.ko",
          "net/core/failover.ko",
          "drivers/net/net_failover.ko",
          "drivers/net/virtio_net.ko");

  private DomainText debian(List<String> modules) throws Exception {
    MachineConfiguration guest =
        DebianGuest.cloud().withModules(modules.toArray(String[]::new)).configuration();
    Path kernel = Files.write(folder.resolve("vmlinuz"), guest.kernel());
    Path initrd = Files.write(folder.resolve("initrd"), guest.initrd().orElseThrow());
    return new DomainText()
        .kernel(kernel, initrd, guest.commandLine())
        .memory(MEBIBYTES)
        .serialSocket(serial);
  }

  /** Types a command until the guest has come to say a text by it. */
  private static void awaitInGuest(Line line, String command) throws Exception {
    line.type("until " + command + "; do sleep 0.1; done; echo DO\"\"NE\n");
    line.await("DONE");
    line.await(DefaultInitramfs.PROMPT);
  }

  @Test
  void aDiskAndACardComeAndGo() throws Exception {
    Path image = folder.resolve("disk.qcow2");
    Images.create(image, CreateOptions.qcow2(32 << 20));
    String disk =
        """
        <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
          <source file='%s' index='1'/><target dev='vda' bus='virtio'/>
          <alias name='virtio-disk0'/>
          <address type='pci' domain='0x0000' bus='0x00' slot='0x0a' function='0x0'/></disk>
        """
            .formatted(image);
    String card =
        """
        <interface type='user'><mac address='52:54:00:11:22:44'/><model type='virtio'/>
          <alias name='net0'/></interface>
        """;
    try (WardProcess process = start(debian(MODULES), "--paused");
        QmpClient client = connect(process);
        Line line = new Line()) {
      client.execute("cont", Arguments.none());
      line.await(DefaultInitramfs.PROMPT);
      for (String module : MODULES) {
        awaitInGuest(line, "insmod /modules" + module.substring(module.lastIndexOf('/')));
      }
      client.execute("x-wardian-attach", Arguments.none().put("device", disk));
      awaitInGuest(line, "test -e /sys/bus/pci/devices/0000:00:0a.0/virtio*/block/vda");
      assertThatThrownBy(
              () -> client.execute("x-wardian-attach", Arguments.none().put("device", disk)))
          .isInstanceOf(QmpException.class)
          .hasMessage("Duplicate device ID 'virtio-disk0'");
      client.execute("x-wardian-attach", Arguments.none().put("device", card));
      awaitInGuest(line, "test -e /sys/class/net/eth0");
      client.execute("device_del", Arguments.none().put("id", "virtio-disk0"));
      assertThat(await("DEVICE_DELETED").data().path("device").asText()).isEqualTo("virtio-disk0");
      awaitInGuest(line, "test ! -e /sys/block/vda");
      // The image is free again, and the slot too.
      client.execute("x-wardian-attach", Arguments.none().put("device", disk));
      awaitInGuest(line, "test -e /sys/block/vda");
      client.execute("device_del", Arguments.none().put("id", "net0"));
      assertThat(await("DEVICE_DELETED").data().path("device").asText()).isEqualTo("net0");
      awaitInGuest(line, "test ! -e /sys/class/net/eth0");
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
  }

  private static final List<String> SCSI_MODULES =
      List.of(
          "drivers/scsi/scsi_common.ko",
          "drivers/scsi/scsi_mod.ko",
          "drivers/scsi/virtio_scsi.ko",
          "drivers/scsi/sd_mod.ko");

  private static String scsiDisk(Path image, int unit) {
    return """
    <disk type='file' device='disk'><driver name='qemu' type='raw'/>
      <source file='%s' index='%d'/><target dev='sd%c' bus='scsi'/>
      <alias name='scsi0-0-0-%d'/>
      <address type='drive' controller='0' bus='0' target='0' unit='%d'/></disk>
    """
        .formatted(image, unit + 10, 'a' + unit, unit, unit);
  }

  /** What was plugged is where it was when the machine goes on in another process. */
  @Test
  void scsiDisksComeAndGoAndAreThereAfterARestore() throws Exception {
    Path image = Files.write(folder.resolve("disk.raw"), new byte[8 << 20]);
    Path first = Files.write(folder.resolve("first.raw"), new byte[1 << 20]);
    String controller =
        """
        <controller type='scsi' index='0' model='virtio-scsi'><alias name='scsi0'/>
          <address type='pci' domain='0x0000' bus='0x00' slot='0x0b' function='0x0'/></controller>
        """;
    List<String> modules = new ArrayList<>(MODULES);
    modules.addAll(SCSI_MODULES);
    DomainText before = debian(modules).disk(first(0), "raw", 0).disk(first, "raw", 1);
    Path saved = folder.resolve("saved");
    try (WardProcess process = start(before, "--paused");
        QmpClient client = connect(process);
        Line line = new Line()) {
      client.execute("cont", Arguments.none());
      line.await(DefaultInitramfs.PROMPT);
      for (String module : modules) {
        awaitInGuest(line, "insmod /modules" + module.substring(module.lastIndexOf('/')));
      }
      // A controller while it runs, and two units of a target.
      client.execute("x-wardian-attach", Arguments.none().put("device", controller));
      awaitInGuest(line, "test -e /sys/bus/pci/devices/0000:00:0b.0/virtio*/host0");
      client.execute("x-wardian-attach", Arguments.none().put("device", scsiDisk(image, 5)));
      awaitInGuest(line, "test -e /sys/class/scsi_disk/0:0:0:5/device/block/sda");
      client.execute("x-wardian-attach", Arguments.none().put("device", scsiDisk(first(3), 3)));
      awaitInGuest(line, "test -e /sys/class/scsi_disk/0:0:0:3");
      awaitInGuest(line, "echo kept | dd of=/dev/sda bs=512 conv=sync,fsync");
      client.execute("device_del", Arguments.none().put("id", "scsi0-0-0-3"));
      assertThat(await("DEVICE_DELETED").data().path("device").asText()).isEqualTo("scsi0-0-0-3");
      awaitInGuest(line, "test ! -e /sys/class/scsi_disk/0:0:0:3");
      // What took the first slot at the start goes: the others stay where they are.
      client.execute("device_del", Arguments.none().put("id", "virtio-disk0"));
      assertThat(await("DEVICE_DELETED").data().path("device").asText()).isEqualTo("virtio-disk0");
      client.execute("migrate", Arguments.none().put("uri", "file:" + saved));
      awaitMigration("completed");
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
    events.clear();
    DomainText after =
        debian(modules).disk(first, "raw", 1).device(controller).device(scsiDisk(image, 5));
    try (WardProcess process = start(after, "--incoming", saved.toString(), "--paused");
        QmpClient client = connect(process);
        Line line = new Line()) {
      client.execute("cont", Arguments.none());
      awaitInGuest(line, "echo 3 > /proc/sys/vm/drop_caches");
      awaitInGuest(line, "dd if=/dev/sda bs=512 count=1 | grep kept");
      awaitInGuest(line, "dd if=/dev/vdb of=/dev/null bs=64k");
      awaitInGuest(line, "test ! -e /sys/bus/pci/devices/0000:00:03.0");
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
    // Elsewhere it is another machine.
    DomainText moved =
        debian(modules)
            .disk(first, "raw", 1)
            .device(controller.replace("0x0b", "0x0c"))
            .device(scsiDisk(image, 5));
    try (WardProcess process = start(moved, "--incoming", saved.toString(), "--paused")) {
      assertThat(process.status()).isEqualTo(3);
      assertThat(process.err()).contains("scsi0 was in PCI slot 11, not in 12");
    }
  }

  private Path first(int number) throws IOException {
    return Files.write(folder.resolve("unit" + number), new byte[1 << 20]);
  }

  /** Processors come, are kept with a saved machine, and go. */
  @Test
  void processorsComeAndGo() throws Exception {
    DomainText document = debian(List.of()).processors(1, 3);
    Path saved = folder.resolve("saved");
    try (WardProcess process = start(document, "--paused");
        QmpClient client = connect(process);
        Line line = new Line()) {
      client.execute("cont", Arguments.none());
      line.await(DefaultInitramfs.PROMPT);
      awaitInGuest(line, "grep -qx 0-2 /sys/devices/system/cpu/possible");
      plugProcessor(client, 2);
      awaitInGuest(
          line,
          "grep -qx 1 /sys/devices/system/cpu/cpu1/online || echo 1 >"
              + " /sys/devices/system/cpu/cpu1/online");
      awaitInGuest(line, "grep -qx 0-1 /sys/devices/system/cpu/online");
      assertThatThrownBy(() -> plugProcessor(client, 2)).hasMessageContaining("exists");
      assertThatThrownBy(() -> plugProcessor(client, 3)).hasMessageContaining("range 0:2");
      client.execute("migrate", Arguments.none().put("uri", "file:" + saved));
      awaitMigration("completed");
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
    events.clear();
    try (WardProcess process = start(document, "--incoming", saved.toString());
        QmpClient client = connect(process);
        Line line = new Line()) {
      assertThat(client.execute("query-cpus-fast", Arguments.none()).findValuesAsText("cpu-index"))
          .containsExactly("0", "2");
      awaitInGuest(line, "grep -qx 0-1 /sys/devices/system/cpu/online");
      client.execute("device_del", Arguments.none().put("id", "vcpu2"));
      assertThat(await("DEVICE_DELETED").data().path("device").asText()).isEqualTo("vcpu2");
      awaitInGuest(line, "grep -qx 0 /sys/devices/system/cpu/online");
      assertThatThrownBy(() -> client.execute("device_del", Arguments.none().put("id", "vcpu0")))
          .hasMessage("Device 'vcpu0' not found");
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
  }

  private static void plugProcessor(QmpClient client, int number) throws Exception {
    client.execute(
        "device_add",
        Arguments.none()
            .put("driver", "qemu64-x86_64-cpu")
            .put("id", "vcpu" + number)
            .put("socket-id", number)
            .put("core-id", 0)
            .put("thread-id", 0));
  }

  private static String channel(Path socket, String name, int number) {
    return """
    <channel type='unix'><source mode='bind' path='%s'/>
      <target type='virtio' name='%s'/><alias name='channel%d'/>
      <address type='virtio-serial' controller='0' bus='0' port='%d'/></channel>
    """
        .formatted(socket, name, number, number + 1);
  }

  /** Says something to a program at the guest's port, and hears what it answers. */
  private static void talk(Line line, Path socket, String name, String word) throws Exception {
    try (SocketChannel host = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      host.write(ByteBuffer.wrap((word + "\n").getBytes(StandardCharsets.US_ASCII)));
      // Until the guest knows that somebody is there, the port's input ends at once.
      awaitInGuest(line, "read x < /dev/virtio-ports/" + name);
      line.type("echo \"got $x\" > /dev/virtio-ports/" + name + "\n");
      String wanted = "got " + word + "\n";
      StringBuilder heard = new StringBuilder();
      ByteBuffer piece = ByteBuffer.allocate(256);
      while (heard.indexOf(wanted) < 0) {
        assertThat(host.read(piece.clear())).as("after %s", heard).isPositive();
        heard.append(new String(piece.array(), 0, piece.position(), StandardCharsets.US_ASCII));
      }
      line.await(DefaultInitramfs.PROMPT);
    }
  }

  /** Names of the guest's ports are those that its kernel has heard, whoever makes the links. */
  private static void awaitPort(Line line, String port, String name) throws Exception {
    awaitInGuest(line, "grep -qx %s /sys/class/virtio-ports/%s/name".formatted(name, port));
    awaitInGuest(
        line,
        "mkdir -p /dev/virtio-ports && ln -sf /dev/%s /dev/virtio-ports/%s".formatted(port, name));
  }

  @Test
  void channelsComeAndGoAndAreThereAfterARestore() throws Exception {
    String controller = "<controller type='virtio-serial' index='0'/>";
    Path stays = folder.resolve("stays");
    Path comes = folder.resolve("comes");
    List<String> modules = new ArrayList<>(MODULES.subList(0, 5));
    modules.add("drivers/char/virtio_console.ko");
    DomainText before = debian(modules).device(controller);
    Path saved = folder.resolve("saved");
    try (WardProcess process = start(before, "--paused");
        QmpClient client = connect(process);
        Line line = new Line()) {
      // One before the guest knows of the device, one while its driver is there.
      client.execute(
          "x-wardian-attach", Arguments.none().put("device", channel(stays, "org.stays", 0)));
      client.execute("cont", Arguments.none());
      line.await(DefaultInitramfs.PROMPT);
      for (String module : modules) {
        awaitInGuest(line, "insmod /modules" + module.substring(module.lastIndexOf('/')));
      }
      awaitPort(line, "vport0p1", "org.stays");
      client.execute(
          "x-wardian-attach", Arguments.none().put("device", channel(comes, "org.comes", 1)));
      awaitPort(line, "vport0p2", "org.comes");
      talk(line, comes, "org.comes", "one");
      assertThatThrownBy(() ->
              client.execute(
                  "x-wardian-attach",
                  Arguments.none().put("device", channel(folder.resolve("x"), "org.comes", 2))))
          .isInstanceOf(QmpException.class)
          .hasMessage("A port already exists by name org.comes");
      client.execute("device_del", Arguments.none().put("id", "channel1"));
      assertThat(await("DEVICE_DELETED").data().path("device").asText()).isEqualTo("channel1");
      awaitInGuest(line, "test ! -e /sys/class/virtio-ports/vport0p2");
      assertThat(comes).doesNotExist();
      // The same place again, and another one.
      client.execute(
          "x-wardian-attach", Arguments.none().put("device", channel(comes, "org.comes", 1)));
      awaitPort(line, "vport0p2", "org.comes");
      talk(line, comes, "org.comes", "two");
      client.execute(
          "x-wardian-attach",
          Arguments.none().put("device", channel(folder.resolve("goes"), "org.goes", 2)));
      awaitPort(line, "vport0p3", "org.goes");
      client.execute("migrate", Arguments.none().put("uri", "file:" + saved));
      awaitMigration("completed");
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
    events.clear();
    // One has gone meanwhile, another has come.
    Path late = folder.resolve("late");
    DomainText after =
        debian(modules)
            .device(controller)
            .device(channel(stays, "org.stays", 0))
            .device(channel(comes, "org.comes", 1))
            .device(channel(late, "org.late", 3));
    try (WardProcess process = start(after, "--incoming", saved.toString(), "--paused");
        QmpClient client = connect(process);
        Line line = new Line()) {
      client.execute("cont", Arguments.none());
      awaitInGuest(line, "test ! -e /sys/class/virtio-ports/vport0p3");
      awaitPort(line, "vport0p4", "org.late");
      talk(line, late, "org.late", "three");
      talk(line, comes, "org.comes", "four");
      talk(line, stays, "org.stays", "five");
      client.execute("device_del", Arguments.none().put("id", "channel0"));
      awaitInGuest(line, "test ! -e /sys/class/virtio-ports/vport0p1");
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
  }

  @Test
  void whatIsNotThereCannotGo() throws Exception {
    try (WardProcess process = start(echoing());
        QmpClient client = connect(process)) {
      assertThatThrownBy(
              () -> client.execute("device_del", Arguments.none().put("id", "virtio-disk7")))
          .isInstanceOf(QmpException.class)
          .hasMessage("Device 'virtio-disk7' not found");
      assertThatThrownBy(() ->
              client.execute(
                  "x-wardian-attach",
                  Arguments.none().put("device", "<disk><alias name='d'/></disk>")))
          .isInstanceOf(QmpException.class);
    }
  }
}
